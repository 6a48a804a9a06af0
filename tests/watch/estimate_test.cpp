// How long a run may take, and the series that says so.
#include <catch2/catch.hpp>

#include <vector>

#include "watch/estimate.hpp"
#include "watch/series.hpp"

using namespace mw::watch;

namespace {

/// `rate(t)` tasks a second at second t, of 1000.
template <class Rate>
std::vector<Point> run(int seconds, const Rate& rate) {
  std::vector<Point> points;
  double done = 0;
  for (int t = 0; t <= seconds; ++t) {
    if (t > 0) done += rate(t);
    Point point;
    point.seconds = t;
    point.finished = static_cast<std::uint64_t>(done);
    point.running = 2;
    point.waiting = 998 - point.finished;
    points.push_back(point);
  }
  return points;
}

}  // namespace

TEST_CASE("an even rate gives the time left, and a narrow range", "[watch]") {
  const auto points = run(20, [](int) { return 10; });
  const auto guess = estimate(points);
  REQUIRE(guess);
  CHECK(guess->rate == Approx(10).epsilon(0.05));
  CHECK(guess->left == Approx(80).epsilon(0.05));
  CHECK(guess->low <= guess->left);
  CHECK(guess->high >= guess->left);
  CHECK(guess->high - guess->low < 10);
}

TEST_CASE("an uneven rate gives a wide range, in which the truth lies", "[watch]") {
  const auto guess = estimate(run(40, [](int t) { return t % 8 < 4 ? 2 : 18; }));
  REQUIRE(guess);
  CHECK(guess->low < 60);
  CHECK(guess->high > 60);
  CHECK(guess->high - guess->low > 5);
}

TEST_CASE("nothing is said of a run that has just begun, does not move, or is over", "[watch]") {
  CHECK_FALSE(estimate({}));
  CHECK_FALSE(estimate(run(1, [](int) { return 10; })));
  CHECK_FALSE(estimate(run(20, [](int) { return 0; })));
  auto over = run(20, [](int) { return 10; });
  over.back().running = over.back().waiting = 0;
  CHECK_FALSE(estimate(over));
}

TEST_CASE("nothing is said of the last tasks when they take far longer than the others did", "[watch]") {
  auto points = run(20, [](int) { return 10; });
  Point last = points.back();
  last.waiting = 0;
  last.running = 2;
  for (int t = 21; t < 26; ++t) {
    last.seconds = t;
    points.push_back(last);
  }
  CHECK_FALSE(estimate(points));
}

TEST_CASE("a long run's series stays short, and covers all of it", "[watch]") {
  Series series;
  std::uint64_t added = 0;
  for (double t = 0; t < 100'000; t += 0.1) {
    if (!series.is_due(t)) continue;
    Point point;
    point.seconds = t;
    point.finished = ++added;
    series.add(point);
  }
  CHECK(series.points().size() <= Series::most);
  CHECK(series.points().size() >= Series::most / 4);
  CHECK(series.thinned() > 3);
  CHECK(series.points().front().seconds == 0);
  CHECK(series.points().back().seconds > 99'000);
  for (std::size_t i = 1; i < series.points().size(); ++i)
    if (series.points()[i].seconds <= series.points()[i - 1].seconds) FAIL("out of order");
}
