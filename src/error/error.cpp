#include <mw/error.hpp>

#include <fmt/format.h>

#include "log/escaped.hpp"

namespace mw {

Error::Error(const std::string& text) : std::runtime_error{log::escaped_lines(text)} {}
Error::Error(const char* text) : Error{std::string{text}} {}

std::string_view to_string(Cause cause) noexcept {
  switch (cause) {
    case Cause::exception: return "exception";
    case Cause::exit_status: return "exit status";
    case Cause::signal: return "signal";
    case Cause::time_limit: return "time limit";
    case Cause::memory_limit: return "memory limit";
    case Cause::not_started: return "not started";
    case Cause::worker_lost: return "worker lost";
    case Cause::no_worker: return "no worker";
    case Cause::interface_error: return "interface error";
    case Cause::data_file: return "data file";
    case Cause::bad_message: return "bad message";
    case Cause::unknown_function: return "unknown function";
    case Cause::cancelled: return "cancelled";
    case Cause::not_submitted: return "not submitted";
    case Cause::nothing_to_wait_for: return "nothing to wait for";
    case Cause::output_file: return "output file";
    case Cause::worker_start: return "worker start";
  }
  return "unknown cause";
}

namespace {

std::string describe(const TaskFacts& facts, const Failure& failure) {
  std::string text;
  if (facts.task != 0) {
    text = fmt::format("task {} ({}) has no result", facts.task, facts.function);
    if (facts.attempt != 0) text += fmt::format(" after attempt {}", facts.attempt);
    if (!facts.worker.empty()) text += fmt::format(" on {}", log::escaped(facts.worker));
    if (!facts.host.empty()) text += fmt::format(" at {}", log::escaped(facts.host));
    text += ": ";
  }
  text += to_string(failure.cause);
  if (!failure.type.empty()) text += fmt::format(" {}", log::escaped(failure.type));
  text += fmt::format(": {}", log::escaped(failure.message));
  if (failure.out_of_memory && failure.message.find("out of memory") == std::string::npos) text += " (out of memory)";
  if (!facts.stderr_tail.empty()) text += fmt::format("\nend of its stderr:\n{}", facts.stderr_tail);
  return text;
}

}  // namespace

TaskError::TaskError(TaskFacts facts, Failure failure)
    : Error{describe(facts, failure)}, facts_{std::move(facts)}, failure_{std::move(failure)} {}

}  // namespace mw
