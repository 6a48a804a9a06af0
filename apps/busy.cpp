// Keeps the workers busy: `tasks` tasks that each wait `seconds` without sleeping (Concurrent's benchmark). The least
// time is their sum over the number of workers; what is above it is overhead.
#include <mw/app.hpp>
#include <mw/mw.hpp>

#include <chrono>
#include <vector>

/// Returns how often it looked at the clock.
std::uint64_t wait_actively(double seconds) {
  using Clock = std::chrono::steady_clock;
  const auto end = Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>{seconds});
  std::uint64_t looks = 1;
  while (Clock::now() < end) ++looks;
  return looks;
}

int main(int argc, char** argv) {
  mw::init(argc, argv);
  std::uint64_t count = 100;
  double seconds = 0.05;
  mw::App app{"busy", "Runs tasks that keep a core busy for a given time."};
  app.option("--tasks", count, "how many tasks", 1, 1'000'000'000);
  app.option("--seconds", seconds, "how long each takes");
  app.check([&] {
    constexpr double day = 86'400;
    if (!(seconds >= 0 && seconds <= day)) throw mw::UsageError{"--seconds: a task takes 0 to 86400 of them"};
  });
  return app.run(argc, argv, [&](mw::Master& master, mw::Report& report) {
    std::vector<mw::Task<std::uint64_t>> tasks;
    for (std::uint64_t i = 0; i < count; ++i) tasks.push_back(master.submit_task<wait_actively>(seconds));
    for (const auto& task : tasks) master.get_result(task);
    report.result("tasks", count);
    report.result("busy_seconds", static_cast<double>(count) * seconds);
  });
}
