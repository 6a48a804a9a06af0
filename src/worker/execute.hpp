// One call of one task's function.
//
// What:    bytes in, outcome out; whatever the function throws becomes a Failure.
// Owner:   nothing.
// Threads: any; the function runs in the caller's.
// Use:
//     Outcome outcome = worker::execute(*registry::find(id), arguments);
#pragma once

#include <string>
#include <typeinfo>

#include <mw/function.hpp>
#include <mw/interface.hpp>

namespace mw::worker {

/// Thrown inside a task to end it with a failure of its own kind: a program's exit status or signal.
struct TaskFailed {
  Failure failure;
};

/// Calls and measures. Never throws. What the function counts is left for take_measures().
Outcome execute(const detail::FunctionEntry& function, std::span<const std::byte> arguments) noexcept;

/// A type's name as people write it.
std::string type_name(const std::type_info& type);

}  // namespace mw::worker
