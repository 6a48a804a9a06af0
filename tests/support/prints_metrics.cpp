// Runs some tasks, and prints what Prometheus would read of their master.
#include <mw/mw.hpp>

#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "metrics/prometheus.hpp"

namespace {

int count_eels(int eels) {
  const auto time = mw::time_block("a \"walk\" along\nthe \\ shore");
  mw::count("eels", static_cast<std::uint64_t>(eels));
  return eels;
}
int fail(int number) { throw number; }

}  // namespace

int main(int argc, char** argv) {
  mw::init(argc, argv);
  try {
    mw::Master master{mw::interface("multicore:2")};
    std::vector<mw::Task<int>> tasks;
    for (int i = 0; i < 50; ++i) tasks.push_back(master.submit_task<count_eels>({.name = i == 0 ? "one \"of\" them" : ""}, i));
    for (const auto& task : tasks) master.get_result(task);
    try {
      master.get_result(master.submit_task<fail>(1));
    } catch (const mw::TaskError&) {
    }
    const std::string text = mw::metrics::prometheus_text(master.get_status(), {.program = "prints_metrics", .version = "1"});
    std::fwrite(text.data(), 1, text.size(), stdout);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
  }
  return 0;
}
