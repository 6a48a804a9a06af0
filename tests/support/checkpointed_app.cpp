// One long task that keeps checkpoints: how many of its steps the last process made tells whether it went on or began
// again.
#include <chrono>
#include <cstdint>
#include <thread>

#include <mw/app.hpp>
#include <mw/checkpoint.hpp>
#include <mw/mw.hpp>

namespace {

struct Steps {
  std::uint64_t made = 0;
  std::uint64_t in_this_process = 0;
};

Steps take_steps(std::uint64_t count) {
  Steps steps{mw::load_checkpoint<std::uint64_t>().value_or(0), 0};
  for (; steps.made < count; ++steps.made, ++steps.in_this_process) {
    mw::save_checkpoint(steps.made);
    mw::set_progress(static_cast<double>(steps.made) / static_cast<double>(count));
    std::this_thread::sleep_for(std::chrono::milliseconds{50});
  }
  return steps;
}

}  // namespace

int main(int argc, char** argv) {
  mw::init(argc, argv);
  std::uint64_t count = 100;
  mw::App app{"checkpointed_app", "A long task that keeps checkpoints."};
  std::uint64_t limit_s = 0;
  app.option("--steps", count, "steps of 50 ms each");
  app.option("--limit", limit_s, "seconds that the task may run; 0: any");
  return app.run(argc, argv, [&](mw::Master& master, mw::Report& report) {
    const Steps steps = master.get_result(master.submit_task<take_steps>({.hard_limit = std::chrono::seconds{limit_s}}, count));
    report.result("steps", steps.made);
    report.result("steps_of_last_process", steps.in_this_process);
  });
}
