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
#include <optional>
#include <string>

#include <mw/detail/task_access.hpp>
#include <mw/interface.hpp>

#include "wire/bundle.hpp"
#include "wire/messages.hpp"
#include "wire/outgoing.hpp"

namespace mw::remote {

/// When a worker can tell its master something.
enum class Hears : bool { meanwhile, at_the_end };

/// All but the arguments, with a view of what the task has saved. To who hears of a task at its end only, that does not
/// go, and what the task prints is no part of it: where several results are compared, lines that came in one go here
/// and in two there would make a difference.
wire::Task message_of(const TaskRef& task, Hears hears = Hears::at_the_end);
/// The arguments, kept where they are.
wire::Payload payload_of(const TaskRef& task);
/// "task 7 (the eels)", for people.
std::string text_of(const TaskRef& task);
/// By which a task's payload is known.
inline const void* tag_of(const TaskRef& task) noexcept { return TaskAccess::record(task).get(); }

/// All but the value.
Outcome outcome_of(const wire::Result& result);
Outcome outcome_of(wire::FailureMessage message);
/// With a copy of the value.
Outcome outcome_of(wire::Ending ending);

/// How a task ended, as a worker's result or failure says, with a copy of the value.
struct Ended {
  wire::TaskOf which;
  Outcome outcome;
};
Ended ended_of(const wire::Frame& result_or_failure);

/// What a worker's task has measured, until its result or failure comes.
class HeldMeasures {
 public:
  void hold(const wire::Measured& measured) {
    which_ = {measured.id, measured.attempt};
    bytes_ = std::make_unique<Bytes>(measured.measures);
  }
  /// The end of an attempt takes what is its own; whatever else is held is forgotten.
  void give_to(Outcome& outcome, const wire::TaskOf& which) {
    if (bytes_ && which_.id == which.id && which_.attempt == which.attempt) outcome.measured = std::move(bytes_);
    bytes_.reset();
  }

 private:
  wire::TaskOf which_;
  std::unique_ptr<Bytes> bytes_;
};

/// Which file a worker runs: this program's; any that was made of the same sources; or another program, whose functions
/// are called by name.
enum class Builds : std::uint8_t { own, any, by_name };

/// Why this program cannot take that worker; nothing if it can.
std::optional<std::string> refusal_of(const wire::Hello& hello, Builds builds = Builds::own);
/// What a worker says of itself in its hello.
WorkerInfo info_of(const wire::Hello& hello, std::string name);

/// Smaller arguments are copied into the message.
inline constexpr std::size_t copied_up_to = 16 * 1024;

}  // namespace mw::remote
