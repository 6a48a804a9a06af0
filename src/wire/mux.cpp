#include "wire/mux.hpp"

#include "wire/messages.hpp"
#include "wire/payload.hpp"

namespace mw::wire {

void append_relay_header(Bytes& out, std::uint32_t rank, std::uint64_t size) {
  Writer{out, FrameType::relay, 4, size}.number(rank);
}

void append(Bytes& out, const Relay& relay) {
  append_relay_header(out, relay.rank, relay.bytes.size());
  out.append(relay.bytes.data(), relay.bytes.size());
}

Relay parse_relay(std::span<const std::byte> payload) {
  Parser parser{"relay", payload};
  Relay relay;
  relay.rank = parser.number<std::uint32_t>();
  relay.bytes = parser.rest();
  return relay;
}

void append(Bytes& out, const Ranks& ranks) {
  std::size_t size = 4;
  for (const auto& rank : ranks.list) size += 4 + size_of(rank.host) + size_of(rank.place) + 4 + 8;
  Writer writer{out, FrameType::ranks, size};
  writer.number(static_cast<std::uint32_t>(ranks.list.size()));
  for (const auto& rank : ranks.list)
    writer.number(rank.pid).text(rank.host).text(rank.place).number(rank.cores).number(rank.memory);
}

Ranks parse_ranks(std::span<const std::byte> payload) {
  Parser parser{"list of ranks", payload};
  Ranks ranks;
  const auto count = parser.number<std::uint32_t>();
  if (count > most_ranks) throw ProtocolError{fmt::format("a list of {} ranks; the limit is {}", count, most_ranks)};
  for (std::uint32_t i = 0; i < count; ++i) {
    Ranks::Rank rank;
    rank.pid = parser.number<std::uint32_t>();
    rank.host = parser.text(longest_name);
    rank.place = parser.text(longest_name);
    rank.cores = parser.number<std::uint32_t>();
    rank.memory = parser.number<std::uint64_t>();
    ranks.list.push_back(std::move(rank));
  }
  parser.end();
  return ranks;
}

void append(Bytes& out, const Credit& credit) { Writer{out, FrameType::credit, 4 + 8}.number(credit.rank).number(credit.bytes); }

Credit parse_credit(std::span<const std::byte> payload) {
  Parser parser{"credit", payload};
  Credit credit;
  credit.rank = parser.number<std::uint32_t>();
  credit.bytes = parser.number<std::uint64_t>();
  parser.end();
  return credit;
}

void append(Bytes& out, const RankLost& lost) {
  Writer{out, FrameType::rank_lost, 4 + size_of(lost.why)}.number(lost.rank).text(lost.why);
}

RankLost parse_rank_lost(std::span<const std::byte> payload) {
  Parser parser{"lost rank", payload};
  RankLost lost;
  lost.rank = parser.number<std::uint32_t>();
  lost.why = parser.text(longest_text);
  parser.end();
  return lost;
}

}  // namespace mw::wire
