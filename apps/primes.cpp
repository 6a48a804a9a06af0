// Counts the primes of the form n² + 1 for n from 1 to N (OEIS A206709), with three tasks a worker, as PyMW's example
// did.
#include <mw/app.hpp>
#include <mw/mw.hpp>

#include <algorithm>
#include <vector>

#include "number_theory.hpp"

constexpr int rounds = 50;

std::uint64_t count_primes(std::uint64_t first, std::uint64_t last) {
  std::uint64_t count = 0;
  for (std::uint64_t n = first; n <= last; ++n) {
    count += apps::is_probable_prime(n * n + 1, rounds);
    mw::set_progress(static_cast<double>(n - first) / static_cast<double>(last - first + 1));
  }
  return count;
}

int main(int argc, char** argv) {
  mw::init(argc, argv);
  constexpr std::uint64_t largest = 4'294'967'295;  // its square and one more fits into 64 bits
  std::uint64_t n = 1'000'000, tasks_per_worker = 3;
  mw::App app{"primes", "Counts the primes of the form n² + 1, n from 1 to N."};
  app.option("--n", n, "N; at most 4294967295", 1, largest);
  app.option("--tasks-per-worker", tasks_per_worker, "tasks a worker", 1, 1'000'000);
  return app.run(argc, argv, [&](mw::Master& master, mw::Report& report) {
    const std::uint64_t parts = std::min(n, tasks_per_worker * master.slots());
    std::vector<mw::Task<std::uint64_t>> tasks;
    for (std::uint64_t part = 0, first = 1; part < parts; ++part) {
      const std::uint64_t size = n / parts + (part < n % parts);
      tasks.push_back(master.submit_task<count_primes>(first, first + size - 1));
      first += size;
    }
    std::uint64_t count = 0;
    for (const auto& task : tasks) count += master.get_result(task);
    report.result("n", n);
    report.result("primes", count);
  });
}
