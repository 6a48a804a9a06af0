// How long a task is expected to run, in one byte.
#include <catch2/catch.hpp>

#include <cstdint>
#include <limits>
#include <random>

#include "scheduler/cost.hpp"

using mw::scheduler::Cost;
using mw::scheduler::Time;

namespace {

std::int64_t rounded(std::int64_t ns) { return Cost::of(Time{ns}).time().count(); }
constexpr std::int64_t longest = Time::max().count();

}  // namespace

TEST_CASE("a cost is one of four steps between two powers of two, and such a step is its own cost", "[scheduler]") {
  for (int exponent = 2; exponent < 60; ++exponent)
    for (const std::int64_t quarters : {4, 5, 6, 7}) {
      const std::int64_t step = quarters << (exponent - 2);
      INFO(step);
      CHECK(rounded(step) == step);
      CHECK(rounded(step + 1) > step);
      CHECK(rounded(step + 1) <= step + (std::int64_t{1} << (exponent - 1)));
    }
}

TEST_CASE("a longer time never costs less", "[scheduler]") {
  std::mt19937_64 random{7};
  for (int i = 0; i < 5'000; ++i) {
    const auto any = static_cast<std::int64_t>(random() >> 1 >> (random() % 63));
    const auto other = static_cast<std::int64_t>(random() >> 1 >> (random() % 63));
    const auto [less, more] = std::minmax(any, other);
    CAPTURE(less, more);
    REQUIRE(rounded(less) <= rounded(more));
  }
}

TEST_CASE("times that no clock shows, and times without end, cost something that can be reckoned with", "[scheduler]") {
  for (const std::int64_t ns : {std::int64_t{0}, std::int64_t{1}, std::int64_t{-1}, std::numeric_limits<std::int64_t>::min()})
    CHECK(rounded(ns) == 4);
  for (const std::int64_t ns : {longest, longest - 1, longest / 2, longest / 4 * 3, longest / 8 * 7 + 1}) {
    INFO(ns);
    CHECK(rounded(ns) > 0);
    CHECK(rounded(ns) >= rounded(longest / 4));
  }
}
