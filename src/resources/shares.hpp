// Each worker's share of its machine.
//
// What:    cores and memory are divided, GPUs are dealt out; and a worker's environment says which GPUs are its own.
//          **Pure**.
// Owner:   values.
// Threads: any.
// Use:
//     const std::vector<Resources> shares = shares_of(machine_here(told.gpus), told, slots);
//     command.environment_set = environment_of(shares[slot], told.gpus.has_value());
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <mw/needs.hpp>

#include "resources/machine.hpp"

namespace mw::resources {

inline constexpr std::size_t most_labels = 64;
inline constexpr std::uint32_t most_gpus = 65'536;
inline constexpr std::size_t longest_label = 128;

/// What is wrong with a label, in words; empty if nothing is: it has letters, digits and what is between them in names,
/// and no blanks, commas, quotes or control characters.
std::string label_error(std::string_view label);

/// Throws UsageError, which begins with `who`, for what makes no sense.
void check(const Shares& shares, std::string_view who);

/// What each of `slots` workers has, in order. Neighbouring devices go to one worker; where they do not divide evenly,
/// the first workers have one more.
std::vector<Resources> shares_of(const Machine& machine, const Shares& told, unsigned slots);

/// Variables of a worker with these resources. Where nobody `was_told` of GPUs, one without any may look for itself.
std::vector<std::pair<std::string, std::string>> environment_of(const Resources& has, bool was_told);

}  // namespace mw::resources
