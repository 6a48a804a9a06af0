// Several workers' streams in one connection: in turn, and no more of each than there is room for.
#include <catch2/catch.hpp>

#include <map>
#include <string>

#include "remote/remote_bench.hpp"
#include "remote/worker_streams.hpp"
#include "wire/mux.hpp"

using namespace test;

namespace {

/// What goes out, by number. The bytes of `outgoing` are taken.
std::map<std::uint32_t, std::string> relayed(wire::Outgoing& outgoing) {
  std::string stream;
  outgoing.write_to([&](std::span<const iovec> pieces, int) {
    std::size_t size = 0;
    for (const iovec& piece : pieces) {
      stream.append(static_cast<const char*>(piece.iov_base), piece.iov_len);
      size += piece.iov_len;
    }
    return wire::Transfer{size, 0};
  });
  std::map<std::uint32_t, std::string> said;
  for (const Frame& frame : frames_of(stream)) {
    REQUIRE(frame.type == wire::FrameType::relay);
    const auto relay = wire::parse_relay(bytes_of(frame.payload));
    said[relay.rank] += text_of(relay.bytes);
  }
  return said;
}

constexpr std::size_t window = std::size_t{4} << 20;

}  // namespace

TEST_CASE("each worker's stream goes out under its number, as it would alone", "[remote]") {
  Bench one, other;
  one.join(2);
  other.join(2);
  WorkerStreams streams;
  streams.add(1, one.worker);
  streams.add(2, other.worker);
  one.worker.send(one.task(std::string(300'000, 'x')));
  other.worker.send(other.task("short"));
  streams.has_output(1);
  streams.has_output(1);
  streams.has_output(2);
  wire::Outgoing outgoing;
  streams.fill(outgoing);
  auto said = relayed(outgoing);
  REQUIRE(said.size() == 2);
  const auto frames = frames_of(said[1]);
  REQUIRE(frames.size() == 1);
  CHECK(wire::parse_task(bytes_of(frames[0].payload)).arguments.size() == 300'000);
  CHECK(frames_of(said[2]).size() == 1);
  CHECK_FALSE(one.worker.has_output());
  streams.fill(outgoing);
  CHECK(outgoing.empty());
}

TEST_CASE("no more goes to a worker than its far end has room for, until it says so", "[remote]") {
  Bench bench;
  bench.join();
  WorkerStreams streams;
  streams.add(7, bench.worker);
  bench.worker.send(bench.task(std::string(3 * window, 'x')));
  streams.has_output(7);
  wire::Outgoing outgoing;
  std::size_t size = 0;
  const auto drain = [&] {
    for (int i = 0; i < 10; ++i) {
      streams.fill(outgoing);
      for (const auto& [number, text] : relayed(outgoing)) size += text.size();
    }
  };
  drain();
  CHECK(size == window);
  streams.give_credit(7, 1'000);
  drain();
  CHECK(size == window + 1'000);
  streams.give_credit(7, ~std::uint64_t{0});  // whatever it says, the window is not exceeded
  drain();
  CHECK(size == 2 * window + 1'000);
  streams.give_credit(8, 1'000);  // of a worker that is not there
  drain();
  CHECK(size == 2 * window + 1'000);
}

TEST_CASE("nothing goes to a worker that was removed", "[remote]") {
  Bench bench;
  bench.join();
  WorkerStreams streams;
  streams.add(1, bench.worker);
  bench.worker.send(bench.task("args"));
  streams.has_output(1);
  streams.remove(1);
  wire::Outgoing outgoing;
  streams.fill(outgoing);
  CHECK(outgoing.empty());
  streams.has_output(1);
  streams.give_credit(1, 1);
  streams.fill(outgoing);
  CHECK(outgoing.empty());
}
