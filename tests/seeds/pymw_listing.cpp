// PyMW's first listing: pi by darts, with its four functions.
#include <cstdio>
#include <random>

#include <mw/mw.hpp>

std::uint64_t monte_pi(std::uint32_t seed, std::uint64_t tests) {
  std::mt19937 random{seed};
  std::uniform_real_distribution<> side;
  std::uint64_t hits = 0;
  for (std::uint64_t i = 0; i < tests; ++i) hits += std::hypot(side(random), side(random)) <= 1;
  return hits;
}

int main(int argc, char** argv) {
  mw::init(argc, argv);
  mw::Master master{mw::interface(argv[1])};
  std::vector<mw::Task<std::uint64_t>> tasks;
  for (std::uint32_t seed = 0; seed < 10; ++seed) tasks.push_back(master.submit_task<monte_pi>(seed, std::uint64_t{10'000}));
  std::uint64_t hits = 0;
  for (const auto& task : tasks) hits += master.get_result(task);
  std::printf("%.2f, %llu tasks\n", 4 * double(hits) / 100'000, static_cast<unsigned long long>(master.get_status().finished));
}
