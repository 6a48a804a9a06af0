#include <catch2/catch.hpp>

#include <atomic>
#include <chrono>
#include <cmath>
#include <fstream>
#include <functional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "contract/functions.hpp"
#include "support/errors.hpp"
#include "support/temporary.hpp"

using namespace std::chrono_literals;
using namespace contract;

namespace {

/// A task that runs until it is let go.
struct Blocked {
  explicit Blocked(mw::Master& master) : task{master.submit_task<wait_for_file>(folder.path("go"))} {}
  void let_go() const { std::ofstream{folder.path("go")} << "now"; }

  const test::TemporaryFolder folder;
  const mw::Task<bool> task;
};

std::string timeout_text(const std::function<void()>& call) {
  try {
    call();
  } catch (const mw::TimeoutError& e) {
    return e.what();
  }
  return {};
}

}  // namespace

TEST_CASE("what is not done in the time given is a TimeoutError, and the task goes on", "[contract][waiting]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  mw::Master master{mw::interface(spec)};
  const Blocked blocked{master};
  const std::string said = timeout_text([&] { master.get_result(blocked.task, 30ms); });
  CHECK(said.find("task 1 (contract::wait_for_file(std::string const&)) is not done after 0.03 s: it is ") == 0);
  CHECK_THROWS_AS(master.get_result(blocked.task, 0s), mw::TimeoutError);
  CHECK_THROWS_AS(master.get_result(blocked.task, -1h), mw::TimeoutError);
  CHECK_THROWS_AS(master.get_result(std::vector{blocked.task}, 10ms), mw::TimeoutError);
  CHECK_THROWS_AS(master.get_result(10ms), mw::TimeoutError);
  CHECK_FALSE(blocked.task.done());
  blocked.let_go();
  master.get_result(blocked.task, std::chrono::hours::max());  // as long as it takes
  CHECK(blocked.task.done());
}

TEST_CASE("try_get_result looks, or waits a little, for one task, for one of several, and for the next of all",
          "[contract][waiting]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  mw::Master master{mw::interface(spec)};
  const Blocked blocked{master};
  const std::vector list{blocked.task};
  CHECK_FALSE(master.try_get_result(blocked.task));
  CHECK_FALSE(master.try_get_result(blocked.task, 5ms));
  CHECK_FALSE(master.try_get_result(list));
  CHECK_FALSE(master.try_get_result(list, 5ms));
  CHECK_FALSE(master.try_get_result());
  CHECK_FALSE(master.try_get_result(5ms));
  blocked.let_go();
  CHECK(master.try_get_result(list, 1h)->index == 0);
  const auto sum = master.submit_task<add>(1, 2);
  const auto next = master.try_get_result(1h);
  REQUIRE(next);
  CHECK(*next == sum);
  CHECK(next->result<std::int64_t>() == 3);
  CHECK(master.try_get_result(sum, 1h) == 3);
  // As get_result: there is nothing that could come.
  CHECK(test::task_error([&] { std::ignore = master.try_get_result(); }).cause() == mw::Cause::nothing_to_wait_for);
  CHECK(test::task_error([&] { std::ignore = master.try_get_result(list); }).cause() == mw::Cause::nothing_to_wait_for);
}

TEST_CASE("as_completed with a timeout gives what is done in time, then a TimeoutError, and the rest is had later",
          "[contract][waiting]") {
  const auto spec = GENERATE(from_range(specs_with_lasting_workers()));
  if (spec.starts_with("serial")) return;  // one task at a time
  INFO(spec);
  mw::Master master{mw::interface(spec)};
  const Blocked blocked{master};
  const auto quick = master.submit_task<wait_for_file>(blocked.folder.path("."));
  master.get_result(quick);
  const std::vector list{blocked.task, quick};
  std::set<std::size_t> seen;
  const auto go_through = [&](mw::Timeout timeout) {
    for (const auto& done : master.as_completed(list, timeout)) seen.insert(done.index);
  };
  CHECK_THROWS_AS(go_through(50ms), mw::TimeoutError);
  CHECK(seen == std::set<std::size_t>{1});
  blocked.let_go();
  go_through(1h);
  CHECK(seen == std::set<std::size_t>{0, 1});
}

TEST_CASE("wait_all says whether all were done in the time given", "[contract][waiting]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  mw::Master master{mw::interface(spec)};
  CHECK(master.wait_all(0s));
  const Blocked blocked{master};
  CHECK_FALSE(master.wait_all(0s));
  CHECK_FALSE(master.wait_all(20ms));
  blocked.let_go();
  CHECK(master.wait_all(1h));
}

TEST_CASE("who waits for a while does not keep others from their results, whoever runs the loop", "[contract][waiting]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  mw::Master master{mw::interface(spec)};
  const Blocked blocked{master};
  std::thread patient{[&] { master.get_result(blocked.task); }};
  std::vector<std::thread> hasty;
  std::atomic<int> timeouts{0};
  for (int t = 0; t < 3; ++t)
    hasty.emplace_back([&, t] {
      for (int i = 0; i < 10; ++i)
        if (!master.try_get_result(blocked.task, std::chrono::milliseconds{t})) ++timeouts;
    });
  for (auto& thread : hasty) thread.join();
  CHECK(timeouts == 30);
  blocked.let_go();
  patient.join();
}

TEST_CASE("a timeout that is not a number is refused", "[contract][waiting]") {
  mw::Master master{mw::interface("serial")};
  const auto task = master.submit_task<add>(1, 2);
  CHECK_THROWS_AS(master.get_result(task, mw::Timeout{std::nan("")}), mw::UsageError);
  CHECK(master.get_result(task) == 3);
}

TEST_CASE("the list of tasks has those that are not done and those that nobody has asked for, in order", "[contract][waiting]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  mw::Master master{mw::interface(spec)};
  CHECK(master.tasks().empty());
  const auto sum = master.submit_task<add>(1, 2);
  const auto difference = master.submit_task<add>(1, -2);
  master.wait_all();
  const Blocked blocked{master};
  const auto waiting = master.submit_task<add>({.name = "the last"}, 3, 4);
  std::vector<mw::TaskHandle> tasks = master.tasks();
  REQUIRE(tasks.size() >= 3);
  CHECK(tasks[0] == sum);
  CHECK(tasks[0].state() == mw::TaskState::finished);
  CHECK(tasks[1] == difference);
  CHECK(tasks[2] == blocked.task);
  CHECK(tasks.back().name() == "the last");
  CHECK(master.get_result(sum) == 3);
  CHECK(master.tasks().front() == difference);
  CHECK(master.cancel(tasks[2]));
  blocked.let_go();  // a thread of serial cannot be stopped
  CHECK(master.get_result(waiting) == 7);
  CHECK(master.get_result(difference) == -1);
  for (const long value : master.map<add>(std::vector<std::pair<long, long>>{{1, 1}})) CHECK(value == 2);
  tasks = master.tasks();
  REQUIRE(tasks.size() == 1);  // the cancelled one, until it is asked for or its handles are gone
  CHECK(tasks[0] == blocked.task);
}
