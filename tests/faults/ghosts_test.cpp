// Workers that are killed before their master has come to read of their joining.
#include <catch2/catch.hpp>

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <set>
#include <thread>

#include "contract/functions.hpp"
#include "support/processes.hpp"

using namespace contract;
using namespace std::chrono_literals;

namespace {

bool is_ours(pid_t pid) {
  for (; pid > 1; pid = test::parent_of(pid))
    if (pid == ::getpid()) return true;
  return false;
}

/// The worker processes below this one.
std::set<pid_t> workers() {
  std::set<pid_t> found;
  for (const pid_t pid : test::all_processes())
    if (test::state_of(pid) != 'Z' &&
        test::file_text("/proc/" + std::to_string(pid) + "/cmdline").find("(worker)") != std::string::npos && is_ours(pid))
      found.insert(pid);
  return found;
}

std::size_t ready_workers(mw::Master& master) { return master.get_status().ready_workers(); }

/// One that is not among these.
pid_t new_worker(const std::set<pid_t>& old) {
  pid_t found = 0;
  CHECK(test::eventually([&] {
    for (const pid_t pid : workers())
      if (!old.contains(pid)) found = pid;
    return found != 0;
  }));
  return found;
}

}  // namespace

TEST_CASE("a worker that dies before its master has read of its joining is no worker, and costs no task", "[faults][P20]") {
  const auto spec = GENERATE(from_range(specs_with_lasting_workers()));
  INFO(spec);
  std::atomic<bool> is_held{false}, is_released{false};
  mw::MasterOptions options;
  // It runs on the master's loop, which reads nothing meanwhile.
  options.scheduler_func = [&](const mw::TaskHandle& task, std::span<const mw::WorkerView>) -> std::optional<std::size_t> {
    if (task.name() == "hold") {
      is_held = true;
      while (!is_released) std::this_thread::sleep_for(1ms);
    }
    return 0;
  };
  mw::Master master{mw::interface(spec), options};
  for (int round = 0; round < 3; ++round) {
    is_held = is_released = false;
    std::set<pid_t> before;
    REQUIRE(test::eventually([&] { return ready_workers(master) == 2 && (before = workers()).size() == 2; }));
    ::kill(*before.begin(), SIGKILL);
    const pid_t successor = new_worker(before);
    const auto hold = master.submit_task<add>({.name = "hold"}, 1, 1);
    REQUIRE(test::eventually([&] { return is_held.load(); }));
    std::this_thread::sleep_for(250ms);  // it says hello
    ::kill(successor, SIGKILL);
    std::this_thread::sleep_for(20ms);
    is_released = true;
    CHECK(master.get_result(hold) == 2);
  }
  std::vector<mw::Task<std::int64_t>> tasks;
  for (int i = 0; i < 300; ++i) tasks.push_back(master.submit_task<add>(i, 0));
  for (int i = 0; i < 300; ++i) CHECK(master.get_result(tasks[static_cast<std::size_t>(i)]) == i);
  CHECK(test::eventually([&] { return ready_workers(master) == 2; }));
  CHECK(master.slots() == 2);
  CHECK(master.get_status().errors == 0);
}
