// What a call of Python costs, beside Python's own multiprocessing.Pool, in turn: null_calls [RUNS].
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include <mw/mw.hpp>

namespace {

constexpr int calls = 20'000;
constexpr int calls_of_map = 400'000;

double seconds_of(const std::function<void()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

/// Calls a second: one a task, submitted all, then collected; and as a map.
void measure(const std::string& name, std::vector<double>& tasks, std::vector<double>& map) {
  mw::Master master{mw::interface(name + "?worker=" PYTHON_TESTS "/null.py")};
  for (int i = 0; i < 100; ++i) master.get_result(master.submit_task(mw::Remote<int>{"null"}, i));
  tasks.push_back(calls / seconds_of([&] {
                    std::vector<mw::Task<int>> all;
                    for (int i = 0; i < calls; ++i) all.push_back(master.submit_task(mw::Remote<int>{"null"}, i));
                    for (const auto& task : all) master.get_result(task);
                  }));
  std::vector<int> inputs(calls_of_map);
  map.push_back(calls_of_map / seconds_of([&] {
                  for (const int result : master.map(mw::Remote<int>{"null"}, inputs))
                    if (result != 0) std::abort();
                }));
}

void say(const char* what, std::vector<double> values) {
  std::sort(values.begin(), values.end());
  std::printf("%-44s %9.0f calls/s (%.0f to %.0f)\n", what, values[values.size() / 2], values.front(), values.back());
}

}  // namespace

int main(int argc, char** argv) {
  mw::init(argc, argv);
  const int runs = argc > 1 ? std::atoi(argv[1]) : 5;
  std::vector<double> tasks, map, node_tasks, node_map;
  for (int i = 0; i < runs; ++i) {
    measure("multicore:2", tasks, map);
    measure("tcp:2", node_tasks, node_map);
    std::fflush(stdout);
    if (std::system("python3 " PYTHON_TESTS "/null_pool.py") != 0) return 1;
  }
  say("multicore:2, a task a call", tasks);
  say("multicore:2, map", map);
  say("tcp:2, a task a call", node_tasks);
  say("tcp:2, map", node_map);
}
