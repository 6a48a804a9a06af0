#include "remote/task_messages.hpp"

#include <algorithm>
#include <chrono>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "process/build.hpp"
#include "registry/registry.hpp"

namespace mw::remote {
namespace {

std::string text_of(std::span<const std::byte> bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

/// What a worker says beyond a year and some weeks is cut: no sum of some hundred such times comes near the end of the
/// clock.
std::chrono::nanoseconds duration_of(std::uint64_t run_ns) {
  constexpr std::uint64_t longest = std::uint64_t{1} << 55;
  return std::chrono::nanoseconds{std::min(run_ns, longest)};
}

}  // namespace

wire::Task message_of(const TaskRef& task, Hears hears) {
  wire::Task message{.id = task.id(), .function = task.function_id(), .attempt = task.attempt()};
  if (!TaskAccess::has_terms(task)) return message;
  message.terms = wire::terms_of(task.options());
  message.terms.emit_stdout = message.terms.emit_stdout && hears == Hears::meanwhile;
  message.terms.shared = task.shared();
  message.terms.start_values = TaskAccess::start_values(task);
  message.terms.is_start = TaskAccess::is_start(task);
  if (const auto& state = TaskAccess::checkpoint(task); state && hears == Hears::meanwhile)
    message.terms.checkpoint = state->span();
  return message;
}

std::string text_of(const TaskRef& task) {
  const std::string& own = task.options().name;
  return fmt::format("task {} ({})", task.id(), own.empty() ? task.function_name() : std::string_view{own});
}

Ended ended_of(const wire::Frame& frame) {
  if (frame.type == wire::FrameType::result) {
    const auto result = wire::parse_result(frame.payload);
    Outcome outcome = outcome_of(result);
    outcome.value = Bytes{result.value};
    return {{result.id, result.attempt}, std::move(outcome)};
  }
  auto message = wire::parse_failure(frame.payload);
  const wire::TaskOf which{message.id, message.attempt};
  return {which, outcome_of(std::move(message))};
}

std::optional<std::string> refusal_of(const wire::Hello& hello, Builds builds) {
  const bool is_by_name = hello.version == wire::protocol_version && hello.identity == detail::by_name_id;
  if (is_by_name && builds == Builds::by_name) return std::nullopt;
  if (is_by_name)
    return "the worker is a program in another language, whose functions are called by name: name it to the interface "
           "(worker=FILE)";
  return wire::refusal(hello, registry::program_identity(), builds == Builds::own ? process::own_build() : hello.build);
}

WorkerInfo info_of(const wire::Hello& hello, std::string name) {
  return {.name = std::move(name),
          .host = hello.host,
          .slots = hello.slots,
          .ahead = hello.ahead,
          .platform = hello.platform,
          .version = hello.identity == detail::by_name_id ? "functions by name" : fmt::format("build {:016x}", hello.build),
          .pid = hello.pid};
}

wire::Payload payload_of(const TaskRef& task) { return {task.arguments(), std::make_shared<TaskRef>(task), tag_of(task)}; }

Outcome outcome_of(const wire::Result& result) {
  Outcome outcome;
  outcome.out = text_of(result.out);
  outcome.err = text_of(result.err);
  outcome.run_time = duration_of(result.run_ns);
  return outcome;
}

Outcome outcome_of(wire::FailureMessage message) {
  Outcome outcome;
  outcome.failure = std::move(message.failure);
  outcome.out = text_of(message.out);
  outcome.err = text_of(message.err);
  outcome.run_time = duration_of(message.run_ns);
  return outcome;
}

Outcome outcome_of(wire::Ending ending) {
  Outcome outcome = outcome_of(ending.result);
  outcome.value = Bytes{ending.result.value};
  outcome.failure = std::move(ending.failure);
  for (const std::span<const std::byte> part : ending.parts) outcome.parts.emplace_back(part);
  if (!ending.measures.empty() && !ending.is_gone) outcome.measured = std::make_unique<Bytes>(ending.measures);
  return outcome;
}

}  // namespace mw::remote
