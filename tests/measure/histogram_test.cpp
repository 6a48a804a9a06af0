// Histograms against the sorted values.
#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "measure/histogram.hpp"

using mw::measure::Histogram;

namespace {

constexpr std::uint64_t greatest = std::numeric_limits<std::uint64_t>::max();

double exact_quantile(std::vector<std::uint64_t> values, double part) {
  std::sort(values.begin(), values.end());
  const auto rank = std::max(std::ceil(part * static_cast<double>(values.size())), 1.0);
  return static_cast<double>(values[static_cast<std::size_t>(rank) - 1]);
}

using Filled = std::vector<std::pair<std::uint16_t, std::uint64_t>>;

}  // namespace

TEST_CASE("classes of a histogram are in order, without gaps, and each begins with its least value", "[measure]") {
  for (std::size_t place = 0; place < Histogram::classes; ++place) {
    const std::uint64_t least = Histogram::least_of(place);
    CHECK(Histogram::class_of(least) == place);
    if (place > 0) CHECK(Histogram::class_of(least - 1) == place - 1);
  }
  CHECK(Histogram::class_of(greatest) == Histogram::classes - 1);
}

TEST_CASE("quantiles of a histogram are within 7 %", "[measure]") {
  std::mt19937_64 random{7};
  for (int round = 0; round < 20; ++round) {
    Histogram histogram;
    std::vector<std::uint64_t> values;
    for (int i = 0; i < 2'000; ++i) {
      values.push_back(random() >> (random() % 64));
      histogram.add(values.back());
    }
    for (const double part : {0.0, 0.01, 0.25, 0.5, 0.9, 0.99, 1.0}) {
      const double exact = exact_quantile(values, part);
      CHECK(histogram.quantile(part) == Approx(exact).epsilon(0.07));
    }
    CHECK(histogram.count() == values.size());
    CHECK(histogram.min() == *std::min_element(values.begin(), values.end()));
    CHECK(histogram.max() == *std::max_element(values.begin(), values.end()));
  }
}

TEST_CASE("a histogram without values is all zeros, and one with a single value is that", "[measure]") {
  Histogram histogram;
  CHECK(histogram.quantile(0.5) == 0);
  CHECK(histogram.min() == 0);
  CHECK(histogram.max() == 0);
  CHECK(histogram.mean() == 0);
  histogram.add(std::uint64_t{1'000'003});
  for (const double part : {0.0, 0.5, 1.0}) CHECK(histogram.quantile(part) == 1'000'003);
  CHECK(histogram.mean() == 1'000'003);
}

TEST_CASE("histograms that are added are the histogram of all values", "[measure]") {
  Histogram all, one, other;
  for (std::uint64_t value : {0, 3, 9, 1'000}) all.add(value), one.add(value);
  for (std::uint64_t value : {2, 70'000}) all.add(value), other.add(value);
  one.add(other);
  one.add(Histogram{});
  CHECK(one.counts() == all.counts());
  CHECK(one.count() == 6);
  CHECK(one.sum() == all.sum());
  CHECK(one.min() == 0);
  CHECK(one.max() == 70'000);
}

TEST_CASE("a histogram is made of its parts, and of nothing that is none", "[measure]") {
  const auto place = static_cast<std::uint16_t>(Histogram::class_of(100));
  const auto made = Histogram::of_parts(103, 3, 100, {{3, 1}, {place, 1}});
  REQUIRE(made);
  CHECK(made->count() == 2);
  CHECK(made->quantile(0.5) == 3);
  Histogram same;
  same.add(std::uint64_t{3}), same.add(std::uint64_t{100});
  CHECK(made->counts() == same.counts());

  const double nan = std::numeric_limits<double>::quiet_NaN(), infinite = std::numeric_limits<double>::infinity();
  for (const double sum : {0.0, 5.9, 200.1, -1.0, nan, infinite, -infinite})
    CHECK_FALSE(Histogram::of_parts(sum, 3, 100, {{3, 1}, {place, 1}}));
  CHECK_FALSE(Histogram::of_parts(0, 0, 0, {}));
  CHECK(Histogram::of_parts(0, 0, 0, Filled{{0, 1}}));
  CHECK_FALSE(Histogram::of_parts(-0.0, 0, 0, Filled{{0, 1}}));
  CHECK_FALSE(Histogram::of_parts(6, 3, 3, Filled{{3, 1}, {3, 1}}));           // twice
  CHECK_FALSE(Histogram::of_parts(103, 3, 100, Filled{{place, 1}, {3, 1}}));   // not in order
  CHECK_FALSE(Histogram::of_parts(3, 3, 3, Filled{{3, 0}}));                   // of none
  CHECK_FALSE(Histogram::of_parts(3, 3, 3, Filled{{Histogram::classes, 1}}));  // no such class
  CHECK_FALSE(Histogram::of_parts(3, 2, 3, Filled{{3, 1}}));                   // the least is elsewhere
  CHECK_FALSE(Histogram::of_parts(103, 100, 3, Filled{{3, 1}, {place, 1}}));   // the least is the greatest
  CHECK_FALSE(Histogram::of_parts(3, 3, 3, Filled{{3, greatest}}));            // more than anybody counts
}
