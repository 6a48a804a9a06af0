// MasterCore: workers in their start function, and the call itself.
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <mw/detail/start_call.hpp>
#include <mw/detail/task_access.hpp>

#include "log/log.hpp"
#include "master/core.hpp"
#include "master/core_helpers.hpp"
#include "memory/shared_file.hpp"
#include "wire/little_endian.hpp"

namespace mw::detail {

StartCall make_start_call(const FunctionEntry& function, EncodedArguments arguments) {
  check_size(function, arguments.bytes.size());
  std::vector<std::byte> bytes(sizeof(std::uint64_t) + arguments.bytes.size());
  std::byte* const behind_id = wire::store(bytes.data(), function.id());
  std::copy_n(arguments.bytes.data(), arguments.bytes.size(), behind_id);
  StartCall call{&function, std::move(arguments.shared)};
  call.values.push_back(memory::SharedFile::make(bytes));
  return call;
}

/// A worker that is to make a call first is none of the machine's until it has.
void MasterCore::admit(WorkerId worker, const WorkerInfo& info) {
  if (!starts_.has_call() || !chooses_ || !machine_.has_interface() || machine_.is_ending() || directory_->has_left(worker))
    return machine_.worker_joined(worker, info, moment());
  if (starts_.begin(worker, info)) make_start_call(worker);  // else those before it died of it
}

/// Unless it rests, or has it already. Not now: the interface that says that it has a worker need not be ready to use
/// it.
void MasterCore::make_start_call(WorkerId worker) {
  machine_.want_round();
  loop_.post([this, worker] {
    const auto task = starts_.due(worker);
    if (!task) return;
    try {
      interface_->execute_task(*task, worker);
      interface_->flush();
    } catch (...) {
      start_finished(*task, core::failed(Cause::interface_error, current_exception_text()));
    }
  });
}

void MasterCore::start_finished(const TaskRef& task, const Outcome& outcome) {
  if (auto started = starts_.finished(task, outcome)) {
    machine_.worker_possible();
    machine_.worker_joined(started->worker, started->info, moment());
    if (started->rests) machine_.worker_rests(started->worker, true);
  } else if (outcome.failure) {
    say_start_failed(outcome.err);
  }
  machine_.want_round();
}

/// Those that fail in the same way say it once, and then again when they are twice as many.
void MasterCore::say_start_failed(const std::string& err) const {
  const std::uint32_t failed = starts_.failed_slots();
  if ((failed & (failed - 1)) != 0) return;
  const std::string others = failed > 1 ? fmt::format(" (and {} more)", failed - 1) : "";
  log::warn(fmt::format("{}{}{}{}", starts_.first_failure(), others, err.empty() ? "" : "; on its stderr: ", err));
}

/// Its process is gone, perhaps by its start function.
void MasterCore::start_left(WorkerId worker, const std::vector<LostTask>& lost) {
  const LostTask* call = nullptr;
  for (const LostTask& one : lost)
    if (starts_.is_one(one.task)) call = &one;
  const std::uint32_t failed_before = starts_.failed_slots();
  const bool says_how = call && call->outcome.failure;
  starts_.left(worker, call ? std::optional{says_how ? call->outcome.failure->message : "nobody knows how"} : std::nullopt);
  if (call && starts_.failed_slots() != failed_before) say_start_failed(call->outcome.err);
}

/// No worker is left that could do anything, or that is being started here.
bool MasterCore::have_all_starts_failed() const noexcept {
  return starts_.has_failed() && starts_.empty() && machine_.slots() == 0;
}

/// Where the interface chooses the worker, each task brings the call along.
void MasterCore::bring_start_call(TaskRecord& task) const {
  if (!starts_.has_call()) return;
  TaskExtra& extra = task.need_extra();
  if (extra.start_values != 0) return;
  const SharedList& values = starts_.call().values;
  extra.shared.insert(extra.shared.end(), values.begin(), values.end());
  extra.start_values = static_cast<std::uint32_t>(values.size());
}

}  // namespace mw::detail
