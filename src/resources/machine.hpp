// What this machine has, as far as this process may use it.
//
// What:    its memory, and its GPUs. Its cores: process/cores.hpp.
// Owner:   values.
// Threads: any.
// Use:
//     const Machine machine = machine_here(std::nullopt);
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mw::resources {

struct Machine {
  std::uint32_t cores = 0;   ///< 0: not known
  std::uint64_t memory = 0;  ///< bytes; 0: not known
  std::vector<std::string> gpus = {};
};

/// Bytes: the least of the machine's memory and the limits of its control groups; 0: not known.
std::uint64_t available_memory();
/// The same for a machine with this much, and with "/" at `root`: for tests.
std::uint64_t available_memory(std::uint64_t of_machine, const std::string& root);

/// The devices that CUDA_VISIBLE_DEVICES names in this process's environment, as Slurm sets it; without that, a number,
/// from 0 on, for each /dev/nvidia0, /dev/nvidia1, …
std::vector<std::string> available_gpus();
/// The same with "/" at `root`, and the variable's value, null if it is not set.
std::vector<std::string> available_gpus(const std::string& root, const char* visible);

/// With so many GPUs where that is said: the first of those that CUDA_VISIBLE_DEVICES names, or else the numbers from 0
/// on, whether there are such devices or not (those of other makers have other files). Throws UsageError if the
/// variable names fewer.
Machine machine_here(std::optional<std::uint32_t> gpus);

}  // namespace mw::resources
