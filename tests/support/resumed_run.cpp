// One long task with checkpoints and a journal, in a run that is killed and started again.
//
//     resumed_run SPEC FOLDER
//
// The task takes steps of 5 ms until the file FOLDER/end is there. Then the program prints at which step the last
// attempt began, and how many were taken in all.
#include <mw/mw.hpp>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

namespace {

struct Steps {
  std::uint64_t before = 0;
  std::uint64_t in_all = 0;
};

Steps take_steps(const std::string& folder) {
  Steps steps;
  steps.before = steps.in_all = mw::load_checkpoint<std::uint64_t>().value_or(0);
  for (; !std::filesystem::exists(folder + "/end"); ++steps.in_all) {
    mw::save_checkpoint(steps.in_all);
    if (steps.in_all == 10) std::ofstream{folder + "/under_way"};
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  }
  return steps;
}

}  // namespace

int main(int argc, char** argv) {
  mw::init(argc, argv);
  if (argc != 3) return 2;
  const std::string folder = argv[2];
  mw::Master master{mw::interface(argv[1]), {.journal = folder + "/run.mwj"}};
  const mw::TaskOptions each_step{.checkpoint_interval = std::chrono::nanoseconds{0}};
  const Steps steps = master.get_result(master.submit_task<take_steps>(each_step, folder));
  std::printf("%llu %llu\n", static_cast<unsigned long long>(steps.before), static_cast<unsigned long long>(steps.in_all));
}
