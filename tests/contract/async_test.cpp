// Waiting without a thread of one's own: continuations, coroutines, futures.
#include <catch2/catch.hpp>

#include <atomic>
#include <chrono>
#include <fstream>
#include <future>
#include <string>
#include <vector>

#include "contract/functions.hpp"
#include "support/amount.hpp"
#include "support/captured_stderr.hpp"
#include "support/errors.hpp"
#include "support/temporary.hpp"

using namespace std::chrono_literals;
using namespace contract;

namespace {

std::int64_t tripled(std::int64_t x) { return 3 * x; }
std::string joined(const std::string& a, const std::string& b, int times) {
  std::string text = a;
  for (int i = 0; i < times; ++i) text += b;
  return text;
}
std::string letters(std::int64_t count) { return std::string(static_cast<std::size_t>(count), 'x'); }
std::int64_t length(const std::string& text) { return static_cast<std::int64_t>(text.size()); }
std::int64_t one_if(bool is_so) { return is_so ? 1 : 0; }
bool and_so_on(bool is_so) { return is_so; }
std::int64_t seven() { return 7; }
std::int64_t fails_on(std::int64_t x, const std::string& why) {
  if (!why.empty()) throw std::runtime_error{why};
  return x;
}

mw::Async<std::int64_t> chain(mw::Master& master, std::int64_t x) {
  const std::int64_t three = co_await master.get(master.submit_task<tripled>(x));
  const std::int64_t sum = co_await master.get(master.submit_task<add>(three, 1));
  co_return co_await master.get(master.submit_task<tripled>(sum));
}

mw::Async<std::int64_t> sum_of_chains(mw::Master& master, std::int64_t count) {
  std::vector<mw::Async<std::int64_t>> all;
  for (std::int64_t i = 0; i < count; ++i) all.push_back(chain(master, i));
  std::int64_t sum = 0;
  for (auto& one : all) sum += co_await std::move(one);
  co_return sum;
}

mw::Async<> effect(mw::Master& master, std::atomic<int>& done) {
  co_await master.get(master.submit_task<nothing>());
  ++done;
}

mw::Async<std::string> failing(mw::Master& master) {
  try {
    co_await master.get(master.submit_task<throw_runtime_error>("so it is"));
  } catch (const mw::TaskError& e) {
    co_return e.message();
  }
  co_return "nothing failed";
}

mw::Async<std::int64_t> waits_for(mw::Master& master, mw::Task<bool> task) { co_return co_await master.get(task) ? 1 : 0; }

/// Waits for `begin` as it ought to, which takes it into the master's thread, and there for another coroutine, which it
/// may not.
mw::Async<std::int64_t> waits_in_its_own_way(mw::Master& master, std::string begin, std::string end) {
  co_await master.get(master.submit_task<wait_for_file>(begin));
  co_return waits_for(master, master.submit_task<wait_for_file>(end)).get();
}

}  // namespace

TEST_CASE("what a task returns goes on to the next one, with arguments beside it, in chains and from one to many",
          "[contract][async]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  mw::Master master{mw::interface(spec)};
  const auto first = master.submit_task<add>(1, 2);
  const auto nine = first.then<tripled>();
  const auto word = first.then<letters>();
  const auto text = word.then<joined>("ab", 2);
  const auto named = nine.then<add>({.name = "the sum"}, 1);
  CHECK(named.name() == "the sum");
  CHECK(master.get_result(text) == "xxxabab");
  CHECK(master.get_result(named) == 10);
  CHECK(master.get_result(nine) == 9);
  CHECK(master.get_result(first.then<tripled>()) == 9);  // it is done
  CHECK(master.get_result(master.submit_task<nothing>().then<seven>()) == 7);
  auto one = master.submit_task<add>(0, 0);
  for (int i = 0; i < 20; ++i) one = one.then<add>(i);
  CHECK(master.get_result(one) == 190);
  const auto large = master.submit_task<letters>(3'000'000);
  CHECK(master.get_result(large.then<length>()) == 3'000'000);
  CHECK(master.get_result(large).size() == 3'000'000);
  master.wait_all();
  CHECK(master.get_status().finished == 31);
}

TEST_CASE("what follows a task without a result ends as that does, and says which it was", "[contract][async]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  mw::Master master{mw::interface(spec)};
  const auto bad = master.submit_task<fails_on>(1, "it rains");
  auto last = bad.then<tripled>();
  for (int i = 0; i < 1000; ++i) last = last.then<tripled>();
  const mw::TaskError error = test::task_error([&] { master.get_result(last); });
  CHECK(error.cause() == mw::Cause::exception);
  CHECK(error.message() == "task 1 (" + bad.name() + "), whose result it takes, has none: it rains");
  CHECK(last.state() == mw::TaskState::error);
  CHECK(last.attempts() == 0);

  const test::TemporaryFolder folder;
  const auto blocked = master.submit_task<wait_for_file>(folder.path("go"));
  const auto waits = blocked.then<one_if>();
  const auto behind = waits.then<tripled>();
  CHECK(behind.state() == mw::TaskState::submitted);
  CHECK(master.tasks().size() == 1001 + 3);  // all but the one whose error was handed out
  CHECK(master.cancel(waits));
  CHECK_FALSE(master.cancel(waits));
  CHECK(behind.state() == mw::TaskState::cancelled);
  std::ofstream{folder.path("go")} << "now";
  CHECK(master.get_result(blocked));
  CHECK(test::task_error([&] { master.get_result(behind); }).cause() == mw::Cause::cancelled);
}

TEST_CASE("a handle outlives its master, and then nothing follows its task", "[contract][async]") {
  mw::Task<std::int64_t> task, behind;
  const std::string said = test::stderr_of([&] {
    mw::Master master{mw::interface("serial")};
    task = master.submit_task<add>(1, 2);
    master.get_result(task);
    behind = master.submit_task<add_slowly>(1, 2, 50).then<tripled>();
  });
  CHECK(said.find("ended before 2 of its tasks were done") != std::string::npos);
  CHECK(behind.state() == mw::TaskState::cancelled);
  CHECK_THROWS_WITH(task.then<tripled>(), Catch::Contains("its master") || Catch::Contains("the master of task 1"));
  CHECK_THROWS_AS(mw::Task<std::int64_t>{}.then<tripled>(), mw::UsageError);
}

TEST_CASE("coroutines wait for tasks and for each other, many at a time, without a thread each", "[contract][async]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  const test::TemporaryFolder folder;
  mw::Master master{mw::interface(spec)};
  CHECK(chain(master, 4).get() == 39);
  const std::int64_t count = is_volunteer(spec) ? 5 : test::amount(500, 50);
  CHECK(sum_of_chains(master, count).get() == 9 * count * (count - 1) / 2 + 3 * count);
  CHECK(failing(master).get() == "so it is");
  std::atomic<int> done{0};
  auto one = effect(master, done);
  one.get();
  CHECK(one.done());
  CHECK(done == 1);
  auto stuck = waits_in_its_own_way(master, folder.path("begin"), folder.path("end"));
  std::ofstream{folder.path("begin")} << "now";
  CHECK_THROWS_AS(stuck.get(), mw::UsageError);
  std::ofstream{folder.path("end")} << "now";
}

TEST_CASE("a coroutine that waits when its master ends hears of it, and one that nobody asks says that it failed",
          "[contract][async]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  const test::TemporaryFolder folder;
  std::optional<mw::Async<std::int64_t>> waiting;
  const std::string said = test::stderr_of([&] {
    mw::Master master{mw::interface(spec)};
    const auto task = master.submit_task<wait_for_file>(folder.path("go"));
    waiting = waits_for(master, task.then<and_so_on>());
    static_cast<void>(waits_for(master, task.then<and_so_on>()));
    CHECK_FALSE(waiting->done());
    if (spec == "serial") std::ofstream{folder.path("go")} << "now";  // which cannot end the function
  });
  // On serial the function may have ended before its master.
  if (spec == "serial" && said.empty()) {
    CHECK(waiting->get() == 1);
    return;
  }
  CHECK(test::task_error([&] { waiting->get(); }).cause() == mw::Cause::cancelled);
  CHECK(said.find("a coroutine (mw::Async) failed and nobody asked for its result: ") != std::string::npos);
}

TEST_CASE("a future has the result, or the error, and one of a task that its master ends, too", "[contract][async]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  std::future<std::int64_t> never;
  const std::string said = test::stderr_of([&] {  // the master says that it ended tasks
    mw::Master master{mw::interface(spec)};
    const auto sum = master.submit_task<add>(20, 22);
    CHECK(master.future(sum).get() == 42);
    CHECK(master.future(sum).get() == 42);
    master.future(master.submit_task<nothing>()).get();
    auto bad = master.future(master.submit_task<throw_runtime_error>("no"));
    CHECK(test::task_error([&] { bad.get(); }).message() == "no");
    never = master.future(master.submit_task<add_slowly>(1, 2, 30).then<tripled>());
  });
  CHECK(test::task_error([&] { never.get(); }).cause() == mw::Cause::cancelled);
}
