// How far a host is trusted: probation, adaptive replication, and quarantine.
//
// What:    HostRecord is what a host has done so far. Until a few of its results were valid it is on probation: it gets
//          little work, and its failures are its own affair. After `trusted_after` valid results in a row a host may
//          run a workunit alone, now and then with a second one to check on it (BOINC, sched/sched_send.cpp, adaptive
//          replication). A host that fails or lies too often gets no work for a while, longer each time (P37). Pure.
// Owner:   values.
// Threads: any.
// Use:
//     record.ended_well();  record.failed(now, wrong);
//     if (!record.is_quarantined(now) && record.may_run_alone(draw)) …
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "boinc/policy/states.hpp"

namespace mw::boinc {

enum class Fault : std::uint8_t {
  no_reply,  ///< past its deadline, or lost
  error,     ///< the client reported an error, or its upload could not be read
  wrong      ///< others agree on another result
};

struct HostRecord {
  static constexpr std::int64_t trusted_after = 10;
  static constexpr double quarantine_at = 3;  ///< faults, those long ago counting less
  static constexpr std::chrono::minutes first_quarantine{10};
  static constexpr std::int64_t most_doublings = 8;  ///< about two days

  static constexpr std::int64_t probation = 3;            ///< valid results until it is over
  static constexpr std::int64_t newcomers_share = 8;      ///< workunits that a new host may have …
  static constexpr std::int64_t newcomers_together = 64;  ///< … and all new hosts of a voter …
  static constexpr std::int64_t share_a_result = 4;       ///< … and a host so many more for each valid result
  static constexpr std::int64_t most_workunits = 2048;    ///< for any host

  std::int64_t valid_in_row = 0;
  double faults = 0;             ///< halved by each valid result
  std::int64_t quarantines = 0;  ///< in a row
  Time quarantined_until{};
  std::int64_t valid = 0;  ///< in all

  bool is_on_probation() const noexcept { return valid < probation; }

  /// How many workunits it may have at a time by what it has shown, whatever it says of itself.
  std::int64_t most_in_progress() const noexcept {
    return std::min(newcomers_share + share_a_result * std::min(valid, most_workunits), most_workunits);
  }

  bool is_quarantined(Time now) const noexcept { return now < quarantined_until; }

  void ended_well() noexcept {
    ++valid_in_row;
    ++valid;
    faults = faults < 0.5 ? 0 : faults / 2;
    if (valid_in_row >= trusted_after) quarantines = 0;
  }

  void failed(Time now, Fault fault) noexcept {
    valid_in_row = 0;
    faults += fault == Fault::wrong ? 1.5 : fault == Fault::error ? 1 : 0.5;
    if (faults < quarantine_at || is_quarantined(now)) return;
    quarantined_until = now + first_quarantine * (std::int64_t{1} << std::min(quarantines, most_doublings));
    ++quarantines;
    faults = quarantine_at / 2;  // comes back on probation
  }

  /// `draw` is random, in [0, 1).
  bool may_run_alone(double draw) const noexcept {
    return valid_in_row >= trusted_after && draw > 1.0 / static_cast<double>(valid_in_row);
  }
};

}  // namespace mw::boinc
