// What workers have; and needs in words.
//
// What:    the labels that workers have without being told; texts for errors and warnings about
//          tasks whose needs nobody meets.
// Owner:   values.
// Threads: any.
// Use:
//     "it needs " + text_of(needs) + "; " + what_there_is(needs, workers)
#pragma once

#include <string>
#include <vector>

#include <mw/interface.hpp>
#include <mw/needs.hpp>
#include <mw/status.hpp>

namespace mw::core {

/// What a worker has as its interface says, with the labels that every worker has.
Resources resources_of(const WorkerInfo& info);

/// "4 GPUs and the label "big"".
std::string text_of(const Needs& needs);

/// "of the 8 workers that are there, "multicore worker 1" comes closest: it has 1 GPU and not the label "big"".
std::string what_there_is(const Needs& needs, const std::vector<WorkerStatus>& workers);

/// What the worker has of that, in the same words: "1 GPU and not the label "big"".
std::string what_it_has(const Needs& needs, const Resources& has);

}  // namespace mw::core
