// Primes and factors of 64-bit numbers, for the applications about them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <random>

namespace apps {

__extension__ using Wide = unsigned __int128;

inline std::uint64_t multiply(std::uint64_t a, std::uint64_t b, std::uint64_t modulus) {
  return static_cast<std::uint64_t>(Wide{a} * b % modulus);
}

inline std::uint64_t power(std::uint64_t base, std::uint64_t exponent, std::uint64_t modulus) {
  std::uint64_t result = 1 % modulus;
  for (base %= modulus; exponent > 0; exponent >>= 1, base = multiply(base, base, modulus))
    if (exponent & 1) result = multiply(result, base, modulus);
  return result;
}

/// Whether an odd n > 2 passes the Miller-Rabin test with this base.
inline bool passes(std::uint64_t n, std::uint64_t base) {
  std::uint64_t odd = n - 1;
  int twos = 0;
  for (; odd % 2 == 0; odd /= 2) ++twos;
  std::uint64_t x = power(base, odd, n);
  if (x == 1 || x == n - 1 || base % n == 0) return true;
  while (--twos > 0) {
    x = multiply(x, x, n);
    if (x == n - 1) return true;
  }
  return false;
}

/// Miller-Rabin with `rounds` random bases: wrong with a probability below 4^-rounds, and never of a prime (Rabin
/// 1980).
inline bool is_probable_prime(std::uint64_t n, int rounds) {
  if (n < 4) return n >= 2;
  if (n % 2 == 0) return false;
  std::mt19937_64 random{n};
  for (int i = 0; i < rounds; ++i)
    if (!passes(n, 2 + random() % (n - 3))) return false;
  return true;
}

/// Certain for every 64-bit number: the first twelve primes as bases are enough (Sorenson and Webster 2015).
inline bool is_prime(std::uint64_t n) {
  if (n < 4) return n >= 2;
  if (n % 2 == 0) return false;
  for (const std::uint64_t base : {2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37}) {
    if (n == base) return true;
    if (!passes(n, base)) return false;
  }
  return true;
}

/// The largest r with r² <= n.
inline std::uint64_t square_root(std::uint64_t n) {
  std::uint64_t root = 0;
  for (std::uint64_t bit = std::uint64_t{1} << 31; bit > 0; bit >>= 1)
    if ((root + bit) * (root + bit) <= n) root += bit;
  return root;
}

/// The least divisor of n in [first, last], odd or 2; 0 if there is none.
inline std::uint64_t least_divisor(std::uint64_t n, std::uint64_t first, std::uint64_t last) {
  if (first <= 2 && n % 2 == 0) return 2;
  for (std::uint64_t divisor = std::max<std::uint64_t>(first | 1, 3); divisor <= last; divisor += 2)
    if (n % divisor == 0) return divisor;
  return 0;
}

}  // namespace apps
