// The names of a master's workers.
//
// What:    worker number → name and host, for handles and errors that outlive the worker; and whether it has come and
//          gone, since a backend's threads may report the end of a worker before its beginning was heard.
// Owner:   counted: shared by the master and the records of its tasks; the pointer also says whose a task is.
// Threads: any.
// Use:     internal.
#pragma once

#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

#include <mw/detail/record_ptr.hpp>
#include <mw/function.hpp>
#include <mw/interface.hpp>

#include "process/fork_count.hpp"

namespace mw::detail {

/// Takes a task that waits for another one's result.
class Continuations {
 public:
  /// `options` may be null. One that is hidden is not among "the next of all".
  virtual RecordPtr submit_after(const RecordPtr& first, const FunctionEntry& function, EncodedArguments more,
                                 const TaskOptions* options, bool is_hidden) = 0;

 protected:
  ~Continuations() = default;
};

class WorkerDirectory : public boost::intrusive_ref_counter<WorkerDirectory, boost::thread_safe_counter> {
 public:
  struct Entry {
    std::string name;
    std::string host;
  };

  /// The first is the local one, which interfaces that do not announce their workers run tasks on.
  explicit WorkerDirectory(Entry unannounced) : unannounced_{std::move(unannounced)} {}
  WorkerDirectory(const WorkerDirectory&) = delete;
  WorkerDirectory& operator=(const WorkerDirectory&) = delete;

  /// A new number. The second worker of a name is another process than the first, which knew other things, and its name
  /// says so.
  WorkerId add(Entry entry) {
    std::lock_guard lock{mutex_};
    const WorkerId id{++last_};
    if (const auto process = ++processes_[entry.name]; process > 1) entry.name += " (process " + std::to_string(process) + ")";
    entries_.emplace(index_of(id), Known{std::move(entry)});
    return id;
  }

  /// Whether somebody has reported its end.
  bool has_left(WorkerId worker) const {
    std::lock_guard lock{mutex_};
    const auto place = entries_.find(index_of(worker));
    return place == entries_.end() || place->second.has_left;
  }

  /// Its name stays known while it is among the last 10,000 that left. A worker that has left, or that nobody
  /// announced, is no event.
  void left(WorkerId worker) {
    std::lock_guard lock{mutex_};
    const auto place = entries_.find(index_of(worker));
    if (place == entries_.end() || std::exchange(place->second.has_left, true)) return;
    gone_.push_back(worker);
    if (gone_.size() <= remembered) return;
    entries_.erase(index_of(gone_.front()));
    gone_.pop_front();
  }

  Entry find(WorkerId worker) const {
    if (worker == any_worker) return unannounced_;
    std::lock_guard lock{mutex_};
    auto place = entries_.find(index_of(worker));
    return place == entries_.end() ? Entry{"a worker that left long ago", ""} : place->second.entry;
  }

  /// The master whose directory it is, for handles that have a task more for it; null when it has ended.
  std::atomic<Continuations*> continuations{nullptr};

  /// Whether this process was forked from the one that made the master: then it has the master's memory, and nothing
  /// else of it.
  bool is_in_forked_process() const noexcept { return made_in_ != process::fork_count(); }
  /// Throws UsageError there.
  void refuse_in_forked_process() const {
    if (is_in_forked_process()) throw_forked();
  }

 private:
  struct Known {
    Entry entry;
    bool has_left = false;
  };
  [[noreturn]] void throw_forked() const;

  static constexpr std::size_t remembered = 10'000;

  const Entry unannounced_;
  mutable std::mutex mutex_;
  std::uint32_t last_ = 0;
  std::unordered_map<std::string, std::uint64_t> processes_;  ///< how many there were of each name
  std::unordered_map<std::uint32_t, Known> entries_;
  std::deque<WorkerId> gone_;
  const std::uint32_t made_in_ = process::fork_count();
  const int process_ = ::getpid();
};

}  // namespace mw::detail
