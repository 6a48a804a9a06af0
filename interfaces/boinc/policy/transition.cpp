#include "boinc/policy/transition.hpp"

#include <algorithm>

namespace mw::boinc {
namespace {

struct InstanceCounts {
  std::int64_t total = 0;
  std::int64_t unsent = 0;
  std::int64_t in_progress = 0;
  std::int64_t errors = 0;
  std::int64_t successes = 0;  ///< not found to be wrong
  std::int64_t unchecked = 0;  ///< successes that no validation has seen
};

InstanceCounts count(std::span<const InstanceState> instances) {
  InstanceCounts counts;
  for (const InstanceState& one : instances) {
    counts.total += !one.is_excused;
    if (one.server_state == ServerState::unsent || one.server_state == ServerState::inactive) ++counts.unsent;
    if (one.server_state == ServerState::in_progress) ++counts.in_progress;
    if (one.server_state != ServerState::over) continue;
    const bool is_error = one.outcome == InstanceOutcome::validate_error || one.outcome == InstanceOutcome::client_error;
    counts.errors += is_error && !one.is_excused;
    if (one.outcome != InstanceOutcome::success || one.validate_state == ValidateState::invalid) continue;
    ++counts.successes;
    if (one.validate_state == ValidateState::init) ++counts.unchecked;
  }
  return counts;
}

bool all_over(std::span<const InstanceState> instances, const Transition& next) {
  std::size_t open = 0;
  for (const InstanceState& one : instances) open += one.server_state != ServerState::over;
  return open == next.timed_out.size() + next.not_needed.size();
}

}  // namespace

Transition transition(const WorkunitState& workunit, std::span<const InstanceState> given, Time now) {
  std::vector<InstanceState> instances{given.begin(), given.end()};
  Transition next;
  next.error_mask = workunit.error_mask;

  for (std::size_t i = 0; i < instances.size(); ++i) {
    if (instances[i].server_state != ServerState::in_progress || instances[i].deadline > now) continue;
    next.timed_out.push_back(i);
    instances[i].server_state = ServerState::over;
    instances[i].outcome = InstanceOutcome::no_reply;
  }

  const InstanceCounts counts = count(instances);
  if (!workunit.has_canonical && next.error_mask == 0) {
    if (counts.errors > workunit.max_errors) next.error_mask |= workunit_error::too_many_errors;
    if (counts.successes > workunit.max_success) next.error_mask |= workunit_error::too_many_successes;
  }
  next.needs_validation =
      next.error_mask == 0 && counts.unchecked > 0 && (workunit.has_canonical || counts.successes >= workunit.quorum);

  if (!workunit.has_canonical && next.error_mask == 0 && !next.needs_validation) {
    const std::int64_t wanted = workunit.target - counts.unsent - counts.in_progress - counts.successes;
    if (wanted > 0 && counts.total + wanted > workunit.max_total)
      next.error_mask |= workunit_error::too_many_total;
    else
      next.new_instances = std::max<std::int64_t>(wanted, 0);
  }

  const bool is_decided = workunit.has_canonical || next.error_mask != 0;
  if (is_decided) {
    for (std::size_t i = 0; i < instances.size(); ++i) {
      InstanceState& one = instances[i];
      if (one.server_state == ServerState::unsent || one.server_state == ServerState::inactive) {
        next.not_needed.push_back(i);
        one.server_state = ServerState::over;
        one.outcome = InstanceOutcome::not_needed;
      }
      if (next.error_mask != 0 && one.outcome == InstanceOutcome::success && one.validate_state == ValidateState::init)
        next.no_check.push_back(i);
    }
    next.assimilate = !workunit.is_assimilated;
    next.delete_files = !next.needs_validation && all_over(given, next);
  }
  for (const InstanceState& one : instances)
    if (one.server_state == ServerState::in_progress && (!next.next_time || one.deadline < *next.next_time))
      next.next_time = one.deadline;
  return next;
}

}  // namespace mw::boinc
