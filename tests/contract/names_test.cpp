// The contract of every interface: tasks and their failures are named as people would name them.
#include <catch2/catch.hpp>

#include <csignal>
#include <exception>
#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "contract/functions.hpp"
#include "support/errors.hpp"
#include "support/processes.hpp"
#include "support/temporary.hpp"

using namespace contract;

namespace {

std::vector<std::string> sorted(const std::map<std::string, std::vector<int>>& words) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : words) keys.push_back(key);
  return keys;
}

std::vector<std::string> throw_words(const std::vector<std::string>& words) { throw words; }

int times_itself(int x) { return x * x; }
int plus(int a, int b) { return a + b; }

int throw_nested(int depth) {
  try {
    if (depth == 0) throw std::out_of_range{"row 12"};
    throw_nested(depth - 1);
  } catch (...) {
    std::throw_with_nested(std::runtime_error{"layer " + std::to_string(depth)});
  }
  return 0;
}

struct SaysNothing : std::exception {
  const char* what() const noexcept override { return nullptr; }
};
int throw_nothing() { throw SaysNothing{}; }

/// Lines of the status by name.
std::map<std::string, mw::FunctionStatus> lines_of(mw::Master& master) {
  std::map<std::string, mw::FunctionStatus> lines;
  for (const auto& line : master.get_status().functions) CHECK(lines.emplace(line.name, line).second);
  return lines;
}

}  // namespace

TEST_CASE("a worker that takes the place of another has a name of its own", "[contract][names]") {
  const auto spec = GENERATE(from_range(specs_with_lasting_workers()));
  INFO(spec);
  mw::Master master{mw::interface(with_workers(spec, 1))};
  std::set<std::string> names;
  for (int i = 0; i < 3; ++i) {
    const auto task = master.submit_task<process_id>();
    master.get_result(task);
    CHECK(names.insert(task.worker()).second);
    CHECK(test::error_of(master, master.submit_task<crash_by_signal>({.max_losses = 0}, SIGKILL)).worker() == task.worker());
  }
}

TEST_CASE("a call that is pinned to a worker by its name does not reach that worker's successor", "[contract][names]") {
  const auto spec = GENERATE(from_range(specs_with_lasting_workers()));
  INFO(spec);
  mw::MasterOptions options;
  std::string pinned;
  options.scheduler_func = [&](const mw::TaskHandle& task, std::span<const mw::WorkerView> free) -> std::optional<std::size_t> {
    if (task.name() != "pinned") return 0;
    for (std::size_t i = 0; i < free.size(); ++i)
      if (free[i].name == pinned) return i;
    return std::nullopt;
  };
  mw::Master master{mw::interface(with_workers(spec, 1)), options};
  const auto first = master.submit_task<process_id>();
  master.get_result(first);
  pinned = first.worker();
  CHECK(master.get_result(master.submit_task<process_id>({.name = "pinned"})) == master.get_result(first));
  CHECK_THROWS_AS(master.get_result(master.submit_task<crash_by_signal>({.max_losses = 0}, SIGKILL)), mw::TaskError);
  const auto late = master.submit_task<process_id>({.name = "pinned"});
  master.get_result(master.submit_task<process_id>());  // the successor is there, and was offered the other one first
  CHECK(late.state() == mw::TaskState::submitted);
  CHECK(master.cancel(late));
}

TEST_CASE("workers that start when a library has brought functions are as good as the first ones", "[contract][names]") {
  const auto spec = GENERATE(from_range(specs_with_lasting_workers()));
  INFO(spec);
  mw::Master master{mw::interface(with_workers(spec, 1))};
  CHECK(master.get_result(master.submit_task<add>(1, 2)) == 3);
  // What dlopen does with a plug-in in it.
  struct Late {};
  static const mw::detail::FunctionEntry entry{typeid(Late), typeid(int), nullptr, nullptr};
  CHECK(test::error_of(master, master.submit_task<crash_by_signal>({.max_losses = 0}, SIGKILL)).cause() == mw::Cause::signal);
  const auto task = master.submit_task<add>(3, 4);
  REQUIRE(test::eventually([&] { return task.done(); }));
  CHECK(master.get_result(task) == 7);
}

TEST_CASE("start-up is how long a worker was not there yet, on average", "[seam]") {
  struct TwoWorkers : mw::Interface {
    mw::Scheduling scheduling() const override { return mw::Scheduling::by_master; }
    std::uint32_t expected_slots() const noexcept override { return 2; }
    void start() override { host().worker_joined({"first", "here", 1}); }
    void execute_task(const mw::TaskRef& task, mw::WorkerId) override { host().task_finished(task, mw::run_here(task)); }
    void join() { host().worker_joined({"second", "here", 1}); }
  };
  auto made = std::make_unique<TwoWorkers>();
  TwoWorkers& interface = *made;
  mw::Master master{std::move(made)};
  REQUIRE(test::eventually([&] { return master.get_status().ready_seconds >= 0; }));
  const double first = master.get_status().ready_seconds;
  std::this_thread::sleep_for(std::chrono::milliseconds{50});
  auto status = master.get_status();
  CHECK(status.start_up_seconds >= 0.025);  // the second one is not there at all
  CHECK(status.start_up_seconds <= (first + status.seconds) / 2 + 0.001);
  interface.join();
  // From then on it stays as it is.
  REQUIRE(test::eventually([&] { return master.get_status().start_up_seconds == master.get_status().start_up_seconds; }));
  status = master.get_status();
  std::this_thread::sleep_for(std::chrono::milliseconds{20});
  CHECK(master.get_status().start_up_seconds == status.start_up_seconds);
  CHECK(status.start_up_seconds >= 0.025);
  CHECK(status.start_up_seconds < status.seconds);
}

TEST_CASE("functions are named as people write them, in handles, errors and status", "[contract][names]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  mw::Master master{mw::interface(spec)};
  const std::string name = "(anonymous namespace)::sorted(std::map<std::string, std::vector<int>> const&)";
  const auto task = master.submit_task<sorted>({{"a", {1}}});
  CHECK(task.name() == name);
  master.get_result(task);
  const auto e = test::error_of(master, master.submit_task<throw_words>({"a"}));
  CHECK(e.function() == "(anonymous namespace)::throw_words(std::vector<std::string> const&)");
  CHECK(e.exception_type() == "std::vector<std::string>");
  CHECK(lines_of(master).at(name).finished == 1);
}

TEST_CASE("the status has a line for each name: of a task, of a program, of a map", "[contract][names]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  mw::Master master{mw::interface(spec)};
  master.get_result(master.submit_task<add>({.name = "sum of the day"}, 1, 1));
  master.get_result(master.submit_task<add>(1, 1));
  master.get_result(master.submit_task(mw::Program{"true"}));
  CHECK_THROWS_AS(master.get_result(master.submit_task(mw::Program{"false"})), mw::TaskError);
  master.map<times_itself>(std::vector<int>{1, 2}).run();
  CHECK(master.map_reduce<times_itself, plus>(std::vector<int>{1, 2}) == 5);
  master.map<times_itself>(std::vector<int>{1}, {.task = {.name = "squares"}}).run();
  auto lines = lines_of(master);
  CHECK(lines.size() == 7);
  CHECK(lines["sum of the day"].finished == 1);
  CHECK(lines["contract::add(long, long)"].finished == 1);
  CHECK(lines["true"].finished == 1);
  CHECK(lines["false"].errors == 1);
  CHECK(lines["map of (anonymous namespace)::times_itself(int)"].finished >= 1);
  CHECK(lines["map_reduce of (anonymous namespace)::times_itself(int)"].finished >= 1);
  CHECK(lines["squares"].finished == 1);
}

TEST_CASE("in status a cancelled task is no error", "[contract][names]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  const test::TemporaryFolder folder;
  mw::Master master{mw::interface(spec)};
  std::vector<mw::Task<bool>> tasks;
  for (int i = 0; i < 5; ++i) tasks.push_back(master.submit_task<wait_for_file>(folder.path("go")));
  for (const auto& task : tasks) CHECK(master.cancel(task));
  const auto line = lines_of(master).at(tasks[0].name());
  CHECK(line.cancelled == 5);
  CHECK(line.errors == 0);
  CHECK(line.finished == 0);
  std::ofstream{folder.path("go")} << "now";  // serial cannot stop a function
}

TEST_CASE("thousands of names are no thousands of lines", "[names]") {
  mw::Master master{mw::interface("serial")};
  std::vector<mw::Task<std::int64_t>> tasks;
  for (int i = 0; i < 1500; ++i) tasks.push_back(master.submit_task<add>({.name = std::to_string(i)}, 1, 1));
  for (const auto& task : tasks) master.get_result(task);
  const auto lines = lines_of(master);
  CHECK(lines.size() == 1001);
  CHECK(lines.at("contract::add(long, long)").finished == 500);
}

TEST_CASE("P3: an error tells what was nested in the exception, and of one that says nothing", "[contract][names][P3]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  mw::Master master{mw::interface(spec)};
  const auto nested = test::error_of(master, master.submit_task<throw_nested>(1));
  CHECK(nested.exception_type() == "std::runtime_error");
  CHECK(nested.message() == "layer 1; caused by std::runtime_error: layer 0; caused by std::out_of_range: row 12");
  const auto silent = test::error_of(master, master.submit_task<throw_nothing>());
  CHECK(silent.cause() == mw::Cause::exception);
  CHECK(silent.exception_type() == "(anonymous namespace)::SaysNothing");
  CHECK(silent.message() == "an exception whose what() is null");
}

TEST_CASE("an interface that throws an exception which says nothing is no harm to the master", "[seam]") {
  struct Throws : mw::Interface {
    void execute_task(const mw::TaskRef&, mw::WorkerId) override { throw SaysNothing{}; }
  };
  mw::Master master{std::make_unique<Throws>()};
  CHECK(test::error_of(master, master.submit_task<add>(1, 1)).message().find("what() is null") != std::string::npos);
}
