#include "boinc/server/validator.hpp"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <limits>
#include <string_view>
#include <unordered_set>

#include <fmt/format.h>

#include "boinc/policy/agreement.hpp"
#include "boinc/policy/credit.hpp"
#include "boinc/protocol/md5.hpp"
#include "log/log.hpp"
#include "memory/shared_block.hpp"
#include "registry/registry.hpp"

namespace mw::boinc {
namespace {

/// What a failure says apart from where it happened.
bool equal_failures(const Failure& a, const Failure& b) {
  return a.cause == b.cause && a.type == b.type && a.exit_status == b.exit_status && a.signal == b.signal &&
         (a.cause != Cause::exception || a.message == b.message);
}

bool is_viable(const InstanceRow& one) {
  return one.state.server_state == ServerState::over && one.state.outcome == InstanceOutcome::success &&
         one.state.validate_state != ValidateState::invalid;
}

/// Of one voter's results the first that came counts: a copy that was given up may come after all, beside the one that took its place.
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

Answer read_answer(Project& project, const InstanceRow& instance, std::size_t tasks) {
  auto output = project.work.output(instance.id);
  if (!output) throw InterfaceError{"there is no uploaded file"};
  const bool is_file = !output->bytes;
  Answer answer;
  if (!is_file)
    answer.bytes = std::move(*output->bytes);
  else
    answer.bytes =
        process::MappedFile{upload_folder(project.settings) + "/" + project.names.output({instance.workunit, instance.number})};
  const std::span<const std::byte> bytes = std::visit([](const auto& all) { return all.span(); }, answer.bytes);
  // A large file that came in this run was summed up as it came; nobody can write it since.
  const bool is_checked = is_file && project.checked_outputs.contains(instance.id);
  answer.md5 = is_checked ? output->md5 : md5_hex(bytes);
  if (static_cast<std::int64_t>(bytes.size()) != output->nbytes || answer.md5 != output->md5)
    throw InterfaceError{fmt::format("what is stored has {} bytes with the MD5 {}; {} with {} were uploaded", bytes.size(),
                                     answer.md5, output->nbytes, output->md5)};
  if (is_file) project.checked_outputs.insert(instance.id);
  answer.endings = wire::parse_answer(bytes, tasks);
  // No task ran longer than its host had it, whatever that says.
  const auto had = std::chrono::duration_cast<std::chrono::nanoseconds>(instance.received - instance.sent).count();
  for (wire::Ending& ending : answer.endings)
    ending.result.run_ns = std::min(ending.result.run_ns, static_cast<std::uint64_t>(std::max<std::int64_t>(had, 0)));
  return answer;
}

void ResultValidator::validate(WorkunitRow& workunit, std::vector<InstanceRow>& instances) {
  const Time now = project_.now();
  if (workunit.canonical == 0 && workunit.state.quorum > 1) leave_one_a_voter(instances);
  std::vector<InstanceRow*> viable;
  std::vector<Answer> answers;
  for (InstanceRow& one : instances) {
    if (!is_viable(one)) continue;
    try {
      Answer answer = read_answer(project_, one, workunit.tasks.size());
      // Once: what was inconclusive before has been looked at.
      if (one.state.validate_state == ValidateState::init) check_values(workunit, answer);
      answers.push_back(std::move(answer));
      viable.push_back(&one);
    } catch (const Error& e) {
      one.state.outcome = InstanceOutcome::validate_error;
      one.why = e.what();
      ++project_.counts.errors;
      if (Host* host = project_.hosts.find(one.host)) {
        project_.reputation.failed(*host, Fault::error, now);
        log::warn(fmt::format("boinc: what host {} ({}) sent for {} can not be read: {}", host->id, host->info.name,
                              project_.names.instance({one.workunit, one.number}), e.what()));
      }
    }
  }
  // Later ones are compared with the canonical one.
  std::optional<std::size_t> canonical;
  std::vector<bool> valid;
  if (workunit.canonical != 0) {
    for (std::size_t i = 0; i < viable.size(); ++i)
      if (viable[i]->id == workunit.canonical) canonical = i;
    if (!canonical) {  // it can not be read any more: the others stay as they are
      for (InstanceRow* one : viable) one->state.validate_state = ValidateState::no_check;
      return;
    }
    for (std::size_t i = 0; i < viable.size(); ++i)
      valid.push_back(i == *canonical || equal(workunit, answers[*canonical], answers[i]));
  } else {
    Agreement agreement = agree(viable.size(), workunit.state.quorum,
                                [&](std::size_t a, std::size_t b) { return equal(workunit, answers[a], answers[b]); });
    canonical = agreement.canonical;
    valid = std::move(agreement.valid);
  }
  if (!canonical) {
    if (viable.size() < static_cast<std::size_t>(workunit.state.quorum)) return;
    for (InstanceRow* one : viable) one->state.validate_state = ValidateState::inconclusive;
    workunit.state.target = std::max(workunit.state.target, static_cast<std::int64_t>(viable.size()) + 1);
    return;
  }
  double credit = std::numeric_limits<double>::max();
  for (std::size_t i = 0; i < viable.size(); ++i)
    if (valid[i]) credit = std::min(credit, viable[i]->claimed_credit);
  for (std::size_t i = 0; i < viable.size(); ++i) judge(*viable[i], valid[i], credit);
  if (workunit.canonical == 0) learn(workunit, *viable[*canonical], answers[*canonical]);
  workunit.canonical = viable[*canonical]->id;
  workunit.state.has_canonical = true;
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

/// What is no result of the function's is not to reach the master: it would be the master's error there.
void ResultValidator::check_values(const WorkunitRow& workunit, const Answer& answer) const {
  const auto* entry = registry::find(workunit.function);
  if (!entry) return;
  for (const wire::Ending& ending : answer.endings)
    if (!ending.is_gone && !ending.failure) entry->check_result(ending.result.value);
}

bool ResultValidator::equal(const WorkunitRow& workunit, const Answer& first, const Answer& second) const {
  if (first.md5 == second.md5) return true;
  const auto* entry = registry::find(workunit.function);
  for (std::size_t i = 0; i < first.endings.size(); ++i) {
    const wire::Ending &a = first.endings[i], &b = second.endings[i];
    if (a.is_gone != b.is_gone || a.failure.has_value() != b.failure.has_value()) return false;
    if (a.failure && !equal_failures(*a.failure, *b.failure)) return false;
    if (!a.failure &&
        !equal_values({workunit.function, entry ? entry->name() : std::string_view{}, a.result.value, b.result.value}))
      return false;
  }
  return true;
}

bool ResultValidator::equal_values(const ResultPair& pair) const {
  if (!project_.settings.validator) return std::ranges::equal(pair.first, pair.second);
  try {
    return project_.settings.validator(pair);
  } catch (...) {
    return false;
  }
}

void ResultValidator::learn(const WorkunitRow& workunit, const InstanceRow& canonical, const Answer& answer) {
  const Host* host = project_.hosts.find(canonical.host);
  if (!host) return;
  double seconds = 0;
  for (const wire::Ending& ending : answer.endings) seconds += static_cast<double>(ending.result.run_ns) * 1e-9;
  constexpr double shortest_s = 1e-6;
  generator_.learn(workunit.function, project_.reputation.voter(*host),
                   std::max(seconds / static_cast<double>(answer.endings.size()), shortest_s) * host->fpops());
}

}  // namespace mw::boinc
