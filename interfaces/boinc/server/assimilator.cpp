#include "boinc/server/assimilator.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "boinc/policy/error_mask.hpp"
#include "boinc/server/validator.hpp"
#include "log/log.hpp"
#include "remote/task_messages.hpp"

namespace mw::boinc {
namespace {

/// "workunit x: more copies of it failed …: x_0 on host 3: exit status 1; x_1 on host 4: no reply by its deadline"
std::string story_of(const Project& project, const WorkunitRow& workunit, const std::vector<InstanceRow>& instances) {
  std::string story =
      fmt::format("workunit {}: {}", project.names.workunit(workunit.id), describe_error_mask(workunit.state.error_mask));
  for (const InstanceRow& one : instances) {
    if (one.host == 0) continue;
    story += fmt::format("; {} on host {}: {}", project.names.instance({one.workunit, one.number}), one.host,
                         !one.why.empty()                                 ? one.why
                         : one.state.outcome == InstanceOutcome::no_reply ? "no reply by its deadline"
                         : one.state.outcome == InstanceOutcome::detached ? "its host began anew"
                         : one.state.outcome == InstanceOutcome::success  ? "a result that others do not agree with"
                                                                          : "no result");
  }
  return story;
}

void end_in_error(Project& project, const WorkunitRow& workunit, const std::vector<InstanceRow>& instances) {
  const std::string story = story_of(project, workunit, instances);
  for (const std::int64_t task : workunit.tasks) {
    const auto place = project.tasks.find(task);
    if (!place || place->stage != TaskStage::in_workunit) continue;
    project.tasks.set_stage(task, TaskStage::dropped);
    TaskEnd end{task, 0, {}, true};
    end.outcome.failure.emplace();
    end.outcome.failure->cause = Cause::worker_lost;
    end.outcome.failure->message = story;
    project.ends.push_back(std::move(end));
  }
}

}  // namespace

void assimilate(Project& project, const WorkunitRow& workunit, const std::vector<InstanceRow>& instances,
                std::vector<TaskOutcome> outcomes) {
  const auto canonical = std::ranges::find(instances, workunit.canonical, &InstanceRow::id);
  if (workunit.canonical == 0 || canonical == instances.end() || outcomes.size() != workunit.tasks.size())
    return end_in_error(project, workunit, instances);
  for (std::size_t i = 0; i < workunit.tasks.size(); ++i) {
    const auto place = project.tasks.find(workunit.tasks[i]);
    if (!place || place->stage != TaskStage::in_workunit) continue;
    project.tasks.set_stage(workunit.tasks[i], TaskStage::done);
    ++project.counts.tasks_done;
    project.ends.push_back({workunit.tasks[i], canonical->host, std::move(outcomes[i].outcome), outcomes[i].is_gone});
  }
}

std::optional<StoredEnd> stored_end(Project& project, const KnownTask& task) {
  const auto workunit = project.work.workunit(task.workunit);
  if (!workunit || workunit->canonical == 0) return std::nullopt;
  for (const InstanceRow& one : project.work.instances(workunit->id))
    if (one.id == workunit->canonical)
      return StoredEnd{task.id, one.host, workunit->tasks.size(), static_cast<std::size_t>(task.position),
                       stored_output(project, one)};
  return std::nullopt;
}

std::optional<TaskEnd> end_again(const StoredEnd& stored) {
  try {
    auto outcomes = outcomes_of(read_answer(stored.output, stored.tasks));
    TaskOutcome& own = outcomes.at(stored.position);
    return TaskEnd{stored.task, stored.host, std::move(own.outcome), own.is_gone};
  } catch (const std::exception& e) {
    log::warn(fmt::format("boinc: the stored result of task {} cannot be used, it is computed again: {}", stored.task, e.what()));
    return std::nullopt;
  }
}

}  // namespace mw::boinc
