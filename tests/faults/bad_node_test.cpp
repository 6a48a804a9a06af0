// A node on which each worker dies at its first task, beside one that does well.
#include <catch2/catch.hpp>

#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "contract/functions.hpp"
#include "support/captured_stderr.hpp"
#include "support/lan.hpp"
#include "support/processes.hpp"
#include "support/program.hpp"

using namespace contract;
using namespace test::lan;
using namespace std::chrono_literals;

namespace {

/// As where a library is missing, or the memory is bad.
std::int64_t die_where_it_is_bad(std::int64_t index) {
  if (std::getenv("CPPMW_BAD_NODE")) ::_exit(9);
  std::this_thread::sleep_for(5ms);
  return index;
}

/// What starts the workers of a bad node.
std::string bad_runner(const Lan& lan) {
  const std::string path = lan.path("runner");
  std::ofstream{path} << "#!/bin/sh\nCPPMW_BAD_NODE=yes exec \"$@\"\n";
  std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  return path;
}

}  // namespace

TEST_CASE("a node on which every task dies is set aside, and all tasks have the right results", "[faults][tcp][quarantine]") {
  const Lan lan;
  const std::string said = test::stderr_of([&] {
    mw::Master master{mw::interface(lan.spec())};
    const auto good = lan.node(port_of(master), "good", {"--slots", "1"});
    const auto bad = lan.node(port_of(master), "bad", {"--slots", "2", "--runner", bad_runner(lan)});
    REQUIRE(has_slots(master, 3));
    std::vector<mw::Task<std::int64_t>> tasks;
    for (std::int64_t i = 0; i < 60; ++i) tasks.push_back(master.submit_task<die_where_it_is_bad>(i));
    std::uint32_t losses = 0;
    for (std::size_t i = 0; i < tasks.size(); ++i) {
      CHECK(master.get_result(tasks[i]) == static_cast<std::int64_t>(i));
      losses += tasks[i].losses();
    }
    CHECK(losses >= 3);
    CHECK(losses <= 5);  // those that set it aside, and what ran beside them
    CHECK(text_of(master, "nodes_set_aside") == "bad");
    CHECK(test::eventually([&] {
      int set_aside = 0;
      for (const auto& worker : master.get_status().workers) set_aside += worker.state == mw::WorkerState::set_aside;
      return set_aside == 2;
    }));
    // What only this node's worker may do, it still does.
    const auto named = master.submit_task<die_where_it_is_bad>({.worker = "tcp worker bad/2"}, 1);
    CHECK_THROWS_WITH(master.get_result(named), Catch::Contains("9"));
  });
  const auto first = said.find("is set aside for 30 s");
  CHECK(first != std::string::npos);
  CHECK(said.find("is set aside", first + 1) == std::string::npos);
}

TEST_CASE("tasks that die on every node, or on the only one, end with their own error", "[faults][tcp][quarantine]") {
  const Lan lan;
  const auto nodes = GENERATE(1, 2);
  static_cast<void>(test::stderr_of([&] {
    mw::Master master{mw::interface(lan.spec())};
    std::vector<std::unique_ptr<test::Program>> all;
    for (int i = 0; i < nodes; ++i)
      all.push_back(lan.node(port_of(master), "n" + std::to_string(i), {"--slots", "1", "--runner", bad_runner(lan)}));
    REQUIRE(has_slots(master, nodes));
    std::vector<mw::Task<std::int64_t>> tasks;
    for (std::int64_t i = 0; i < 4; ++i) tasks.push_back(master.submit_task<die_where_it_is_bad>(i));
    for (const auto& task : tasks) {
      CHECK_THROWS_WITH(master.get_result(task), Catch::Contains("status 9"));
      CHECK(task.losses() == 4);
    }
  }));
}

TEST_CASE("a task that kills its workers does not cost the nodes their places", "[faults][tcp][quarantine]") {
  const Lan lan;
  static_cast<void>(test::stderr_of([&] {
    mw::Master master{mw::interface(lan.spec())};
    const auto one = lan.node(port_of(master), "one", {"--slots", "1"});
    const auto other = lan.node(port_of(master), "other", {"--slots", "1"});
    REQUIRE(has_slots(master, 2));
    std::vector<mw::Task<std::int64_t>> tasks;
    for (std::int64_t i = 0; i < 20; ++i) tasks.push_back(master.submit_task<die_where_it_is_bad>(i));
    const auto bad = master.submit_task<[](int status) -> int { ::_exit(status); }>(7);
    for (std::int64_t i = 0; i < 20; ++i) tasks.push_back(master.submit_task<die_where_it_is_bad>(i));
    CHECK_THROWS_WITH(master.get_result(bad), Catch::Contains("status 7"));
    for (const auto& task : tasks) CHECK_NOTHROW(master.get_result(task));
    CHECK(has_slots(master, 2));
    CHECK(test::eventually([&] { return std::get<std::string>(said_of(master, "nodes_set_aside", std::string{"?"})).empty(); }));
  }));
}
