// An application whose worker does not start on rank 2 of mpi. The others do its work, and take half a second for it.
#include <mw/app.hpp>
#include <mw/mw.hpp>

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

int main(int argc, char** argv) {
  std::ifstream parent{"/proc/" + std::to_string(::getppid()) + "/environ", std::ios::binary};
  const std::string environment{std::istreambuf_iterator<char>{parent}, {}};
  if (std::getenv("MW_WORKER") && environment.find(std::string{"PMI_RANK=2"} + '\0') != std::string::npos) return 3;
  mw::init(argc, argv);
  mw::App app{"limping_app", "Works with what it has."};
  return app.run(argc, argv, [&](mw::Master& master, mw::Report& report) {
    int sum = 0;
    for (int i = 0; i < 50; ++i) sum += master.get_result(master.submit_task<after_10_ms>(1));
    report.result("sum", std::int64_t{sum});
  });
}
