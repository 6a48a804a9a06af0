// Measures what a task costs when it does nothing: `tasks` tasks that take `bytes` bytes and give them back.
#include <mw/app.hpp>
#include <mw/mw.hpp>

#include <chrono>
#include <string>
#include <vector>

std::string echo(const std::string& payload) { return payload; }

int main(int argc, char** argv) {
  mw::init(argc, argv);

  std::uint64_t tasks = 10'000, bytes = 0;
  mw::App app{"null_test", "Measures the overhead of a task: each gets a payload and returns it."};
  constexpr std::uint64_t most_tasks = 1'000'000'000, most_bytes = 64'000'000'000;  // a message has at most 64 GiB
  app.option("--tasks", tasks, "how many tasks", 1, most_tasks);
  app.option("--bytes", bytes, "size of the payload, in and out", 0, most_bytes);

  return app.run(argc, argv, [&](mw::Master& master, mw::Report& report) {
    const std::string payload(bytes, 'x');
    master.get_result(master.submit_task<echo>(payload));  // the workers are up

    const auto start = std::chrono::steady_clock::now();
    std::vector<mw::Task<std::string>> submitted;
    submitted.reserve(tasks);
    for (std::uint64_t i = 0; i < tasks; ++i) submitted.push_back(master.submit_task<echo>(payload));
    std::uint64_t right = 0;
    for (auto& task : submitted) {
      right += master.get_result(task) == payload;
      task = {};  // its memory is free
    }
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;

    const auto count = static_cast<double>(tasks);
    report.result("right", right);
    report.result("overhead_us", seconds.count() / count * 1e6);
    report.result("tasks_per_second", count / seconds.count());
    report.result("mib_per_second", 2 * count * static_cast<double>(bytes) / seconds.count() / (1 << 20));
  });
}
