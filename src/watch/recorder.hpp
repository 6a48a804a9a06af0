// What a master's loop leaves for those who watch: one small record for each attempt that ended.
//
// What:    an observer of the task machine. It writes fixed records into a ring, which another thread reads, and keeps
//          the texts of the last failures. Where tasks end faster than the reader can use, only each n-th leaves a
//          record, as the reader asks for (`keep_one_in`); those that took long always do, as long as the ring has
//          room. What has no room is counted, and nobody waits.
// Owner:   the master's; outlives the machine.
// Threads: the machine's for what an Observer hears; everything else is one reader's, at the same time.
// Use:
//     Recorder recorder{directory, born_ns};
//     machine.add_observer(recorder);
//     recorder.take([&](const Ended& one) { … });                // the reader, ten times a second
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "core/observer.hpp"
#include "core/task_names.hpp"
#include "core/worker_directory.hpp"
#include "process/cache_line.hpp"
#include "process/ring.hpp"

namespace mw::watch {

/// How an attempt ended.
enum class End : std::uint8_t { finished, error, cancelled, lost };

/// One attempt.
struct Ended {
  std::uint64_t id = 0;
  std::int64_t start_ns = 0;  ///< since the master was made
  std::int64_t run_ns = 0;
  std::uint32_t worker = 0;
  std::uint32_t attempt = 0;
  std::uint16_t function = 0;  ///< the place of its name in names()
  End end = End::finished;
};

/// One that has no result.
struct FailedTask {
  std::uint64_t id = 0;
  std::string name;
  std::string worker;  ///< empty: it ran nowhere
  std::string host;
  std::string cause;  ///< "exception"
  std::string message;
  std::string err;  ///< the end of what it printed to stderr
  std::uint32_t attempts = 0;
  double seconds = 0;  ///< when, since the master was made
};

class Recorder final : public core::Observer {
 public:
  /// Times count from `born_ns` on.
  Recorder(const detail::WorkerDirectory& directory, std::int64_t born_ns);

  void done(const core::TaskRecord& task, const Outcome& how, const core::Moment& now) noexcept override;
  void lost(const core::TaskRecord& task, const Outcome& what, const core::Moment& now) noexcept override;
  void ended(const core::TaskRecord& task, TaskState state, const core::Moment& now) noexcept override;
  void copy_ended(const core::TaskRecord& copy, core::CopyEnd end, const Outcome* how, const core::Moment& now) noexcept override;

  /// Hands out what there is, oldest first.
  template <class Call>
  void take(const Call& call);
  /// How many attempts have ended without a record.
  std::uint64_t skipped() const noexcept { return skipped_.load(std::memory_order_relaxed); }
  /// From now on each n-th one, at least 1, or one that took as long as `slow_ns`.
  void keep_one_in(std::uint32_t n) noexcept { one_in_.store(n, std::memory_order_relaxed); }
  void keep_slower_than(std::int64_t slow_ns) noexcept { slow_ns_.store(slow_ns, std::memory_order_relaxed); }

  /// What tasks are called, by Ended::function, from this place on.
  std::vector<std::string> names(std::size_t from) const { return names_.from(from); }
  /// Failures since the last call, oldest first, and how many there were besides.
  std::pair<std::deque<FailedTask>, std::uint64_t> take_failed();
  /// What went wrong with this task's attempts so far, in words, as far as it is remembered.
  std::vector<std::string> faults_of(std::uint64_t id) const;

 private:
  struct Fault {
    std::uint64_t id = 0;
    std::uint32_t attempt = 0;
    std::string text;
  };

  void record(const core::TaskRecord& task, std::int64_t run_ns, End end, const core::Moment& now) noexcept;
  void remember(const core::TaskRecord& task, const Failure& failure, const core::Moment& now);
  void keep_failed(const core::TaskRecord& task, const core::Moment& now);

  static constexpr std::size_t room = 8192;  ///< records; a power of two
  static constexpr std::size_t most_failed = 100;
  static constexpr std::size_t most_faults = 1000;

  const detail::WorkerDirectory& directory_;
  const std::int64_t born_ns_;
  process::Ring<Ended> ring_{room};
  std::atomic<std::uint32_t> one_in_{1};
  std::atomic<std::int64_t> slow_ns_{std::numeric_limits<std::int64_t>::max()};
  alignas(process::cache_line) std::atomic<std::uint64_t> skipped_{0};  ///< the machine's, as all that follows
  std::uint32_t until_next_ = 1;
  core::TaskNames names_;
  mutable std::mutex mutex_;
  std::deque<FailedTask> failed_;
  std::uint64_t more_failed_ = 0;
  std::deque<Fault> faults_;
};

template <class Call>
void Recorder::take(const Call& call) {
  for (auto some = ring_.front(); !some.empty(); some = ring_.front()) {
    for (const Ended& one : some) call(one);
    ring_.pop(some.size());
  }
}

}  // namespace mw::watch
