// Tasks that are for one worker, by its name.
#include <catch2/catch.hpp>

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <fstream>
#include <map>
#include <set>

#include "contract/functions.hpp"
#include "support/errors.hpp"
#include "support/processes.hpp"
#include "support/temporary.hpp"

using namespace contract;

namespace {

std::vector<std::string> names_of_workers(const mw::Master& master) {
  std::vector<std::string> names;
  for (const mw::WorkerStatus& worker : master.workers()) names.push_back(worker.name);
  return names;
}

std::string why_none(mw::Master& master, const std::string& worker) {
  const auto task = master.submit_task<add>({.worker = worker}, 1, 2);
  const mw::TaskError error = test::error_of(master, task);
  CHECK(error.cause() == mw::Cause::no_worker);
  return error.what();
}

int process_of_input(int) { return process_id(); }
int add_to_process(int more) { return process_id() + more; }
int process_and(int more) { return process_id() - more; }

/// Workers that come and go as a test says.
struct Own : mw::Interface {
  mw::Scheduling scheduling() const override { return mw::Scheduling::by_master; }
  std::uint32_t expected_slots() const noexcept override { return 2; }
  void execute_task(const mw::TaskRef& task, mw::WorkerId worker) override {
    host().task_started(task, worker);
    host().task_finished(task, mw::run_here(task));
  }
  void join(const std::string& name) {
    host().post([this, name] { ids[name] = host().worker_joined({.name = name}); });
  }
  void leave(const std::string& name) {
    host().post([this, name] { host().worker_left(ids[name], {}); });
  }
  std::map<std::string, mw::WorkerId> ids;
};

}  // namespace

TEST_CASE("a task that is for one worker runs there, however much there is to do for others", "[contract][named]") {
  const auto spec = GENERATE(from_range(specs_scheduled_by_master()));
  INFO(spec);
  mw::Master master{mw::interface(spec)};
  const auto names = names_of_workers(master);  // they may be on their way still
  REQUIRE(names.size() == (spec.starts_with("serial") ? 1U : static_cast<std::size_t>(workers_of(spec))));
  std::vector<std::pair<mw::Task<std::int64_t>, std::string>> named;
  std::vector<mw::Task<std::int64_t>> others;
  for (int i = 0; i < 20; ++i) {
    for (const std::string& name : names) named.emplace_back(master.submit_task<add_slowly>({.worker = name}, i, 1, 1), name);
    for (int k = 0; k < 5; ++k) others.push_back(master.submit_task<add_slowly>(i, 2, 1));
  }
  for (const auto& [task, name] : named) {
    master.get_result(task);
    CHECK(task.worker() == name);
  }
  for (const auto& task : others) CHECK(master.get_result(task) >= 2);
  CHECK(master.get_status().attempts >= named.size() + others.size());
}

TEST_CASE("map for one worker runs all of it there", "[contract][named]") {
  const auto spec = GENERATE(from_range(specs_scheduled_by_master()));
  INFO(spec);
  mw::Master master{mw::interface(spec)};
  for (const std::string& name : names_of_workers(master)) {
    const int process = master.get_result(master.submit_task<process_id>({.worker = name}));
    const std::vector<int> inputs(200, 1);
    std::set<int> processes;
    for (const int one : master.map<process_of_input>(inputs, {.chunk = 7, .task = {.worker = name}})) processes.insert(one);
    CHECK(processes == std::set{process});
  }
}

TEST_CASE("a worker that there is not is an error that names those that there are", "[contract][named]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  mw::Master master{mw::interface(spec)};
  const std::string why = why_none(master, "pi17");
  CHECK(why.find("\"pi17\"") != std::string::npos);
  if (is_volunteer(spec)) {
    CHECK(why.find("the interface \"boinc\" chooses its workers by itself") != std::string::npos);
    CHECK(master.get_result(master.submit_task<add>({.worker = "boinc worker"}, 1, 2)) == 3);
    return;
  }
  CHECK(why.find(names_of_workers(master).front()) != std::string::npos);
  CHECK(why_none(master, names_of_workers(master).front() + " (process 7)").find("has no such worker") != std::string::npos);
  CHECK(master.get_result(master.submit_task<add>(1, 2)) == 3);
}

TEST_CASE("a worker that is replaced stays the one that a task is for, and a process that is named does not", "[contract][named]") {
  for (const std::string& spec : specs_with_lasting_workers()) {
    if (is_volunteer(spec)) continue;
    INFO(spec);
    mw::Master master{mw::interface(spec)};
    const std::string name = names_of_workers(master).back();
    const test::TemporaryFolder folder;
    const auto crashes = master.submit_task<crash_once>({.worker = name, .max_losses = 1}, folder.path("crashed"));
    const auto behind = master.submit_task<process_id>({.worker = name});
    master.get_result(crashes);
    CHECK(crashes.worker() == name + " (process 2)");
    const int process = master.get_result(behind);
    CHECK(master.get_result(master.submit_task<process_id>({.worker = crashes.worker()})) == process);
    const auto dies = master.submit_task<crash_by_signal>({.worker = name, .max_losses = 0}, SIGKILL);
    CHECK(test::error_of(master, dies).cause() == mw::Cause::signal);
    CHECK(why_none(master, crashes.worker()).find("has no such worker") != std::string::npos);
    CHECK(master.get_result(master.submit_task<process_id>({.worker = name})) != process);
  }
}

TEST_CASE("tasks wait for a worker that is on its way, and end when it is gone for good", "[seam][named]") {
  auto made = std::make_unique<Own>();
  Own& own = *made;
  mw::Master master{std::move(made)};
  own.join("a");
  const auto early = master.submit_task<add>({.worker = "b"}, 1, 2);
  CHECK(master.get_result(master.submit_task<add>({.worker = "a"}, 1, 1)) == 2);
  CHECK_FALSE(master.try_get_result(early, std::chrono::milliseconds{120}));  // it was looked for more than once
  own.join("b");
  CHECK(master.get_result(early) == 3);
  CHECK(early.worker() == "b");
  own.leave("a");
  REQUIRE(test::eventually([&] { return master.get_status().ready_workers() == 1; }));
  CHECK(why_none(master, "a").find("\"a\", which is gone") != std::string::npos);
  CHECK(why_none(master, "c").find("has no such worker: it has \"b\"") != std::string::npos);
}

TEST_CASE("tasks for a worker that turns out not to start end, and say why", "[seam][named]") {
  struct Slow final : Own {
    std::vector<mw::WorkerReport> report_workers() override {
      if (++asked < 3) return {{.name = "b"}};
      return {{.name = "b", .state = mw::WorkerState::not_started, .note = "no power"}};
    }
    int asked = 0;
  };
  mw::Master master{std::make_unique<Slow>()};
  CHECK(why_none(master, "b").find("\"b\", which did not start: no power") != std::string::npos);
}

TEST_CASE("scheduler_func is asked about no task that is for one worker", "[contract][named]") {
  for (const std::string& spec : specs_scheduled_by_master()) {
    INFO(spec);
    std::atomic<bool> was_asked{false};
    mw::MasterOptions options;
    options.scheduler_func = [&](const mw::TaskHandle& task, std::span<const mw::WorkerView>) -> std::optional<std::size_t> {
      if (task.name() == "named") was_asked = true;
      return 0;
    };
    mw::Master master{mw::interface(spec), options};
    const std::string name = names_of_workers(master).back();
    const auto named = master.submit_task<add>({.name = "named", .worker = name}, 1, 2);
    CHECK(master.get_result(master.submit_task<add>(2, 2)) == 4);
    CHECK(master.get_result(named) == 3);
    CHECK(named.worker() == name);
    CHECK_FALSE(was_asked);
  }
}

TEST_CASE("a task for a worker of the old interface ends when the new one has no such worker", "[contract][named]") {
  for (const std::string& spec : specs_scheduled_by_master()) {
    if (spec.starts_with("serial")) continue;
    INFO(spec);
    mw::Master master{mw::interface(spec)};
    const std::string name = names_of_workers(master).front();
    const test::TemporaryFolder folder;
    const std::string go = folder.path("go");
    const auto first = master.submit_task<wait_for_file>({.worker = name}, go);
    const auto second = master.submit_task<wait_for_file>(go);
    master.set_interface(mw::interface("serial"));
    std::ofstream{go};
    CHECK(test::error_of(master, first).cause() == mw::Cause::no_worker);
    CHECK(master.get_result(second));
  }
}

TEST_CASE("fork, join and join_any: a task for each of some workers", "[contract][named][trickle]") {
  const auto spec = GENERATE(from_range(specs_scheduled_by_master()));
  INFO(spec);
  mw::Master master{mw::interface(spec)};
  const auto workers = master.workers();
  const auto processes = mw::join(master, mw::fork<process_id>(master, workers));
  REQUIRE(processes.size() == workers.size());
  CHECK(std::set(processes.begin(), processes.end()).size() == workers.size());

  const auto both = mw::join(master, mw::fork<add_to_process, process_and>(master, workers, 1));
  for (std::size_t i = 0; i < both.size(); ++i) CHECK(both[i] == processes[i] + (i % 2 == 0 ? 1 : -1));

  std::vector<int> inputs(7);
  for (std::size_t i = 0; i < inputs.size(); ++i) inputs[i] = static_cast<int>(i);
  auto parts = mw::fork<add_to_process>(master, workers, mw::each(inputs));
  REQUIRE(parts.size() == inputs.size());
  std::multiset<int> left, want;
  for (std::size_t i = 0; i < inputs.size(); ++i) want.insert(processes[i % workers.size()] + inputs[i]);
  while (!parts.empty()) left.insert(mw::join_any(master, parts).value);
  CHECK(left == want);

  auto bad = mw::fork<throw_int>(master, workers);
  CHECK_THROWS_AS(mw::join_any(master, bad), mw::TaskError);
  CHECK(bad.size() == workers.size() - 1);
  mw::join(master, mw::fork<nothing>(master, workers));
  CHECK_FALSE(test::usage_error([&] { static_cast<void>(mw::fork<add_to_process>(master, {}, mw::each(inputs))); }).empty());
}
