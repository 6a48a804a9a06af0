// An application to be stopped: its tasks leave files when they begin and end, and its main() waits for them, or does
// something else.
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <mw/app.hpp>
#include <mw/mw.hpp>

namespace {

void leave(const std::string& path) { std::ofstream{path} << "x"; }

/// Ends after a while; without a time, when the file "go" is there.
std::uint64_t nap(const std::string& folder, std::uint64_t number, std::uint64_t ms) {
  leave(folder + "/began" + std::to_string(number));
  if (ms != 0) std::this_thread::sleep_for(std::chrono::milliseconds{ms});
  while (ms == 0 && !std::filesystem::exists(folder + "/go")) std::this_thread::sleep_for(std::chrono::milliseconds{2});
  leave(folder + "/ended" + std::to_string(number));
  return number;
}

void compute_for_long() { std::this_thread::sleep_for(std::chrono::seconds{60}); }

}  // namespace

int main(int argc, char** argv) {
  if (std::getenv("MW_WORKER") && std::getenv("CPPMW_TEST_LATE_WORKERS")) compute_for_long();
  mw::init(argc, argv);
  std::uint64_t count = 40, ms = 100;
  std::string folder = ".", mode = "waits";
  mw::App app{"stopped_app", "Tasks that leave traces."};
  app.option("--tasks", count, "how many");
  app.option("--ms", ms, "how long each takes; 0: until there is a file \"go\"");
  app.option("--folder", folder, "where the traces are left");
  app.option("--main", mode, "what main() does: waits, computes, looks, is_done");
  return app.run(argc, argv, [&](mw::Master& master, mw::Report& report) {
    std::vector<mw::Task<std::uint64_t>> tasks;
    for (std::uint64_t i = 0; i < count; ++i) tasks.push_back(master.submit_task<nap>(folder, i, ms));
    leave(folder + "/submitted");
    if (mode == "computes") compute_for_long();
    while (mode == "looks" && !master.is_stopping()) std::this_thread::sleep_for(std::chrono::milliseconds{2});
    std::uint64_t sum = 0;
    for (const auto& task : tasks) sum += master.get_result(task);
    leave(folder + "/done");
    while (mode == "is_done" && !master.is_stopping()) std::this_thread::sleep_for(std::chrono::milliseconds{2});
    report.result("sum", sum);
  });
}
