// Multicore under fire: real processes that get killed.
#include <catch2/catch.hpp>

#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <random>
#include <set>
#include <stdexcept>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "contract/functions.hpp"
#include "core/record.hpp"
#include "process/child.hpp"
#include "process/run_program.hpp"
#include "support/errors.hpp"
#include "support/processes.hpp"
#include "support/program.hpp"
#include "support/temporary.hpp"

using namespace contract;
using test::beside;
using test::Program;

namespace {

std::int64_t index_after_10_ms(std::int64_t index) {
  std::this_thread::sleep_for(std::chrono::milliseconds{10});
  return index;
}

/// Fails by itself now and then, reads its file, and heeds its limits.
std::string use_every_option(int index) {
  std::this_thread::sleep_for(std::chrono::milliseconds{index % 5 == 0 ? 12 : 3});
  std::ifstream file{"input.txt"};
  std::string text;
  file >> text;
  mw::set_progress(0.5);
  if (index % 50 == 7) throw std::runtime_error{"always"};
  if (index % 50 == 9) std::this_thread::sleep_for(std::chrono::seconds{60});
  return text + std::to_string(index);
}

}  // namespace

TEST_CASE("P20: under kill -9 of random workers with every option in use, each task ends exactly once", "[faults][P20][options]") {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  const int count = 500, slowness = 6;  // a worker takes that much longer to start
#else
  const int count = 1500, slowness = 1;
#endif
  const unsigned seed = std::random_device{}();
  INFO("seed " << seed);
  const test::TemporaryFolder folder;
  std::ofstream{folder.path("input.txt")} << "text";
  std::atomic<int> kills{0};
  std::atomic<std::uint64_t> choices{0};
  {
    mw::MasterOptions options;
    options.scheduler_func = [&](const mw::TaskHandle&, std::span<const mw::WorkerView> free) -> std::optional<std::size_t> {
      return ++choices % free.size();
    };
    mw::Master master{mw::MulticoreInterface{3}, options};
    std::atomic<bool> over{false};
    std::thread killer{[&] {
      std::mt19937 random{seed};
      while (!over) {
        std::this_thread::sleep_for(slowness * std::chrono::milliseconds{20 + random() % 40});
        // A machine that is too slow for a worker to get ready between two kills would be right to give up.
        if (master.get_status().ready_workers() < 2) continue;
        const auto workers = test::children();
        if (workers.empty()) continue;
        ::kill(workers[random() % workers.size()], SIGKILL);
        ++kills;
      }
    }};
    std::vector<mw::Task<std::string>> tasks;
    for (int i = 0; i < count; ++i)
      tasks.push_back(master.submit_task<use_every_option>(
          {.name = "task " + std::to_string(i),
           .priority = i % 3,
           .retries = 1,
           .max_losses = 60,
           .soft_limit = i % 50 == 9 ? std::chrono::milliseconds{50} : std::chrono::seconds{20},
           .hard_limit = i % 50 == 9 ? slowness * std::chrono::milliseconds{100} : std::chrono::seconds{30},
           .memory_limit = std::uint64_t{1} << 30,
           .files = {folder.path("input.txt")}},
          i));
    std::thread canceller{[&] {
      for (int i = 3; i < count; i += 50) {
        std::this_thread::sleep_for(std::chrono::milliseconds{5});
        master.cancel(tasks[static_cast<std::size_t>(i)]);
      }
    }};
    std::vector<int> ended(count, 0);
    for (auto& done : master.as_completed(tasks)) {
      const int i = static_cast<int>(done.index);
      ++ended[done.index];
      INFO("task " << i << " " << to_string(done.task.state()));
      try {
        const std::string text = done.result();
        CHECK(text == "text" + std::to_string(i));
        CHECK(i % 50 != 7);
        CHECK(i % 50 != 9);
      } catch (const mw::TaskError& e) {
        INFO(e.what());
        if (i % 50 == 7)
          CHECK((e.cause() == mw::Cause::exception && e.faults() == 2));
        else if (i % 50 == 9)
          CHECK((e.cause() == mw::Cause::time_limit && e.faults() == 2));
        else
          CHECK((e.cause() == mw::Cause::cancelled && i % 50 == 3));
      }
    }
    canceller.join();
    over = true;
    killer.join();
    for (int i = 0; i < count; ++i) CHECK(ended[static_cast<std::size_t>(i)] == 1);
    const auto status = master.get_status();
    CHECK(status.finished + status.errors + status.cancelled == count);
    CHECK(status.running + status.submitted == 0);
    CHECK(status.errors == 2 * count / 50);
    CHECK(kills >= 5);
    CHECK(choices > count);
  }
  CHECK(test::children().empty());
}

TEST_CASE("a long task among short ones: what was sent ahead is given back", "[faults]") {
  mw::Master master{mw::MulticoreInterface{2}};
  // The function is known to be quick, so that many calls go ahead; then one is slow, and those behind it must not
  // wait.
  for (int i = 0; i < 500; ++i) std::ignore = master.submit_task<add_slowly>(i, 0, 0);
  for (int i = 0; i < 500; ++i) master.get_result();
  const auto slow = master.submit_task<add_slowly>(0, 0, 3'000);
  std::vector<mw::Task<std::int64_t>> quick;
  for (int i = 0; i < 2'000; ++i) quick.push_back(master.submit_task<add_slowly>(i, 1, 0));
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < 2'000; ++i) CHECK(master.get_result(quick[static_cast<std::size_t>(i)]) == i + 1);
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds{2});
  CHECK(slow.state() == mw::TaskState::running);
  for (const auto& task : quick) CHECK(task.attempts() == 1);
  CHECK(master.get_result(slow) == 0);
}

TEST_CASE("tasks that must wait for a place on the claim page go out when there is one", "[faults]") {
  mw::Master master{mw::MulticoreInterface{1}};
  constexpr auto short_or_not = [](int ms) {
    if (ms != 0) std::this_thread::sleep_for(std::chrono::milliseconds{ms});
    return ms;
  };
  for (int round = 0; round < 30; ++round) {
    for (int i = 0; i < 50; ++i) master.get_result(master.submit_task<short_or_not>(0));  // known to be short
    const auto front = master.submit_task<short_or_not>(1);
    // Each takes a number behind the one that runs; 256 later, its place would be used again.
    for (int i = 0; i < 300; ++i) master.cancel(master.submit_task<short_or_not>(0));
    const auto behind = master.submit_task<short_or_not>(0);
    CHECK(master.get_result(behind) == 0);
    CHECK(master.get_result(front) == 1);
  }
}

TEST_CASE("P14, P20: kill -9 of random workers throughout a run loses nothing and doubles nothing", "[faults][P14][P20]") {
  const int count = 2000;
  const unsigned seed = std::random_device{}();
  INFO("seed " << seed);
  std::atomic<int> kills{0};
  {
    mw::Master master{mw::MulticoreInterface{4}};
    std::atomic<bool> over{false};
    std::atomic<int> results{0};
    // Paced by results and not by a clock: a machine so loaded that a worker takes a second to start is killed on no
    // faster.
    std::thread killer{[&] {
      std::mt19937 random{seed};
      for (int next = 1; !over; std::this_thread::sleep_for(std::chrono::milliseconds{1})) {
        if (results < next) continue;
        const auto workers = test::children();
        if (workers.empty()) continue;
        ::kill(workers[random() % workers.size()], SIGKILL);
        ++kills;
        next = results + 4 + static_cast<int>(random() % 24);
      }
    }};
    std::vector<mw::Task<std::int64_t>> tasks;
    for (int i = 0; i < count; ++i) tasks.push_back(master.submit_task<index_after_10_ms>(i));
    std::set<std::uint64_t> seen;
    std::int64_t sum = 0;
    int failed = 0;
    for (int i = 0; i < count; ++i) {
      try {
        const auto task = master.get_result();
        ++results;
        CHECK(seen.insert(task.id()).second);
        sum += task.result<std::int64_t>();
      } catch (const mw::TaskError& e) {
        ++failed;
        UNSCOPED_INFO(e.what());
      }
    }
    over = true;
    killer.join();
    CHECK(failed == 0);
    CHECK(seen.size() == count);
    CHECK(sum == std::int64_t{count} * (count - 1) / 2);
    CHECK(kills > 20);
    const auto status = master.get_status();
    CHECK(status.finished == count);
    CHECK(status.running + status.submitted + status.errors == 0);
  }
  CHECK(test::children().empty());
}

TEST_CASE("P33: kill -9 of the master leaves no worker, no program and no child of theirs", "[faults][P33]") {
  const std::string tag = "CPPMW_TEST_TAG=" + std::to_string(::getpid()) + "-master";
  const test::TemporaryFolder folder;
  Program master{beside("long_run"), {folder.path("ready"), "multicore:3"}, tag};
  REQUIRE(test::eventually([&] { return std::filesystem::exists(folder.path("ready")); }));
  // The master, 3 workers, the shell, and what the shell started.
  REQUIRE(test::eventually([&] { return test::processes_with(tag).size() >= 6; }));
  master.kill();
  CHECK(WIFSIGNALED(master.wait()));
  CHECK(test::eventually([&] { return test::processes_with(tag).empty(); }, std::chrono::seconds{2}));
}

TEST_CASE("P33: kill -9 of a master that runs a program in its own process leaves nothing of that", "[faults][P33]") {
  const std::string tag = "CPPMW_TEST_TAG=" + std::to_string(::getpid()) + "-serial";
  const test::TemporaryFolder folder;
  Program master{beside("long_run"), {folder.path("ready"), "serial"}, tag};
  REQUIRE(test::eventually([&] { return std::filesystem::exists(folder.path("ready")); }));
  // The master, the shell, what the shell started, and who guards them.
  REQUIRE(test::eventually([&] { return test::processes_with(tag).size() >= 5; }));
  master.kill();
  CHECK(WIFSIGNALED(master.wait()));
  CHECK(test::eventually([&] { return test::processes_with(tag).empty(); }));
}

TEST_CASE("P33: kill -9 of a worker leaves nothing of what its task had started", "[faults][P33]") {
  const std::string tag = "CPPMW_TEST_WORKER=" + std::to_string(::getpid());
  ::putenv(const_cast<char*>(tag.c_str()));
  mw::Master master{mw::MulticoreInterface{1}};
  const pid_t worker = master.get_result(master.submit_task<process_id>());
  const auto task = master.submit_task(mw::Program{"sh", {"-c", "sleep 555 & sleep 555"}});
  REQUIRE(test::eventually([&] { return test::processes_with(tag).size() >= 4; }));
  ::unsetenv("CPPMW_TEST_WORKER");
  const auto before = test::processes_with(tag);
  ::kill(worker, SIGKILL);
  CHECK(test::eventually([&] {
    for (const pid_t pid : before)
      if (const char state = test::state_of(pid); state != '\0' && state != 'Z') return false;
    return true;
  }));
  REQUIRE(test::eventually([&] { return task.attempts() == 2; }));  // it runs again
}

TEST_CASE("a worker that a task stops from exiting is terminated, then killed", "[faults]") {
  constexpr auto stubborn = [](int) {
    std::signal(SIGTERM, SIG_IGN);
    while (true) std::this_thread::sleep_for(std::chrono::seconds{1});
    return 0;
  };
  std::vector<pid_t> workers;
  const auto start = std::chrono::steady_clock::now();
  {
    mw::Master master{mw::MulticoreInterface{
        {.workers = 1, .after_close = std::chrono::milliseconds{100}, .after_terminate = std::chrono::milliseconds{100}}}};
    workers.push_back(master.get_result(master.submit_task<process_id>()));
    const auto task = master.submit_task<stubborn>(1);
    REQUIRE(test::eventually([&] { return task.state() == mw::TaskState::running; }));
    std::this_thread::sleep_for(std::chrono::milliseconds{50});
  }
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds{10});
  CHECK(test::state_of(workers[0]) == '\0');
}

TEST_CASE("more workers than cores are fine", "[faults]") {
  mw::Master master{mw::MulticoreInterface{24}};
  std::set<int> pids;
  std::vector<mw::Task<std::int64_t>> tasks;
  for (int i = 0; i < 240; ++i) tasks.push_back(master.submit_task<add_slowly>(i, 0, 5));
  for (int i = 0; i < 240; ++i) CHECK(master.get_result(tasks[static_cast<std::size_t>(i)]) == i);
  CHECK(test::children().size() == 24);
}

TEST_CASE("how a worker died is known, or said to be unknown, in a master that ignores SIGCHLD", "[faults]") {
  struct sigaction ignoring = {};
  ignoring.sa_handler = SIG_IGN;
  const test::SignalAction changed{SIGCHLD, ignoring};
  mw::Master master{mw::MulticoreInterface{1}};
  const auto known = test::error_of(master, master.submit_task<leave>({.max_losses = 0}, 3));
  CHECK(known.cause() == mw::Cause::exit_status);
  CHECK(known.failure().exit_status == 3);
  const auto worker = master.get_result(master.submit_task<process_id>());
  ::sigaction(SIGCHLD, &ignoring, nullptr);
  const auto unknown = test::error_of(master, master.submit_task<crash_by_signal>({.max_losses = 0}, SIGSEGV));
  CHECK(unknown.cause() == mw::Cause::worker_lost);
  CHECK(unknown.message().find(fmt::format("process {} ended with a status that nobody knows", worker)) != std::string::npos);
  CHECK(master.get_result(master.submit_task<add>(1, 1)) == 2);
}

TEST_CASE("P28: few open files or processes: the workers that are possible, and a word on it, or an error that names the limit",
          "[faults][P28]") {
  const auto run = [](const std::string& script) {
    return mw::process::run_program("sh", {"-c", fmt::format(fmt::runtime(script), beside("limited_run"))}, {});
  };
  const auto count = [](const std::string& text, const std::string& part) {
    std::size_t found = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
    return found;
  };
  const auto wanted = [](const std::string& out) { return std::atoi(out.c_str() + std::min(out.find(' '), out.size())); };
  {
    const auto some = run("ulimit -n 64; exec timeout 60 {} multicore:40");
    INFO(some.err);
    CHECK(some.death.exit_status == 0);
    CHECK(std::atoi(some.out.c_str()) >= 1);
    CHECK(std::atoi(some.out.c_str()) < 40);
    CHECK(count(some.err, "multicore: ") == 1);
    CHECK(count(some.err, fmt::format("{} of 40 workers", wanted(some.out))) == 1);
    CHECK(count(some.err, "64 open files (ulimit -n)") == 1);
  }
#if !defined( \
    __SANITIZE_ADDRESS__)  // UndefinedBehaviorSanitizer looks at memory through a pipe, for which there is no descriptor then
  {
    const auto none = run("ulimit -n 12; exec timeout 60 {} multicore:40");
    INFO(none.err);
    CHECK(none.death.exit_status == 3);
    CHECK(count(none.err, "12 open files (ulimit -n)") == 1);
  }
#endif
  if (::geteuid() != 0) return;  // as this user, nobody knows how many processes there are
  const std::string other = fmt::format("setpriv --reuid={} --clear-groups ", 200'000 + ::getpid());
  if (run(other + "test -x {}").death.exit_status != 0) {
    WARN("another user cannot run what lies in this folder");
    return;
  }
  const std::string as_other = "exec timeout 60 " + other + "prlimit ";
  {
    const auto some = run(as_other + "--nproc=5 {} multicore:8");
    INFO(some.err);
    CHECK(some.death.exit_status == 0);
    CHECK(std::atoi(some.out.c_str()) >= 1);
    CHECK(std::atoi(some.out.c_str()) <= 4);
    CHECK(count(some.err, fmt::format("{} of 8 workers", wanted(some.out))) == 1);
    CHECK(count(some.err, "5 processes and threads (ulimit -u)") == 1);
  }
  {
    const auto none = run(as_other + "--nproc=2 {} multicore:8");
    INFO(none.err);
    CHECK(none.death.exit_status == 3);
    CHECK(count(none.err, "2 processes and threads (ulimit -u)") == 1);
  }
}

TEST_CASE("a worker that announces a frame, and says no more, is ended, and its task runs again", "[faults]") {
  constexpr auto announce = [](const std::string& path) {
    if (std::filesystem::exists(path)) return 7;
    std::ofstream{path} << "x";
    for (int fd = 3; fd < 100; ++fd) {
      int type = 0;
      socklen_t size = sizeof type;
      if (::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) != 0 || type != SOCK_STREAM) continue;
      const std::uint64_t header = std::uint64_t{5} << 56 | std::uint64_t{60} << 30;  // a result of 60 GiB
      static_cast<void>(::send(fd, &header, sizeof header, MSG_NOSIGNAL));
    }
    while (true) ::pause();
  };
  const test::TemporaryFolder folder;
  mw::MulticoreOptions options;
  options.workers = 1;
  options.silence_limit = std::chrono::milliseconds{100};
  mw::Master master{mw::MulticoreInterface{options}};
  const auto task = master.submit_task<announce>(folder.path("once"));
  CHECK(master.get_result(task) == 7);
  CHECK(task.losses() == 1);
}

TEST_CASE("a task whose message no worker can read is given up, and the others run", "[faults]") {
  const test::TemporaryFolder folder;
  mw::Master master{mw::MulticoreInterface{1}};
  const auto blocker = master.submit_task<wait_for_file>(folder.path("go"));
  REQUIRE(test::eventually([&] { return blocker.state() == mw::TaskState::running; }));
  const auto broken = master.submit_task<add>({.soft_limit = std::chrono::hours{1}}, 1, 2);
  // No option does this: the message is broken from within.
  broken.record()->find_extra()->options.soft_limit = std::chrono::nanoseconds::max();
  const auto good = master.submit_task<add>(3, 4);
  std::ofstream{folder.path("go")} << "now";
  const auto e = test::error_of(master, broken);
  CHECK(e.cause() == mw::Cause::exit_status);
  CHECK(e.losses() == 4);
  CHECK(e.stderr_tail().find("beyond all measure") != std::string::npos);
  CHECK(master.get_result(good) == 7);
  CHECK(good.losses() == 0);
}

TEST_CASE("P28: a program whose main() forgets mw::init gets a clear error and starts no worker", "[faults][P28]") {
  const std::string tag = "CPPMW_TEST_TAG=" + std::to_string(::getpid()) + "-forgets";
  const int status = Program{beside("forgets_init"), {}, tag}.wait();
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 42);  // it caught an InterfaceError that names mw::init
  CHECK(test::processes_with(tag).empty());
}

TEST_CASE("P28: a worker process that skips mw::init refuses to be a master", "[faults][P28]") {
  const std::string tag = "CPPMW_TEST_TAG=" + std::to_string(::getpid()) + "-skips";
  const int status = Program{beside("skips_init_in_worker"), {}, tag}.wait();
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 42);  // its task ended with no_worker, and the worker's own words
  CHECK(test::eventually([&] { return test::processes_with(tag).empty(); }));
}
