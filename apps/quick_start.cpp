#include <mw/mw.hpp>

#include <cstdio>
#include <random>
#include <vector>

struct Hits {
  std::uint64_t inside, total;
};

Hits monte_pi(std::uint64_t seed, std::uint64_t points) {  // an ordinary function: no macro, no base class
  std::mt19937_64 random{seed};
  std::uniform_real_distribution<double> unit;
  Hits hits{0, points};
  for (std::uint64_t i = 0; i < points; ++i) {
    const double x = unit(random), y = unit(random);
    hits.inside += x * x + y * y < 1;
  }
  return hits;
}

int main(int argc, char** argv) {
  mw::init(argc, argv);  // in a worker process this never returns
  mw::Master master;     // on every core; or mw::Master master{mw::interface("multicore:8")};

  std::vector<mw::Task<Hits>> tasks;
  for (std::uint64_t seed = 0; seed < 8; ++seed) tasks.push_back(master.submit_task<monte_pi>(seed, 1'000'000));

  std::uint64_t inside = 0, total = 0;
  for (const auto& task : tasks) {
    const Hits hits = master.get_result(task);  // waits; throws mw::TaskError if the task failed
    inside += hits.inside;
    total += hits.total;
    std::printf("task %lu on %s: %.1f ms\n", task.id(), task.worker().c_str(), task.run_time().count() * 1e3);
  }
  std::printf("pi is about %.4f\n", 4.0 * static_cast<double>(inside) / static_cast<double>(total));
}
