// The tasks of the checker: what each returns can be computed from what it was given.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace chaos {

/// Words that follow from `seed`: word i is mix(seed + i).
std::uint64_t mix(std::uint64_t x) noexcept;
std::vector<std::uint64_t> words(std::uint64_t seed, std::size_t count);
bool are_words(std::uint64_t seed, const std::vector<std::uint64_t>& values) noexcept;

struct Order {
  std::uint64_t seed = 0;
  std::uint32_t microseconds = 0;
  std::uint32_t reply_words = 0;
  std::vector<std::uint64_t> load;  ///< words(seed, …)
};

struct Reply {
  std::uint64_t seed = 0;
  std::vector<std::uint64_t> values;  ///< words(~seed, reply_words)
};

/// Throws std::runtime_error if the order did not come whole.
Reply carry_out(const Order& order);
/// mix(seed), after some time.
std::uint64_t mix_slowly(std::uint64_t seed, std::uint32_t microseconds);
/// Throws std::domain_error that says the seed.
std::uint64_t refuse(std::uint64_t seed);
/// The first line of "input.txt" in the task's folder.
std::string read_input(std::uint64_t seed);
/// mix(seed); every so many seeds they take their time.
inline constexpr std::uint64_t slow_one = 997;
std::uint64_t mix_one(std::uint64_t seed);
std::uint64_t mix_steadily(std::uint64_t seed);
std::uint64_t sum(std::uint64_t a, std::uint64_t b);
/// mix(seed); for some seeds an exception instead: is_refused().
std::uint64_t mix_or_refuse(std::uint64_t seed);
bool is_refused(std::uint64_t seed) noexcept;

}  // namespace chaos
