// Several interfaces as one, with members that do what a test tells them.
#include <catch2/catch.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "pool/pool_bench.hpp"
#include "support/captured_stderr.hpp"
#include "support/errors.hpp"

using namespace mw;
using Catch::Contains;
using test::controls;
using test::pool_of;

namespace {

std::int64_t twice_in_pool(std::int64_t x) { return 2 * x; }

void check_all(Master& master, const std::vector<Task<std::int64_t>>& tasks) {
  for (std::size_t i = 0; i < tasks.size(); ++i) CHECK(master.get_result(tasks[i]) == static_cast<std::int64_t>(2 * i));
}

std::vector<Task<std::int64_t>> submit_some(Master& master, std::int64_t count) {
  std::vector<Task<std::int64_t>> tasks;
  for (std::int64_t i = 0; i < count; ++i) tasks.push_back(master.submit_task<twice_in_pool>(i));
  return tasks;
}

Outcome late_outcome() {
  Outcome outcome;
  outcome.failure.emplace().message = "late";
  return outcome;
}

WorkerStatus status_of(Master& master, const std::string& worker) {
  for (const WorkerStatus& one : master.get_status().workers)
    if (one.name == worker) return one;
  return {};
}

}  // namespace

TEST_CASE("tasks go to the workers of all members, each to the member that it is of", "[pool]") {
  const auto eels = controls("eel"), squids = controls("squid");
  eels->workers = squids->workers = 3;
  eels->finishes = squids->finishes = false;
  Master master{pool_of({eels, squids})};
  CHECK(master.get_status().interface_name == "eel+squid");
  const auto tasks = submit_some(master, 6);
  REQUIRE(test::eventually([&] { return eels->tasks().size() + squids->tasks().size() == 6; }));
  CHECK(eels->tasks().size() == 3);
  CHECK(squids->tasks().size() == 3);
  for (const auto& member : {eels, squids})
    for (const TaskRef& task : member->tasks()) member->host->task_finished(task, run_here(task));
  check_all(master, tasks);
  CHECK(eels->calls_of("flush") > 0);
  CHECK(master.get_status().ready_workers() == 6);
}

TEST_CASE("what is stopped, and what is forgotten, goes to the members that it is for", "[pool]") {
  const auto eels = controls("eel"), squids = controls("squid");
  eels->finishes = squids->finishes = false;
  Master master{pool_of({eels, squids})};
  const auto task = master.submit_task<twice_in_pool>({.worker = "squid worker 1"}, 1);
  REQUIRE(test::eventually([&] { return squids->tasks().size() == 1; }));
  CHECK(master.cancel(task));
  CHECK(squids->calls_of("revoke") + squids->calls_of("abort") >= 1);
  CHECK(eels->calls_of("revoke") + eels->calls_of("abort") == 0);
  CHECK(eels->calls_of("wrong") + squids->calls_of("wrong") == 0);
  { const auto value = master.share(std::string(100, 'x')); }
  CHECK(test::eventually([&] { return eels->calls_of("forget") == 1 && squids->calls_of("forget") == 1; }));
}

TEST_CASE("a worker number of no member is one that the pool does not know", "[pool]") {
  struct NoHost final : InterfaceHost {
    void task_started(const TaskRef&, WorkerId) override {}
    void task_progress(const TaskRef&, double) override {}
    void task_part(const TaskRef&, Bytes) override {}
    void task_checkpoint(const TaskRef&, Bytes) override {}
    void task_finished(const TaskRef&, Outcome) override {}
    void task_lost(const TaskRef&, Outcome) override {}
    void task_returned(const TaskRef&) override {}
    void task_split(const TaskRef&, std::uint32_t) override {}
    WorkerId worker_joined(WorkerInfo) override { return WorkerId{7}; }
    void worker_leaves(WorkerId) override {}
    void worker_rests(WorkerId, bool) override {}
    void worker_left(WorkerId, std::vector<LostTask>) override {}
    void no_worker_possible(std::string) override {}
    void interface_failed(std::string) override {}
    void room_available() override {}
    std::size_t tasks_waiting() const override { return 5; }
    bool is_needed(WorkerId worker) const override { return worker == WorkerId{7}; }
    void post(std::function<void()>) override {}
    void post_to_thread(std::function<void()>) override {}
    boost::asio::io_context& io() override { throw std::logic_error{"none"}; }
  } host;
  const auto eels = controls("eel");
  const auto pool = pool_of({eels});
  pool->set_host(host);
  pool->start();
  CHECK(eels->ids == std::vector{WorkerId{7}});
  CHECK(eels->host->tasks_waiting() == 5);
  CHECK(eels->host->is_needed(WorkerId{7}));
  CHECK_FALSE(eels->host->is_needed(WorkerId{8}));
  for (const std::uint32_t number : {0U, 6U, 8U, 4'294'967'295U}) {
    CHECK_FALSE(pool->revoke_task({}, WorkerId{number}));
    pool->abort_task({}, WorkerId{number});
  }
  CHECK(pool->revoke_task({}, WorkerId{7}) == false);
  CHECK(eels->calls_of("revoke") == 1);
  CHECK(eels->calls_of("wrong") + eels->calls_of("abort") == 0);
}

TEST_CASE("if a member does not start, those before it are ended, and the error names it", "[pool]") {
  const auto eels = controls("eel"), squids = controls("squid"), whales = controls("whale");
  squids->fails_with = "no ink";
  CHECK_THROWS_WITH(Master{pool_of({eels, squids, whales})}, "\"squid\" could not start in the pool: no ink");
  CHECK(eels->calls_of("stop") == 1);
  CHECK(squids->calls_of("stop") == 1);
  CHECK(whales->calls_of("start") + whales->calls_of("stop") == 0);

  Master master{pool_of({controls("crab"), controls("crab")})};
  const auto before = submit_some(master, 10);
  check_all(master, before);
  CHECK_THROWS_WITH(master.set_interface(pool_of({whales, squids})), Contains("\"squid\" could not start"));
  CHECK(whales->calls_of("stop") == 1);
  const auto tasks = submit_some(master, 10);
  master.set_interface(pool_of({controls("crab"), controls("eel")}));
  check_all(master, tasks);
  master.set_interface(std::make_unique<test::FakeMember>(controls("eel")));
  check_all(master, submit_some(master, 10));
}

TEST_CASE("a pool has stopped when all of its members have", "[pool]") {
  const auto eels = controls("eel"), squids = controls("squid");
  eels->stops_at_once = squids->stops_at_once = false;
  std::atomic<bool> has_ended{false};
  std::thread end{[&] {
    { Master master{pool_of({eels, squids})}; }
    has_ended = true;
  }};
  REQUIRE(test::eventually([&] { return eels->calls_of("stop") == 1 && squids->calls_of("stop") == 1; }));
  eels->stopped();
  eels->stopped();  // said twice, it counts once
  std::this_thread::sleep_for(std::chrono::milliseconds{30});
  CHECK_FALSE(has_ended);
  squids->stopped();
  end.join();
  CHECK(has_ended);
  squids->stopped();  // the pool is gone
}

TEST_CASE("a member that fails takes no task along and is ended, and the others go on", "[pool]") {
  const auto eels = controls("eel"), squids = controls("squid");
  squids->workers = 2;
  squids->finishes = eels->finishes = false;
  squids->status["ink"] = std::int64_t{3};
  Master master{pool_of({eels, squids})};
  const auto tasks = submit_some(master, 3);
  REQUIRE(test::eventually([&] { return eels->tasks().size() == 1 && squids->tasks().size() == 2; }));
  const std::string said = test::stderr_of([&] {
    std::thread{[&] { squids->host->interface_failed("the reef is gone"); }}.join();
    REQUIRE(test::eventually([&] { return squids->calls_of("stop") == 1; }));
    squids->host->interface_failed("gone again");
  });
  CHECK_THAT(said, Contains("the pool goes on without \"squid\", which has failed: squid: the reef is gone"));
  CHECK_THAT(said, !Contains("gone again"));

  // What it still says changes nothing.
  for (const TaskRef& task : squids->tasks()) {
    squids->host->task_finished(task, late_outcome());
    std::vector<LostTask> lost;
    lost.push_back({task, late_outcome()});
    squids->host->worker_left(squids->ids[0], std::move(lost));
  }
  squids->host->no_worker_possible("late");
  const WorkerId late = squids->join();
  CHECK(late != squids->join());
  squids->host->worker_leaves(late);
  squids->host->worker_left(late, {});

  eels->finishes = true;
  eels->host->task_finished(eels->tasks()[0], run_here(eels->tasks()[0]));
  check_all(master, tasks);
  const Status status = master.get_status();
  CHECK(status.interface_status == "ok");
  CHECK(status.finished == 3);
  CHECK(status.lost == 0);
  CHECK(status.retries == 0);
  CHECK(status.ready_workers() == 1);
  CHECK(status.workers.size() == 3);
  CHECK(std::get<std::string>(status.interface.at("squid_failed")) == "the reef is gone");
  CHECK(status.interface.count("squid_ink") == 0);
  const WorkerStatus lost = status_of(master, "squid worker 2");
  CHECK(lost.state == WorkerState::lost);
  CHECK(lost.note == "the reef is gone");
  CHECK_THROWS_WITH(master.get_result(master.submit_task<twice_in_pool>({.worker = "squid worker 2"}, 1)),
                    Contains("which is gone: the reef is gone"));
  CHECK(squids->calls_of("stop") == 1);
}

TEST_CASE("when the last member fails, the pool has failed, and another interface goes on with its tasks", "[pool]") {
  const auto eels = controls("eel"), squids = controls("squid");
  squids->finishes = eels->finishes = false;
  Master master{pool_of({eels, squids})};
  const auto tasks = submit_some(master, 4);
  REQUIRE(test::eventually([&] { return eels->tasks().size() == 1 && squids->tasks().size() == 1; }));
  static_cast<void>(test::stderr_of([&] { squids->host->interface_failed("the reef is gone"); }));
  eels->host->interface_failed("eel: no water");
  CHECK_THROWS_WITH(master.get_result(tasks[0]), "the interface \"eel+squid\" failed: eel: no water; squid: the reef is gone");
  CHECK(master.get_status().interface_status == "error");
  master.set_interface(pool_of({controls("crab"), controls("whale")}));
  CHECK(eels->calls_of("stop") == 1);
  CHECK(squids->calls_of("stop") == 1);
  check_all(master, tasks);
  CHECK(master.get_status().lost == 0);
}

TEST_CASE("tasks end with no worker when no member can have one, not before", "[pool]") {
  const auto eels = controls("eel"), squids = controls("squid");
  squids->workers = eels->workers = 0;
  Master master{pool_of({eels, squids})};
  const auto tasks = submit_some(master, 2);
  const std::string said = test::stderr_of([&] { squids->host->no_worker_possible("no ink"); });
  CHECK_THAT(said, Contains("the pool goes on without workers of \"squid\": squid: no ink"));
  CHECK(std::get<std::string>(master.get_status().interface.at("squid_no_worker")) == "no ink");
  CHECK(tasks[0].state() == TaskState::submitted);
  const WorkerId worker = eels->join();
  check_all(master, tasks);
  eels->host->worker_left(worker, {});

  // One that gets a worker after all has changed its mind.
  squids->host->worker_left(squids->join(), {});
  CHECK(master.get_status().interface.count("squid_no_worker") == 0);
  static_cast<void>(test::stderr_of([&] { eels->host->no_worker_possible("no water"); }));
  const auto waits = master.submit_task<twice_in_pool>(1);
  CHECK(master.get_status().errors == 0);
  const bool fails = GENERATE(false, true);
  static_cast<void>(test::stderr_of([&] {
    if (fails)
      squids->host->interface_failed("no reef");
    else
      squids->host->no_worker_possible("no reef");
  }));
  const auto error = test::error_of(master, waits);
  CHECK(error.cause() == Cause::no_worker);
  CHECK(error.message() == "eel: no water; squid: no reef");
}

TEST_CASE("two members of one name have workers of different names, and keys of their own", "[pool]") {
  const auto first = controls("eel"), second = controls("eel"), third = controls("Great Squid!");
  second->status["depth"] = std::int64_t{4};
  third->status["depth"] = 1.5;
  second->reports = {{.name = "eel worker 2", .host = "reef", .state = WorkerState::not_started, .note = "asleep"}};
  Master master{pool_of({first, second, third})};
  CHECK(master.get_status().interface_name == "eel+eel_2+Great Squid!");
  for (const auto& [worker, of] :
       {std::pair{"eel worker 1", first}, {"eel_2 worker 1", second}, {"Great Squid! worker 1", third}}) {
    const auto task = master.submit_task<twice_in_pool>({.worker = worker}, 3);
    CHECK(master.get_result(task) == 6);
    CHECK(task.worker() == worker);
    CHECK(of->calls_of("execute") == 1);
  }
  CHECK(status_of(master, "eel_2 worker 2").state == WorkerState::not_started);
  const Status status = master.get_status();
  CHECK(status.interface_status == "ok");
  CHECK(std::get<std::int64_t>(status.interface.at("eel_2_depth")) == 4);
  CHECK(std::get<double>(status.interface.at("great_squid__depth")) == 1.5);
  CHECK(status.interface.size() == 2);
}

TEST_CASE("a member whose status is wrong hides no other's", "[pool]") {
  const auto eels = controls("eel"), squids = controls("squid"), whales = controls("whale");
  eels->status["depth"] = std::int64_t{4};
  squids->status["Not snake"] = true;
  whales->status_throws = "no whale answers";
  Master master{pool_of({eels, squids, whales})};
  const Status status = master.get_status();
  CHECK(status.interface_status == "ok");
  CHECK(std::get<std::int64_t>(status.interface.at("eel_depth")) == 4);
  CHECK(std::get<std::string>(status.interface.at("squid_error")) == "the key \"Not snake\" is not snake_case");
  CHECK(std::get<std::string>(status.interface.at("whale_error")) == "no whale answers");
}

TEST_CASE("the slots of all members are expected", "[pool]") {
  const auto eels = controls("eel"), squids = controls("squid");
  eels->expected = 3;
  squids->expected = 40;
  CHECK(Master{pool_of({eels, squids})}.slots() == 43);
  eels->expected = 4'000'000'000;
  squids->expected = 4'000'000'000;
  CHECK(pool_of({eels, squids})->expected_slots() == 4'294'967'295);
}

TEST_CASE("a task for a worker that is to come waits, whatever another member says of its own", "[pool]") {
  const auto eels = controls("eel"), squids = controls("squid");
  eels->workers = squids->workers = 0;
  eels->reports = {{.name = "eel worker 1", .host = "reef", .state = WorkerState::starting}};
  Master master{pool_of({eels, squids})};
  const auto task = master.submit_task<twice_in_pool>({.worker = "squid worker 1"}, 3);
  const auto other = master.submit_task<twice_in_pool>({.worker = "squid worker 2"}, 3);
  std::this_thread::sleep_for(std::chrono::milliseconds{150});
  CHECK(task.state() == TaskState::submitted);
  squids->join();
  CHECK(master.get_result(task) == 6);
  CHECK(test::error_of(master, other).cause() == Cause::no_worker);  // it is none of those that are to come
}

TEST_CASE("a task for a worker of a member that has failed before it came ends", "[pool]") {
  const auto eels = controls("eel"), squids = controls("squid");
  squids->workers = 0;
  squids->expected = 16;
  Master master{pool_of({eels, squids})};
  const auto task = master.submit_task<twice_in_pool>({.worker = "squid worker 1"}, 3);
  std::this_thread::sleep_for(std::chrono::milliseconds{100});
  CHECK(task.state() == TaskState::submitted);
  static_cast<void>(test::stderr_of([&] { squids->host->interface_failed("the reef is gone"); }));
  const auto error = test::error_of(master, task);
  CHECK(error.cause() == Cause::no_worker);
  CHECK_THAT(error.message(), Contains("has no such worker: it has \"eel worker 1\""));
}

TEST_CASE("members announce workers in threads of their own while tasks run", "[pool]") {
  const auto eels = controls("eel"), squids = controls("squid");
  Master master{pool_of({eels, squids})};
  const auto tasks = submit_some(master, 3000);
  std::vector<std::thread> threads;
  for (const auto& member : {eels, squids})
    threads.emplace_back([member] {
      for (int i = 0; i < 200; ++i) {
        const WorkerId worker = member->join();
        if (i % 2 == 0) member->host->worker_left(worker, {});
      }
    });
  for (std::thread& thread : threads) thread.join();
  check_all(master, tasks);
  REQUIRE(test::eventually([&] { return master.get_status().ready_workers() == 202; }));
  CHECK(eels->calls_of("execute") + squids->calls_of("execute") >= 3000);
}

TEST_CASE("a pool of nothing, of nobody, or of what schedules by itself is a usage error", "[pool]") {
  struct ByItself final : Interface {
    void execute_task(const TaskRef&, WorkerId) override {}
    std::string name() const override { return "shoal"; }
  };
  CHECK_THROWS_AS(PoolInterface{std::vector<std::unique_ptr<Interface>>{}}, UsageError);
  std::vector<std::unique_ptr<Interface>> nobody;
  nobody.emplace_back();
  CHECK_THROWS_AS(PoolInterface{std::move(nobody)}, UsageError);
  CHECK_THROWS_WITH(
      (PoolInterface{ByItself{}, MulticoreInterface{1}}),
      Contains("shoal cannot be in a pool: there the master chooses each task's worker, and shoal chooses by itself"));
}

TEST_CASE("a pool in a pool is a member like others", "[pool]") {
  const auto eels = controls("eel"), squids = controls("squid");
  std::vector<std::unique_ptr<Interface>> list;
  list.push_back(pool_of({eels, squids}));
  list.push_back(pool_of({controls("eel"), controls("squid")}));
  Master master{PoolInterface{std::move(list)}};
  check_all(master, submit_some(master, 100));
  const auto task = master.submit_task<twice_in_pool>({.worker = "squid worker 1"}, 3);
  CHECK(master.get_result(task) == 6);
  std::set<std::string> names;
  for (const WorkerStatus& worker : master.get_status().workers) names.insert(worker.name);
  CHECK(names.size() == 4);
}

TEST_CASE("interfaces in text with + between are a pool", "[pool]") {
  CHECK(interface("multicore:1+tcp:1")->name() == "multicore+tcp");
  CHECK(interface("multicore:1+multicore:2?threads=2+serial")->name() == "multicore+multicore_2+serial");
  CHECK(interface("tcp:listen=127.0.0.1:0&key=a+b+multicore:1")->name() == "tcp+multicore");
  CHECK(interface("tcp:listen=127.0.0.1:0&key=a+multicored")->name() == "tcp");
  CHECK(interface("multicore:1+tcp:1")->scheduling() == Scheduling::by_master);
  CHECK(interface("multicore:3+multicore:4")->expected_slots() == 7);
  for (const char* wrong :
       {"+", "multicore+", "+multicore", "multicore++tcp", "multicore:2+nonsense", "multicore:x+tcp", "multicore+:2",
        "multicore:2+boinc:?state=temporary", "multicore:1?threads=2+", "multicore:1?threads=2+nonsense"}) {
    INFO(wrong);
    CHECK_THROWS_AS(interface(wrong), UsageError);
  }
  CHECK_THROWS_WITH(interface("multicore:1+tcp", 4), Contains("has several members, and 4 workers may be of any"));
  CHECK_THROWS_WITH(interface("multicore:1+tcp:x", 4), Contains("interface \"tcp:x\""));
}
