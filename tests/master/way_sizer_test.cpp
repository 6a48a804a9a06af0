// How many tasks of map() are on their way, in numbers and in a simulation.
#include <catch2/catch.hpp>

#include <mw/detail/way_sizer.hpp>

using mw::detail::WaySizer;
using Time = WaySizer::Time;

namespace {

/// A run that lasts, in which a task after the other comes back.
struct Way : WaySizer {
  Way() { WaySizer::measured(Time{0}, Time{1}, Time{0}); }
  void measured(Time turnaround, Time run) { WaySizer::measured(Time{1}, Time{1} + turnaround, run); }
};

}  // namespace

TEST_CASE("a short way needs four tasks a slot", "[map]") {
  Way way;
  CHECK(way.tasks(8) == 32);
  way.measured(Time{2.1e-3}, Time{2e-3});
  CHECK(way.tasks(8) == 32);
}

TEST_CASE("a long way is filled: so many tasks that no worker waits while they travel", "[map]") {
  Way way;
  way.measured(Time{20.01}, Time{0.01});
  CHECK(way.tasks(2) == Approx(8004).epsilon(0.01));
  // Waiting behind others is no way: it does not make the window grow.
  for (int i = 0; i < 20; ++i) way.measured(Time{100}, Time{0.01});
  CHECK(way.tasks(2) < 2 * 8004);
  way.measured(Time{0.5}, Time{0.01});
  CHECK(way.tasks(2) < 400);
}

TEST_CASE("no measurement makes a window without bounds", "[map]") {
  const double turnaround = GENERATE(0.0, -5.0, 1e-9, 1e300);
  const double run = GENERATE(0.0, -1.0, 1e-300, 1e300);
  Way way;
  for (int i = 0; i < 50; ++i) way.measured(Time{turnaround}, Time{run});
  CHECK(way.tasks(2) >= 8);
  CHECK(way.tasks(2) <= WaySizer::most);
}

TEST_CASE("tasks that waited for workers to start do not make the way long", "[map]") {
  WaySizer way;
  for (int i = 0; i < 8; ++i) way.measured(Time{0}, Time{2 + 0.001 * i}, Time{1e-5});
  CHECK(way.tasks(2) == 8);
  way.measured(Time{2.001}, Time{2.003}, Time{1.9e-3});
  CHECK(way.tasks(2) == 8);
}
