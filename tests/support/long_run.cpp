// A master with work that never ends, to be killed: 3 workers, one of them with a program that has children; on
// `serial` only that.
#include <mw/mw.hpp>

#include <chrono>
#include <fstream>
#include <string>
#include <thread>

int spin(int x) {
  volatile int state = x;
  while (state != 0) {
    state = state % 1000 + 1;
#ifdef __SANITIZE_THREAD__
    std::this_thread::sleep_for(std::chrono::nanoseconds{1});  // ThreadSanitizer lets signals through in such calls only
#endif
  }
  return state;
}

/// long_run READY-FILE INTERFACE
int main(int argc, char** argv) {
  mw::init(argc, argv);
  mw::Master master{mw::interface(argv[2])};
  const auto shell = master.submit_task(mw::Program{"sh", {"-c", "sleep 777 & sleep 777"}});
  const auto busy = master.submit_task<spin>(1);
  const auto sleeping = master.submit_task<[](int s) {
    std::this_thread::sleep_for(std::chrono::seconds{s});
    return s;
  }>(777);
  const auto all_run = [&] {
    if (std::string{argv[2]} == "serial") return shell.state() == mw::TaskState::running;
    return shell.state() == mw::TaskState::running && busy.state() == mw::TaskState::running &&
           sleeping.state() == mw::TaskState::running;
  };
  while (!all_run()) std::this_thread::sleep_for(std::chrono::milliseconds{5});
  std::ofstream{argv[1]} << "ready";
  master.get_result(sleeping);
}
