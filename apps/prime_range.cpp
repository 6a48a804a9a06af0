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
  constexpr std::uint64_t most_k = 18, most_width = 100'000'000;
  app.option("--k", k, "the power of ten, 1 to 18", 1, most_k);
  app.option("--width", width, "how many numbers behind it", 1, most_width);
  app.option("--batch", batch, "numbers a task; 0: as many as a worker does in a while");
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
