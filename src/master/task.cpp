// What handles tell: TaskHandle, TaskRef, results and their errors, read from a record.
#include <mw/task.hpp>

#include <fmt/format.h>

#include <mw/detail/shared_value.hpp>
#include <mw/detail/task_access.hpp>
#include <mw/map.hpp>

#include "core/record.hpp"
#include "core/worker_directory.hpp"
#include "log/log.hpp"
#include "master/core_helpers.hpp"
#include "memory/shared_file.hpp"
#include "worker/execute.hpp"
#include "worker/measures.hpp"
#include "worker/progress_sink.hpp"
#include "worker/worker_start.hpp"

namespace mw {

using detail::TaskRecord;

namespace detail {

void intrusive_ptr_add_ref(TaskRecord* record) noexcept { record->references.fetch_add(1, std::memory_order_relaxed); }

void intrusive_ptr_release(TaskRecord* record) noexcept {
  if (record->references.fetch_sub(1, std::memory_order_acq_rel) == 1) delete record;
}

RecordPtr submit_after(const TaskHandle& first, const FunctionEntry& function, EncodedArguments more, const TaskOptions* options) {
  if (!first.valid()) throw UsageError{"then: the handle is empty: it comes from no submit_task"};
  if (first.record()->function->is_by_name())
    throw UsageError{
        fmt::format("then: task {} ({}) is a call by name (mw::Remote): its result is a value here, and no argument of a "
                    "C++ function there; ask for the result first",
                    first.id(), first.name())};
  first.record()->owner->refuse_in_forked_process();
  Continuations* const master = first.record()->owner->continuations;
  if (!master) throw UsageError{fmt::format("then: the master of task {} ({}) has ended", first.id(), first.name())};
  return master->submit_after(first.record(), function, std::move(more), options, false);
}

namespace {

std::string tail_of(const std::string& text) {
  constexpr std::size_t limit = 4096;
  return text.size() <= limit ? text : "…" + text.substr(text.size() - limit);
}

}  // namespace

TaskError error_of(const TaskRecord& record) {
  TaskFacts facts;
  facts.task = record.id;
  facts.function = record.name();
  facts.attempt = record.attempt.load(std::memory_order_relaxed);
  Failure failure;
  facts.losses = record.losses;
  if (const TaskExtra* extra = record.find_extra()) {
    facts.faults = extra->faults;
    facts.worker = extra->worker;
    facts.host = extra->host;
    facts.stderr_tail = tail_of(extra->err);
    failure = extra->failure;
  }
  return TaskError{std::move(facts), std::move(failure)};
}

std::span<const std::byte> result_bytes(const TaskRecord& record) {
  if (record.state.load(std::memory_order_acquire) != TaskState::finished) throw error_of(record);
  return record.payload.span();
}

std::optional<Bytes> translated(const TaskRecord& record, std::span<const std::byte> result) {
  const auto translate = record.function->translate();
  return translate ? std::optional{translate(result)} : std::nullopt;
}

void throw_bad_result(const TaskRecord& record, const CodecError& error) {
  Failure failure;
  failure.cause = Cause::bad_message;
  failure.message = fmt::format("its result does not decode: {}", error.what());
  throw TaskError{error_of(record).facts(), std::move(failure)};
}

TaskError mapped_error(const RecordPtr& record, std::size_t index, const Failure* failure) {
  const TaskError error = error_of(*record);
  TaskFacts facts = error.facts();
  if (failure) {
    facts.worker = record->owner->find(record->last_worker.load(std::memory_order_relaxed)).name;
    facts.host = record->owner->find(record->last_worker.load(std::memory_order_relaxed)).host;
    facts.faults = 1;
  }
  Failure described = failure ? *failure : error.failure();
  described.message = fmt::format("{} (input {} of map)", described.message, index);
  return TaskError{std::move(facts), std::move(described)};
}

void throw_map_ended_early(std::size_t given, std::size_t read) {
  throw Error{
      fmt::format("map ends with the results of {} of {} inputs that it has read, and nothing is on its way: that is an error of "
                  "CppMW, or of a "
                  "map that was asked on after an exception of its own",
                  given, read)};
}

void check_result_type(const TaskRecord& record, const std::type_info& wanted) {
  if (record.function->result() == wanted) return;
  throw UsageError{fmt::format("task {} ({}) returns a {}, not the {} that result<…>() was asked for", record.id, record.name(),
                               worker::type_name(record.function->result()), worker::type_name(wanted))};
}

}  // namespace detail

std::string_view to_string(TaskState state) noexcept {
  switch (state) {
    case TaskState::submitted: return "submitted";
    case TaskState::running: return "running";
    case TaskState::finished: return "finished";
    case TaskState::error: return "error";
    case TaskState::cancelled: return "cancelled";
  }
  return "unknown";
}

namespace {

/// Steady nanoseconds as a date, by the distance of the two clocks when the program started.
TaskHandle::Clock::time_point date_of(std::int64_t steady_ns) noexcept {
  using std::chrono::nanoseconds;
  static const auto distance = TaskHandle::Clock::now().time_since_epoch() - std::chrono::steady_clock::now().time_since_epoch();
  return TaskHandle::Clock::time_point{std::chrono::duration_cast<TaskHandle::Clock::duration>(distance + nanoseconds{steady_ns})};
}

bool is_over(const TaskRecord& record) noexcept { return detail::is_done(record.state.load(std::memory_order_acquire)); }

}  // namespace

std::uint64_t TaskHandle::id() const noexcept { return record_->id; }
std::string TaskHandle::name() const { return record_->name(); }

TaskState TaskHandle::state() const {
  const TaskState state = record_->state.load(std::memory_order_acquire);
  if (!detail::is_done(state)) record_->owner->refuse_in_forked_process();
  return state;
}
bool TaskHandle::done() const { return detail::is_done(state()); }
std::uint32_t TaskHandle::attempts() const noexcept { return record_->attempt.load(std::memory_order_relaxed); }

double TaskHandle::progress() const {
  if (state() == TaskState::finished) return 1;
  return static_cast<double>(record_->progress.load(std::memory_order_relaxed));
}

std::string TaskHandle::worker() const {
  if (record_->start_ns.load(std::memory_order_acquire) == 0) return {};
  return record_->owner->find(record_->last_worker.load(std::memory_order_relaxed)).name;
}

TaskHandle::Clock::time_point TaskHandle::submit_time() const noexcept { return date_of(record_->submit_ns); }

std::optional<TaskHandle::Clock::time_point> TaskHandle::start_time() const noexcept {
  const auto start = record_->start_ns.load(std::memory_order_acquire);
  return start == 0 ? std::nullopt : std::optional{date_of(start)};
}

std::optional<TaskHandle::Clock::time_point> TaskHandle::finish_time() const noexcept {
  return is_over(*record_) ? std::optional{date_of(record_->finish_ns)} : std::nullopt;
}

std::chrono::duration<double> TaskHandle::run_time() const noexcept {
  return is_over(*record_) ? std::chrono::nanoseconds{record_->run_ns} : std::chrono::nanoseconds{0};
}

std::string TaskHandle::stdout_text() const {
  const auto* extra = is_over(*record_) ? record_->find_extra() : nullptr;
  return extra ? extra->out : std::string{};
}

std::string TaskHandle::stderr_text() const {
  const auto* extra = is_over(*record_) ? record_->find_extra() : nullptr;
  return extra ? extra->err : std::string{};
}

std::uint32_t TaskHandle::faults() const noexcept {
  const auto* extra = is_over(*record_) ? record_->find_extra() : nullptr;
  return extra ? extra->faults : 0;
}

std::uint32_t TaskHandle::losses() const noexcept { return is_over(*record_) ? record_->losses : 0; }

std::uint64_t TaskRef::id() const noexcept { return record_->id; }
std::uint64_t TaskRef::function_id() const noexcept { return record_->function->id(); }
std::string_view TaskRef::function_name() const noexcept { return record_->function->name(); }
const TaskOptions& TaskRef::options() const noexcept { return record_->options(); }
std::span<const std::byte> TaskRef::arguments() const noexcept { return record_->payload.span(); }

bool TaskAccess::has_terms(const TaskRef& task) noexcept { return task.record_->find_extra() != nullptr; }

memory::SharedBlock* TaskAccess::block(const TaskRef& task) noexcept { return task.record_->payload.block(); }

std::string TaskAccess::outputs_folder(const TaskRef& task) {
  const auto* const extra = task.record_->find_extra();
  if (!extra || extra->outputs_folder.empty()) return {};
  return fmt::format("{}/{}-{}", extra->outputs_folder, task.id(), task.attempt());
}

const detail::SharedList& TaskAccess::shared(const TaskRef& task) noexcept {
  static const detail::SharedList none;
  const detail::TaskExtra* const extra = task.record_->find_extra();
  return extra ? extra->shared : none;
}

std::uint32_t TaskAccess::start_values(const TaskRef& task) noexcept {
  const detail::TaskExtra* const extra = task.record_->find_extra();
  return extra ? extra->start_values : 0;
}
bool TaskAccess::is_start(const TaskRef& task) noexcept {
  const detail::TaskExtra* const extra = task.record_->find_extra();
  return extra && extra->is_start;
}

const std::shared_ptr<const Bytes>& TaskAccess::checkpoint(const TaskRef& task) noexcept {
  static const std::shared_ptr<const Bytes> none;
  const detail::TaskExtra* const extra = task.record_->find_extra();
  return extra ? extra->checkpoint : none;
}

std::vector<SharedInput> TaskRef::shared() const {
  std::vector<SharedInput> inputs;
  // All values of a master were made by share().
  for (const detail::SharedPtr& value : TaskAccess::shared(*this))
    inputs.push_back(static_cast<const memory::SharedFile&>(*value).input());
  return inputs;
}

namespace {

/// Where the interface has no sink of its own.
class PartCollector final : public worker::ProgressSink {
 public:
  PartCollector() : is_needed_{!worker::thread_progress_sink()} {
    if (is_needed_) worker::set_thread_progress_sink(this);
  }
  ~PartCollector() override {
    if (is_needed_) worker::set_thread_progress_sink(nullptr);
  }
  void progress(double) override {}
  void part(Bytes value) override { parts.push_back(std::move(value)); }

  std::vector<Bytes> parts;

 private:
  const bool is_needed_;
};

}  // namespace

Outcome run_here(const TaskRef& task) {
  detail::SharedList shared = TaskAccess::shared(task);  // the task may be cancelled while it runs
  if (const std::uint32_t count = TaskAccess::start_values(task)) {
    static worker::WorkerStart starts;
    const auto first = shared.end() - static_cast<std::ptrdiff_t>(count);
    const auto number = static_cast<const memory::SharedFile&>(*shared.back()).number();
    Outcome outcome;
    outcome.failure = starts.make(number, {first, shared.end()});
    if (outcome.failure || TaskAccess::is_start(task)) return outcome;
    shared.erase(first, shared.end());
  }
  const detail::SharedScope scope{shared};
  PartCollector collector;
  Outcome outcome = worker::execute(*TaskAccess::record(task)->function, task.arguments());
  outcome.parts = std::move(collector.parts);
  outcome.measured =
      worker::take_measures([&task](const std::string& warning) { log::warn(fmt::format("task {}: {}", task.id(), warning)); });
  return outcome;
}

}  // namespace mw
