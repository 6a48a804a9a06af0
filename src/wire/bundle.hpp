// Bundles: tasks, and what became of them, in files. README.md in this folder is the grammar.
//
// What:    a bundle is a file of frames: a head, then tasks numbered from 1, which name their data files "#0", "#1", ….
//          An answer is a file of frames, too: a result, failure or gone for each task, before it the parts that the
//          task emitted and what it measured, then a bye, without which it is torn.
// Owner:   what is parsed holds views into the bytes.
// Threads: any.
// Use:
//     append(out, BundleHead{.identity = registry::program_identity(), .tasks = 2});  append(out, task); …
//     const std::vector<Ending> endings = parse_answer(bytes, 2);                // throws ProtocolError
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "wire/messages.hpp"

namespace mw::wire {

struct BundleHead {
  std::uint16_t version = protocol_version;
  std::uint64_t identity = 0;  ///< of the program that made it
  std::uint32_t tasks = 0;
  /// The answer is compared with other hosts' byte by byte: nothing in it may differ from host to host, as run times
  /// and process numbers do.
  bool is_compared = false;
};
inline constexpr std::uint32_t most_tasks_in_bundle = 1'000'000;

void append(Bytes& out, const BundleHead& head);
BundleHead parse_bundle_head(std::span<const std::byte> payload);

struct Bundle {
  BundleHead head;
  std::vector<Task> tasks;  ///< in the order of their numbers
};
/// Throws ProtocolError; a bundle of another version has no tasks.
Bundle parse_bundle(std::span<const std::byte> bytes);

/// How one task of a bundle ended.
struct Ending {
  Result result;  ///< value is empty where there is a failure
  std::optional<Failure> failure;
  bool is_gone = false;                                ///< its worker process died under it
  std::vector<std::span<const std::byte>> parts = {};  ///< what it emitted before
  std::span<const std::byte> measures = {};            ///< what it counted and timed; mostly empty
};

/// The endings of tasks 1 to `tasks`, in order. Throws ProtocolError if one is missing, comes twice or is none of them,
/// or the answer has no end.
std::vector<Ending> parse_answer(std::span<const std::byte> bytes, std::size_t tasks);

/// What a torn answer has whole: how many bytes, and which tasks. For whoever goes on with it.
struct AnswerSoFar {
  std::size_t bytes = 0;
  std::vector<std::uint64_t> tasks;
  bool is_complete = false;  ///< the bye is there
};
AnswerSoFar answer_so_far(std::span<const std::byte> bytes);

}  // namespace mw::wire
