// What a master knows of one task.
//
// What:    the scheduler's item, the state that handles read, and the bytes: first the arguments, then the result.
// Owner:   counted; handles, the master's loop (until it is done) and the completion list (until it is handed out)
//          share it.
// Threads: atomics may be read by any thread at any time. The rest belongs to the loop until `state` says done
//          (release), and is read-only from then on (acquire). Fields of the completion list are under that list's
//          mutex.
// Use:     internal.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include <mw/bytes.hpp>
#include <mw/detail/archive.hpp>
#include <mw/detail/record_ptr.hpp>
#include <mw/function.hpp>
#include <mw/task.hpp>
#include <mw/task_options.hpp>

#include "core/parts.hpp"
#include "core/worker_directory.hpp"
#include "scheduler/item.hpp"
#include "scheduler/lanes.hpp"

namespace mw::detail {

class CompletionGroup;

/// What most tasks do not have.
struct TaskExtra {
  TaskExtra() = default;
  ~TaskExtra() { delete parts.load(std::memory_order_relaxed); }
  TaskExtra(const TaskExtra&) = delete;
  TaskExtra& operator=(const TaskExtra&) = delete;

  TaskOptions options;              ///< set before anyone else sees the record, and not changed
  SharedList shared;                ///< what its arguments refer to, then a start call if it brings one; goes with the arguments
  std::uint32_t start_values = 0;   ///< so many of `shared`, its last, are the start call and what that refers to
  bool is_start = false;            ///< nothing but the start call
  bool may_have_copy = true;        ///< there is no second attempt at it, and it is none
  scheduler::NeedsClass needs = 0;  ///< the number of options.needs; the loop's
  std::uint32_t faults = 0;
  std::uint64_t map = 0;          ///< of a task of map(): which map() of the function, as its journal counts them,
  std::uint64_t first_input = 0;  ///< … its first input,
  std::uint64_t inputs = 0;       ///< … and how many it has; 0: it is none, or there is no journal
  std::uint32_t split_of = 0;     ///< the attempt that is to be split, until it is known what its worker keeps; 0: none
  std::string out;                ///< printed to stdout
  std::string err;                ///< printed to stderr
  std::string worker;             ///< the worker of a failure, for its TaskError
  std::string host;
  Failure failure;                          ///< valid while the state is error or cancelled
  std::atomic<PartList*> parts{nullptr};    ///< what it has emitted; made by the loop
  std::shared_ptr<const Bytes> checkpoint;  ///< what it saved last; the loop's; goes with its end
  Bytes old_arguments;         ///< of a task that a second attempt has ended: the worker of the first may read them still
  std::string outputs_folder;  ///< where output files of this master's tasks lie until they are in their places; set as the options
};

struct TaskRecord : scheduler::Item {
  TaskRecord(const FunctionEntry& function_, Bytes arguments, WorkerDirectory& owner_)
      : function{&function_}, payload{std::move(arguments)}, owner{&owner_} {
    kind = function_.number();
  }
  ~TaskRecord() { delete extra.load(std::memory_order_relaxed); }
  TaskRecord(const TaskRecord&) = delete;
  TaskRecord& operator=(const TaskRecord&) = delete;

  /// Null where there is none.
  const TaskExtra* find_extra() const noexcept { return extra.load(std::memory_order_acquire); }
  TaskExtra* find_extra() noexcept { return extra.load(std::memory_order_acquire); }
  TaskExtra& need_extra() {
    if (!find_extra()) extra.store(new TaskExtra, std::memory_order_release);
    return *find_extra();
  }
  /// Null while it has emitted nothing.
  PartList* find_parts() const noexcept {
    const TaskExtra* const found = find_extra();
    return found ? found->parts.load(std::memory_order_acquire) : nullptr;
  }
  /// For the loop.
  PartList& need_parts(const UnreadBytes& unread) {
    if (!find_parts()) need_extra().parts.store(new PartList{unread}, std::memory_order_release);
    return *find_parts();
  }
  const TaskOptions& options() const noexcept {
    static const TaskOptions none;
    const TaskExtra* const found = find_extra();
    return found ? found->options : none;
  }
  std::string name() const {
    const std::string& own = options().name;
    return own.empty() ? std::string{function->name()} : own;
  }

  std::atomic<std::uint32_t> references{1};
  std::atomic<TaskState> state{TaskState::submitted};
  bool handed_out = false;  ///< completion list
  bool listed = false;      ///< completion list: waits there
  bool drained = false;     ///< completion list: it has come there
  std::atomic<WorkerId> last_worker{any_worker};
  std::atomic<float> progress{0};
  std::uint32_t group_index = 0;  ///< completion list
  const FunctionEntry* function;
  std::uint64_t id = 0;
  Bytes payload;
  boost::intrusive_ptr<WorkerDirectory> owner;  ///< which master's task it is, and the names of its workers
  std::int64_t submit_ns = 0;                   ///< steady clock; 0 where it has not happened
  std::atomic<std::int64_t> start_ns{0};
  std::int64_t finish_ns = 0;
  std::int64_t run_ns = 0;
  std::atomic<TaskExtra*> extra{nullptr};
  CompletionGroup* group = nullptr;  ///< completion list
};
// With malloc's 8 bytes and a handle, a queued task takes less than 200 bytes.
static_assert(sizeof(void*) != 8 || sizeof(TaskRecord) == 168);

inline bool is_done(TaskState state) noexcept { return state >= TaskState::finished; }

/// For the loop, which sets it.
inline TaskState state_of(const TaskRecord& task) noexcept { return task.state.load(std::memory_order_relaxed); }

inline TaskRecord& record_of(scheduler::Item& item) noexcept { return static_cast<TaskRecord&>(item); }

}  // namespace mw::detail
