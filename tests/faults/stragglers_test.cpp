// A worker that becomes slow near the end of a run: its task is begun a second time, and the first result counts.
#include <catch2/catch.hpp>

#include <signal.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <mw/mw.hpp>

#include "support/lan.hpp"
#include "support/processes.hpp"
#include "support/temporary.hpp"

using namespace std::chrono_literals;

namespace {

/// 1 after a moment; whoever comes first, before this file is there, stays for a minute.
int slow_at_first(const std::string& file) {
  const bool is_first = !std::filesystem::exists(file);
  if (is_first) std::ofstream{file} << "x";
  std::this_thread::sleep_for(is_first ? std::chrono::milliseconds{60'000} : 20ms);
  return is_first ? 2 : 1;
}

/// The process of the worker that has begun this task; 0 while none has.
pid_t process_with(mw::Master& master, std::uint64_t task) {
  for (const auto& worker : master.get_status().workers)
    for (const auto& running : worker.running)
      if (running.id == task) return static_cast<pid_t>(worker.pid);
  return 0;
}

/// Every worker has done some, so that it is known how long they take.
void learn(mw::Master& master, const std::string& file) {
  std::ofstream{file} << "x";
  std::vector<mw::Task<int>> tasks;
  for (int i = 0; i < 8; ++i) tasks.push_back(master.submit_task<slow_at_first>(file));
  for (const auto& task : tasks) CHECK(master.get_result(task) == 1);
}

/// A worker stops in the middle of the only task.
void stop_one(mw::Master& master) {
  const test::TemporaryFolder folder;
  learn(master, folder.path("known"));
  const auto task = master.submit_task<slow_at_first>(folder.path("new"));
  pid_t slow = 0;
  REQUIRE(test::eventually([&] { return (slow = process_with(master, task.id())) != 0; }));
  REQUIRE(test::eventually([&] { return std::filesystem::exists(folder.path("new")); }));
  REQUIRE(::kill(slow, SIGSTOP) == 0);
  CHECK(master.get_result(task, 60s) == 1);
  const auto status = master.get_status();
  CHECK(status.copies == 1);
  CHECK(status.lost == 0);
  CHECK(status.finished == 9);
  CHECK(status.tasks == 9);
  // The one that was stopped was ended; its successor works.
  const auto both_work = [&] {
    const auto now = master.get_status();
    std::size_t ready = 0;
    for (const auto& worker : now.workers)
      ready += worker.state == mw::WorkerState::idle && worker.pid != static_cast<std::uint32_t>(slow);
    return ready == 2;
  };
  const bool is_whole = test::eventually(both_work, 20s);
  INFO(master.get_status().to_json());
  CHECK(is_whole);
}

}  // namespace

TEST_CASE("a worker of a node that stops in its task: the task is begun a second time elsewhere", "[faults][tcp][copies]") {
  {
    mw::Master master{mw::interface("tcp:2")};
    stop_one(master);
  }
  CHECK(test::lan::nothing_is_left());
}

TEST_CASE("a node that stops with its task costs less than its silence", "[faults][tcp][copies]") {
  const test::lan::Lan lan;
  {
    mw::Master master{mw::interface(lan.spec("&lost_after_s=300"))};
    const auto port = test::lan::port_of(master);
    const auto one = lan.node(port, "one", {"--slots", "1"}), two = lan.node(port, "two", {"--slots", "1"});
    REQUIRE(test::lan::has_slots(master, 2));
    const test::TemporaryFolder folder;
    learn(master, folder.path("known"));
    const auto task = master.submit_task<slow_at_first>(folder.path("new"));
    std::string at;
    REQUIRE(test::eventually([&] {
      for (const auto& worker : master.get_status().workers)
        if (!worker.running.empty()) at = worker.name;
      return !at.empty();
    }));
    const auto& slow = at == "tcp worker one/1" ? one : two;
    REQUIRE(test::eventually([&] { return std::filesystem::exists(folder.path("new")); }));
    REQUIRE(::kill(slow->pid(), SIGSTOP) == 0);
    CHECK(master.get_result(task, 60s) == 1);
    CHECK(::kill(slow->pid(), SIGCONT) == 0);
  }
  CHECK(test::lan::nothing_is_left());
}

#ifdef MW_HAVE_MPI
TEST_CASE("a worker of a rank that stops in its task: the task is begun a second time elsewhere", "[faults][mpi][copies]") {
  mw::Master master{mw::interface("mpi:2")};
  stop_one(master);
}
#endif

TEST_CASE("no task is begun twice where the master was told so, or on one machine", "[faults][tcp][copies]") {
  const bool is_here = GENERATE(true, false);
  mw::MasterOptions options;
  options.copy_stragglers = is_here;
  const test::TemporaryFolder folder;
  mw::Master master{mw::interface(is_here ? "multicore:2" : "tcp:2"), options};
  learn(master, folder.path("known"));
  const auto task = master.submit_task<slow_at_first>(folder.path("new"));
  CHECK_THROWS_AS(master.get_result(task, 700ms), mw::TimeoutError);
  CHECK(master.get_status().copies == 0);
  CHECK(master.cancel(task));
}
