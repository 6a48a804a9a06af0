// A small job for tests that limit what its processes may have: limited_run INTERFACE. Prints how many workers there
// are, and how many the interface works with.
#include <mw/mw.hpp>

#include <iostream>

std::int64_t twice(std::int64_t x) { return 2 * x; }

int main(int argc, char** argv) {
  mw::init(argc, argv);
  try {
    mw::Master master{mw::interface(argv[1])};
    std::vector<mw::Task<std::int64_t>> tasks;
    for (std::int64_t i = 0; i < 200; ++i) tasks.push_back(master.submit_task<twice>(i));
    for (std::int64_t i = 0; i < 200; ++i)
      if (master.get_result(tasks[static_cast<std::size_t>(i)]) != 2 * i) return 1;
    const mw::Status status = master.get_status();
    std::cout << status.ready_workers() << ' ' << status.workers.size() << std::endl;
  } catch (const mw::InterfaceError& e) {
    std::cerr << e.what() << std::endl;
    return 3;
  }
}
