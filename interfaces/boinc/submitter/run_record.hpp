// What was submitted, on the disk.
//
// What:    a run that was killed and is started again finds which jobs the project has already, and submits none of
//          them twice. A run has a token, in the names of all its jobs; the next run, after an orderly end, has
//          another.
// Owner:   owns its database.
// Threads: the submitter's.
// Use:
//     record.begin(batch);  route.submit(batch);  record.finish(batch.name);
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "boinc/submitter/route.hpp"
#include "sqlite/database.hpp"

namespace mw::boinc {

class RunRecord {
 public:
  explicit RunRecord(const std::string& path);

  /// 8 hex digits.
  const std::string& token() const noexcept { return token_; }
  /// Where a job of an earlier start of this run is.
  struct Earlier {
    std::string batch;
    bool is_submitted = false;  ///< else it is not known whether the project has it
  };
  /// By the job's name.
  std::map<std::string, Earlier> earlier();
  std::vector<std::string> batches();

  /// 1, 2, …: none is given twice in a run.
  std::int64_t new_batch_number();
  /// It is going to be submitted now.
  void begin(const Batch& batch);
  /// It was.
  void finish(const std::string& batch);
  /// It was not, and will not be.
  void forget(const std::string& batch);
  /// It is not sent with its batch.
  void forget_job(const std::string& job);
  /// The run is over.
  void clear();

 private:
  void make_token();

  sqlite::Database database_;
  std::string token_;
};

}  // namespace mw::boinc
