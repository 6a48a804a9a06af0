// A master to be watched: two workers, tasks as they are asked for on stdin, a dashboard, whose address is the first
// line on stdout, and a report.
//
// "quick N": N tasks of 5 ms; "many N": N tasks that do nothing, then "done" on stdout; "long": one that takes ten
// minutes; "task NAME MILLISECONDS": one of that name; "fail": one that fails, with a name that would be a script if a
// page took it for one; "stray": one that fails as others do; "end", or the end of stdin: the master ends.
//     watched_app REPORT_FILE [INTERFACE]
#include <mw/mw.hpp>

#include <chrono>
#include <cstdint>
#include <deque>
#include <iostream>
#include <stdexcept>
#include <string>
#include <thread>

int wait_for(int milliseconds) {
  const auto time = mw::time_block("waiting");
  mw::count("milliseconds", static_cast<std::uint64_t>(milliseconds));
  std::this_thread::sleep_for(std::chrono::milliseconds{milliseconds});
  return milliseconds;
}

int fail() {
  std::cerr << "<b>what it printed</b>\n";
  throw std::domain_error{"</script><script>window.hacked=1</script>"};
}

int stray() {
  std::cerr << "step 199: residual 0.0412\nstep 200: residual 0.0411\n";
  std::this_thread::sleep_for(std::chrono::milliseconds{300});
  throw std::runtime_error{"the fit did not converge after 200 steps"};
}

int nothing() { return 1; }

/// Of so many tasks this program keeps no more than some at a time: what it needs itself does not grow.
void run_many(mw::Master& master, std::uint64_t count) {
  constexpr std::size_t most_open = 100'000;
  std::deque<mw::Task<int>> open;
  for (std::uint64_t i = 0; i < count || !open.empty();) {
    for (; i < count && open.size() < most_open; ++i) open.push_back(master.submit_task<nothing>());
    master.get_result(open.front());
    open.pop_front();
  }
  std::cout << "done" << std::endl;
}

int main(int argc, char** argv) {
  mw::init(argc, argv);
  if (argc < 2) return 2;
  mw::Master master{mw::interface(argc > 2 ? argv[2] : "multicore:2"), {.dashboard = "127.0.0.1:0", .report = argv[1]}};
  std::cout << master.dashboard_url() << std::endl;
  std::string what;
  while (std::cin >> what && what != "end") {
    if (int count = 0; what == "quick" && std::cin >> count) {
      for (int i = 0; i < count; ++i) (void)master.submit_task<wait_for>({.name = "quick"}, 5);
    } else if (std::uint64_t tasks = 0; what == "many" && std::cin >> tasks) {
      run_many(master, tasks);
    } else if (what == "long") {
      (void)master.submit_task<wait_for>({.name = "long"}, 600'000);
    } else if (std::string name; what == "task" && std::cin >> name >> count) {
      (void)master.submit_task<wait_for>({.name = name}, count);
    } else if (what == "stray") {
      (void)master.submit_task<stray>({.name = "fit"});
    } else if (what == "fail") {
      (void)master.submit_task<fail>({.name = "<img src=x onerror=\"window.hacked=1\">"});
    }
  }
}
