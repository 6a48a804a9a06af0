// How map() finds its chunk size: arithmetic, without a clock.
#include <catch2/catch.hpp>

#include <mw/detail/chunk_sizer.hpp>

#include <chrono>

using mw::detail::ChunkSizer;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t plenty = std::uint64_t{1} << 40;

}  // namespace

TEST_CASE("a size that the user gave is kept", "[map]") {
  ChunkSizer sizer{7, 100, 1000, 1};
  CHECK(sizer.next(4) == 7);
  sizer.measured(7, 10s, plenty);
  CHECK(sizer.next(4) == 7);
}

TEST_CASE("chunks are as long as the target, from what was measured", "[map]") {
  ChunkSizer sizer{0, 100, std::nullopt, plenty};
  CHECK(sizer.next(2) == 100);
  sizer.measured(100, 100us, 1);  // 1 us each
  CHECK(sizer.next(2) == 2000);
  for (int i = 0; i < 10; ++i) sizer.measured(1, 1s, 1);
  CHECK(sizer.next(2) == 1);
  for (int i = 0; i < 60; ++i) sizer.measured(1'000'000, 1us, 1);
  CHECK(sizer.next(2) == ChunkSizer::largest);
}

TEST_CASE("towards the end of a range, its rest is shared by all workers", "[map]") {
  ChunkSizer sizer{0, 100, 10'000, plenty};
  sizer.measured(100, 10us, 1);  // 100 ns each: 20,000 would be right
  CHECK(sizer.next(2) == 2'500);
  sizer.taken(8'000);
  CHECK(sizer.next(2) == 2'000);  // the rest is 500 for each of four chunks, which is too short to be worth it
  CHECK(ChunkSizer{0, 100, 10, plenty}.next(2) == 3);
  CHECK(ChunkSizer{0, 100, 0, plenty}.next(2) == 1);
}

TEST_CASE("inputs of a chunk that is not done take at least as long as they did so far", "[map][split]") {
  ChunkSizer sizer{0, 100, std::nullopt, plenty};
  sizer.measured(100, 100us, 1);
  sizer.seen_to_last(1, 4ms);
  CHECK(sizer.next(2) == 1);
  sizer.seen_to_last(100, 1us);  // says nothing
  CHECK(sizer.next(2) == 1);
}

TEST_CASE("chunks of large inputs are no larger than the window allows", "[map]") {
  ChunkSizer sizer{0, 16, std::nullopt, 64 << 20};
  sizer.measured(16, 16us, 16 << 20);  // 1 MiB each
  CHECK(sizer.next(4) == 8);
}
