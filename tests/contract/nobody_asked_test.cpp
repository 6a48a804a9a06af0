// The contract of every interface: tasks that nobody asks for again.
#include <catch2/catch.hpp>

#include <algorithm>
#include <exception>
#include <filesystem>
#include <fstream>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "contract/functions.hpp"
#include "support/captured_stderr.hpp"
#include "support/errors.hpp"
#include "support/processes.hpp"
#include "support/temporary.hpp"

using namespace contract;

namespace {

void touch(const std::string& path) { std::ofstream{path} << "x"; }

int throw_if_odd(int x) {
  if (x % 2) throw std::domain_error{"odd: " + std::to_string(x)};
  return x;
}

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

}  // namespace

TEST_CASE("wait_all waits for every task, its handle kept or not, and hands none out", "[contract][wait_all]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  const test::TemporaryFolder folder;
  mw::Master master{mw::interface(spec)};
  master.wait_all();  // nothing to wait for
  const auto kept = master.submit_task<add>(1, 2);
  for (int i = 0; i < 20; ++i) std::ignore = master.submit_task<touch>(folder.path(std::to_string(i)));
  master.wait_all();
  for (int i = 0; i < 20; ++i) CHECK(std::filesystem::exists(folder.path(std::to_string(i))));
  CHECK(kept.state() == mw::TaskState::finished);
  CHECK(master.get_status().unread == 21);
  for (int i = 0; i < 21; ++i) master.get_result();
  CHECK(master.get_status().unread == 0);
}

TEST_CASE("wait_all throws the first error that nobody has asked for, when all tasks are done, and each one once",
          "[contract][wait_all]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  mw::Master master{mw::interface(spec)};
  const auto seen = master.submit_task<throw_if_odd>(5);
  CHECK(test::error_of(master, seen).message() == "odd: 5");
  for (int i = 0; i < 4; ++i) std::ignore = master.submit_task<throw_if_odd>(i);
  for (int i = 0; i < 2; ++i) {
    CHECK(test::task_error([&] { master.wait_all(); }).message().find("odd: ") == 0);
    const auto status = master.get_status();
    CHECK(status.finished + status.errors == 5);
  }
  master.wait_all();
}

TEST_CASE("the end of a master says once on stderr how many tasks it cancelled and how many errors nobody asked for",
          "[contract][wait_all]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  const test::TemporaryFolder folder;
  std::optional<mw::Master> master{std::in_place, mw::interface(spec)};
  std::vector<mw::Task<int>> failing;
  for (const int i : {1, 3, 5}) failing.push_back(master->submit_task<throw_if_odd>(i));
  REQUIRE(test::eventually([&] { return failing[0].done() && failing[1].done() && failing[2].done(); }));
  CHECK_THROWS_AS(master->get_result(failing[1]), mw::TaskError);
  std::vector<mw::Task<bool>> open;
  for (int i = 0; i < 8; ++i) open.push_back(master->submit_task<wait_for_file>(folder.path("go")));
  const auto given_up = master->submit_task<wait_for_file>(folder.path("go"));
  CHECK(master->cancel(given_up));
  // serial's master waits for the function that runs.
  std::thread other{[&] {
    test::eventually([&] { return open.back().state() == mw::TaskState::cancelled; });
    touch(folder.path("go"));
  }};
  const std::string text = test::stderr_of([&] { master.reset(); });
  other.join();
  CHECK(count_of(text, "ended before 8 of its tasks were done") == 1);
  CHECK(count_of(text, "2 tasks of the master have no result and nobody asked for it") == 1);
  CHECK(count_of(text, "odd: ") == 1);
}

TEST_CASE("the end of a master whose tasks were all asked for is silent", "[contract][wait_all]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  std::optional<mw::Master> master{std::in_place, mw::interface(spec)};
  CHECK(master->get_result(master->submit_task<add>(1, 2)) == 3);
  CHECK_THROWS_AS(master->get_result(master->submit_task<throw_if_odd>(1)), mw::TaskError);
  std::ignore = master->submit_task<nothing>();
  master->map<throw_if_odd>(std::vector<int>(100, 2)).run();
  master->wait_all();
  CHECK(test::stderr_of([&] { master.reset(); }) == "");
}

TEST_CASE("P12: what was cancelled and whose handle is gone is gone", "[contract][wait_all][P12]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  const test::TemporaryFolder folder;
  mw::Master master{mw::interface(spec)};
  // They keep the workers, so that what is cancelled waits.
  std::vector<mw::Task<bool>> blockers;
  for (std::size_t i = 0; i < std::max<std::size_t>(master.slots(), 2); ++i)
    blockers.push_back(master.submit_task<wait_for_file>(folder.path("go")));
  // A call of which nobody knows how long it takes goes before the second one of these.
  if (!is_volunteer(spec)) REQUIRE(test::eventually([&] { return master.get_status().running == master.slots(); }));
  const auto run = [&](int count) {
    for (int i = 0; i < count; ++i) CHECK(master.cancel(master.submit_task<add>(i, i)));
  };
  run(1000);
  if (is_volunteer(spec)) {
    // Its server has a thread of its own, which lets go of them a little later.
    CHECK(test::eventually([&] { return run(100), master.get_status().unread < 300; }));
  } else {
    const std::size_t before = test::allocated_bytes();
    run(8000);
    // The loop may have some of them still before it; and a table that grew while the loop was behind keeps its size.
    const bool is_flat = test::eventually([&] { return test::allocated_bytes() < before + 500'000; });
    INFO(before << " bytes before, " << test::allocated_bytes() << " after");
    CHECK(is_flat);
    CHECK(master.get_status().unread < 200);
    CHECK(master.get_status().cancelled == 9000);
  }
  touch(folder.path("go"));
  for (const auto& blocker : blockers) CHECK(master.get_result(blocker));
  if (is_volunteer(spec)) return;  // what lies in a workunit is not gone before that is back
  // Nor does "the next of all" hand them out.
  CHECK(test::task_error([&] { master.get_result(); }).cause() == mw::Cause::nothing_to_wait_for);
}

TEST_CASE("what was cancelled and has a handle is handed out as cancelled", "[contract][wait_all]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  const test::TemporaryFolder folder;
  mw::Master master{mw::interface(spec)};
  std::vector<mw::Task<bool>> tasks;
  for (int i = 0; i < 200; ++i) tasks.push_back(master.submit_task<wait_for_file>(folder.path("go")));
  for (int i = 2; i < 200; ++i) CHECK(master.cancel(tasks[static_cast<std::size_t>(i)]));
  for (int i = 2; i < 200; ++i) CHECK(test::task_error([&] { master.get_result(); }).cause() == mw::Cause::cancelled);
  touch(folder.path("go"));
  for (int i = 0; i < 2; ++i) CHECK(master.get_result().result<bool>());
}
