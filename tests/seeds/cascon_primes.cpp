// CASCON'16's test of four toolkits: primes in ranges, on all workers, and on one that is chosen, which PP cannot.
#include <cstdio>

#include <mw/mw.hpp>

int primes(int first, int last) {
  int count = 0;
  for (int n = std::max(first, 2); n < last; ++n) {
    bool is_prime = true;
    for (int d = 2; is_prime && d * d <= n; ++d) is_prime = n % d != 0;
    count += is_prime;
  }
  return count;
}

int main(int argc, char** argv) {
  mw::init(argc, argv);
  mw::Master master{mw::interface(argv[1])};
  std::vector<mw::Task<int>> tasks;
  for (int first = 0; first < 200'000; first += 10'000) tasks.push_back(master.submit_task<primes>(first, first + 10'000));
  int all = 0;
  for (const int count : mw::join(master, tasks)) all += count;
  const std::string chosen = master.workers().back().name;
  const auto there = master.submit_task<primes>({.worker = chosen}, 0, 1000);
  const int few = master.get_result(there);
  std::printf("%d below 200000, %d below 1000 %s\n", all, few, there.worker() == chosen ? "there" : "elsewhere");
}
