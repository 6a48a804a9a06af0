// What jobs came to when the same command ran before.
//
// What:    a journal's file, as a master keeps one (src/journal), of jobs in place of tasks: each that ended well is
//          there with what it wrote. A job is known again by its command, its input, its folder and its environment,
//          and equal ones by their order.
// Owner:   owns the file, its lock and the thread that writes.
// Threads: one at a time.
// Use:
//     RunJournal journal{"run.mwj"};                          // throws JournalError
//     if (auto ran = journal.find(number, job, outputs)) …    // it need not run
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "journal/file.hpp"
#include "journal/index.hpp"
#include "journal/writer.hpp"
#include "run/job.hpp"

namespace mw::run {

class RunJournal {
 public:
  /// Makes the file if it is not there. Throws JournalError.
  explicit RunJournal(const std::string& path);

  /// How it ended before, if all of `outputs` are there; else it is noted that it begins. To be asked once for each
  /// job, in their order. A result that cannot be read any more is none.
  std::optional<Ran> find(std::uint64_t number, const Job& job, const std::vector<std::string>& outputs);
  /// It has ended well. What it wrote is copied, unless that is more than 64 MiB: then it will run again.
  void ended(std::uint64_t number, const Ran& ran);
  /// Writes what waits. Returns why it could not; empty if it could.
  std::string finish() { return writer_->finish(); }

 private:
  std::optional<Ran> read(const journal::Position& position);

  journal::FileLock lock_;
  std::unique_ptr<journal::JournalFile> file_;
  journal::Index index_;
  std::unique_ptr<journal::Writer> writer_;
};

}  // namespace mw::run
