#include <mw/master.hpp>

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "master/core.hpp"
#include "master/options.hpp"
#include "process/standard_streams.hpp"
#include "worker/start.hpp"

namespace mw {
namespace {

[[noreturn]] void throw_error(Cause cause, std::string message) {
  Failure failure;
  failure.cause = cause;
  failure.message = std::move(message);
  throw TaskError{TaskFacts{}, std::move(failure)};
}

void check(const Interface* interface, const MasterOptions& options) {
  if (!interface) throw UsageError{"Master: the interface is null"};
  if (options.stop_on_signals) static_cast<void>(detail::deadline_after(*options.stop_on_signals));  // which is a number
  if (options.scheduler_func && interface->scheduling() != Scheduling::by_master)
    throw UsageError{
        fmt::format("Master: the interface \"{}\" chooses its workers by itself and takes no scheduler_func", interface->name())};
}

std::unique_ptr<detail::MasterCore, detail::CoreDeleter> make_core(std::unique_ptr<Interface> interface, MasterOptions options) {
  check(interface.get(), options);
  worker::refuse_master_in_worker();
  process::open_standard_descriptors();  // a daemon may have closed them since mw::init()
  return std::unique_ptr<detail::MasterCore, detail::CoreDeleter>{new detail::MasterCore{std::move(interface), std::move(options)}};
}

}  // namespace

/// What belongs to another process stays as it is: its threads are not here to be joined, its workers and sockets not
/// ours to end.
void detail::CoreDeleter::operator()(MasterCore* core) const noexcept {
  static auto& left_alone = *new std::vector<MasterCore*>;
  if (core->is_in_forked_process())
    left_alone.push_back(core);
  else
    delete core;
}

Master::Master(std::unique_ptr<Interface> interface, MasterOptions options)
    : core_{make_core(std::move(interface), std::move(options))} {}
Master::Master(Master&&) noexcept = default;
Master& Master::operator=(Master&&) noexcept = default;
Master::~Master() = default;

RecordPtr Master::submit(const detail::FunctionEntry& function, detail::EncodedArguments arguments, const TaskOptions* options) {
  std::unique_ptr<detail::TaskExtra> extra;
  if (options) {
    extra = std::make_unique<detail::TaskExtra>();
    extra->options = detail::checked(*options);
  }
  return core_->submit(function, std::move(arguments), std::move(extra), detail::Listing::open);
}

detail::SharedPtr Master::share_bytes(std::span<const std::byte> bytes) { return core_->share(bytes); }

Task<std::string> Master::submit_task(const Program& program, std::string_view input) {
  return submit_task(TaskOptions{}, program, input);
}

Task<std::string> Master::submit_task(const TaskOptions& options, const Program& program, std::string_view input) {
  detail::check(program, input);
  TaskOptions named = options;
  if (named.name.empty()) named.name = program.path;
  return submit_task<&detail::program_task>(named, program, std::string{input});
}

bool Master::cancel(const TaskHandle& task) {
  core_->check_owner(task.record().get());
  return core_->cancel(*task.record());
}

const RecordPtr& Master::checked(const TaskHandle& task) const {
  core_->check_owner(task.record().get());
  return task.record();
}

bool Master::wait_for(const TaskHandle& task, const detail::Deadline& deadline) {
  core_->check_owner(task.record().get());
  return core_->completions().wait(*task.record(), deadline);
}

std::optional<std::size_t> Master::wait_for_any(const std::vector<detail::TaskRecord*>& tasks, const detail::Deadline& deadline) {
  if (tasks.empty()) throw_error(Cause::nothing_to_wait_for, "get_result of no tasks: the span is empty");
  for (const auto* record : tasks) core_->check_owner(record);
  const auto [index, in_time] = core_->completions().wait_for_any(tasks, deadline);
  if (!index && in_time)
    throw_error(Cause::nothing_to_wait_for,
                fmt::format("each of these {} tasks was handed out already; get_result(task) gives a result again", tasks.size()));
  return index;
}

void Master::throw_timeout(const TaskHandle& task, Timeout timeout) {
  throw TimeoutError{fmt::format("task {} ({}) is not done after {:g} s: it is {}", task.id(), task.name(),
                                 std::max(timeout.count(), 0.0), to_string(task.state()))};
}

void Master::throw_timeout(std::size_t tasks, Timeout timeout) {
  throw TimeoutError{fmt::format("none of these {} tasks is done after {:g} s", tasks, std::max(timeout.count(), 0.0))};
}

void Master::wait_all() { core_->wait_all({}); }

bool Master::wait_all(Timeout timeout) { return core_->wait_all(detail::deadline_after(timeout)); }

FinishedTask Master::get_result() { return *next_result({}); }

FinishedTask Master::get_result(Timeout timeout) {
  if (auto task = try_get_result(timeout)) return *std::move(task);
  throw TimeoutError{fmt::format("no task is done after {:g} s that was not handed out", std::max(timeout.count(), 0.0))};
}

std::optional<FinishedTask> Master::try_get_result(Timeout timeout) { return next_result(detail::deadline_after(timeout)); }

std::optional<FinishedTask> Master::next_result(const detail::Deadline& deadline) {
  auto [record, in_time] = core_->completions().wait_for_next(deadline);
  if (!in_time) return std::nullopt;
  if (!record) throw_error(Cause::nothing_to_wait_for, "no task is left: none was submitted, or each was handed out already");
  FinishedTask task{std::move(record)};
  detail::decode_result<void>(*task.record());
  return task;
}

std::vector<TaskHandle> Master::tasks() const {
  std::vector<TaskHandle> tasks;
  for (RecordPtr& record : core_->tasks()) tasks.emplace_back(std::move(record));
  std::sort(tasks.begin(), tasks.end(), [](const TaskHandle& a, const TaskHandle& b) { return a.id() < b.id(); });
  return tasks;
}

void Master::set_interface(std::unique_ptr<Interface> interface) {
  check(interface.get(), core_->options());
  core_->set_interface(std::move(interface));
}

void Master::stop(Timeout patience, int signal) { core_->stop({patience, signal}); }
bool Master::is_stopping() const { return core_->is_stopping(); }
bool Master::has_stopped() const { return core_->has_stopped(); }

std::string Master::explain(std::uint64_t id) const { return core_->explain(id); }
std::string Master::dashboard_url() const { return core_->dashboard_url(); }
void Master::pause() { core_->pause(); }
void Master::resume() { core_->resume(); }
void Master::scale(std::uint32_t workers) { core_->scale(workers); }

Status Master::get_status() const { return core_->status(); }
std::vector<MeasureStatus> Master::take_measures() { return core_->take_measures(); }
std::size_t Master::slots() const { return std::max<std::size_t>(core_->slots(), 1); }

}  // namespace mw
