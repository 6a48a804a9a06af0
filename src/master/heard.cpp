// MasterCore: what its interface says. Each is passed on to the task machine, on the loop.
#include <memory>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <mw/detail/chunk.hpp>
#include <mw/detail/task_access.hpp>

#include "master/core.hpp"
#include "master/core_helpers.hpp"

namespace mw::detail {

void MasterCore::task_started(const TaskRef& task, WorkerId worker) {
  on_loop([this, task, worker] { machine_.started(task, worker, moment()); });
}

void MasterCore::task_progress(const TaskRef& task, double fraction) {
  on_loop([this, task, fraction] { machine_.progressed(task, fraction); });
}

void MasterCore::task_part(const TaskRef& task, Bytes value) {
  on_loop([this, task, value = std::move(value)]() mutable {
    if (machine_.is_current(task)) parts_.keep(task, std::move(value));
  });
}

void MasterCore::task_checkpoint(const TaskRef& task, Bytes state) {
  on_loop([this, task, state = std::move(state)]() mutable { machine_.checkpointed(task, std::move(state)); });
}

void MasterCore::task_finished(const TaskRef& task, Outcome&& outcome) {
  if (!outcome.failure && !task.options().outputs.empty())
    return on_loop([this, task, outcome = std::move(outcome)]() mutable { collect(task, std::move(outcome)); });
  // The usual way needs no copy of anything.
  if (loop_.is_here()) return ended(task, std::move(outcome));
  on_loop([this, task, outcome = std::move(outcome)]() mutable { ended(task, std::move(outcome)); });
}

void MasterCore::ended(const TaskRef& task, Outcome&& outcome) {
  if (!outcome.parts.empty() && machine_.is_current(task))
    for (Bytes& value : outcome.parts) parts_.keep(task, std::move(value));
  if (!starts_.empty() && starts_.is_one(task)) return start_finished(task, outcome);
  if (!chooses_ && task.options().emit_stdout && !outcome.failure && machine_.is_current(task)) keep_printed(task, outcome);
  // Its worker is to blame: it goes elsewhere.
  if (outcome.failure && outcome.failure->cause == Cause::worker_start) return machine_.lost(task, std::move(outcome), moment());
  if (journal_ && waits_for_journal(task, outcome)) return;
  machine_.finished(task, std::move(outcome), moment());
}

/// A result counts when its files are in their places.
void MasterCore::collect(const TaskRef& task, Outcome outcome) {
  if (!machine_.is_current(task)) {
    outputs_.drop(task);
    return machine_.finished(task, std::move(outcome), moment());
  }
  machine_.arrived(task, moment());
  outputs_.collect(task, std::move(outcome), [this](std::shared_ptr<Collected> result) {
    on_loop([this, result = std::move(result)] { collected(*result); });
  });
}

void MasterCore::collected(Collected& result) {
  if (!result.outcome.failure && machine_.is_current(result.task)) result.commit();
  ended(result.task, std::move(result.outcome));
}

void MasterCore::task_lost(const TaskRef& task, Outcome outcome) {
  on_loop([this, task, outcome = std::move(outcome)]() mutable {
    if (!starts_.empty() && starts_.is_one(task)) return start_finished(task, outcome);
    machine_.lost(task, std::move(outcome), moment());
  });
}

void MasterCore::task_returned(const TaskRef& task) {
  on_loop([this, task] {
    if (!starts_.empty() && starts_.is_one(task)) return make_start_call(starts_.returned(task));
    machine_.returned(task, moment());
  });
}

/// The attempts after this one are of those inputs only, too.
void MasterCore::task_split(const TaskRef& task, std::uint32_t kept) {
  on_loop([this, task, kept] {
    TaskRecord& record = *TaskAccess::record(task);
    TaskExtra* const extra = record.find_extra();
    if (kept == 0 || !extra || extra->split_of != task.attempt() || !machine_.is_current(task)) return;
    if (record.function->is_by_name()) return;  // its arguments have another form, and no worker of another language splits
    extra->split_of = 0;
    limit_chunk(record.payload, kept);
    completions_.split(record, kept);
    machine_.was_split(record, moment());
  });
}

WorkerId MasterCore::worker_joined(WorkerInfo info, std::uint32_t seat) {
  const WorkerId worker = directory_->add({info.name, info.host});
  // On the loop, no task comes with the number before the handler that this is called in is over.
  on_loop([this, worker, info = std::move(info), seat] {
    if (!is_seated(seat)) return directory_->left(worker);
    admit(worker, info);
  });
  return worker;
}

void MasterCore::worker_leaves(WorkerId worker) {
  on_loop([this, worker] { machine_.worker_leaves(worker); });
}

void MasterCore::worker_rests(WorkerId worker, bool rests) {
  on_loop([this, worker, rests] {
    if (starts_.rest(worker, rests)) return make_start_call(worker);
    machine_.worker_rests(worker, rests);
  });
}

void MasterCore::worker_left(WorkerId worker, std::vector<LostTask> lost) {
  directory_->left(worker);
  on_loop([this, worker, lost = std::move(lost)]() mutable {
    if (!starts_.empty()) start_left(worker, lost);
    machine_.worker_left(worker, std::move(lost), moment());
  });
}

void MasterCore::no_worker_possible(std::string why, std::uint32_t seat) {
  on_loop([this, why = std::move(why), seat] {
    if (is_seated(seat)) machine_.no_worker_possible(why);
  });
}

void MasterCore::interface_failed(std::string why, std::uint32_t seat) {
  on_loop([this, why = std::move(why), seat] {
    if (!machine_.has_interface() || machine_.is_ending() || !is_seated(seat)) return;
    interface_gone();
    interface_failure_ = fmt::format("the interface \"{}\" failed: {}", interface_name_, why);
    completions_.fail(interface_failure_);
    notices_.fail();
  });
}

void MasterCore::room_available() {
  on_loop([this] { machine_.want_round(); });
}

}  // namespace mw::detail
