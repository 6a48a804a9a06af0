// One long task with checkpoints and a journal, in a run that is killed and started again.
//
//     resumed_run SPEC JOURNAL STEPS
//
// A step takes 20 ms. At its end the program prints how many of them the last process made.
#include <mw/mw.hpp>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <thread>

namespace {

std::uint64_t take_steps(std::uint64_t count) {
  std::uint64_t made_here = 0;
  for (auto made = mw::load_checkpoint<std::uint64_t>().value_or(0); made < count; ++made, ++made_here) {
    mw::save_checkpoint(made);
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
  }
  return made_here;
}

}  // namespace

int main(int argc, char** argv) {
  mw::init(argc, argv);
  if (argc != 4) return 2;
  mw::Master master{mw::interface(argv[1]), {.journal = argv[2]}};
  const mw::TaskOptions each_step{.checkpoint_interval = std::chrono::nanoseconds{0}};
  const auto made_here = master.get_result(master.submit_task<take_steps>(each_step, std::strtoull(argv[3], nullptr, 10)));
  std::printf("%llu\n", static_cast<unsigned long long>(made_here));
}
