// The statistics of mw speedup, against published examples.
#include <catch2/catch.hpp>

#include "speedup/statistics.hpp"

using namespace mw::tool;

TEST_CASE("mean, deviation, median, least and most", "[tools]") {
  const Summary summary = summarise({4, 1, 3, 2});
  CHECK(summary.mean == Approx(2.5));
  CHECK(summary.deviation == Approx(1.2909944));
  CHECK(summary.median == Approx(2.5));
  CHECK(summary.least == 1);
  CHECK(summary.most == 4);
  CHECK(summarise({7}).deviation == 0);
  CHECK(summarise({7}).median == 7);
}

TEST_CASE("Grubbs' test finds the outlier of the NIST handbook's example", "[tools]") {
  // Uranium isotopes, Tietjen and Moore 1972; G = 2.4687, critical value 2.032 at 0.05, one-sided; 2.1266 two-sided.
  const std::vector<double> isotopes{199.31, 199.53, 200.19, 200.82, 201.92, 201.95, 202.18, 245.57};
  CHECK(grubbs_outlier(isotopes, 0.05) == 7);
  CHECK_FALSE(grubbs_outlier({199.31, 199.53, 200.19, 200.82, 201.92, 201.95, 202.18}, 0.05));
  CHECK_FALSE(grubbs_outlier({1, 100}, 0.05));
  CHECK_FALSE(grubbs_outlier({3, 3, 3}, 0.05));
}
