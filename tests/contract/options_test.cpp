// The contract of every interface: what a task may want beyond its arguments.
#include <catch2/catch.hpp>

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <set>
#include <thread>

#include "contract/functions.hpp"
#include "support/errors.hpp"
#include "support/processes.hpp"
#include "support/redirected.hpp"
#include "support/temporary.hpp"

using namespace contract;
using namespace std::chrono_literals;
using test::error_of;

namespace {

/// One worker, so that tasks wait.
std::vector<std::string> single_specs() {
  std::vector<std::string> list;
  for (const std::string& spec : specs()) list.push_back(spec == "serial" ? spec : with_workers(spec, 1));
  return list;
}

void write_file(const std::string& path, const std::string& text) { std::ofstream{path} << text; }

std::string read_file(const std::string& path) {
  std::ifstream file{path};
  if (!file) throw std::runtime_error{"no file " + path};
  return {std::istreambuf_iterator<char>{file}, {}};
}

/// The file's text, and everything that lies beside it.
std::string read_and_list(const std::string& path) {
  std::string text = read_file(path) + "|";
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::recursive_directory_iterator{"."})
    if (entry.is_regular_file()) names.insert(entry.path().lexically_relative(".").string());
  for (const auto& name : names) text += name + " ";
  return text;
}

std::string working_directory() { return std::filesystem::current_path(); }

int fail_until_there_are(const std::string& folder, int times) {
  int found = 0;
  while (std::filesystem::exists(folder + "/" + std::to_string(found))) ++found;
  std::ofstream{folder + "/" + std::to_string(found)} << "x";
  if (found < times) throw std::runtime_error{"failure " + std::to_string(found)};
  return found;
}

int kill_self_and_fail(const std::string& folder) {
  if (!std::filesystem::exists(folder + "/killed")) {
    std::ofstream{folder + "/killed"} << "x";
    std::raise(SIGKILL);
  }
  return fail_until_there_are(folder, 1);
}

std::int64_t count_until_stopped() {
  std::int64_t count = 0;
  while (!mw::should_stop() && count < 10'000) {
    std::this_thread::sleep_for(1ms);
    ++count;
  }
  return count;
}

std::size_t take_memory(std::size_t bytes) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  // The sanitizers' own allocators end the process where malloc would fail.
  rlimit limit{};
  ::getrlimit(RLIMIT_DATA, &limit);
  if (limit.rlim_cur != RLIM_INFINITY && bytes > std::size_t{64} << 20) throw std::bad_alloc{};
  return bytes;
#endif
  std::vector<std::vector<char>> all;
  std::size_t sum = 0;
  for (std::size_t taken = 0; taken < bytes; taken += 1 << 20) {
    all.emplace_back(1 << 20, 'x');
    sum += all.back().size();
  }
  return sum;
}

int start_sleeper_and_wait(const std::string& path) {
  const int pid = ::fork();
  if (pid == 0) {
    ::execlp("sleep", "sleep", "600", nullptr);
    ::_exit(127);
  }
  std::ofstream{path} << ::getpid() << ' ' << pid << std::endl;
  while (true) std::this_thread::sleep_for(1s);
}

}  // namespace

TEST_CASE("a name of its own shows in handle and error", "[contract][options]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  mw::Master master{mw::interface(spec)};
  const auto good = master.submit_task<add>({.name = "the sum"}, 1, 2);
  CHECK(master.get_result(good) == 3);
  CHECK(good.name() == "the sum");
  const auto bad = master.submit_task<throw_runtime_error>({.name = "the eels"}, "no");
  const auto e = error_of(master, bad);
  CHECK(e.function() == "the eels");
  CHECK(std::string{e.what()}.find("(the eels)") != std::string::npos);
  const auto program = master.submit_task({.name = "who"}, mw::Program{"cat"}, "hello");
  CHECK(master.get_result(program) == "hello");
  CHECK(program.name() == "who");
}

TEST_CASE("a waiting task of higher priority goes first, and equal ones keep their order", "[contract][options]") {
  const auto spec = GENERATE(from_range(single_specs()));
  INFO(spec);
  const test::TemporaryFolder folder;
  mw::Master master{mw::interface(spec)};
  const auto blocker = master.submit_task<wait_for_file>(folder.path("go"));
  REQUIRE(test::eventually([&] { return blocker.state() == mw::TaskState::running; }));
  std::vector<mw::Task<std::int64_t>> tasks;
  for (const int priority : {0, -5, 7, 0, 7, INT32_MAX, INT32_MIN})
    tasks.push_back(master.submit_task<add_slowly>({.priority = priority}, 0, 0, 5));
  write_file(folder.path("go"), "now");
  CHECK(master.get_result() == blocker);
  for (const std::size_t index : {5u, 2u, 4u, 0u, 3u, 1u, 6u}) CHECK(master.get_result() == tasks[index]);
}

TEST_CASE("P29: a task's own faults are retried, and counted apart from lost workers", "[contract][options][P29]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  const test::TemporaryFolder folder, other;
  mw::Master master{mw::interface(spec)};
  const auto twice = master.submit_task<fail_until_there_are>({.retries = 2}, folder.path(""), 2);
  CHECK(master.get_result(twice) == 2);
  CHECK(twice.attempts() == 3);
  CHECK(twice.faults() == 2);
  CHECK(twice.losses() == 0);
  CHECK(master.get_status().retries == 2);

  const auto hopeless = master.submit_task<fail_until_there_are>({.retries = 1}, other.path(""), 100);
  const auto e = error_of(master, hopeless);
  CHECK(e.message() == "failure 1");  // the last one
  CHECK(e.attempt() == 2);
  CHECK(e.faults() == 2);
  CHECK(e.losses() == 0);
}

TEST_CASE("P29: a worker that is lost does not use up a task's retries, nor a fault its losses", "[contract][options][P29]") {
  const auto spec = GENERATE(from_range(specs_with_processes()));
  INFO(spec);
  const test::TemporaryFolder folder;
  mw::Master master{mw::interface(spec)};
  const auto task = master.submit_task<kill_self_and_fail>({.retries = 1, .max_losses = 1}, folder.path(""));
  CHECK(master.get_result(task) == 1);
  CHECK(task.attempts() == 3);
  CHECK(task.faults() == 1);
  CHECK(task.losses() == 1);
  const auto fragile = master.submit_task<crash_by_signal>({.retries = 5, .max_losses = 0}, SIGKILL);
  const auto e = error_of(master, fragile);
  CHECK(e.attempt() == 1);
  CHECK(e.losses() == 1);
  CHECK(e.faults() == 0);
}

TEST_CASE("P29: a task that loses its only worker again and again has as many tries as it may have", "[contract][options][P29]") {
  const auto spec = GENERATE(from_range(specs_with_processes()));
  INFO(spec);
  const test::TemporaryFolder folder;
  mw::Master master{mw::interface(with_workers(spec, 1))};
  const auto task = master.submit_task<crash_times>({.max_losses = 5}, folder.path("crashes"), 5);
  CHECK(master.get_result(task, 90s) == 5);
  CHECK(task.losses() == 5);
}

TEST_CASE("P23: at its soft limit a task is asked to end, and what it returns counts", "[contract][options][P23]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  mw::Master master{mw::interface(spec)};
  const auto task = master.submit_task<count_until_stopped>({.soft_limit = 100ms});
  const auto count = master.get_result(task);
  CHECK(count > 0);
  CHECK(count < 10'000);
  const auto after = master.submit_task<[] { return mw::should_stop(); }>();
  CHECK_FALSE(master.get_result(after));
  const auto program = master.submit_task(
      {.soft_limit = until_it_listens}, mw::Program{"sh", {"-c", "trap 'echo enough; exit 0' TERM; while :; do sleep 0.01; done"}});
  CHECK(master.get_result(program) == "enough\n");
}

TEST_CASE("P23: at its hard limit a task ends, and those behind it run", "[contract][options][P23]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  mw::Master master{mw::interface(spec)};
  CHECK(master.get_result(master.submit_task<add>(1, 0)) == 1);  // its start is over
  const auto start = std::chrono::steady_clock::now();
  const bool is_ended = spec != "serial";  // there it is given up, and those behind it wait for it
  const auto slow = master.submit_task<add_slowly>({.hard_limit = 200ms}, 1, 1, is_ended ? 60'000u : 1'500u);
  std::vector<mw::Task<std::int64_t>> others;
  for (int i = 0; i < 20; ++i) others.push_back(master.submit_task<add>(i, i));
  const auto e = error_of(master, slow);
  const auto taken = std::chrono::steady_clock::now() - start;
  CHECK(e.cause() == mw::Cause::time_limit);
  CHECK(e.message().find("0.2 s") != std::string::npos);
  CHECK(e.faults() == 1);
  CHECK(taken >= 200ms);
  CHECK(taken < (is_ended ? 30'000ms : 1'400ms));
  for (int i = 0; i < 20; ++i) CHECK(master.get_result(others[static_cast<std::size_t>(i)]) == 2 * i);
  CHECK(master.get_status().lost == 0);

  const auto program = master.submit_task({.hard_limit = 200ms}, mw::Program{"sleep", {"600"}});
  CHECK(error_of(master, program).cause() == mw::Cause::time_limit);
  CHECK(master.get_result(master.submit_task<add>({.hard_limit = 10s}, 1, 2)) == 3);
}

TEST_CASE("P23: a task that ran out of time is tried again as often as its retries say", "[contract][options][P23]") {
  const auto spec = GENERATE(from_range(specs_with_processes()));
  INFO(spec);
  mw::Master master{mw::interface(spec)};
  const auto slow = master.submit_task<add_slowly>({.retries = 2, .hard_limit = 50ms}, 1, 1, 60'000);
  const auto e = error_of(master, slow);
  CHECK(e.cause() == mw::Cause::time_limit);
  CHECK(e.attempt() == 3);
  CHECK(e.faults() == 3);
  CHECK(test::eventually([&] { return master.get_status().ready_workers() == static_cast<std::size_t>(workers_of(spec)); }));
}

TEST_CASE("a task that takes more memory than it may ends with memory_limit, and its worker lives on", "[contract][options]") {
  const auto spec = GENERATE(from_range(specs_with_processes()));
  INFO(spec);
  mw::Master master{mw::interface(spec)};
  const auto pid = master.get_result(master.submit_task<process_id>());
  const auto greedy = master.submit_task<take_memory>({.memory_limit = 64 << 20}, std::size_t{256} << 20);
  const auto e = error_of(master, greedy);
  CHECK(e.cause() == mw::Cause::memory_limit);
  CHECK(e.failure().out_of_memory);
  CHECK(e.message().find("67108864") != std::string::npos);
  const auto modest = master.submit_task<take_memory>({.memory_limit = 64 << 20}, std::size_t{16} << 20);
  CHECK(master.get_result(modest) == std::size_t{16} << 20);
  const auto unlimited = master.submit_task<take_memory>(std::size_t{128} << 20);
  CHECK(master.get_result(unlimited) == std::size_t{128} << 20);
  if (is_volunteer(spec)) return;  // each workunit has a process of its own
  // Which of the idle workers takes a task is the backend's own choice.
  CHECK(test::eventually([&] {  // one after the other, they might all go to another worker
    std::vector<mw::Task<int>> asked;
    for (int i = 0; i < 16; ++i) asked.push_back(master.submit_task<process_id>());
    return std::count_if(asked.begin(), asked.end(), [&](const auto& task) { return master.get_result(task) == pid; }) > 0;
  }));
}

TEST_CASE("a program gets its memory limit, too", "[contract][options]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  mw::Master master{mw::interface(spec)};
  const auto program = master.submit_task({.memory_limit = 50 << 20}, mw::Program{"sh", {"-c", "ulimit -d"}});
  CHECK(master.get_result(program) == std::to_string((50 << 20) / 1024) + "\n");
}

TEST_CASE("S6: data files lie in a folder of the task's own, and nothing else does", "[contract][options][S6]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  const test::TemporaryFolder folder;
  write_file(folder.path("a.txt"), "alpha");
  write_file(folder.path("b.txt"), "beta");
  mw::Master master{mw::interface(spec)};
  const mw::TaskOptions options{.files = {folder.path("a.txt"), {folder.path("b.txt"), "sub/folder/c.txt"}}};
  for (int i = 0; i < 4; ++i) {
    const auto task = master.submit_task<read_and_list>(options, "sub/folder/c.txt");
    CHECK(master.get_result(task) == "beta|a.txt sub/folder/c.txt ");
  }
  // A file that has changed is copied anew.
  write_file(folder.path("b.txt"), "gamma!");
  CHECK(master.get_result(master.submit_task<read_and_list>(options, "sub/folder/c.txt")) == "gamma!|a.txt sub/folder/c.txt ");
  // Without files, a task works where its worker does, and so does the master; a volunteer has a folder for each
  // workunit.
  const auto here = std::filesystem::current_path().string();
  if (!is_volunteer(spec)) CHECK(master.get_result(master.submit_task<working_directory>()) == here);
  const auto there = master.get_result(master.submit_task<working_directory>({.files = {folder.path("a.txt")}}));
  CHECK(there != here);
  CHECK(test::eventually([&] { return !std::filesystem::exists(there); }));
  CHECK(std::filesystem::current_path().string() == here);
  CHECK(read_file(folder.path("a.txt")) == "alpha");
}

TEST_CASE("a program runs among its data files, and may be one of them", "[contract][options][S6]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  const test::TemporaryFolder folder;
  write_file(folder.path("tool.sh"), "#!/bin/sh\ncat data.txt -\n");
  ::chmod(folder.path("tool.sh").c_str(), 0755);
  write_file(folder.path("data.txt"), "data and ");
  mw::Master master{mw::interface(spec)};
  const auto task =
      master.submit_task({.files = {{folder.path("tool.sh"), "tool"}, folder.path("data.txt")}}, mw::Program{"./tool"}, "input");
  CHECK(master.get_result(task) == "data and input");
}

TEST_CASE("S6: a data file's place never leaves the folder, and what cannot be read is an error at once",
          "[contract][options][S6]") {
  const test::TemporaryFolder folder;
  write_file(folder.path("a"), "a");
  mw::Master master{mw::interface("serial")};
  const auto refused = [&](mw::DataFile file) {
    INFO(file.from << " to " << file.to);
    CHECK_THROWS_AS(master.submit_task<add>({.files = {file}}, 1, 1), mw::UsageError);
  };
  for (const char* to : {"../a", "/etc/a", "x/../../a", "x/..", "..", ".", "./a", "x//a", "x/"}) refused({folder.path("a"), to});
  refused({folder.path("a"), std::string{"a\0b", 3}});
  refused({folder.path("missing"), "a"});
  refused({folder.path(""), "a"});
  refused({"/dev/null", "a"});
  CHECK_THROWS_AS(master.submit_task<add>({.files = {folder.path("a"), folder.path("a")}}, 1, 1), mw::UsageError);
}

TEST_CASE("S6: a data file that is gone when its task begins is the task's error, and names the file", "[contract][options][S6]") {
  const auto spec = GENERATE(from_range(single_specs()));
  INFO(spec);
  const test::TemporaryFolder folder;
  write_file(folder.path("a"), "a");
  mw::Master master{mw::interface(spec)};
  const auto blocker = master.submit_task<wait_for_file>(folder.path("go"));
  const auto task = master.submit_task<working_directory>({.files = {folder.path("a")}});
  std::filesystem::remove(folder.path("a"));
  write_file(folder.path("go"), "now");
  const auto e = error_of(master, task);
  CHECK(e.cause() == mw::Cause::data_file);
  CHECK(e.message().find(folder.path("a")) != std::string::npos);
  CHECK(master.get_result(master.submit_task<add>(1, 1)) == 2);
}

TEST_CASE("options that make no sense are usage errors", "[contract][options]") {
  mw::Master master{mw::interface("serial")};
  CHECK_THROWS_AS(master.submit_task<add>({.soft_limit = -1s}, 1, 1), mw::UsageError);
  CHECK_THROWS_AS(master.submit_task<add>({.hard_limit = -1s}, 1, 1), mw::UsageError);
  CHECK_THROWS_AS(master.submit_task<add>({.soft_limit = 2s, .hard_limit = 1s}, 1, 1), mw::UsageError);
  CHECK_THROWS_AS(master.submit_task<add>({.max_losses = 1000}, 1, 1), mw::UsageError);
}

namespace {

/// "multicore worker 2", "tcp worker pi1/2"
bool is_second(std::string_view worker) { return worker.ends_with(" 2") || worker.ends_with("/2"); }

}  // namespace

TEST_CASE("scheduler_func chooses the worker, or lets the task wait", "[contract][options]") {
  const auto spec = GENERATE(from_range(specs_with_lasting_workers()));
  INFO(spec);
  const auto is_chosen = [&](std::string_view worker) {
    return is_pool(spec) ? !worker.starts_with("multicore worker") : is_second(worker);
  };
  std::atomic<bool> refuses{true};
  mw::MasterOptions options;
  options.scheduler_func = [&](const mw::TaskHandle& task, std::span<const mw::WorkerView> free) -> std::optional<std::size_t> {
    if (task.name() == "later" && refuses) return std::nullopt;
    for (std::size_t i = 0; i < free.size(); ++i)
      if (is_chosen(free[i].name)) return i;
    return task.name() == "anywhere" ? std::optional<std::size_t>{0} : std::nullopt;
  };
  mw::Master master{mw::interface(spec), options};
  const auto later = master.submit_task<add>({.name = "later"}, 2, 2);
  std::set<std::string> workers;
  for (int i = 0; i < 20; ++i) {
    const auto task = master.submit_task<add>(i, 1);
    CHECK(master.get_result(task) == i + 1);
    workers.insert(task.worker());
  }
  CHECK(workers.size() == 1);
  CHECK(is_chosen(*workers.begin()));
  CHECK(later.state() == mw::TaskState::submitted);
  refuses = false;
  const auto wakes_it = master.submit_task<add>({.name = "anywhere"}, 1, 1);
  CHECK(master.get_result(wakes_it) == 2);
  CHECK(master.get_result(later) == 4);
}

TEST_CASE("a scheduler_func that names no worker is asked again, and stderr says what waits", "[contract][options]") {
  const auto spec = GENERATE(from_range(specs_scheduled_by_master()));
  INFO(spec);
  const test::TemporaryFolder folder;
  const auto said = [&] { return test::file_text(folder.path("said")); };
  mw::MasterOptions options;
  options.warn_after = 30ms;
  // Its mind changes when the master has complained.
  options.scheduler_func = [&](const mw::TaskHandle& task, std::span<const mw::WorkerView>) -> std::optional<std::size_t> {
    return task.name() == "kept back" && said().empty() ? std::nullopt : std::optional<std::size_t>{0};
  };
  mw::Master master{mw::interface(spec), options};
  CHECK(master.get_result(master.submit_task<add>({.name = "at once"}, 1, 1)) == 2);
  {
    const test::Redirected file{STDERR_FILENO, folder.path("said")};
    CHECK(master.get_result(master.submit_task<add>({.name = "kept back"}, 1, 2)) == 3);
  }
  CHECK(said().find("scheduler_func") != std::string::npos);
  CHECK(said().find("kept back") != std::string::npos);
}

TEST_CASE("a scheduler_func that throws, or names no worker, ends its task only", "[contract][options]") {
  const auto spec = GENERATE(from_range(specs_scheduled_by_master()));
  INFO(spec);
  mw::MasterOptions options;
  options.scheduler_func = [](const mw::TaskHandle& task, std::span<const mw::WorkerView>) -> std::optional<std::size_t> {
    if (task.name() == "throw") throw std::runtime_error{"no idea"};
    return task.name() == "miss" ? 99 : 0;
  };
  mw::Master master{mw::interface(spec), options};
  const auto e = error_of(master, master.submit_task<add>({.name = "throw"}, 1, 1));
  CHECK(e.cause() == mw::Cause::interface_error);
  CHECK(e.message().find("no idea") != std::string::npos);
  CHECK(error_of(master, master.submit_task<add>({.name = "miss"}, 1, 1)).cause() == mw::Cause::interface_error);
  CHECK(master.get_result(master.submit_task<add>(1, 1)) == 2);
}

TEST_CASE("a scheduler_func that waits for a result is told so", "[contract][options]") {
  mw::Master* self = nullptr;
  mw::Task<std::int64_t> other;
  mw::MasterOptions options;
  options.scheduler_func = [&](const mw::TaskHandle& task, std::span<const mw::WorkerView>) -> std::optional<std::size_t> {
    if (task.name() == "waits") self->get_result(other);
    if (task.name() == "cancels") self->cancel(other);
    if (task.name() == "submits") std::ignore = self->submit_task<add>(1, 1);
    return 0;
  };
  mw::Master master{mw::interface("multicore:2"), options};
  self = &master;
  other = master.submit_task<add_slowly>(1, 1, 300);
  for (const char* name : {"waits", "cancels"}) {
    const auto e = error_of(master, master.submit_task<add>({.name = name}, 1, 1));
    CHECK(e.cause() == mw::Cause::interface_error);
    CHECK(e.message().find("scheduler_func") != std::string::npos);
  }
  CHECK(master.get_result(master.submit_task<add>({.name = "submits"}, 2, 2)) == 4);
  CHECK(master.get_result(other) == 2);
}

TEST_CASE("cancel ends a waiting task, which never runs", "[contract][options]") {
  const auto spec = GENERATE(from_range(single_specs()));
  INFO(spec);
  const test::TemporaryFolder folder;
  mw::Master master{mw::interface(spec)};
  for (int i = 0; i < 50; ++i) master.get_result(master.submit_task<contract::nothing>());  // known to be short: some go ahead
  const auto blocker = master.submit_task<wait_for_file>(folder.path("go"));
  std::vector<mw::Task<std::string>> waiting;
  for (int i = 0; i < 20; ++i) waiting.push_back(master.submit_task<throw_runtime_error>("it ran"));
  for (const auto& task : waiting) {
    CHECK(master.cancel(task));
    CHECK(task.state() == mw::TaskState::cancelled);
    CHECK(error_of(master, task).cause() == mw::Cause::cancelled);
    CHECK_FALSE(master.cancel(task));
  }
  CHECK(blocker.state() != mw::TaskState::cancelled);
  write_file(folder.path("go"), "now");
  CHECK(master.get_result(blocker));
  CHECK_FALSE(master.cancel(blocker));
  const auto status = master.get_status();
  CHECK(status.cancelled == 20);
  CHECK(status.errors == 0);
}

TEST_CASE("cancel of a running task ends it for its master at once, and the next task runs", "[contract][options][P22]") {
  const auto spec = GENERATE(from_range(single_specs()));
  INFO(spec);
  mw::Master master{mw::interface(spec)};
  const auto task = master.submit_task<add_slowly>(1, 1, 700);
  const auto next = master.submit_task<add>(2, 2);
  REQUIRE(test::eventually([&] { return task.state() == mw::TaskState::running; }));
  CHECK(master.cancel(task));
  CHECK(task.state() == mw::TaskState::cancelled);
  CHECK(error_of(master, task).cause() == mw::Cause::cancelled);
  CHECK(master.get_result(next) == 4);
  CHECK(next.attempts() == 1);
  const auto status = master.get_status();
  CHECK(status.cancelled == 1);
  CHECK(status.finished == 1);
  CHECK(status.running == 0);
  CHECK(status.lost == 0);
}

TEST_CASE("P22: within a second of cancel the process group is gone and the slot is free", "[contract][options][P22]") {
  const auto spec = GENERATE(from_range(specs_with_processes()));
  INFO(spec);
  const test::TemporaryFolder folder;
  mw::Master master{mw::interface(spec)};
  const auto task = master.submit_task<start_sleeper_and_wait>(folder.path("pids"));
  int worker = 0, sleeper = 0;
  REQUIRE(test::eventually([&] { return (std::ifstream{folder.path("pids")} >> worker >> sleeper).good() || sleeper > 0; }));
  CHECK(test::state_of(sleeper) != '\0');
  const auto start = std::chrono::steady_clock::now();
  CHECK(master.cancel(task));
  const auto is_gone = [](int pid) { return test::state_of(pid) == '\0' || test::state_of(pid) == 'Z'; };
  CHECK(test::eventually([&] { return is_gone(worker) && is_gone(sleeper); }, 1s));
  CHECK(test::eventually([&] { return master.get_status().ready_workers() == static_cast<std::size_t>(workers_of(spec)); }, 1s));
  CHECK(std::chrono::steady_clock::now() - start < 1s);
  CHECK(master.get_result(master.submit_task<add>(1, 1)) == 2);
  for (const auto& one : master.get_status().workers) CHECK(one.lost == 0);
}

TEST_CASE("cancel while tasks run and finish: each ends exactly once", "[contract][options][P20]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  mw::Master master{mw::interface(spec)};
  const int count = 300;
  std::vector<mw::Task<std::int64_t>> tasks;
  for (int i = 0; i < count; ++i) tasks.push_back(master.submit_task<add_slowly>(i, 0, static_cast<std::uint32_t>(i % 3)));
  std::thread canceller{[&] {
    for (int i = 1; i < count; i += 7) master.cancel(tasks[static_cast<std::size_t>(i)]);
  }};
  int finished = 0, cancelled = 0;
  for (int i = 0; i < count; ++i) {
    try {
      master.get_result();
      ++finished;
    } catch (const mw::TaskError& e) {
      CHECK(e.cause() == mw::Cause::cancelled);
      ++cancelled;
    }
  }
  canceller.join();
  CHECK(finished + cancelled == count);
  CHECK(finished >= count - (count + 6) / 7);
  for (int i = 0; i < count; ++i) {
    const auto& task = tasks[static_cast<std::size_t>(i)];
    CHECK(task.done());
    if (task.state() == mw::TaskState::finished) CHECK(master.get_result(task) == i);
  }
}

TEST_CASE("cancel of another master's task is an error", "[contract][options]") {
  mw::Master one{mw::interface("serial")}, other{mw::interface("serial")};
  const auto task = one.submit_task<add>(1, 1);
  CHECK(test::task_error([&] { other.cancel(task); }).cause() == mw::Cause::not_submitted);
  CHECK(test::task_error([&] { other.cancel(mw::Task<int>{}); }).cause() == mw::Cause::not_submitted);
}

TEST_CASE("a limit of centuries is none, whatever its number", "[contract][options]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  mw::Master master{mw::interface(spec)};
  using std::chrono::nanoseconds;
  std::vector<mw::Task<std::int64_t>> tasks;
  std::vector<mw::Task<std::string>> programs;
  for (const nanoseconds limit : {nanoseconds::max(), nanoseconds{(std::int64_t{1} << 62) + 1}, nanoseconds{std::int64_t{1} << 62},
                                  nanoseconds{std::int64_t{1} << 61}, nanoseconds{24h * 365 * 200}}) {
    tasks.push_back(master.submit_task<add>({.soft_limit = limit}, 1, 2));
    tasks.push_back(master.submit_task<add>({.hard_limit = limit}, 1, 2));
    tasks.push_back(master.submit_task<add>({.soft_limit = limit, .hard_limit = nanoseconds::max()}, 1, 2));
    programs.push_back(master.submit_task({.soft_limit = limit, .hard_limit = limit}, mw::Program{"cat"}, "text"));
  }
  for (const auto& task : tasks) CHECK(master.get_result(task) == 3);
  for (const auto& task : programs) CHECK(master.get_result(task) == "text");
}

TEST_CASE("numbers as large as they can be mean as much as there is", "[contract][options]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  mw::Master master{mw::interface(spec)};
  for (const std::uint64_t memory : {UINT64_MAX, UINT64_MAX - 4096, std::uint64_t{INT64_MAX}}) {
    CHECK(master.get_result(master.submit_task<take_memory>({.memory_limit = memory}, std::size_t{8} << 20)) == std::size_t{8}
                                                                                                                    << 20);
    CHECK(master.get_result(master.submit_task({.memory_limit = memory}, mw::Program{"cat"}, "text")) == "text");
  }
  const auto task = master.submit_task<add>({.priority = INT32_MAX, .retries = UINT32_MAX, .max_losses = 62}, 1, 2);
  CHECK(master.get_result(task) == 3);
}

TEST_CASE("a zero byte where no system call could take it is refused at once", "[contract][options]") {
  mw::Master master{mw::SerialInterface{}};
  const std::string torn{"a\0b", 3};
  CHECK_THROWS_AS(master.submit_task(mw::Program{torn}), mw::UsageError);
  CHECK_THROWS_AS(master.submit_task(mw::Program{"echo", {"one", torn}}), mw::UsageError);
  const test::TemporaryFolder folder;
  write_file(folder.path("a"), "text");
  CHECK_THROWS_AS(master.submit_task<add>({.files = {folder.path(torn)}}, 1, 2), mw::UsageError);
  CHECK_THROWS_AS(master.submit_task<add>({.files = {{folder.path("a"), torn}}}, 1, 2), mw::UsageError);
  CHECK(master.get_result(master.submit_task(mw::Program{"echo", {"a", ""}})) == "a \n");
}
