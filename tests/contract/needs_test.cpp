// The contract of interfaces where the master chooses the worker: tasks go where what they need is.
#include <catch2/catch.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "contract/functions.hpp"
#include "support/errors.hpp"
#include "support/processes.hpp"
#include "support/temporary.hpp"

using namespace contract;
using namespace std::chrono_literals;
using test::error_of;

namespace {

std::string visible_gpus() {
  const char* const text = std::getenv("CUDA_VISIBLE_DEVICES");
  return text ? text : "not set";
}

/// The GPU that it has; "taken" if another task has the same one at the same time.
std::string hold_gpu(const std::string& folder) {
  const std::string gpu = visible_gpus(), mark = folder + "/" + gpu;
  const int fd = ::open(mark.c_str(), O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return "taken";
  ::close(fd);
  std::this_thread::sleep_for(2ms);
  ::unlink(mark.c_str());
  return gpu;
}

std::string gpu_of_input(int) { return visible_gpus(); }

/// Crashes the first time that it is called with this path.
std::string crash_once_on_gpu(const std::string& path) {
  if (!std::ifstream{path}) {
    std::ofstream{path} << "was here";
    std::raise(SIGKILL);
  }
  return visible_gpus();
}

struct OnGpu {
  std::string gpu() const { return visible_gpus(); }
};

/// Those whose workers can be told what they have.
std::vector<std::string> specs_with_gpus() {
  std::vector<std::string> specs;
  for (const std::string& spec : specs_with_lasting_workers())
    if (!is_pool(spec) && (spec.starts_with("multicore:") || spec.starts_with("tcp:")) && spec.find('?') == std::string::npos &&
        spec.find('=') == std::string::npos)
      specs.push_back(with_workers(spec, 4) + "?gpus=2&label=big,rack=3&cores=2&memory=3G");
  if (specs.empty()) specs.emplace_back("multicore:4?gpus=2&label=big,rack=3&cores=2&memory=3G");
  return specs;
}

}  // namespace

TEST_CASE("status says what each worker has, and a task may ask for it", "[contract][needs]") {
  const auto spec = GENERATE(from_range(specs_scheduled_by_master()));
  INFO(spec);
  mw::Master master{mw::interface(spec)};
  const auto first = master.submit_task<add>({.needs = {.cores = 1, .memory = 1}}, 1, 1);
  CHECK(master.get_result(first) == 2);
  const mw::Status status = master.get_status();
  const auto worker = std::find_if(status.workers.begin(), status.workers.end(),
                                   [&](const mw::WorkerStatus& one) { return one.name == first.worker(); });
  REQUIRE(worker != status.workers.end());
  CHECK(worker->resources.cores >= 1);
  CHECK(worker->resources.memory >= mw::MiB(1));
  const auto& labels = worker->resources.labels;
  CHECK(std::find(labels.begin(), labels.end(), "host=" + worker->host) != labels.end());
  CHECK(status.to_json().find("\"memory\":" + std::to_string(worker->resources.memory)) != std::string::npos);
  const auto there = master.submit_task<add>({.needs = {.labels = {"host=" + worker->host}}}, 2, 2);
  CHECK(master.get_result(there) == 4);
}

TEST_CASE("needs that no worker can ever meet are an error, which says what there is, and other tasks go on", "[contract][needs]") {
  const auto spec = GENERATE(from_range(specs_scheduled_by_master()));
  INFO(spec);
  mw::Master master{mw::interface(spec)};
  const auto task = master.submit_task<add>({.needs = {.gpus = 1'000, .labels = {"purple"}}}, 1, 1);
  CHECK(master.get_result(master.submit_task<add>(1, 2)) == 3);
  const mw::TaskError error = error_of(master, task);
  CHECK(error.cause() == mw::Cause::no_worker);
  INFO(error.what());
  CHECK(error.message().find("1000 GPUs and the label \"purple\"") != std::string::npos);
  CHECK(error.message().find("not the label \"purple\"") != std::string::npos);
  CHECK(master.get_result(master.submit_task<add>(1, 3)) == 4);
}

TEST_CASE("an interface that chooses its workers by itself says so of a task with needs", "[contract][needs]") {
  struct Chooses : mw::Interface {
    void execute_task(const mw::TaskRef& task, mw::WorkerId) override { host().task_finished(task, mw::run_here(task)); }
    std::string refusal_of(const mw::Needs& needs) const override { return needs.gpus > 1 ? "there is one GPU" : ""; }
  };
  mw::Master master{std::make_unique<Chooses>()};
  CHECK(master.get_result(master.submit_task<add>({.needs = {.gpus = 1}}, 1, 1)) == 2);
  const mw::TaskError error = error_of(master, master.submit_task<add>({.needs = {.gpus = 2}}, 1, 1));
  CHECK(error.cause() == mw::Cause::no_worker);
  CHECK(error.message().find("it needs 2 GPUs, and there is one GPU") != std::string::npos);
}

TEST_CASE("each GPU is for one task at a time, which finds it in CUDA_VISIBLE_DEVICES, and other workers see none",
          "[contract][needs]") {
  const auto spec = GENERATE(from_range(specs_with_gpus()));
  INFO(spec);
  const test::TemporaryFolder folder;
  mw::Master master{mw::interface(spec)};
  std::vector<mw::Task<std::string>> tasks;
  for (int i = 0; i < 30; ++i) {
    tasks.push_back(master.submit_task<hold_gpu>({.needs = {.gpus = 1}}, folder.path("")));
    static_cast<void>(master.submit_task<add_slowly>(i, 1, 1));
  }
  std::map<std::string, std::set<std::string>> workers;
  for (const auto& task : tasks) workers[master.get_result(task)].insert(task.worker());
  REQUIRE(workers.size() == 2);
  CHECK(workers["0"].size() == 1);
  CHECK(workers["1"].size() == 1);
  CHECK(workers["0"] != workers["1"]);
  REQUIRE(test::eventually([&] { return master.get_status().ready_workers() == 4; }));
  int without = 0;
  for (const mw::WorkerStatus& worker : master.get_status().workers) {
    const std::string visible = master.get_result(master.submit_task<visible_gpus>({.worker = worker.name}));
    CHECK(visible == (worker.resources.gpus.empty() ? "" : worker.resources.gpus.front()));
    without += worker.resources.gpus.empty();
    CHECK(worker.resources.cores == 2);
    CHECK(worker.resources.memory == mw::GiB(3));
    CHECK(std::find(worker.resources.labels.begin(), worker.resources.labels.end(), "rack=3") != worker.resources.labels.end());
  }
  CHECK(without == 2);
  CHECK(master.wait_all(10s));
}

TEST_CASE("map, objects and tasks that run again keep to workers that have what they need", "[contract][needs]") {
  const auto spec = GENERATE(from_range(specs_with_gpus()));
  INFO(spec);
  const test::TemporaryFolder folder;
  mw::Master master{mw::interface(spec)};
  const std::vector<int> inputs(200, 1);
  std::set<std::string> gpus;
  for (const std::string& gpu : master.map<gpu_of_input>(inputs, {.chunk = 5, .task = {.needs = {.gpus = 1}}})) gpus.insert(gpu);
  CHECK(gpus.size() <= 2);
  for (const std::string& gpu : gpus) CHECK((gpu == "0" || gpu == "1"));
  const std::string again =
      master.get_result(master.submit_task<crash_once_on_gpu>({.needs = {.gpus = 1}}, folder.path("crashed")));
  CHECK((again == "0" || again == "1"));
  std::set<std::string> of_objects;
  std::vector<mw::Object<OnGpu>> objects;
  REQUIRE(test::eventually([&] { return master.get_status().ready_workers() == 4; }));
  for (int i = 0; i < 2; ++i) objects.push_back(master.create_with<OnGpu>({.gpus = 1}));
  for (const auto& object : objects) of_objects.insert(master.get_result(object.call<&OnGpu::gpu>()));
  CHECK(of_objects == std::set<std::string>{"0", "1"});
  CHECK_THROWS_AS(master.create_with<OnGpu>({.gpus = 9}), mw::TaskError);
}

TEST_CASE("a task for a worker that does not have what it needs is an error, which says what that one has", "[contract][needs]") {
  mw::Master master{mw::interface("multicore:2?gpus=1")};
  const auto task = master.submit_task<visible_gpus>({.worker = "multicore worker 1", .needs = {.gpus = 1}});
  CHECK(master.get_result(task) == "0");
  const auto error = error_of(master, master.submit_task<visible_gpus>({.worker = "multicore worker 2", .needs = {.gpus = 1}}));
  CHECK(error.cause() == mw::Cause::no_worker);
  CHECK(error.message() == "it is for the worker \"multicore worker 2\" and needs 1 GPU, and that one has no GPU");
}

TEST_CASE("scheduler_func is offered those workers that have what a task needs, and sees what they have", "[needs]") {
  mw::MasterOptions options;
  std::set<std::size_t> offered;  // the loop's
  options.scheduler_func = [&](const mw::TaskHandle& task, std::span<const mw::WorkerView> free) -> std::optional<std::size_t> {
    if (task.name() == "on a GPU") {
      for (const mw::WorkerView& worker : free) offered.insert(worker.resources.gpus.size());
      return 0;
    }
    for (std::size_t i = 0; i < free.size(); ++i)
      if (free[i].resources.gpus.empty()) return i;
    return std::nullopt;
  };
  mw::Master master{mw::interface("multicore:3?gpus=1"), options};
  std::vector<mw::Task<std::string>> on_gpu, without;
  for (int i = 0; i < 6; ++i) {
    without.push_back(master.submit_task<visible_gpus>());
    on_gpu.push_back(master.submit_task<visible_gpus>({.name = "on a GPU", .needs = {.gpus = 1}}));
  }
  for (const auto& task : on_gpu) CHECK(master.get_result(task) == "0");
  for (const auto& task : without) CHECK(master.get_result(task).empty());
  CHECK(error_of(master, master.submit_task<visible_gpus>({.needs = {.gpus = 2}})).cause() == mw::Cause::no_worker);
  CHECK(offered == std::set<std::size_t>{1});
}

TEST_CASE("round robin: one task after the other goes to each worker in turn", "[needs]") {
  mw::MasterOptions options;
  options.placement = mw::Placement::round_robin;
  mw::Master master{mw::interface("multicore:3"), options};
  REQUIRE(test::eventually([&] { return master.get_status().ready_workers() == 3; }));
  std::map<std::string, int> tasks_of;
  for (int i = 0; i < 9; ++i) {
    const auto task = master.submit_task<add>(i, 1);
    master.get_result(task);
    ++tasks_of[task.worker()];
  }
  CHECK(tasks_of.size() == 3);
  for (const auto& [worker, count] : tasks_of) CHECK(count == 3);
}

TEST_CASE("needs that make no sense, or are too many different ones, are refused", "[needs]") {
  mw::Master master{mw::interface("serial")};
  CHECK(test::usage_error([&] { static_cast<void>(master.submit_task<add>({.needs = {.labels = {""}}}, 1, 1)); }).find("label") !=
        std::string::npos);
  std::string refusal;
  for (std::uint64_t i = 1; i <= 1'001 && refusal.empty(); ++i) {
    refusal = test::usage_error([&] { static_cast<void>(master.submit_task<add>({.needs = {.memory = i}}, 1, 1)); });
    CHECK(refusal.empty() == (i <= 1'000));
  }
  CHECK(refusal.find("1000 different needs") != std::string::npos);
  CHECK(master.get_result(master.submit_task<add>({.needs = {.memory = 1'000}}, 1, 1)) == 2);
  CHECK(master.wait_all(20s));
}
