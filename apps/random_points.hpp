// Random points in the unit square; the same ones for a seed, everywhere.
#pragma once

#include <cstdint>
#include <random>

struct Hits {
  std::uint64_t inside, total;
};

inline double unit(std::mt19937_64& random) { return static_cast<double>(random() >> 11) * 0x1p-53; }  // [0, 1)

/// How many of so many points are inside the quarter circle.
inline Hits monte_pi(std::uint64_t seed, std::uint64_t points) {
  std::mt19937_64 random{seed};
  std::uint64_t inside = 0;
  for (std::uint64_t i = 0; i < points; ++i) {
    const double x = unit(random), y = unit(random);
    inside += x * x + y * y < 1;
  }
  return {inside, points};
}
