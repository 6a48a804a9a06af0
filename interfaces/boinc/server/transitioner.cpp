#include "boinc/server/transitioner.hpp"

#include <filesystem>

#include <fmt/format.h>

#include "boinc/policy/transition.hpp"
#include "boinc/server/assimilator.hpp"
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

void Transitioner::run(std::int64_t id) {
  if (auto workunit = project_.work.workunit(id)) run(*workunit);
}

void Transitioner::put_off(std::int64_t id) {
  constexpr std::chrono::minutes pause{1};
  if (const auto workunit = project_.work.workunit(id)) project_.work.update(*workunit, project_.now() + pause);
}

void Transitioner::cancel(std::int64_t id) {
  auto workunit = project_.work.workunit(id);
  if (!workunit || workunit->state.has_canonical || workunit->state.error_mask != 0) return;
  workunit->state.error_mask |= workunit_error::cancelled;
  run(*workunit);
}

void Transitioner::end_instance(InstanceRow& instance, InstanceOutcome outcome) {
  instance.state.server_state = ServerState::over;
  instance.state.outcome = outcome;
  if (outcome != InstanceOutcome::no_reply && outcome != InstanceOutcome::detached) return;
  --project_.counts.in_progress;
  ++project_.counts.timed_out;
  Host* host = outcome == InstanceOutcome::no_reply ? project_.hosts.find(instance.host) : nullptr;
  if (!host) return;
  project_.reputation.failed(*host, Fault::no_reply, project_.now());
  log::debug(fmt::format("boinc: {} on host {} ({}) is past its deadline",
                         project_.names.instance({instance.workunit, instance.number}), host->id, host->info.name));
}

void Transitioner::give_up(InstanceRow& instance) {
  end_instance(instance, InstanceOutcome::detached);
  project_.work.update(instance);
  run(instance.workunit);
}

void Transitioner::run(WorkunitRow& workunit) {
  auto instances = project_.work.instances(workunit.id);
  std::optional<Time> next_time;
  // What is validated may need one more look: each turn settles something, so there are few.
  for (bool again = true; again;) {
    again = false;
    const Transition next = transition(workunit.state, states_of(instances), project_.now());
    for (const std::size_t i : next.timed_out) end_instance(instances[i], InstanceOutcome::no_reply);
    for (const std::size_t i : next.not_needed) end_instance(instances[i], InstanceOutcome::not_needed);
    for (const std::size_t i : next.no_check) instances[i].state.validate_state = ValidateState::no_check;
    workunit.state.error_mask = next.error_mask;
    for (std::int64_t i = 0; i < next.new_instances; ++i) instances.push_back(project_.work.add_instance(workunit));
    if (next.needs_validation) {
      validator_.validate(workunit, instances);
      again = true;
    } else {
      if (next.assimilate) {
        if (!assimilate(project_, workunit, instances)) {
          // What was agreed on can not be read any more: its tasks are lost, and go again.
          workunit.canonical = 0;
          workunit.state.has_canonical = false;
          workunit.state.error_mask |= workunit_error::no_canonical;
          assimilate(project_, workunit, instances);
        }
        workunit.state.is_assimilated = true;
      }
      if (next.delete_files) delete_files(workunit, instances);
      next_time = next.next_time;
    }
  }
  for (const InstanceRow& one : instances) project_.work.update(one);
  project_.work.update(workunit, next_time);
}

/// The canonical output stays until the run ends: a program that is started again is given it anew.
void Transitioner::delete_files(const WorkunitRow& workunit, const std::vector<InstanceRow>& instances) {
  project_.work.drop_input(workunit.id);
  for (const InstanceRow& one : instances) {
    if (one.id == workunit.canonical) continue;
    const auto output = project_.work.output_facts(one.id);
    if (!output) continue;
    project_.work.drop_output(one.id);
    std::error_code ignored;
    std::filesystem::remove(upload_folder(project_.settings) + "/" + project_.names.output({one.workunit, one.number}), ignored);
  }
}

}  // namespace mw::boinc
