// The prime factors of a number, by trial division: parts of the divisors are tasks, and the first part with a factor
// ends the search.
#include <mw/app.hpp>
#include <mw/mw.hpp>

#include <algorithm>
#include <string>
#include <vector>

#include "number_theory.hpp"

using apps::least_divisor;

/// The least factor of a number that is not prime. Parts beyond one with a factor are cancelled; those below it are
/// waited for.
std::uint64_t least_factor(mw::Master& master, std::uint64_t n, std::uint64_t block) {
  const std::uint64_t root = apps::square_root(n);
  std::vector<mw::Task<std::uint64_t>> tasks;
  for (std::uint64_t first = 2; first <= root; first += std::min(block, root - first + 1))
    tasks.push_back(master.submit_task<least_divisor>(n, first, first + std::min(block, root - first + 1) - 1));
  std::size_t end = tasks.size();
  std::uint64_t factor = n;
  for (const auto& done : master.as_completed(tasks)) {
    if (done.index >= end) continue;
    const std::uint64_t found = done.result();
    if (found == 0) continue;
    factor = found;
    for (std::size_t i = done.index + 1; i < end; ++i) master.cancel(tasks[i]);
    end = done.index;
  }
  return factor;
}

int main(int argc, char** argv) {
  mw::init(argc, argv);
  std::uint64_t n = 285'876'629, block = 0;
  mw::App app{"factor", "Finds the prime factors of a number by trial division."};
  app.option("--n", n, "the number; 5977007, 26842183, 42500489, 112150573 and 285876629 are those of the CASCON'16 study", 2);
  app.option("--block", block, "divisors a task; 0: four tasks a worker, of at most a hundred million divisors each");
  return app.run(argc, argv, [&](mw::Master& master, mw::Report& report) {
    std::string factors;
    std::uint64_t rest = n;
    while (rest > 1) {
      constexpr std::uint64_t largest_block = 100'000'000;
      const std::uint64_t fair = apps::square_root(rest) / (4 * master.slots()) + 1;
      const std::uint64_t factor =
          apps::is_prime(rest) ? rest : least_factor(master, rest, block > 0 ? block : std::min(fair, largest_block));
      factors += (factors.empty() ? "" : " * ") + std::to_string(factor);
      rest /= factor;
    }
    report.result("n", n);
    report.result("factors", factors);
  });
}
