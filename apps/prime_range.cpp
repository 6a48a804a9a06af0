// The primes between 10^k and 10^k + 1000, by crude trial division: one number a task, or many.
#include <mw/app.hpp>
#include <mw/mw.hpp>

#include <string>
#include <vector>

/// On purpose as slow as can be: every number below n is tried up to the first divisor (Pytributor's example).
bool is_prime_crudely(std::uint64_t n) {
  if (n < 2) return false;
  for (std::uint64_t divisor = 2; divisor * divisor <= n; ++divisor)
    if (n % divisor == 0) return false;
  return true;
}

int main(int argc, char** argv) {
  mw::init(argc, argv);
  std::uint64_t k = 9, width = 1000, batch = 1;
  mw::App app{"prime_range", "Counts the primes between 10^k and 10^k + 1000."};
  app.option("--k", k, "the power of ten, 1 to 18", 1);
  app.option("--width", width, "how many numbers behind it", 1);
  app.option("--batch", batch, "numbers a task; 0: as many as a worker does in a while");
  app.check([&] {
    if (k > 18) throw mw::UsageError{"--k: 10^" + std::to_string(k) + " does not fit into 64 bits; at most 18"};
    constexpr std::uint64_t most = 100'000'000;
    if (width > most) throw mw::UsageError{"--width: " + std::to_string(width) + " is more than " + std::to_string(most)};
  });
  return app.run(argc, argv, [&](mw::Master& master, mw::Report& report) {
    std::uint64_t first = 1;
    for (std::uint64_t i = 0; i < k; ++i) first *= 10;
    std::vector<std::uint64_t> numbers;
    for (std::uint64_t n = first + 1; n < first + width; ++n) numbers.push_back(n);
    std::uint64_t count = 0;
    for (const bool is_prime : master.map<is_prime_crudely>(numbers, {.chunk = batch})) count += is_prime;
    report.result("from", first);
    report.result("to", first + width);
    report.result("primes", count);
  });
}
