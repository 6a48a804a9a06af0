// Messages between a master and a manager: a process that has a connection to each of several workers, and one to the
// master.
//
// What:    streams to and from numbered workers in one stream, and what else the two have to say. README.md is the
//          grammar.
// Owner:   as messages.hpp.
// Threads: any.
// Use:
//     append(out, Relay{rank, bytes});
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "wire/frame.hpp"

namespace mw::wire {

inline constexpr std::size_t most_ranks = 65'537;

/// A piece of the stream to, or from, worker `rank`; cut anywhere.
struct Relay {
  std::uint32_t rank = 0;
  std::span<const std::byte> bytes;
};

/// Who there is: the manager, number 0, and the workers.
struct Ranks {
  struct Rank {
    std::uint32_t pid = 0;
    std::string host;
    std::string place;         ///< process::own_place(); empty where memory cannot be shared with the master
    std::uint32_t cores = 0;   ///< that it may use, alone or with others of its host
    std::uint64_t memory = 0;  ///< the same, bytes; 0: not known
  };
  std::vector<Rank> list;
};

/// So many bytes of the stream to this worker have gone out: as many more may come.
struct Credit {
  std::uint32_t rank = 0;
  std::uint64_t bytes = 0;
};

/// From the master: this worker is dead, give it up. From the manager: it is given up; nothing comes from it any more.
struct RankLost {
  std::uint32_t rank = 0;
  std::string why;
};

void append(Bytes& out, const Relay& relay);
/// All of a Relay but its bytes, `size` of which must follow.
void append_relay_header(Bytes& out, std::uint32_t rank, std::uint64_t size);
void append(Bytes& out, const Ranks& ranks);
void append(Bytes& out, const Credit& credit);
void append(Bytes& out, const RankLost& lost);

Relay parse_relay(std::span<const std::byte> payload);
Ranks parse_ranks(std::span<const std::byte> payload);
Credit parse_credit(std::span<const std::byte> payload);
RankLost parse_rank_lost(std::span<const std::byte> payload);

}  // namespace mw::wire
