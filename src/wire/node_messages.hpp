// Messages between a master and a node: a machine that lends its slots.
//
// What:    how the two get to know each other, and how the program that is to run gets there; then the streams of the
//          slots go as mux.hpp says. README.md is the grammar.
// Owner:   as messages.hpp.
// Threads: any.
// Use:
//     append(out, NodeHello{.slots = 4, .name = "pi1"});
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "wire/messages.hpp"

namespace mw::wire {

inline constexpr std::uint32_t most_node_slots = 65'536;
/// How many GPUs, and labels, a node may name, and how long each name may be. Each slot has the labels.
inline constexpr std::uint32_t most_node_gpus = 65'536, most_node_labels = 64;
inline constexpr std::size_t longest_node_word = 128;

/// A node's first words.
struct NodeHello {
  std::uint16_t version = protocol_version;
  std::uint32_t slots = 1;
  std::uint32_t cores = 0;               ///< that it may use; 0: not known
  std::uint64_t memory = 0;              ///< of the machine, bytes; 0: not known
  std::string name = {};                 ///< by which it is known, for people
  std::string host = {};                 ///< its machine
  std::string platform = {};             ///< of the programs that it runs, as BOINC calls it
  std::uint32_t cores_each = 1;          ///< that each slot has for itself, at least 1
  std::uint64_t memory_each = 0;         ///< the same, bytes; 0: not known
  std::vector<std::string> gpus = {};    ///< of all slots, in the order in which they are dealt out
  std::vector<std::string> labels = {};  ///< of each slot
};

/// The master's answer: this is the program that your workers run.
struct NodeWelcome {
  std::uint16_t version = protocol_version;
  std::string program = {};               ///< what it is called
  std::array<std::byte, 32> sha256 = {};  ///< of its file
  std::uint64_t size = 0;                 ///< of its file, bytes
  std::uint32_t threads = 0;              ///< that a task should use; 0: the node's cores ÷ its slots
  std::uint32_t lost_after_ms = 10'000;   ///< how long either side may be silent
};

/// From the node: it has the first `offset` bytes of the file. If that is all of it, its workers start.
struct BuildWanted {
  std::uint64_t offset = 0;
};

/// The next bytes of that file.
struct BuildPiece {
  std::span<const std::byte> bytes;
};

/// From the node: this slot is the master's, or it is not, for now: what its worker has not begun comes back, and what
/// comes for it, too. At first none is.
struct SlotLent {
  std::uint32_t slot = 0;  ///< from 1
  bool is_lent = false;
};

/// From the node: it has other masters, too, and wants to hear how many slots this one wants; or it has not any more.
struct NodeShared {
  bool is_shared = false;
};

/// From the master: so many slots would have something to do.
struct SlotsWanted {
  std::uint32_t slots = 0;
  std::uint32_t first = 0;  ///< a slot that a task is for which no other slot may have; 0: none
};

void append(Bytes& out, const NodeHello& hello);
void append(Bytes& out, const NodeWelcome& welcome);
void append(Bytes& out, const BuildWanted& wanted);
void append(Bytes& out, const BuildPiece& piece);
void append(Bytes& out, const SlotLent& slot);
void append(Bytes& out, const NodeShared& shared);
void append(Bytes& out, const SlotsWanted& wanted);

/// All of them throw ProtocolError. Of a hello or welcome of another version: the version only.
NodeHello parse_node_hello(std::span<const std::byte> payload);
NodeWelcome parse_node_welcome(std::span<const std::byte> payload);
BuildWanted parse_build_wanted(std::span<const std::byte> payload);
BuildPiece parse_build_piece(std::span<const std::byte> payload);
SlotLent parse_slot_lent(std::span<const std::byte> payload);
NodeShared parse_node_shared(std::span<const std::byte> payload);
SlotsWanted parse_slots_wanted(std::span<const std::byte> payload);

}  // namespace mw::wire
