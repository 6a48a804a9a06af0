// A program that makes a master, becomes a daemon, and writes down what its master says then.
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <thread>

#include <mw/mw.hpp>

#ifdef __SANITIZE_ADDRESS__
/// What threads of the parent held is nobody's in a forked child, which LeakSanitizer takes for leaks.
extern "C" const char* __asan_default_options() { return "detect_leaks=0"; }
#endif

namespace {
int wait_a_minute() { return std::this_thread::sleep_for(std::chrono::minutes{1}), 1; }
}  // namespace

/// Arguments: an interface, and the file to write to.
int main(int argc, char** argv) {
  mw::init(argc, argv);
  if (argc != 3) return 2;
  mw::Master master{mw::interface(argv[1])};
  const auto task = master.submit_task<wait_a_minute>();
  while (task.state() != mw::TaskState::running) std::this_thread::sleep_for(std::chrono::milliseconds{1});
  if (::daemon(1, 1) != 0) return 3;
  std::ofstream file{argv[2]};
  try {
    master.get_result(task);
  } catch (const mw::UsageError& e) {
    file << e.what() << '\n';
  }
  return 0;
}
