// A master whose interface is to have more workers, or fewer, while it works.
#include <catch2/catch.hpp>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "contract/functions.hpp"
#include "support/processes.hpp"

using namespace std::chrono_literals;
using namespace contract;
using Catch::Contains;

namespace {

bool has_workers(const mw::Master& master, std::size_t count) {
  return test::eventually([&] { return master.get_status().ready_workers() == count; }, 60s);
}

mw::WorkerState state_of_worker(const mw::Master& master, const std::string& name) {
  for (const mw::WorkerStatus& worker : master.workers())
    if (worker.name == name) return worker.state;
  return mw::WorkerState::not_started;
}

}  // namespace

TEST_CASE("workers are started and let go while tasks run: nothing is lost, nothing runs twice", "[contract][scale][P20]") {
  mw::Master master{mw::interface("multicore:1")};
  CHECK_THROWS_WITH(master.scale(0), Contains("at least 1"));
  CHECK_THROWS_WITH(master.scale(65'537), Contains("more than 65536"));
  std::vector<mw::Task<std::int64_t>> tasks;
  for (int i = 0; i < 150; ++i) tasks.push_back(master.submit_task<add_slowly>(i, 1, 2));
  master.scale(3);
  CHECK(master.slots() == 3);
  CHECK(has_workers(master, 3));
  for (int i = 0; i < 50; ++i) tasks.push_back(master.submit_task<add_slowly>(150 + i, 1, 2));
  const auto on_third = master.submit_task<process_id>({.worker = "multicore worker 3"});
  master.get_result(on_third);
  master.scale(1);
  CHECK(has_workers(master, 1));
  CHECK(state_of_worker(master, "multicore worker 1") != mw::WorkerState::left);
  CHECK(state_of_worker(master, "multicore worker 2") == mw::WorkerState::left);
  CHECK(state_of_worker(master, "multicore worker 3") == mw::WorkerState::left);
  CHECK(master.slots() == 1);
  for (std::int64_t i = 0; i < 200; ++i) CHECK(master.get_result(tasks[static_cast<std::size_t>(i)]) == i + 1);
  const mw::Status status = master.get_status();
  CHECK(status.finished == 201);
  CHECK(status.attempts == 201);
  CHECK(status.lost + status.retries + status.errors == 0);
  master.scale(2);
  CHECK(has_workers(master, 2));
  const auto on_second = master.submit_task<process_id>({.worker = "multicore worker 2 (process 2)"});
  CHECK(master.get_result(on_second) > 0);
}

TEST_CASE("a worker that runs a long task when it is let go ends it first, and may be wanted again meanwhile",
          "[contract][scale]") {
  mw::Master master{mw::interface("multicore:2")};
  CHECK(has_workers(master, 2));
  const int before = master.get_result(master.submit_task<process_id>({.worker = "multicore worker 2"}));
  const auto slow = master.submit_task<add_slowly>({.worker = "multicore worker 2"}, 1, 2, 150);
  CHECK(test::eventually([&] { return slow.state() == mw::TaskState::running; }));
  master.scale(1);
  master.scale(2);
  master.scale(1);
  const bool is_wanted_again = GENERATE(true, false);
  if (is_wanted_again) master.scale(2);
  CHECK(master.get_result(slow) == 3);
  CHECK(slow.attempts() == 1);
  if (is_wanted_again)
    CHECK(master.get_result(master.submit_task<process_id>({.worker = "multicore worker 2"})) != before);
  else
    CHECK(test::eventually([&] { return state_of_worker(master, "multicore worker 2") == mw::WorkerState::left; }));
  CHECK(has_workers(master, is_wanted_again ? 2 : 1));
  CHECK(master.get_status().lost == 0);
}

TEST_CASE("an interface whose workers cannot be more or fewer says why", "[contract][scale]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  std::size_t scalable = 0;  // of the members of a pool
  for (auto at = spec.find("multicore"); at != spec.npos; at = spec.find("multicore", at + 1)) ++scalable;
  if (scalable == 1) return;
  mw::Master master{mw::interface(spec)};
  CHECK_THROWS_AS(master.scale(2), mw::UsageError);
  CHECK_THROWS_WITH(master.scale(2), Contains(is_pool(spec) ? name_of(spec) : spec.substr(0, spec.find(':'))));
  CHECK(master.get_result(master.submit_task<add>(1, 2)) == 3);
}

TEST_CASE("of a pool, the one member is scaled whose workers can be more or fewer", "[contract][scale][pool]") {
  mw::Master master{mw::interface("serial+multicore:1")};
  master.scale(2);
  CHECK(has_workers(master, 3));
  CHECK(master.slots() == 3);
  master.scale(1);
  CHECK(has_workers(master, 2));
}
