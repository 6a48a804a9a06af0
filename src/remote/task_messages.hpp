// Tasks and outcomes as messages.
//
// What:    what the master's end of a connection to a worker writes and reads.
// Owner:   results share nothing with the frame they came in.
// Threads: any.
// Use:
//     wire::append(out, message_of(task));                  // without its arguments
//     Outcome outcome = outcome_of(wire::parse_result(frame.payload));
#pragma once

#include <memory>
#include <string>

#include <mw/interface.hpp>

#include "wire/outgoing.hpp"
#include "wire/bundle.hpp"

namespace mw::remote {

/// All but the arguments.
wire::Task message_of(const TaskRef& task);
/// The arguments, kept where they are.
wire::Payload payload_of(const TaskRef& task);
/// "task 7 (the eels)", for people.
std::string text_of(const TaskRef& task);
/// By which a task's payload is known.
inline const void* tag_of(const TaskRef& task) noexcept { return task.record().get(); }

/// All but the value.
Outcome outcome_of(const wire::Result& result);
Outcome outcome_of(wire::FailureMessage message);
/// With a copy of the value.
Outcome outcome_of(wire::Ending ending);

/// Smaller arguments are copied into the message.
inline constexpr std::size_t copied_up_to = 16 * 1024;

inline bool is_same(const TaskRef& a, const TaskRef& b) noexcept { return a.record() == b.record() && a.attempt() == b.attempt(); }

}  // namespace mw::remote
