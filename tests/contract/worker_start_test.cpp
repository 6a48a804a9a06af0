// MasterOptions::worker_start, on every interface.
#include <catch2/catch.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <stdexcept>

#include "contract/functions.hpp"
#include "support/captured_stderr.hpp"
#include "support/errors.hpp"
#include "support/processes.hpp"
#include "support/temporary.hpp"

using namespace contract;

namespace {

struct Loaded {
  std::string text;
  int times = 0;
};
Loaded loaded;

void load(const std::string& text, const mw::Shared<std::vector<int>>& numbers) {
  loaded.text = text + " " + std::to_string(numbers->at(1));
  ++loaded.times;
  ::setenv("CPPMW_LOADED", "yes", 1);
}
struct Found {
  std::string text;
  int times = 0;
  int process = 0;
  std::string environment;
};
Found what_is_loaded() {
  const char* const variable = std::getenv("CPPMW_LOADED");
  Found seen{loaded.text, loaded.times, ::getpid(), variable ? variable : ""};
  ::setenv("CPPMW_LOADED", "changed by a task", 1);
  return seen;
}

mw::MasterOptions with_table() {
  mw::Master giver{mw::interface("serial")};  // a shared value may be of another master, and outlive it
  mw::MasterOptions options;
  options.worker_start<load>("table", giver.share(std::vector{7, 8, 9}));
  return options;
}

int fail_to_load(const std::string& what) {
  std::fprintf(stderr, "on the way to %s\n", what.c_str());
  throw std::runtime_error{"there is no " + what};
}
void leave_a_mark_and_die(const std::string& folder) {
  std::ofstream{folder + "/" + std::to_string(::getpid())};
  ::raise(SIGKILL);
}
/// Fails in the first process that comes.
void fail_once(const std::string& file) {
  if (::mkdir(file.c_str(), 0700) == 0) throw std::runtime_error{"it is too early"};
}

}  // namespace

TEST_CASE("each worker runs the start function once, before its first task, and what that sets up stays", "[contract][start]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  loaded = {};
  ::unsetenv("CPPMW_LOADED");
  mw::Master master{mw::interface(spec), with_table()};
  std::vector<mw::Task<Found>> tasks;
  for (int i = 0; i < 60; ++i) tasks.push_back(master.submit_task<what_is_loaded>());
  for (const auto& task : tasks) {
    const Found seen = master.get_result(task);
    CHECK(seen.text == "table 8");
    CHECK(seen.times == 1);
    if (!spec.starts_with("serial")) CHECK(seen.environment == "yes");
  }
  CHECK(master.get_status().tasks == 60);  // the start is no task
  ::unsetenv("CPPMW_LOADED");
}

TEST_CASE("a successor of a worker that died runs the start function, too", "[contract][start]") {
  for (const std::string& spec : specs_with_lasting_workers()) {
    INFO(spec);
    mw::Master master{mw::interface(spec), with_table()};
    const test::TemporaryFolder folder;
    const std::string name = master.workers().front().name;
    master.get_result(master.submit_task<crash_once>({.worker = name}, folder.path("crashed")));
    const auto task = master.submit_task<what_is_loaded>({.worker = name});
    const Found seen = master.get_result(task);
    CHECK(task.worker() == name + " (process 2)");
    CHECK(seen.text == "table 8");
    CHECK(seen.times == 1);
  }
}

TEST_CASE("where no worker can start, tasks end, and the error says why", "[contract][start]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  mw::MasterOptions options;
  options.worker_start<fail_to_load>("table");
  std::string warnings, why;
  mw::Cause cause{};
  std::vector<mw::WorkerStatus> workers;
  warnings = test::stderr_of([&] {
    mw::Master master{mw::interface(spec), options};
    const auto task = master.submit_task<add>({.max_losses = 1}, 1, 2);
    const mw::TaskError error = test::error_of(master, task);
    why = error.what();
    cause = error.cause();
    workers = master.workers();
    CHECK(test::error_of(master, master.submit_task<add>({.max_losses = 0}, 1, 2)).cause() == cause);
  });
  INFO(why);
  CHECK(cause == (is_volunteer(spec) ? mw::Cause::worker_start : mw::Cause::no_worker));
  CHECK(why.find("the start function (anonymous namespace)::fail_to_load(std::string const&) failed: ") != std::string::npos);
  CHECK(why.find("there is no table") != std::string::npos);
  INFO(warnings);
  if (is_volunteer(spec)) return;
  CHECK(warnings.find("there is no table") != std::string::npos);
  CHECK(warnings.find("on the way to table") != std::string::npos);
  REQUIRE_FALSE(workers.empty());
  for (const mw::WorkerStatus& worker : workers) {
    CHECK(worker.state == mw::WorkerState::not_started);
    CHECK(worker.note.find("there is no table") != std::string::npos);
  }
}

TEST_CASE("a worker whose start function fails gets no tasks, and the others do them all", "[contract][start]") {
  for (const std::string& spec : specs_with_lasting_workers()) {
    INFO(spec);
    const test::TemporaryFolder folder;
    mw::MasterOptions options;
    options.worker_start<fail_once>(folder.path("came"));
    test::stderr_of([&] {
      mw::Master master{mw::interface(spec), options};
      std::vector<mw::Task<std::int64_t>> tasks;
      for (int i = 0; i < 30; ++i) tasks.push_back(master.submit_task<add_slowly>(i, 1, 1));
      for (const auto& task : tasks) master.get_result(task);
      REQUIRE(test::eventually([&] { return master.get_status().workers_that_are(mw::WorkerState::not_started) == 1; }));
      std::string useless;
      for (const mw::WorkerStatus& worker : master.workers())
        if (worker.state == mw::WorkerState::not_started) useless = worker.name;
      for (const auto& task : tasks) CHECK(task.worker() != useless);
      const auto named = master.submit_task<add>({.worker = useless}, 1, 2);
      const mw::TaskError error = test::error_of(master, named);
      CHECK(error.cause() == mw::Cause::no_worker);
      CHECK(std::string{error.what()}.find("it is too early") != std::string::npos);
    });
  }
}

TEST_CASE("a start function that kills its process is tried three times by each worker", "[contract][start]") {
  for (const std::string& spec : specs_with_lasting_workers()) {
    INFO(spec);
    const test::TemporaryFolder folder;
    mw::MasterOptions options;
    options.worker_start<leave_a_mark_and_die>(folder.path(""));
    std::string why;
    test::stderr_of([&] {
      mw::Master master{mw::interface(spec), options};
      why = test::error_of(master, master.submit_task<add>(1, 2)).what();
    });
    CHECK(why.find("3 of its processes died in the start function") != std::string::npos);
    CHECK(why.find("signal 9") != std::string::npos);
    const auto marks = std::distance(std::filesystem::directory_iterator{folder.path("")}, {});
    CHECK(marks == 3 * workers_of(spec));
  }
}

TEST_CASE("workers of an interface that comes later start as those before did", "[contract][start]") {
  for (const std::string& spec : specs_with_lasting_workers()) {
    INFO(spec);
    mw::Master master{mw::interface(spec), with_table()};
    const int first = master.get_result(master.submit_task<what_is_loaded>()).process;
    master.set_interface(mw::interface(spec));
    const Found seen = master.get_result(master.submit_task<what_is_loaded>());
    CHECK(seen.process != first);
    CHECK(seen.text == "table 8");
    CHECK(seen.times == 1);
  }
}
