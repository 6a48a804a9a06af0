// What tasks did, and when, in a file for trace viewers.
//
// What:    an observer of the task machine. It writes down attempts that came to their end, workers that come and go,
//          and from time to time how many tasks there are; a thread makes events of that, and writes them. Where the
//          thread or the disk cannot keep up, records are left out and counted: nothing ever waits for them. The file
//          says how many are missing, and so does a warning.
// Owner:   owns the file, the thread, and a ring of 16 MiB between the two.
// Threads: an observer's; its own.
// Use:
//     Trace trace{"run.json", born_ns, {"serial worker", "host"}};        // throws InterfaceError
//     machine.add_observer(trace);
//     …                                                                   // the end of the trace is that of the file
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/observer.hpp"
#include "process/ring.hpp"
#include "trace/events.hpp"
#include "trace/file.hpp"
#include "trace/names.hpp"

namespace mw::trace {

class Trace final : public core::Observer {
 public:
  static constexpr std::size_t usual_capacity = std::size_t{1} << 18;

  /// Times count from `born_ns` on. `unannounced`: the worker that stands for an interface without any. Throws
  /// InterfaceError if the file cannot be opened, or no thread can be started. `capacity` is a power of two.
  Trace(std::string path, std::int64_t born_ns, Worker unannounced, std::size_t capacity = usual_capacity);
  ~Trace() override;
  Trace(const Trace&) = delete;
  Trace& operator=(const Trace&) = delete;

  void submitted(const core::TaskRecord&) noexcept override { ++waiting_; }
  void assigned(const core::TaskRecord& task, WorkerId, const core::Moment& now) noexcept override;
  void started(const core::TaskRecord&, WorkerId, const core::Moment& now) noexcept override;
  void queued_again(const core::TaskRecord& task, core::Again why, bool was_running, const core::Moment& now) noexcept override;
  void ended(const core::TaskRecord& task, TaskState state, const core::Moment& now) noexcept override;
  void copy_assigned(const core::TaskRecord& copy, WorkerId worker, const core::Moment& now) noexcept override {
    assigned(copy, worker, now);
  }
  void overtaken(const core::TaskRecord& task) noexcept override;
  void copy_ended(const core::TaskRecord& copy, core::CopyEnd how, const Outcome* outcome,
                  const core::Moment& now) noexcept override;
  void worker_joined(WorkerId worker, const WorkerInfo& info, const core::Moment& now) noexcept override;
  void worker_left(WorkerId worker, const core::Moment& now) noexcept override;

  /// How many records were left out so far. Any thread.
  std::uint64_t missing() const noexcept {
    return dropped_.load(std::memory_order_relaxed) + unwritten_.load(std::memory_order_relaxed);
  }

 private:
  /// When a task was given out: of those that are somewhere, as far as they fit.
  struct Assigned {
    const core::TaskRecord* task = nullptr;
    std::int64_t ns = 0;
  };
  static constexpr std::size_t places = 16'384;

  Assigned& place_of(const core::TaskRecord& task) noexcept;
  void push(const Record& record) noexcept;
  void push_attempt(const core::TaskRecord& task, Kind kind, std::int64_t end_ns) noexcept;
  void look_at_counts(std::int64_t now_ns) noexcept;
  void push_counts(std::int64_t now_ns) noexcept;
  void run();
  std::size_t drain();
  void write_out();
  void write_end();

  // The observer's
  Names names_;
  process::Ring<Record> ring_;
  std::array<Assigned, places> assigned_{};
  std::uint64_t waiting_ = 0;
  std::uint64_t running_ = 0;
  std::int64_t last_ns_ = 0;
  std::int64_t counts_due_ns_ = 0;
  std::int64_t counts_interval_ns_;
  std::uint32_t counts_taken_ = 0;
  std::atomic<std::uint64_t> dropped_{0};
  // The thread's
  alignas(process::cache_line) std::atomic<std::uint64_t> unwritten_{0};
  File file_;
  Events events_;
  std::mutex mutex_;
  std::condition_variable woken_;
  bool is_ending_ = false;  ///< with the mutex
  std::thread thread_;
};

}  // namespace mw::trace
