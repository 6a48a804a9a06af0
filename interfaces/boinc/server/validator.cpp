#include "boinc/server/validator.hpp"

#include <algorithm>
#include <chrono>
#include <limits>
#include <string_view>
#include <unordered_set>

#include <fmt/format.h>

#include "boinc/server/excuses.hpp"
#include "log/log.hpp"

namespace mw::boinc {
namespace {

bool is_viable(const InstanceRow& one) {
  return one.state.server_state == ServerState::over && one.state.outcome == InstanceOutcome::success &&
         one.state.validate_state != ValidateState::invalid;
}

/// Of one voter's results the first that came counts: a copy that was given up may come after all, beside the one that
/// took its place.
void leave_one_a_voter(std::vector<InstanceRow>& instances) {
  std::vector<InstanceRow*> viable;
  for (InstanceRow& one : instances)
    if (is_viable(one) && !one.voter.empty()) viable.push_back(&one);
  std::stable_sort(viable.begin(), viable.end(), [](const auto* a, const auto* b) { return a->received < b->received; });
  std::unordered_set<std::string_view> voters;
  for (InstanceRow* one : viable) {
    if (voters.insert(one->voter).second) continue;
    one->state.outcome = InstanceOutcome::not_needed;
    one->state.is_excused = true;
    one->why = "another result of its voter's has come before it";
  }
}

}  // namespace

StoredOutput stored_output(Project& project, const InstanceRow& instance) {
  StoredOutput stored;
  stored.instance = instance.id;
  // What was inconclusive before has been looked at.
  stored.was_decoded = instance.state.validate_state != ValidateState::init;
  const auto had = std::chrono::duration_cast<std::chrono::nanoseconds>(instance.received - instance.sent).count();
  stored.longest_run_ns = static_cast<std::uint64_t>(std::max<std::int64_t>(had, 0));
  auto output = project.work.output(instance.id);
  if (!output) return stored;
  stored.nbytes = output->nbytes;
  stored.md5 = std::move(output->md5);
  if (output->bytes) {
    stored.at = std::move(*output->bytes);
    return stored;
  }
  stored.at = upload_folder(project.settings) + "/" + project.names.output({instance.workunit, instance.number});
  // A large file that came in this run was summed up as it came; nobody can write it since.
  stored.is_summed_up = project.checked_outputs.contains(instance.id);
  return stored;
}

Question ResultValidator::question(const WorkunitRow& workunit, std::vector<InstanceRow>& instances) {
  if (workunit.canonical == 0 && workunit.state.quorum > 1) leave_one_a_voter(instances);
  Question question;
  question.function = workunit.function;
  question.tasks = workunit.tasks.size();
  question.quorum = workunit.state.quorum;
  question.validator = project_.settings.validator;
  for (const InstanceRow& one : instances) {
    if (!is_viable(one)) continue;
    if (one.id == workunit.canonical) question.canonical = question.outputs.size();
    question.outputs.push_back(stored_output(project_, one));
  }
  return question;
}

void ResultValidator::judge(WorkunitRow& workunit, std::vector<InstanceRow>& instances, const Question& question,
                            const Verdict& verdict) {
  std::vector<InstanceRow*> viable;
  std::vector<bool> is_valid;
  InstanceRow* canonical = nullptr;
  for (std::size_t i = 0; i < question.outputs.size(); ++i) {
    const auto one = std::ranges::find(instances, question.outputs[i].instance, &InstanceRow::id);
    if (!verdict.errors[i].empty()) {
      judge_unreadable(*one, verdict.errors[i], instances);
      continue;
    }
    if (std::holds_alternative<std::string>(question.outputs[i].at)) project_.checked_outputs.insert(one->id);
    if (verdict.canonical == i) canonical = &*one;
    viable.push_back(&*one);
    is_valid.push_back(verdict.canonical && verdict.valid[i]);
  }
  if (!canonical) {
    if (workunit.canonical != 0) {  // it cannot be read any more: the others stay as they are
      for (InstanceRow* one : viable) one->state.validate_state = ValidateState::no_check;
      return;
    }
    if (viable.size() < static_cast<std::size_t>(workunit.state.quorum)) return;
    for (InstanceRow* one : viable) one->state.validate_state = ValidateState::inconclusive;
    workunit.state.target = std::max(workunit.state.target, static_cast<std::int64_t>(viable.size()) + 1);
    return;
  }
  double credit = std::numeric_limits<double>::max();
  for (std::size_t i = 0; i < viable.size(); ++i)
    if (is_valid[i]) credit = std::min(credit, viable[i]->claimed_credit);
  for (std::size_t i = 0; i < viable.size(); ++i) judge(*viable[i], is_valid[i], credit);
  if (workunit.canonical == 0) learn(workunit, *canonical, verdict.outcomes);
  workunit.canonical = canonical->id;
  workunit.state.has_canonical = true;
}

void ResultValidator::judge_unreadable(InstanceRow& instance, const std::string& why, const std::vector<InstanceRow>& all) {
  instance.state.outcome = InstanceOutcome::validate_error;
  instance.state.is_excused |= is_excused(project_, instance, all);
  instance.why = why;
  ++project_.counts.errors;
  Host* host = project_.hosts.find(instance.host);
  if (!host) return;
  project_.reputation.failed(*host, Fault::error, project_.now());
  log::warn(fmt::format("boinc: what host {} ({}) sent for {} cannot be read: {}", host->id, host->info.name,
                        project_.names.instance({instance.workunit, instance.number}), why));
}

void ResultValidator::judge(InstanceRow& instance, bool is_valid, double credit) {
  const ValidateState before = instance.state.validate_state;
  instance.state.validate_state = is_valid ? ValidateState::valid : ValidateState::invalid;
  if (before == ValidateState::valid) return;
  Host* host = project_.hosts.find(instance.host);
  if (is_valid) {
    ++project_.counts.valid;
    if (!host) return;
    project_.reputation.ended_well(*host, credit, project_.now());
  } else {
    ++project_.counts.invalid;
    if (!host) return;
    project_.reputation.failed(*host, Fault::wrong, project_.now());
    log::warn(fmt::format("boinc: host {} ({}) sent a wrong result for {}", host->id, host->info.name,
                          project_.names.instance({instance.workunit, instance.number})));
  }
}

void ResultValidator::learn(const WorkunitRow& workunit, const InstanceRow& canonical, const std::vector<TaskOutcome>& outcomes) {
  const Host* host = project_.hosts.find(canonical.host);
  if (!host) return;
  std::chrono::duration<double> run_time{};
  for (const TaskOutcome& one : outcomes) run_time += one.outcome.run_time;
  constexpr double shortest_s = 1e-6;
  generator_.learn(workunit.function, project_.reputation.voter(*host),
                   std::max(run_time.count() / static_cast<double>(outcomes.size()), shortest_s) * host->fpops());
}

}  // namespace mw::boinc
