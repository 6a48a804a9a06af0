// Concurrent's benchmark: how many tasks that do nothing go through.
#include <chrono>
#include <cstdio>

#include <mw/mw.hpp>

int nothing(int x) { return x; }

int main(int argc, char** argv) {
  mw::init(argc, argv);
  mw::Master master{mw::interface(argv[1])};
  std::vector<mw::Task<int>> tasks;
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < 10'000; ++i) tasks.push_back(master.submit_task<nothing>(i));
  int right = 0;
  for (int i = 0; i < 10'000; ++i) right += master.get_result(tasks[std::size_t(i)]) == i;
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  std::fprintf(stderr, "%.0f tasks/s\n", 10'000 / took.count());
  std::printf("%d right\n", right);
}
