// Estimates pi: the share of random points in the unit square that fall inside the quarter circle is pi / 4.
// Points come in blocks, each with a seed of its own, so the count is the same for any number of workers.
#include <mw/app.hpp>
#include <mw/mw.hpp>

#include <algorithm>
#include <vector>

#include "random_points.hpp"

int main(int argc, char** argv) {
  mw::init(argc, argv);

  std::uint64_t points = 100'000'000, block = 1'000'000;
  mw::App app{"monte_pi", "Estimates pi from random points in a square."};
  app.option("--points", points, "how many random points; 1e9 is understood", 1);
  app.option("--block", block, "points a task; it changes the random numbers", 1);
  app.check([&] {
    constexpr std::uint64_t most_tasks = 1'000'000'000;
    if (points / block > most_tasks) throw mw::UsageError{"--block: so small that there are more than 1e9 tasks"};
  });

  return app.run(argc, argv, [&](mw::Master& master, mw::Report& report) {
    std::vector<mw::Task<Hits>> tasks;
    for (std::uint64_t first = 0; first < points; first += std::min(block, points - first))
      tasks.push_back(master.submit_task<monte_pi>(tasks.size(), std::min(block, points - first)));

    Hits all{0, 0};
    for (const auto& task : tasks) {
      const Hits hits = master.get_result(task);
      all.inside += hits.inside;
      all.total += hits.total;
    }
    report.result("pi", 4 * static_cast<double>(all.inside) / static_cast<double>(all.total));
    report.result("inside", all.inside);
    report.result("points", all.total);
  });
}
