// Writes what a cache is to keep, beside the loop.
//
// What:    takes calls at once, and writes those that came within a short time in one transaction, in a thread of its
//          own; takes out what is over the limits. Where it cannot, or too much waits, it leaves them out.
// Owner:   owns a connection and the thread; its end writes what waits.
// Threads: calls come from one thread at a time.
// Use:
//     CacheWriter writer{path, limits};  writer.keep({digest, build, name, …, record});
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <mw/detail/record_ptr.hpp>

#include "journal/cache_file.hpp"

namespace mw::journal {

class CacheWriter {
 public:
  /// Throws JournalError.
  CacheWriter(const std::string& path, const CacheLimits& limits);
  ~CacheWriter();
  CacheWriter(const CacheWriter&) = delete;
  CacheWriter& operator=(const CacheWriter&) = delete;

  /// A call that has finished; the record has its result.
  struct Finished {
    Digest digest;
    std::uint64_t build = 0;
    std::string function;
    std::uint64_t run_ns = 0;
    std::string out, err;
    RecordPtr record;
  };
  void keep(Finished call);
  /// Its last use was long ago, and is now.
  void used(const Digest& digest);

 private:
  void run();
  void write(const std::vector<Finished>& calls, const std::vector<Digest>& used);
  void look_at_limits();

  CacheFile file_;
  const CacheLimits limits_;
  std::mutex mutex_;  ///< guards what follows, up to the next comment
  std::condition_variable woken_;
  std::vector<Finished> calls_;
  std::vector<Digest> used_;
  std::uint64_t waiting_bytes_ = 0;
  bool is_ending_ = false;
  // The thread's own
  std::uint64_t bytes_ = 0;  ///< of results in the file, as far as this writer knows
  bool has_warned_ = false;
  std::thread thread_;
};

}  // namespace mw::journal
