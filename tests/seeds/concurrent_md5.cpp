// Concurrent's example: which number has this hash? Cut into ranges; the first answer ends the search.
#include <cstdio>
#include <ranges>

#include <mw/mw.hpp>

std::uint64_t hash_of(std::uint64_t number) {  // SplitMix64 in place of MD5: the search is the same
  number += 0x9e3779b97f4a7c15;
  number = (number ^ (number >> 30)) * 0xbf58476d1ce4e5b9;
  number = (number ^ (number >> 27)) * 0x94d049bb133111eb;
  return number ^ (number >> 31);
}
std::optional<std::uint64_t> search(std::uint64_t first, std::uint64_t count, std::uint64_t hash) {
  for (std::uint64_t number = first; number < first + count; ++number)
    if (hash_of(number) == hash) return number;
  return std::nullopt;
}

int main(int argc, char** argv) {
  mw::init(argc, argv);
  mw::Master master{mw::interface(argv[1])};
  const std::uint64_t part = 20'000, hash = hash_of(1'234'567);
  std::vector<mw::Task<std::optional<std::uint64_t>>> tasks;
  for (std::uint64_t i = 0; i < 100; ++i) tasks.push_back(master.submit_task<search>(i * part, part, hash));
  for (const auto& done : master.as_completed(tasks))
    if (const auto found = done.result()) {
      std::printf("%llu\n", static_cast<unsigned long long>(*found));
      break;
    }
  for (const auto& task : tasks) master.cancel(task);
}
