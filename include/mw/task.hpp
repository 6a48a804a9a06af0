// Handles to submitted tasks.
//
// What:    Task<R> is the handle that submit_task returns: what the task is, how it goes, and (through the master) its
//          result.
// Owner:   a handle keeps the task's record and result; handles are cheap to copy and outlive the master.
// Threads: any thread may read any handle; one handle object belongs to one thread at a time.
// Use:
//     mw::Task<Hits> task = master.submit_task<monte_pi>(seed, points);
//     if (task.state() == mw::TaskState::running) std::cerr << task.worker() << ' ' << task.progress() << '\n';
//     Hits hits = master.get_result(task);
//     std::cerr << task.run_time().count() << " s\n" << task.stderr_text();
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <typeinfo>

#include <mw/codec.hpp>
#include <mw/detail/record_ptr.hpp>
#include <mw/error.hpp>

namespace mw {

struct TaskOptions;

/// How far a task is. The last three are ends: a task that has reached one of them stays there.
enum class TaskState : std::uint8_t {
  submitted,  ///< waits for a worker, or lies in a worker's queue
  running,    ///< a worker has begun it
  finished,   ///< it has a result
  error,      ///< it ended without one: get_result throws TaskError
  cancelled,  ///< it was ended on request, or with its master: get_result throws TaskError
};

/// The state in a word: "submitted", "running", …
std::string_view to_string(TaskState state) noexcept;

/// What every handle tells, whatever the result's type. No function here waits. A default-constructed handle is empty:
/// only valid() may be called on it. In a process that was forked from the master's, nobody hears how a task goes on:
/// state(), done() and progress() of a task that was not done throw UsageError there; nothing else here throws anything
/// but std::bad_alloc.
class TaskHandle {
 public:
  using Clock = std::chrono::system_clock;  ///< of the times below: dates, as precise as the system has them

  TaskHandle() = default;
  /// Internal.
  explicit TaskHandle(RecordPtr record) noexcept : record_{std::move(record)} {}

  bool valid() const noexcept { return static_cast<bool>(record_); }  ///< whether it refers to a task
  std::uint64_t id() const noexcept;        ///< number within its master, from 1 in the order of submission
  std::string name() const;                 ///< TaskOptions::name, else the function's qualified name, or the program's path
  TaskState state() const;                  ///< at this moment
  bool done() const;                        ///< finished, error or cancelled
  std::uint32_t attempts() const noexcept;  ///< how often a worker was given it
  std::uint32_t faults() const noexcept;    ///< how often it failed by itself (an exception, a status, a limit); 0 until done
  std::uint32_t losses() const noexcept;    ///< how often its worker was lost under it; 0 until done
  double progress() const;                  ///< 0 to 1, as the function reported it with set_progress(); 1 when finished
  std::string worker() const;               ///< the last worker that began it; empty before that

  Clock::time_point submit_time() const noexcept;                 ///< when it was submitted
  std::optional<Clock::time_point> start_time() const noexcept;   ///< of the last attempt; empty before it began
  std::optional<Clock::time_point> finish_time() const noexcept;  ///< empty before it is done
  std::chrono::duration<double> run_time() const noexcept;        ///< seconds of the last attempt, as measured there; 0 until done

  /// What the task printed, up to 16 MiB a stream, in its last attempt; empty until it is done.
  std::string stdout_text() const;
  std::string stderr_text() const;

  /// Whether both are handles to the same task.
  bool operator==(const TaskHandle&) const = default;
  /// Internal.
  const RecordPtr& record() const noexcept { return record_; }

 private:
  RecordPtr record_;
};

namespace detail {
/// The result's bytes of a task that is done, valid as long as the record. Throws TaskError if it has none.
std::span<const std::byte> result_bytes(const TaskRecord& record);
/// The result in the form that the task's submitter wants, where another one came; else nothing. Throws CodecError.
std::optional<Bytes> translated(const TaskRecord& record, std::span<const std::byte> result);
/// Throws TaskError: the task has a result that does not decode.
[[noreturn]] void throw_bad_result(const TaskRecord& record, const CodecError& error);
/// Throws UsageError, naming both types, if the task's function returns another type.
void check_result_type(const TaskRecord& record, const std::type_info& wanted);

/// The result of a task that is done. Throws TaskError if it has none, or none that decodes to an R.
template <class R>
R decode_result(const TaskRecord& record) {
  if constexpr (std::is_void_v<R>)
    static_cast<void>(result_bytes(record));
  else {
    const auto bytes = result_bytes(record);
    try {
      if (const auto wanted = translated(record, bytes)) return decode<R>(wanted->span());
      return decode<R>(bytes);
    } catch (const CodecError& e) {
      throw_bad_result(record, e);
    }
  }
}
}  // namespace detail

/// A handle to a task whose result is an R (void: none). Master::get_result returns the result.
template <class R>
class Task : public TaskHandle {
 public:
  using Result = R;
  using TaskHandle::TaskHandle;

  /// Submits g(result, more…) to the same master, where `result` is this task's: it goes from task to task without a
  /// detour over this thread, and this returns at once. `more` are the arguments behind the first; a task without a
  /// value gives none. Where this task ends without a result, so does the new one: as an error that names this task, or
  /// cancelled. Throws as submit_task, and UsageError if the master has ended. Any thread, while the master lives.
  template <auto G, class... More>
  [[nodiscard]] auto then(More&&... more) const;
  /// The same with options.
  template <auto G, class... More>
  [[nodiscard]] auto then(const TaskOptions& options, More&&... more) const;
};

/// A task that is done, of any type: what get_result() returns. `result<R>()` gives its result; `==` compares it with
/// the handles that submit_task returned.
class FinishedTask : public TaskHandle {
 public:
  using TaskHandle::TaskHandle;
  /// The result, as often as it is asked for. Throws UsageError if the task's function does not return an R, TaskError
  /// if the task has no result.
  template <class R>
  R result() const {
    detail::check_result_type(*record(), typeid(R));
    return detail::decode_result<R>(*record());
  }
};

/// What get_result(span) returns: which task of the span it was, and its result.
template <class R>
struct Finished {
  Task<R> task;
  std::size_t index;  ///< in the span, from 0
  R value;
};
/// The same for tasks without a value.
template <>
struct Finished<void> {
  Task<void> task;
  std::size_t index;  ///< in the span, from 0
};

}  // namespace mw
