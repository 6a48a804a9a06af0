// The record of a task: one allocation that everything about the task lives in.
//
// What:    the scheduler's item, the state that handles read, and the bytes: first the arguments, then the result.
// Owner:   counted; handles, the master's loop (until it is done) and the completion list (until it is handed out) share it.
// Threads: atomics may be read by any thread at any time. The rest belongs to the loop until `state` says done (release),
//          and is read-only from then on (acquire). Fields of the completion list are under that list's mutex.
// Use:     internal.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include <mw/bytes.hpp>
#include <mw/detail/record_ptr.hpp>
#include <mw/function.hpp>
#include <mw/task.hpp>

#include "scheduler/scheduler.hpp"

namespace mw::detail {

class WorkerDirectory;

/// What most tasks do not have.
struct TaskExtra {
  std::string out;     ///< printed to stdout
  std::string err;     ///< printed to stderr
  std::string worker;  ///< the worker of a failure, for its TaskError
  std::string host;
  Failure failure;  ///< valid while the state is error or cancelled
};

struct TaskRecord : scheduler::Item {
  TaskRecord(const FunctionEntry& function_, Bytes arguments, std::shared_ptr<WorkerDirectory> owner_)
      : function{&function_}, payload{std::move(arguments)}, owner{std::move(owner_)} {}

  TaskExtra& need_extra() {
    if (!extra) extra = std::make_unique<TaskExtra>();
    return *extra;
  }
  std::string name() const { return own_name ? *own_name : std::string{function->name()}; }

  std::atomic<std::uint32_t> references{1};
  std::atomic<TaskState> state{TaskState::submitted};
  bool handed_out = false;  ///< completion list
  bool listed = false;      ///< completion list
  std::atomic<std::uint32_t> attempts{0};
  std::atomic<WorkerId> last_worker{any_worker};
  std::atomic<float> progress{0};
  const FunctionEntry* function;
  std::unique_ptr<const std::string> own_name;  ///< instead of the function's; set before anyone else sees the record
  std::uint64_t id = 0;
  Bytes payload;
  std::shared_ptr<WorkerDirectory> owner;  ///< which master's task it is, and the names of its workers
  std::int64_t submit_ns = 0;              ///< steady clock; 0 where it has not happened
  std::atomic<std::int64_t> start_ns{0};
  std::int64_t finish_ns = 0;
  std::int64_t run_ns = 0;
  std::unique_ptr<TaskExtra> extra;
};

inline bool is_done(TaskState state) noexcept { return state >= TaskState::finished; }

inline TaskRecord& record_of(scheduler::Item& item) noexcept { return static_cast<TaskRecord&>(item); }

}  // namespace mw::detail
