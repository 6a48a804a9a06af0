// What a task needs of its worker, and what a worker has.
//
// What:    Needs is a condition on one worker; Resources are what a worker has for itself alone, from the moment it
//          joins. meets() compares the two.
// Owner:   plain values.
// Threads: any.
// Use:
//     master.submit_task<train>({.needs = {.gpus = 1}}, model);
//     master.submit_task<assemble>({.needs = {.cores = 4, .memory = mw::GiB(16), .labels = {"big", "rack=3"}}}, reads);
//
// A worker has what its interface gives it: see docs/where-tasks-go.md. Nothing is counted down while tasks run: a
// worker runs as many tasks at a time as it has slots, mostly one, and what it has is theirs meanwhile.
#pragma once

#include <algorithm>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mw {

/// So many bytes.
constexpr std::uint64_t GiB(std::uint64_t number) noexcept { return number << 30; }
constexpr std::uint64_t MiB(std::uint64_t number) noexcept { return number << 20; }

/// All of it may be left out. A task runs only on a worker that has at least this much, and every label.
struct Needs {
  std::uint32_t cores = 0;
  std::uint64_t memory = 0;  ///< bytes
  std::uint32_t gpus = 0;
  /// Words that describe a worker: "big", "rack=3". Each worker has two without being told: "host=NAME", with the name
  /// of its machine, and, where that is known, "platform=PLATFORM", both as WorkerStatus says them.
  std::vector<std::string> labels = {};

  /// Whether any worker will do.
  bool empty() const noexcept { return cores == 0 && memory == 0 && gpus == 0 && labels.empty(); }
  friend bool operator==(const Needs&, const Needs&) = default;
  friend auto operator<=>(const Needs&, const Needs&) = default;
};

/// What a worker has for the tasks that it runs.
struct Resources {
  std::uint32_t cores = 1;               ///< its share of the machine's, at least 1
  std::uint64_t memory = 0;              ///< bytes, its share of the machine's; 0: not known
  std::vector<std::string> gpus = {};    ///< the devices that it alone may use: "0", or as CUDA_VISIBLE_DEVICES has them
  std::vector<std::string> labels = {};  ///< in no order

  friend bool operator==(const Resources&, const Resources&) = default;
};

/// What an interface, or a node, is told of the workers that it starts on one machine.
struct Shares {
  std::uint32_t cores = 0;   ///< of each worker; 0: the machine's ÷ workers, at least 1
  std::uint64_t memory = 0;  ///< of each worker, bytes; 0: the machine's, or its control group's, ÷ workers
  /// How many GPUs all of them have together, dealt out: each worker has its own, and the first ones one more where
  /// they do not divide evenly. CUDA_VISIBLE_DEVICES and HIP_VISIBLE_DEVICES in a worker's environment say which. The
  /// devices are the first of those that CUDA_VISIBLE_DEVICES names here, or else 0, 1, … Empty: as many as there are
  /// of NVIDIA's; then workers without one may still see all.
  std::optional<std::uint32_t> gpus = {};
  std::vector<std::string> labels = {};  ///< of each worker: "big", "rack=3"; no blanks, commas or quotes
};

/// Whether a task with these needs may run there.
inline bool meets(const Resources& has, const Needs& needs) noexcept {
  return has.cores >= needs.cores && has.memory >= needs.memory && has.gpus.size() >= needs.gpus &&
         std::all_of(needs.labels.begin(), needs.labels.end(), [&](const std::string& label) {
           return std::find(has.labels.begin(), has.labels.end(), label) != has.labels.end();
         });
}

}  // namespace mw
