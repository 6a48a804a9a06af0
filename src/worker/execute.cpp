#include "worker/execute.hpp"

#include <cxxabi.h>
#include <mw/detail/chunk.hpp>
#include <mw/detail/task_group.hpp>

#include <cstdlib>
#include <exception>
#include <memory>

namespace mw::worker {

std::string type_name(const std::type_info& type) {
  int status = 0;
  std::unique_ptr<char, decltype(&std::free)> text{abi::__cxa_demangle(type.name(), nullptr, nullptr, &status), &std::free};
  return status == 0 ? text.get() : type.name();
}

}  // namespace mw::worker

namespace mw::detail {
namespace {
bool budgets_are_kept = true;
}

bool keeps_budgets() noexcept { return budgets_are_kept; }
void ignore_budgets() noexcept { budgets_are_kept = false; }

Failure describe_current_exception() {
  using worker::TaskFailed;
  using worker::type_name;
  Failure failure;
  failure.cause = Cause::exception;
  if (const std::type_info* type = abi::__cxa_current_exception_type()) failure.type = type_name(*type);
  try {
    throw;
  } catch (const TaskFailed& failed) {
    failure = failed.failure;
  } catch (const detail::ArgumentsError& e) {
    failure.cause = Cause::bad_message;
    failure.type.clear();
    failure.message = std::string{"the arguments do not decode: "} + e.what();
  } catch (const std::exception& e) {
    failure.message = e.what();
  } catch (const std::string& text) {
    failure.message = text;
  } catch (const char* text) {
    failure.message = text ? text : "";
  } catch (...) {
    failure.message = "an exception that is no std::exception";
  }
  return failure;
}

}  // namespace mw::detail

namespace mw::worker {

Outcome execute(const detail::FunctionEntry& function, std::span<const std::byte> arguments) noexcept {
  Outcome outcome;
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
