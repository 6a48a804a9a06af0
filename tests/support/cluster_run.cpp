// Some seconds of work on an interface, for a script that does something to it meanwhile: cluster_run INTERFACE
// RUNNING-FILE TASKS
#include <mw/mw.hpp>

#include <chrono>
#include <fstream>
#include <iostream>
#include <string>
#include <thread>

std::int64_t after_20_ms(std::int64_t index) {
  std::this_thread::sleep_for(std::chrono::milliseconds{20});
  return index;
}

int main(int argc, char** argv) {
  mw::init(argc, argv);
  const std::int64_t count = std::stoll(argv[3]);
  std::int64_t sum = 0;
  {
    mw::Master master{mw::interface(argv[1])};
    std::vector<mw::Task<std::int64_t>> tasks;
    for (std::int64_t i = 0; i < count; ++i) tasks.push_back(master.submit_task<after_20_ms>({.max_losses = 20}, i));
    for (const auto& task : tasks) {
      sum += master.get_result(task);
      if (task.id() == 200) std::ofstream{argv[2]} << "running";
    }
    std::cout << master.get_status().to_json() << std::endl;
  }
  return sum == count * (count - 1) / 2 ? 0 : 1;
}
