#include "boinc/server/transitioner.hpp"

#include <exception>

#include <fmt/format.h>

#include "boinc/policy/transition.hpp"
#include "boinc/server/assimilator.hpp"
#include "boinc/server/excuses.hpp"
#include "boinc/server/preparation.hpp"
#include "log/log.hpp"

namespace mw::boinc {
namespace {

std::vector<InstanceState> states_of(const std::vector<InstanceRow>& instances) {
  std::vector<InstanceState> states;
  states.reserve(instances.size());
  for (const InstanceRow& one : instances) states.push_back(one.state);
  return states;
}

}  // namespace

void Transitioner::run(std::int64_t id, Comparison* compared) {
  if (auto workunit = project_.work.workunit(id)) run(*workunit, compared);
}

void Transitioner::put_off(std::int64_t id) {
  constexpr std::chrono::minutes pause{1};
  if (const auto workunit = project_.work.workunit(id)) project_.work.update(*workunit, project_.now() + pause);
}

void Transitioner::cancel(std::int64_t id) {
  auto workunit = project_.work.workunit(id);
  if (!workunit || workunit->state.has_canonical || workunit->state.error_mask != 0) return;
  workunit->state.error_mask |= workunit_error::cancelled;
  run(*workunit, nullptr);
}

void Transitioner::end_instance(InstanceRow& instance, InstanceOutcome outcome, const std::vector<InstanceRow>& all) {
  instance.state.server_state = ServerState::over;
  instance.state.outcome = outcome;
  if (outcome != InstanceOutcome::no_reply && outcome != InstanceOutcome::detached) return;
  instance.state.is_excused |= is_excused(project_, instance, all);
  --project_.counts.in_progress;
  ++project_.counts.timed_out;
  Host* host = outcome == InstanceOutcome::no_reply ? project_.hosts.find(instance.host) : nullptr;
  if (!host) return;
  project_.reputation.failed(*host, Fault::no_reply, project_.now());
  log::debug(fmt::format("boinc: {} on host {} ({}) is past its deadline",
                         project_.names.instance({instance.workunit, instance.number}), host->id, host->info.name));
}

void Transitioner::give_up(InstanceRow& instance) {
  end_instance(instance, InstanceOutcome::detached, project_.work.instances(instance.workunit));
  project_.work.update(instance);
  run(instance.workunit);
}

void Transitioner::run(WorkunitRow& workunit, Comparison* compared) {
  auto instances = project_.work.instances(workunit.id);
  std::optional<Time> next_time;
  std::vector<TaskOutcome> outcomes;
  // What is validated may need one more look: each turn settles something, so there are few.
  for (bool again = true; again;) {
    again = false;
    const Transition next = transition(workunit.state, states_of(instances), project_.now());
    next_time = next.next_time;
    for (const std::size_t i : next.timed_out) end_instance(instances[i], InstanceOutcome::no_reply, instances);
    for (const std::size_t i : next.not_needed) end_instance(instances[i], InstanceOutcome::not_needed, instances);
    for (const std::size_t i : next.no_check) instances[i].state.validate_state = ValidateState::no_check;
    workunit.state.error_mask = next.error_mask;
    for (std::int64_t i = 0; i < next.new_instances; ++i) instances.push_back(project_.work.add_instance(workunit));
    if (next.needs_validation) {
      if (auto verdict = validate(workunit, instances, compared)) {
        if (!verdict->outcomes.empty()) outcomes = std::move(verdict->outcomes);
        again = true;
      }
      continue;
    }
    if (next.assimilate) {
      assimilate(project_, workunit, instances, std::move(outcomes));
      workunit.state.is_assimilated = true;
      ++project_.counts.workunits_over;
    }
    if (next.delete_files) delete_files(workunit, instances);
  }
  for (const InstanceRow& one : instances) project_.work.update(one);
  project_.work.update(workunit, next_time);
}

/// Nothing where that is still to be found out: the workunit is looked at again then.
std::optional<Verdict> Transitioner::validate(WorkunitRow& workunit, std::vector<InstanceRow>& instances, Comparison* compared) {
  if (comparisons_.has(workunit.id)) return std::nullopt;
  Question question = validator_.question(workunit, instances);
  std::optional<Verdict> verdict;
  if (compared && compared->question.is_same(question)) {
    if (compared->failure) std::rethrow_exception(compared->failure);
    verdict = std::move(compared->verdict);
  } else if (question.is_large() || (question.validator && comparisons_.is_busy())) {
    // A validator of the user's is not called twice at a time.
    comparisons_.start(workunit.id, std::move(question));
    return std::nullopt;
  } else {
    verdict = compare(question, {});
  }
  validator_.judge(workunit, instances, question, *verdict);
  return verdict;
}

/// The canonical output stays until the run ends: a program that is started again is given it anew.
void Transitioner::delete_files(const WorkunitRow& workunit, const std::vector<InstanceRow>& instances) {
  project_.work.drop_input(workunit.id);
  if (workunit.input_nbytes > static_cast<std::int64_t>(large_arguments) && workunit.tasks.size() == 1)
    side_.remove(large_input_path(project_.settings, workunit.tasks.front()));
  for (const InstanceRow& one : instances) {
    if (one.id == workunit.canonical) continue;
    const auto output = project_.work.output_facts(one.id);
    if (!output) continue;
    project_.work.drop_output(one.id);
    side_.remove(upload_folder(project_.settings) + "/" + project_.names.output({one.workunit, one.number}));
  }
}

}  // namespace mw::boinc
