// Why a task is where it is, in words.
//
// What:    finds a task that has not ended by its number, and says what it waits for: its place in the queue, what it
//          needs, which workers could take it and why the others cannot; or where it runs, and since when.
// Owner:   the caller gets a text.
// Threads: the machine's.
// Use:
//     if (const auto place = machine.find(17, 100'000)) text = explain(machine, *place, workers, now);
#pragma once

#include <string>
#include <vector>

#include <mw/status.hpp>

#include "core/machine.hpp"

namespace mw::core {

/// Several lines, each without an end.
std::vector<std::string> explain(const TaskMachine& machine, const Whereabouts& place, const std::vector<WorkerStatus>& workers,
                                 const Moment& now);

}  // namespace mw::core
