// Which copies of a workunit that came to nothing are not to count against it.
//
// What:    of newcomers that may be one person the first failure of a workunit counts, and no other: else whoever comes
//          again and again under another name uses up the copies that it may have.
// Owner:   refers to the project.
// Threads: the server's; inside a transaction.
// Use:
//     instance.state.is_excused |= is_excused(project, instance, instances);
#pragma once

#include <algorithm>
#include <span>

#include "boinc/server/project.hpp"

namespace mw::boinc {

/// `all` are its workunit's.
inline bool is_excused(Project& project, const InstanceRow& failed, std::span<const InstanceRow> all) {
  const Host* const host = project.hosts.find(failed.host);
  if (!host || !project.reputation.is_on_probation(*host)) return false;
  const auto counts = [&](const InstanceRow& other) {
    const InstanceOutcome outcome = other.state.outcome;
    const bool has_failed = outcome == InstanceOutcome::client_error || outcome == InstanceOutcome::validate_error ||
                            outcome == InstanceOutcome::no_reply || outcome == InstanceOutcome::detached;
    return other.id != failed.id && other.voter == failed.voter && has_failed && !other.state.is_excused;
  };
  return std::any_of(all.begin(), all.end(), counts);
}

}  // namespace mw::boinc
