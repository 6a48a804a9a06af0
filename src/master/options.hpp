// Task options as a user gave them, checked.
//
// What:    checked(): a copy with every name filled in, or an error that says what is wrong; check() of a program.
// Owner:   nothing.
// Threads: any.
// Use:
//     extra.options = checked(options);
#pragma once

#include <string_view>

#include <mw/program.hpp>
#include <mw/task_options.hpp>

namespace mw::detail {

/// Data files get their absolute path and their name in the folder; outputs their absolute place. Throws UsageError.
TaskOptions checked(const TaskOptions& options);

/// Throws UsageError for what no worker could start, and for two inputs.
void check(const Program& program, std::string_view input);

}  // namespace mw::detail
