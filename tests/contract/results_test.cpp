// The contract of every interface: results, and the ways to ask for them. PyMW's own cases, and promises P1 to P4.
#include <catch2/catch.hpp>

#include <atomic>
#include <fstream>
#include <map>
#include <set>
#include <thread>

#include "contract/functions.hpp"
#include "support/amount.hpp"
#include "support/errors.hpp"
#include "support/processes.hpp"
#include "support/temporary.hpp"

using namespace contract;

namespace {

template <class Call>
mw::Cause cause_of(const Call& call) {
  return test::task_error(call).cause();
}

std::vector<mw::Task<std::int64_t>> submit_sums(mw::Master& master, int count) {
  std::vector<mw::Task<std::int64_t>> tasks;
  for (int i = 0; i < count; ++i) tasks.push_back(master.submit_task<add>(i, 1000));
  return tasks;
}

}  // namespace

TEST_CASE("results come by task, each the right one", "[contract][results]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  mw::Master master{mw::interface(spec)};
  const auto tasks = submit_sums(master, 100);
  for (int i = 99; i >= 0; --i) CHECK(master.get_result(tasks[static_cast<std::size_t>(i)]) == 1000 + i);
}

TEST_CASE("results come from a list of tasks, any one, each once", "[contract][results]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  mw::Master master{mw::interface(spec)};
  const auto tasks = submit_sums(master, 50);
  std::set<std::size_t> seen;
  for (int i = 0; i < 50; ++i) {
    const auto finished = master.get_result(tasks);
    CHECK(seen.insert(finished.index).second);
    CHECK(finished.task == tasks[finished.index]);
    CHECK(finished.value == 1000 + static_cast<std::int64_t>(finished.index));
  }
  CHECK(cause_of([&] { master.get_result(tasks); }) == mw::Cause::nothing_to_wait_for);
}

TEST_CASE("results come from all tasks, the next one, each once", "[contract][results]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  mw::Master master{mw::interface(spec)};
  const auto tasks = submit_sums(master, 50);
  std::int64_t sum = 0;
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 50; ++i) {
    const mw::FinishedTask task = master.get_result();
    CHECK(seen.insert(task.id()).second);
    sum += task.result<std::int64_t>();
  }
  CHECK(sum == 50 * 1000 + 49 * 50 / 2);
  CHECK(cause_of([&] { master.get_result(); }) == mw::Cause::nothing_to_wait_for);
}

TEST_CASE("try_get_result is empty until the task is done", "[contract][results]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  mw::Master master{mw::interface(spec)};
  const auto slow = master.submit_task<add_slowly>(1, 2, 500);
  CHECK_FALSE(master.try_get_result(slow).has_value());
  std::optional<std::int64_t> result;
  REQUIRE(test::eventually([&] { return (result = master.try_get_result(slow)).has_value(); }));
  CHECK(*result == 3);
  const auto empty = master.submit_task<nothing>();
  REQUIRE(test::eventually([&] { return master.try_get_result(empty); }));
}

TEST_CASE("P2: a result is readable again while its handle lives, with its master or without", "[contract][results][P2]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  std::optional<mw::Master> master{std::in_place, mw::interface(spec)};
  const auto task = master->submit_task<add>(2, 3);
  for (int i = 0; i < 3; ++i) CHECK(master->get_result(task) == 5);
  CHECK(master->try_get_result(task) == 5);
  master.reset();
  CHECK(task.state() == mw::TaskState::finished);
  CHECK(task.name() == "contract::add(long, long)");
}

TEST_CASE("P2: a foreign task is an error at once, alone or in a list", "[contract][results][P2]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  mw::Master master{mw::interface(spec)};
  mw::Master other{mw::interface("serial")};
  const auto foreign = other.submit_task<add>(1, 1);
  CHECK(cause_of([&] { master.get_result(foreign); }) == mw::Cause::not_submitted);
  CHECK(cause_of([&] { master.try_get_result(foreign); }) == mw::Cause::not_submitted);
  const std::vector<mw::Task<std::int64_t>> list{master.submit_task<add>(1, 1), foreign};
  CHECK(cause_of([&] { master.get_result(list); }) == mw::Cause::not_submitted);
  const std::vector<mw::Task<std::int64_t>> foreigners{foreign, foreign};
  CHECK(cause_of([&] { master.get_result(foreigners); }) == mw::Cause::not_submitted);
  CHECK(cause_of([&] { master.get_result(mw::Task<std::int64_t>{}); }) == mw::Cause::not_submitted);
}

TEST_CASE("asking when nothing was submitted is an error at once", "[contract][results]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  mw::Master master{mw::interface(spec)};
  CHECK(cause_of([&] { master.get_result(); }) == mw::Cause::nothing_to_wait_for);
  CHECK(cause_of([&] { master.get_result(std::vector<mw::Task<int>>{}); }) == mw::Cause::nothing_to_wait_for);
}

TEST_CASE("a result asked for as another type is a clear error", "[contract][results]") {
  mw::Master master{mw::interface("serial")};
  std::ignore = master.submit_task<add>(1, 1);
  const auto task = master.get_result();
  CHECK_THROWS_AS(task.result<std::string>(), mw::UsageError);
  CHECK(task.result<std::int64_t>() == 2);
}

TEST_CASE("P4: tasks come back in the order in which they finish", "[contract][results][P4]") {
  const auto spec = GENERATE(from_range(specs_with_processes()));
  INFO(spec);
  const test::TemporaryFolder folder;
  const std::string gate = folder.path("gate");
  mw::Master master{mw::interface(with_workers(spec, 2))};
  const auto slow = master.submit_task<wait_for_file>(gate);
  std::vector<mw::Task<std::int64_t>> fast;
  for (int i = 0; i < 5; ++i) fast.push_back(master.submit_task<add_slowly>(i, 0, 20));
  for (const auto& task : fast) CHECK(master.get_result() == task);
  std::ofstream{gate} << "open";
  CHECK(master.get_result() == slow);
}

TEST_CASE("P4: on one worker, the order of completion is the order of submission", "[contract][results][P4]") {
  const auto spec = GENERATE(as<std::string>{}, "serial", "multicore:1");
  INFO(spec);
  mw::Master master{mw::interface(spec)};
  const auto tasks = submit_sums(master, 200);
  test::eventually([&] { return master.get_status().finished == 200; });
  for (const auto& task : tasks) CHECK(master.get_result() == task);
}

TEST_CASE("P1: submits from many threads, with pauses at every step, all finish", "[contract][results][P1]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  mw::Master master{mw::interface(spec)};
  std::atomic<std::int64_t> sum{0};
  std::vector<std::thread> threads;
  const int count = is_volunteer(spec) ? 25 : 100;  // each goes over the network and back by itself there
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < count; ++i) {
        if (i % 5 == t) std::this_thread::sleep_for(std::chrono::microseconds{50 * (i % 7)});
        const auto task = master.submit_task<add>(t, i);
        if (i % 3 == t % 3) std::this_thread::sleep_for(std::chrono::microseconds{30 * (i % 11)});
        sum += master.get_result(task);
      }
    });
  for (auto& thread : threads) thread.join();
  CHECK(sum == count * (0 + 1 + 2 + 3) + 4 * (count * (count - 1) / 2));
}

TEST_CASE("many threads share the results of all tasks, each result once", "[contract][results]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  mw::Master master{mw::interface(spec)};
  submit_sums(master, 400);
  std::atomic<std::int64_t> sum{0};
  std::atomic<int> count{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t)
    threads.emplace_back([&] {
      try {
        while (true) {
          sum += master.get_result().result<std::int64_t>();
          ++count;
        }
      } catch (const mw::TaskError& e) {
        if (e.cause() != mw::Cause::nothing_to_wait_for) throw;
      }
    });
  for (auto& thread : threads) thread.join();
  CHECK(count == 400);
  CHECK(sum == 400 * 1000 + 399 * 400 / 2);
}

TEST_CASE("arguments are converted as in a call, and lambdas and functions without a result work", "[contract][results]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  mw::Master master{mw::interface(spec)};
  CHECK(master.get_result(master.submit_task<add>(std::int8_t{-1}, 2.0f)) == 1);
  CHECK(master.get_result(master.submit_task<[](int x, std::string s) { return s + std::to_string(x); }>(5, "n")) == "n5");
  master.get_result(master.submit_task<nothing>());
}

TEST_CASE("large arguments and results go through", "[contract][results]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  mw::Master master{mw::interface(spec)};
  const std::vector<double> values(1 << 20, 1.5);
  std::vector<mw::Task<std::vector<double>>> tasks;
  for (int i = 0; i < 6; ++i) tasks.push_back(master.submit_task<twice>(values));
  for (const auto& task : tasks) {
    const auto result = master.get_result(task);
    CHECK(result.size() == values.size());
    CHECK(result.back() == 3.0);
  }
}

namespace {

/// Shared memory that this process has mapped.
std::size_t shared_kb() {
  std::ifstream maps{"/proc/self/smaps_rollup"};
  std::size_t kb = 0;
  for (std::string word; maps >> word;)
    if (word == "Pss_Shmem:") maps >> kb;
  return kb;
}

}  // namespace

TEST_CASE("P32: a very large payload goes there and back, and its memory is given back", "[contract][results][P32]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  mw::Master master{mw::interface(spec)};
  constexpr std::size_t size = std::size_t{test::amount(96u, 24u)} << 20;
  const std::size_t before = shared_kb();
  for (int round = 0; round < 2; ++round) {
    const auto task = master.submit_task<[](std::vector<std::byte> bytes) { return bytes; }>([] {
      std::vector<std::byte> bytes(size, std::byte{1});
      bytes.back() = std::byte{2};
      return bytes;
    }());
    const auto bytes = master.get_result(task);
    REQUIRE(bytes.size() == size);
    CHECK(bytes.front() == std::byte{1});
    CHECK(bytes.back() == std::byte{2});
  }
  CHECK(shared_kb() < before + 80 * 1024);  // what the pools may keep, and a little
}

TEST_CASE("several masters with different interfaces live in one program", "[contract][results]") {
  std::vector<std::unique_ptr<mw::Master>> masters;
  for (const auto& spec : specs())
    for (int i = 0; i < 2; ++i) masters.push_back(std::make_unique<mw::Master>(mw::interface(spec)));
  std::vector<mw::Task<std::int64_t>> tasks;
  for (const auto& master : masters) tasks.push_back(master->submit_task<add_slowly>(1, 2, 20));
  for (std::size_t i = 0; i < masters.size(); ++i) CHECK(masters[i]->get_result(tasks[i]) == 3);
}
