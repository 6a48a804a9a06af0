// What a volunteer takes from a project, and what it does not.
//
// What:    every number of a scheduler reply, and what it says to people, is put within its bounds here, or the reply's
//          part is refused, before anything else looks at it. Pure.
// Owner:   values.
// Threads: any.
// Use:
//     const SchedulerReply reply = within_bounds(parse_scheduler_reply(text));       // throws BadMessage
//     VolunteerTask task = task_of(reply.instances.front(), reply);                  // throws BadMessage
#pragma once

#include <cstddef>
#include <cstdint>
#include "boinc/protocol/scheduler_reply.hpp"
#include "boinc/volunteer/state.hpp"

namespace mw::boinc {

namespace bounds {
inline constexpr double longest_delay_s = 86'400;  ///< that a project may ask for, of either kind
inline constexpr std::int64_t largest_file = std::int64_t{64} << 30;
inline constexpr std::size_t most_tasks = 1'000;  ///< that a volunteer has, whatever it is given
inline constexpr std::size_t most_files = 1'000;  ///< of a task
inline constexpr std::size_t longest_id = 64;
inline constexpr std::size_t longest_url = 4'096;
inline constexpr std::size_t longest_signature = 4'096;
inline constexpr std::size_t most_messages = 20;  ///< of a reply that are shown
inline constexpr std::size_t longest_message = 1'000;
inline constexpr std::size_t longest_page = 1024 * 1024;
inline constexpr std::size_t longest_reply = 32 * 1024 * 1024;
inline constexpr std::size_t longest_upload_answer = 64 * 1024;
}  // namespace bounds

/// With delays from 0 to their bound, of which one that is no number is 0, and with so many messages of such a length.
/// Throws BadMessage for a key that is none.
SchedulerReply within_bounds(SchedulerReply reply);

/// The task that this instance is, with all that it needs. Throws BadMessage if the reply does not say what it needs,
/// or says what cannot be: the project made a mistake, or means harm.
VolunteerTask task_of(const InstanceInfo& instance, const SchedulerReply& reply);

}  // namespace mw::boinc
