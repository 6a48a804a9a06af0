// An application that is built anew while it runs: rebuilt_app INTERFACE NEW-FILE
// It puts NEW-FILE in its own place, ends its workers, and says how many results came from which build.
#include <mw/mw.hpp>

#include <array>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <iostream>
#include <thread>

int which_build(int ms) {
  std::this_thread::sleep_for(std::chrono::milliseconds{ms});
  return MW_TEST_BUILD;
}

void crash() { std::raise(SIGKILL); }

int main(int argc, char** argv) {
  mw::init(argc, argv);
  std::array<int, 3> results{};
  try {
    mw::Master master{mw::interface(argv[1])};
    const auto work = [&] {
      std::vector<mw::Task<int>> tasks;
      for (int i = 0; i < 40; ++i) tasks.push_back(master.submit_task<which_build>(1));
      for (const auto& task : tasks) ++results.at(static_cast<std::size_t>(master.get_result(task)));
    };
    work();
    std::filesystem::rename(argv[2], std::filesystem::read_symlink("/proc/self/exe"));
    for (int i = 0; i < 6; ++i) {
      const auto task = master.submit_task<crash>({.max_losses = 0});
      try {
        master.get_result(task);
      } catch (const mw::TaskError&) {
      }
    }
    work();
  } catch (const mw::Error& e) {
    std::cout << e.what() << '\n';
  }
  std::cout << "build 1: " << results[1] << ", build 2: " << results[2] << std::endl;
  return 0;
}
