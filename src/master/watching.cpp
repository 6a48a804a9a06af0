// MasterCore: those who watch it.
#include "master/watching.hpp"

#include <future>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/explain.hpp"
#include "master/core.hpp"
#include "master/core_helpers.hpp"
#include "process/standard_streams.hpp"

namespace mw::detail {
namespace {

/// Who looks for a task must not hold up the others.
constexpr std::size_t most_looked_at = 100'000;

/// What `act` throws is why it was not done.
template <class Act>
control::Refusal refusal_of(const Act& act) {
  try {
    act();
    return {};
  } catch (...) {
    return current_exception_text();
  }
}

control::OpenTask open_task(const TaskRecord& task, const core::Moment& now) {
  control::OpenTask open;
  open.id = task.id;
  open.name = task.name();
  open.seconds = static_cast<double>(now.clock_ns - task.submit_ns) * 1e-9;
  open.attempt = task.attempt.load(std::memory_order_relaxed);
  open.priority = task.priority;
  open.progress = static_cast<double>(task.progress.load(std::memory_order_relaxed));
  return open;
}

}  // namespace

Watching::Watching(MasterCore& core, const dashboard::Options& options, const WorkerDirectory& directory, std::int64_t born_ns)
    : core_{core}, recorder_{directory, born_ns}, dashboard_{options, *this, recorder_, directory} {}

void Watching::now(std::function<void(control::Now)> then) {
  core_.loop_.post([this, then = std::move(then)] { then(core_.now()); });
}

void Watching::waiting(std::size_t from, std::size_t limit, std::function<void(std::vector<control::OpenTask>)> then) {
  core_.loop_.post([this, from, limit, then = std::move(then)] {
    std::vector<control::OpenTask> list;
    const core::Moment now = moment();
    std::size_t place = 0;
    for (auto waiting = core_.machine_.waiting_tasks(); const TaskRecord* task = waiting.next(); ++place) {
      if (place >= most_looked_at || list.size() >= limit) break;
      if (place >= from) list.push_back(open_task(*task, now));
    }
    then(std::move(list));
  });
}

void Watching::explain(std::uint64_t id, std::function<void(std::optional<std::string>)> then) {
  core_.loop_.post([this, id, then = std::move(then)] { then(core_.explanation(id)); });
}

void Watching::cancel(std::uint64_t id, std::function<void(control::Refusal)> then) {
  core_.loop_.post([this, id, then = std::move(then)] {
    for (const RecordPtr& record : core_.machine_.open_tasks()) {
      if (record->id != id) continue;
      core_.machine_.cancel(*record, moment());
      core_.settle();
      return then({});
    }
    then(fmt::format("no task {} is open: it has ended, or was never submitted", id));
  });
}

void Watching::pause(std::function<void(control::Refusal)> then) {
  core_.loop_.post([this, then = std::move(then)] { then(refusal_of([this] { core_.begin_pause(); })); });
}

void Watching::resume(std::function<void(control::Refusal)> then) {
  core_.loop_.post([this, then = std::move(then)] { then(refusal_of([this] { core_.end_pause(); })); });
}

void Watching::scale(std::uint32_t workers, std::function<void(control::Refusal)> then) {
  core_.loop_.post_to_thread([this, workers, then = std::move(then)] { then(refusal_of([&] { core_.scale_here(workers); })); });
}

void MasterCore::open_dashboard() {
  if (options_.dashboard.empty() && options_.report.empty()) return;
  watching_ = std::make_unique<Watching>(*this, dashboard::Options{options_.dashboard, options_.report}, *directory_, born_ns_);
  machine_.add_observer(watching_->recorder());
  if (const std::string url = watching_->url(); !url.empty()) process::tell(fmt::format("dashboard: {}\n", url));
}

void MasterCore::close_dashboard() {
  if (!watching_) return;
  std::promise<control::Now> last;  // behind what was posted before
  loop_.post([this, &last] { last.set_value(now()); });
  watching_->finish(last.get_future().get());
}

std::string MasterCore::dashboard_url() const { return watching_ ? watching_->url() : std::string{}; }

/// On the loop.
control::Now MasterCore::now() {
  control::Now now;
  now.status = counts();
  now.status.unread = completions_.kept(false).tasks;
  complete(now.status);
  now.status.interface_status = now.status.interface_error.empty() ? "ok" : "error";
  now.is_stopping = is_stopping_;
  now.has_stopped = has_stopped_;
  now.can_scale = interface_->can_scale();
  return now;
}

/// On the loop; nothing if it is not known, or has ended.
std::optional<std::string> MasterCore::explanation(std::uint64_t id) {
  take_submitted();
  const auto place = machine_.find(id, most_looked_at);
  std::vector<std::string> lines;
  if (place) {
    Status status;
    complete(status);
    lines = core::explain(machine_, *place, status.workers, moment());
  }
  if (watching_)
    for (std::string& fault : watching_->recorder().faults_of(id)) lines.push_back(std::move(fault));
  if (lines.empty()) return std::nullopt;
  return fmt::format("{}\n", fmt::join(lines, "\n"));
}

std::string MasterCore::explain(std::uint64_t id) {
  refuse_in_forked_process();
  std::optional<std::string> text;
  loop_.call([&] { text = explanation(id); });
  if (text) return *text;
  for (const RecordPtr& record : completions_.all_kept())
    if (record->id == id && record->state == TaskState::finished)
      return fmt::format("task {} ({}) has finished, after {:.3g} s on its worker; its result waits to be read.\n", id,
                         record->name(), static_cast<double>(record->run_ns) * 1e-9);
    else if (record->id == id)
      return std::string{error_of(*record).what()} + "\n";
  Failure failure;
  failure.cause = Cause::not_submitted;
  failure.message = fmt::format("there is no task {} here that has not ended, or whose end nobody has read", id);
  TaskFacts facts;
  facts.task = id;
  throw TaskError{std::move(facts), std::move(failure)};
}

}  // namespace mw::detail
