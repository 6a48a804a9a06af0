// States of workunits and their instances, with BOINC's names and numbers (db/boinc_db_types.h).
//
// What:    plain values, as the policy sees them and the store keeps them.
// Owner:   values.
// Threads: values.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace mw::boinc {

/// Of the world's clock, since deadlines outlive the server.
using Time = std::chrono::sys_time<std::chrono::milliseconds>;

enum class ServerState : std::int64_t { inactive = 1, unsent = 2, in_progress = 4, over = 5 };

enum class InstanceOutcome : std::int64_t {
  none = 0,
  success = 1,
  could_not_send = 2,
  client_error = 3,
  no_reply = 4,
  not_needed = 5,
  validate_error = 6,  ///< what it uploaded cannot be read
  detached = 7
};

enum class ValidateState : std::int64_t { init = 0, valid = 1, invalid = 2, no_check = 3, inconclusive = 4 };

/// Why a workunit has no result; bits.
namespace workunit_error {
inline constexpr std::int64_t could_not_send = 1;
inline constexpr std::int64_t too_many_errors = 2;
inline constexpr std::int64_t too_many_successes = 4;  ///< that do not agree
inline constexpr std::int64_t too_many_total = 8;
inline constexpr std::int64_t cancelled = 16;
inline constexpr std::int64_t no_canonical = 32;
}  // namespace workunit_error

/// A copy of a workunit, on its way to one host or back.
struct InstanceState {
  ServerState server_state = ServerState::unsent;
  InstanceOutcome outcome = InstanceOutcome::none;
  ValidateState validate_state = ValidateState::init;
  /// It counts neither as an error nor as a copy: it was given back, was one more than there had to be, or is not the
  /// first that came to nothing with the same newcomers.
  bool is_excused = false;
  Time deadline{};  ///< of one in progress
};

struct WorkunitState {
  std::int64_t quorum = 1;       ///< BOINC's min_quorum: how many must agree, at least 1
  std::int64_t target = 1;       ///< BOINC's target_nresults: how many are to be under way or successful
  std::int64_t max_errors = 3;   ///< BOINC's max_error_results
  std::int64_t max_total = 10;   ///< BOINC's max_total_results
  std::int64_t max_success = 6;  ///< BOINC's max_success_results
  std::int64_t error_mask = 0;   ///< of workunit_error
  bool has_canonical = false;
  bool is_assimilated = false;
};

}  // namespace mw::boinc
