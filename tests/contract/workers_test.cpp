// What every interface says of its workers.
#include <catch2/catch.hpp>

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <fstream>

#include "contract/functions.hpp"
#include "process/cores.hpp"
#include "support/errors.hpp"
#include "support/processes.hpp"
#include "support/temporary.hpp"

using namespace contract;
namespace process = mw::process;
using namespace std::chrono_literals;

namespace {

std::size_t count_of(const std::string& spec) {
  return spec.starts_with("serial") ? 1 : static_cast<std::size_t>(workers_of(spec));
}

std::uint64_t done_by_all(const mw::Status& status) {
  std::uint64_t sum = 0;
  for (const mw::WorkerStatus& worker : status.workers) sum += worker.done;
  return sum;
}

/// The one that runs this task; null if none does.
const mw::WorkerStatus* who_runs(const mw::Status& status, std::uint64_t task) {
  for (const mw::WorkerStatus& worker : status.workers)
    for (const mw::RunningTask& one : worker.running)
      if (one.id == task) return &worker;
  return nullptr;
}

}  // namespace

TEST_CASE("the list of workers has those that there are, and what they have done is what was done", "[contract][workers][P10]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  mw::Master master{mw::interface(spec)};
  std::vector<mw::Task<std::int64_t>> tasks;
  for (int i = 0; i < 40; ++i) tasks.push_back(master.submit_task<add_slowly>(i, 1, 1));
  const auto bad = master.submit_task<throw_runtime_error>("no");
  for (int i = 0; i < 40; ++i) CHECK(master.get_result(tasks[static_cast<std::size_t>(i)]) == i + 1);
  CHECK(test::error_of(master, bad).cause() == mw::Cause::exception);
  if (!is_volunteer(spec)) REQUIRE(test::eventually([&] { return master.get_status().ready_workers() == count_of(spec); }));
  const mw::Status status = master.get_status();
  CHECK(status.cores >= 1);
  CHECK(done_by_all(status) == status.finished + status.errors);
  std::chrono::nanoseconds busy{0};
  for (const mw::WorkerStatus& worker : status.workers) {
    INFO(worker.name << ' ' << mw::to_string(worker.state));
    CHECK(is_worker_of(status.interface_name, worker.name));
    CHECK_FALSE(worker.host.empty());
    CHECK(worker.slots >= 1);
    CHECK(worker.lost == 0);
    CHECK(worker.ready_after > 0s);
    busy += worker.busy_time;
  }
  CHECK(busy >= 40ms);
  if (!is_volunteer(spec)) CHECK(status.workers.size() == count_of(spec));
}

TEST_CASE("the list says which worker runs a task", "[contract][workers][P10]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  const test::TemporaryFolder folder;
  mw::Master master{mw::interface(spec)};
  const auto task = master.submit_task<wait_for_file>({.name = "the eels"}, folder.path("go"));
  mw::Status status;
  REQUIRE(test::eventually([&] { return who_runs(status = master.get_status(), task.id()) != nullptr; }));
  const mw::WorkerStatus& worker = *who_runs(status, task.id());
  CHECK(worker.state == mw::WorkerState::busy);
  CHECK(worker.running.front().name == "the eels");
  CHECK(task.worker() == worker.name);
  CHECK(status.to_json().find("\"running\":[{\"id\":1,\"name\":\"the eels\",\"seconds\":") != std::string::npos);
  std::ofstream{folder.path("go")} << "now";
  CHECK(master.get_result(task));
  CHECK(who_runs(master.get_status(), task.id()) == nullptr);
}

TEST_CASE("the list has where the workers of an interface are, and what they are", "[contract][workers]") {
  for (const auto& spec : specs_scheduled_by_master()) {
    if (spec.starts_with("serial")) continue;  // it is a thread
    INFO(spec);
    mw::Master master{mw::interface(with_workers(spec, 1))};
    const int pid = master.get_result(master.submit_task<process_id>());
    const mw::Status status = master.get_status();
    REQUIRE(status.workers.size() == 1);
    CHECK(status.workers[0].pid == static_cast<std::uint32_t>(pid));
    CHECK(status.workers[0].platform.starts_with("Linux-"));
    CHECK(status.workers[0].version.starts_with("build "));
  }
}

TEST_CASE("a worker that is killed is seen as lost, with the task that was lost under it", "[contract][workers][P14]") {
  for (const auto& spec : specs_scheduled_by_master()) {
    if (spec.starts_with("serial")) continue;  // it is this process
    INFO(spec);
    const test::TemporaryFolder folder;
    mw::Master master{mw::interface(with_workers(spec, 1))};
    const int pid = master.get_result(master.submit_task<process_id>());
    const auto task = master.submit_task<wait_for_file>({.max_losses = 1}, folder.path("go"));
    REQUIRE(test::eventually([&] { return task.progress() > 0; }));  // it has begun for certain
    REQUIRE(::kill(pid, SIGKILL) == 0);
    mw::Status status;
    REQUIRE(test::eventually([&] { return (status = master.get_status()).workers.at(0).lost == 1; }));
    REQUIRE(status.workers.size() == 1);
    CHECK(status.lost == 1);
    CHECK(status.workers[0].done == 1);
    std::ofstream{folder.path("go")} << "now";
    CHECK(master.get_result(task));
    status = master.get_status();
    REQUIRE(status.workers.size() == 1);  // its successor is in its place
    CHECK(status.workers[0].done == 2);
    CHECK(status.workers[0].lost == 1);
    CHECK(status.workers[0].pid != static_cast<std::uint32_t>(pid));
  }
}

TEST_CASE("a status is of one moment: what its workers have done is what has ended", "[contract][workers][P10]") {
  for (const auto& spec : specs_scheduled_by_master()) {
    INFO(spec);
    mw::Master master{mw::interface(spec)};
    std::vector<mw::Task<long>> tasks;
    for (int i = 0; i < 5000; ++i) tasks.push_back(master.submit_task<add>(i, 1));
    std::uint64_t ended = 0;
    for (int looks = 0; ended < tasks.size(); ++looks) {
      const mw::Status status = master.get_status();
      std::uint64_t done = 0;
      for (const mw::WorkerStatus& worker : status.workers) done += worker.done;
      ended = status.finished + status.errors;
      INFO("look " << looks);
      REQUIRE(done == ended);
    }
    master.wait_all();
  }
}

TEST_CASE("an interface of one's own has its workers in the list, too", "[seam][workers][P10]") {
  struct Own final : mw::Interface {
    mw::Scheduling scheduling() const override { return mw::Scheduling::by_master; }
    void start() override {
      worker = host().worker_joined({.name = "own worker 1", .host = "pi1", .platform = "Plan9-mips", .cores = 3});
    }
    void execute_task(const mw::TaskRef& task, mw::WorkerId) override {
      if (task.id() == 2) return break_down(task);
      host().task_started(task, worker);
      host().task_finished(task, mw::run_here(task));
    }
    std::vector<mw::WorkerReport> report_workers() override {
      return {{.name = "own worker 2", .state = mw::WorkerState::not_started, .note = "no power"}};
    }
    void break_down(const mw::TaskRef& task) {
      std::vector<mw::LostTask> lost(1);
      lost[0].task = task;
      lost[0].outcome.failure.emplace();
      host().worker_left(worker, std::move(lost));
    }
    mw::WorkerId worker{};
  };
  mw::Master master{std::make_unique<Own>()};
  CHECK(master.get_result(master.submit_task<add>(1, 2)) == 3);
  const auto lost = master.submit_task<add>({.max_losses = 0}, 1, 2);
  CHECK_THROWS_AS(master.get_result(lost), mw::TaskError);
  const mw::Status status = master.get_status();
  REQUIRE(status.workers.size() == 2);
  CHECK(status.workers[0].platform == "Plan9-mips");
  CHECK(status.workers[0].state == mw::WorkerState::lost);
  CHECK(status.workers[0].done == 1);
  CHECK(status.workers[0].lost == 1);
  CHECK(status.workers[1].state == mw::WorkerState::not_started);
  CHECK(status.workers[1].note == "no power");
  CHECK(status.cores == 3);
  CHECK(status.workers_that_are(mw::WorkerState::lost) == 1);
  CHECK(status.ready_workers() == 0);
}

TEST_CASE("a report of workers that throws shows as interface_status error, and the list is there all the same",
          "[seam][workers]") {
  struct Throws final : mw::Interface {
    void execute_task(const mw::TaskRef& task, mw::WorkerId) override { host().task_finished(task, mw::run_here(task)); }
    std::vector<mw::WorkerReport> report_workers() override { throw std::runtime_error{"who asks?"}; }
  };
  mw::Master master{std::make_unique<Throws>()};
  CHECK(master.get_result(master.submit_task<add>(1, 2)) == 3);
  const mw::Status status = master.get_status();
  CHECK(status.interface_status == "error");
  CHECK(status.interface_error.find("report_workers threw: ") == 0);
  REQUIRE(status.workers.size() == 1);
  CHECK(status.workers[0].name == "custom worker");
  CHECK(status.workers[0].done == 1);
}

TEST_CASE("tasks that use threads are told how many: their share of the cores, or what was asked for", "[contract][workers]") {
  const auto threads_in = [](const std::string& spec) {
    mw::Master master{mw::interface(spec)};
    for (const std::string& line : master.get_result(master.submit_task<environment>()))
      if (line.starts_with("OMP_NUM_THREADS=")) return line.substr(line.find('=') + 1);
    return std::string{"nothing"};
  };
  const char* const said = std::getenv("OMP_NUM_THREADS");
  for (const std::string& spec : specs_with_processes()) {
    INFO(spec);
    if (is_pool(spec)) continue;  // each member says so for itself
    if (is_volunteer(spec)) {
      CHECK(threads_in(spec) == "1");
      continue;
    }
    const unsigned share = std::max(process::available_cores() / static_cast<unsigned>(workers_of(spec)), 1u);
    CHECK(threads_in(spec) == (said ? said : std::to_string(share)));
    CHECK(threads_in(spec + (spec.find('?') == std::string::npos ? '?' : '&') + "threads=3") == "3");
    if (said) continue;
    ::setenv("OMP_NUM_THREADS", "5", 1);
    CHECK(threads_in(spec) == "5");
    ::unsetenv("OMP_NUM_THREADS");
  }
}
