#include "chaos/functions.hpp"

#include <chrono>
#include <fstream>
#include <stdexcept>
#include <thread>

namespace chaos {

/// SplitMix64's finaliser (Steele, Lea, Flood 2014).
std::uint64_t mix(std::uint64_t x) noexcept {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

std::vector<std::uint64_t> words(std::uint64_t seed, std::size_t count) {
  std::vector<std::uint64_t> values(count);
  for (std::size_t i = 0; i < count; ++i) values[i] = mix(seed + i);
  return values;
}

bool are_words(std::uint64_t seed, const std::vector<std::uint64_t>& values) noexcept {
  for (std::size_t i = 0; i < values.size(); ++i)
    if (values[i] != mix(seed + i)) return false;
  return true;
}

namespace {

void pass_time(std::uint32_t microseconds) {
  if (microseconds != 0) std::this_thread::sleep_for(std::chrono::microseconds{microseconds});
}

}  // namespace

Reply carry_out(const Order& order) {
  if (!are_words(order.seed, order.load)) throw std::runtime_error{"the order came with another load"};
  pass_time(order.microseconds);
  return {order.seed, words(~order.seed, order.reply_words)};
}

std::uint64_t mix_slowly(std::uint64_t seed, std::uint32_t microseconds) {
  pass_time(microseconds);
  return mix(seed);
}

std::uint64_t refuse(std::uint64_t seed) { throw std::domain_error{"refused " + std::to_string(seed)}; }

std::string read_input(std::uint64_t seed) {
  std::ifstream file{"input.txt"};
  std::string line;
  std::getline(file, line);
  return line + " " + std::to_string(seed);
}

std::uint64_t mix_one(std::uint64_t seed) {
  if (seed % slow_one == 0) pass_time(40'000);  // a slow one among quick ones
  return mix(seed);
}

std::uint64_t mix_steadily(std::uint64_t seed) {
  pass_time(seed % slow_one == 0 ? 40'000 : 300);
  return mix(seed);
}

std::uint64_t sum(std::uint64_t a, std::uint64_t b) { return a + b; }

bool is_refused(std::uint64_t seed) noexcept { return mix(seed) % 50 == 0; }

std::uint64_t mix_or_refuse(std::uint64_t seed) {
  if (is_refused(seed)) refuse(seed);
  return mix(seed);
}

}  // namespace chaos
