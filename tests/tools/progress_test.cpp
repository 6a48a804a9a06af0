// The line that mw speedup shows while it measures.
#include <catch2/catch.hpp>

#include "speedup/progress.hpp"

using mw::tool::measuring_line;

TEST_CASE("a measurement shows a bar, what runs, and the time that is left", "[tools]") {
  CHECK(measuring_line(0, 4, 0, "2 workers", 40) == "[>              ]  run 1 of 4: 2 workers");
  CHECK(measuring_line(2, 4, 6, "2 workers", 50) == "[=======>       ]  run 3 of 4: 2 workers, 6 s left");
  CHECK(measuring_line(1, 4, 100, "x", 80).ends_with("]  run 2 of 4: x, 5 min left"));
  CHECK(measuring_line(4, 4, 8, "x", 200) == "[" + std::string(40, '=') + "]  run 4 of 4: x");
}

TEST_CASE("a measurement's line is never wider than the terminal", "[tools]") {
  for (std::size_t width = 1; width < 120; ++width)
    for (std::size_t done = 0; done <= 7; ++done) {
      INFO(width << ", " << done);
      CHECK(measuring_line(done, 7, 30, "mpi, points = 1e6, 2 workers", width).size() <= width);
    }
}
