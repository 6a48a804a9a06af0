// An application whose worker does not start on rank 2 of mpi; with CPPMW_TEST_ONE_ONLY=FILE none does but the first of
// this machine. Those that do start have work for half a second.
#include <mw/app.hpp>
#include <mw/mw.hpp>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>

int after_10_ms(int x) {
  std::this_thread::sleep_for(std::chrono::milliseconds{10});
  return x;
}

/// Whether another process has the file: the first that comes keeps it.
bool comes_late() {
  const char* const path = std::getenv("CPPMW_TEST_ONE_ONLY");
  if (!path) return false;
  const int fd = ::open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);  // stays open as long as this process lives
  return fd < 0 || ::flock(fd, LOCK_EX | LOCK_NB) != 0;
}

int main(int argc, char** argv) {
  std::ifstream parent{"/proc/" + std::to_string(::getppid()) + "/environ", std::ios::binary};
  const std::string environment{std::istreambuf_iterator<char>{parent}, {}};
  const bool is_on_rank_2 = environment.find(std::string{"PMI_RANK=2"} + '\0') != std::string::npos;
  if (std::getenv("MW_WORKER") && (is_on_rank_2 || comes_late())) return 3;
  mw::init(argc, argv);
  mw::App app{"limping_app", "Works with what it has."};
  return app.run(argc, argv, [&](mw::Master& master, mw::Report& report) {
    int sum = 0;
    for (int i = 0; i < 50; ++i) sum += master.get_result(master.submit_task<after_10_ms>(1));
    report.result("sum", std::int64_t{sum});
  });
}
