#include "worker/execute.hpp"

#include <mw/detail/chunk.hpp>
#include <mw/detail/task_group.hpp>

#include "error/exception_text.hpp"
#include "registry/readable.hpp"
#include "worker/measures.hpp"

namespace mw::worker {

std::string type_name(const std::type_info& type) { return registry::readable_type(type); }

}  // namespace mw::worker

namespace mw::detail {
namespace {
bool budgets_are_kept = true;
}

bool keeps_budgets() noexcept { return budgets_are_kept; }
void ignore_budgets() noexcept { budgets_are_kept = false; }

Failure describe_current_exception() {
  using worker::TaskFailed;
  Failure failure;
  failure.cause = Cause::exception;
  failure.type = exception_type();
  try {
    throw;
  } catch (const TaskFailed& failed) {
    failure = failed.failure;
  } catch (const detail::ByNameError& e) {
    failure.cause = Cause::unknown_function;
    failure.type.clear();
    failure.message = e.what();
  } catch (const detail::ArgumentsError& e) {
    failure.cause = Cause::bad_message;
    failure.type.clear();
    failure.message = std::string{"the arguments do not decode: "} + e.what();
  } catch (...) {
    failure.message = exception_text();
  }
  return failure;
}

}  // namespace mw::detail

namespace mw::worker {

Outcome execute(const detail::FunctionEntry& function, std::span<const std::byte> arguments) noexcept {
  Outcome outcome;
  const MeasureScope measures;
  const auto start = std::chrono::steady_clock::now();
  try {
    outcome.value = function.call(arguments);
  } catch (...) {
    outcome.failure = detail::describe_current_exception();
  }
  outcome.run_time = std::chrono::steady_clock::now() - start;
  return outcome;
}

}  // namespace mw::worker
