// The work of apps/monte_pi.cpp and apps/factor.cpp, for programs that are not C++: the same source, compiled with the
// same options.
#include "../../apps/number_theory.hpp"
#include "../../apps/random_points.hpp"

extern "C" {

std::uint64_t points_inside(std::uint64_t seed, std::uint64_t points) { return monte_pi(seed, points).inside; }

std::uint64_t least_divisor(std::uint64_t n, std::uint64_t first, std::uint64_t last) {
  return apps::least_divisor(n, first, last);
}

std::uint64_t square_root(std::uint64_t n) { return apps::square_root(n); }

int is_prime(std::uint64_t n) { return apps::is_prime(n) ? 1 : 0; }
}
