// Multicore before a host without a master: worker processes of this very program, what they are given, how they end,
// and what comes after them.
#include <catch2/catch.hpp>

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "multicore/multicore_bench.hpp"
#include "process/cores.hpp"
#include "process/place.hpp"
#include "process/shortage.hpp"
#include "process/unique_fd.hpp"
#include "support/captured_stderr.hpp"
#include "support/forked.hpp"
#include "support/processes.hpp"
#include "support/temporary.hpp"

using namespace mw;
using namespace std::chrono_literals;
using Catch::Contains;
using test::numbered_task;
using PoolWords = std::vector<std::string>;

namespace {

int print_and_double(int x) {
  std::cout << "out " << x;
  std::cerr << "err " << x;
  return 2 * x;
}
int process_of_worker() { return ::getpid(); }

/// Says that it runs, and waits until a byte comes through the pipe.
int wait_for_byte(const std::string& pipe) {
  set_progress(0.5);
  return std::ifstream{pipe}.get();
}

int leave_worker(int status) {
  std::cerr << "no more eels" << std::flush;
  std::_Exit(status);
}

/// A variable as the worker has it; "-" if it has none.
std::string variable_of_worker(const std::string& name) {
  const char* const value = std::getenv(name.c_str());
  return value ? value : "-";
}

class EnvironmentVariable {
 public:
  EnvironmentVariable(const char* name, const char* value) : name_{name} { ::setenv(name, value, 1); }
  ~EnvironmentVariable() { ::unsetenv(name_); }
  EnvironmentVariable(const EnvironmentVariable&) = delete;
  EnvironmentVariable& operator=(const EnvironmentVariable&) = delete;

 private:
  const char* name_;
};

/// A pipe with a name, which wait_for_byte() reads.
class NamedPipe {
 public:
  NamedPipe() {
    REQUIRE(::mkfifo(path().c_str(), 0600) == 0);
    end_ = process::UniqueFd{::open(path().c_str(), O_RDWR | O_CLOEXEC)};  // so that no other end has to be waited for
  }
  std::string path() const { return folder_.path("pipe"); }
  void let_one_go() const { REQUIRE(::write(end_.get(), "x", 1) == 1); }

 private:
  test::TemporaryFolder folder_;
  process::UniqueFd end_;
};

class PoolBench {
 public:
  explicit PoolBench(MulticoreOptions options) : pool{options} {
    pool.set_host(host);
    pool.start();
  }
  explicit PoolBench(unsigned workers = 1) : PoolBench{MulticoreOptions{.workers = workers}} {
    REQUIRE(host.run_until([&] { return host.joined.size() == workers; }));
    std::ignore = host.said();
  }
  ~PoolBench() {
    if (!is_stopping_) stop();
    host.hears("stopped");
  }
  PoolBench(const PoolBench&) = delete;
  PoolBench& operator=(const PoolBench&) = delete;

  void stop() {
    is_stopping_ = true;
    pool.stop([this] { host.say("stopped"); });
  }
  void give(const TaskRef& task, std::uint32_t worker = 1) { pool.execute_task(task, WorkerId{worker}); }
  /// Gives the worker this call, and waits for what it returns.
  template <auto F, class... Arguments>
  Outcome call(std::uint32_t worker, const Arguments&... arguments) {
    const std::size_t before = host.outcomes.size();
    give(numbered_task<F>(++last_call_, arguments...), worker);
    pool.flush();
    REQUIRE(host.run_until([&] { return host.outcomes.size() > before; }));
    return std::move(host.outcomes.back());
  }
  template <class T, auto F, class... Arguments>
  T value_of(std::uint32_t worker, const Arguments&... arguments) {
    return decode<T>(call<F>(worker, arguments...).value.span());
  }
  pid_t pid_of(std::uint32_t worker) const { return static_cast<pid_t>(host.joined.at(worker - 1).pid); }

  test::LoopHost host;
  MulticoreInterface pool;

 private:
  std::uint64_t last_call_ = 1'000;
  bool is_stopping_ = false;
};

}  // namespace

TEST_CASE("each worker of a pool joins with the name of its slot and a process of its own", "[multicore][pool]") {
  PoolBench bench{2};
  CHECK(bench.pool.expected_slots() == 2);
  std::vector<std::string> names;
  for (const WorkerInfo& info : bench.host.joined) {
    names.push_back(info.name);
    CHECK(info.host == process::host_name());
    CHECK(info.slots == 1);
    CHECK(info.ahead > 0);
  }
  std::sort(names.begin(), names.end());
  CHECK(names == PoolWords{"multicore worker 1", "multicore worker 2"});
  for (const std::uint32_t worker : {1, 2}) CHECK(bench.value_of<int, process_of_worker>(worker) == bench.pid_of(worker));
  CHECK(bench.pid_of(1) != bench.pid_of(2));
  CHECK(bench.pool.report_workers().empty());
}

TEST_CASE("a pool says which of its workers are on their way", "[multicore][pool]") {
  PoolBench bench{MulticoreOptions{.workers = 2}};
  const auto reports = bench.pool.report_workers();
  REQUIRE(reports.size() == 2);
  CHECK(reports[0].name == "multicore worker 1");
  CHECK(reports[1].name == "multicore worker 2");
  for (const WorkerReport& report : reports) {
    CHECK(report.state == WorkerState::starting);
    CHECK(report.host == process::host_name());
  }
  REQUIRE(bench.host.run_until([&] { return bench.host.joined.size() == 2; }));
  CHECK(bench.pool.report_workers().empty());
}

TEST_CASE("a task of a pool begins, and ends with what it returns and prints", "[multicore][pool]") {
  PoolBench bench;
  bench.give(numbered_task<print_and_double>(1, 21));
  bench.give(numbered_task<print_and_double>(2, 4));
  bench.pool.flush();
  REQUIRE(bench.host.hears("finished 2"));
  CHECK(bench.host.said() == PoolWords{"started 1 on 1", "started 2 on 1", "finished 1", "finished 2"});
  const Outcome& first = bench.host.outcomes[0];
  CHECK_FALSE(first.failure);
  CHECK(decode<int>(first.value.span()) == 42);
  CHECK(first.out == "out 21");
  CHECK(first.err == "err 21");
  CHECK(bench.host.outcomes[1].out == "out 4");
}

TEST_CASE("a task for a worker that a pool does not have is refused in words", "[multicore][pool]") {
  PoolBench bench;
  const TaskRef task = numbered_task<print_and_double>(5, 1);
  CHECK_THROWS_AS(bench.give(task, 2), UnknownWorker);
  CHECK_THROWS_WITH(bench.give(task, 2),
                    "multicore: task 5 came for worker number 2, which is none of the 1 processes that are ready");
  CHECK_THROWS_AS(bench.pool.execute_task(task, any_worker), UnknownWorker);
  CHECK_FALSE(bench.pool.revoke_task(task, WorkerId{2}));
  CHECK_NOTHROW(bench.pool.abort_task(task, WorkerId{2}));
  CHECK(bench.host.said().empty());
}

TEST_CASE("a task that lies before a worker can be recalled, once, and one that has begun cannot", "[multicore][pool]") {
  PoolBench bench;
  const NamedPipe pipe;
  const TaskRef runs = numbered_task<wait_for_byte>(1, pipe.path()), waits = numbered_task<print_and_double>(2, 1);
  for (const TaskRef& task : {runs, waits, numbered_task<print_and_double>(3, 1)}) bench.give(task);
  bench.pool.flush();
  REQUIRE(bench.host.hears("progress 1 0.5"));
  CHECK_FALSE(bench.pool.revoke_task(runs, WorkerId{1}));
  CHECK(bench.pool.revoke_task(waits, WorkerId{1}));
  CHECK_FALSE(bench.pool.revoke_task(waits, WorkerId{1}));
  pipe.let_one_go();
  REQUIRE(bench.host.hears("finished 3"));
  CHECK(bench.host.said() == PoolWords{"started 1 on 1", "progress 1 0.5", "started 3 on 1", "finished 1", "finished 3"});
}

TEST_CASE("a task that is recalled before it goes out never runs", "[multicore][pool]") {
  PoolBench bench;
  const NamedPipe pipe;
  const TaskRef recalled = numbered_task<wait_for_byte>(1, pipe.path());
  bench.give(recalled);
  bench.give(numbered_task<print_and_double>(2, 1));
  CHECK(bench.pool.revoke_task(recalled, WorkerId{1}));
  bench.pool.flush();
  REQUIRE(bench.host.hears("finished 2"));
  CHECK(bench.host.said() == PoolWords{"started 1 on 1", "started 2 on 1", "finished 2"});
}

TEST_CASE("a task that is ended while it runs takes its worker with it, and another takes its place", "[multicore][pool]") {
  PoolBench bench;
  const NamedPipe pipe;
  const TaskRef runs = numbered_task<wait_for_byte>(1, pipe.path());
  bench.give(runs);
  bench.give(numbered_task<print_and_double>(2, 1));
  bench.pool.flush();
  REQUIRE(bench.host.hears("progress 1 0.5"));
  const pid_t pid = bench.pid_of(1);
  bench.pool.abort_task(runs, WorkerId{1});
  REQUIRE(bench.host.hears("joined multicore worker 1"));
  CHECK(bench.host.has_heard("left 1, lost 1"));
  CHECK_FALSE(bench.host.has_heard("started 2 on 1"));
  CHECK(test::state_of(pid) == '\0');
  REQUIRE(bench.host.losses.size() == 1);
  REQUIRE(bench.host.losses[0].failure);
  CHECK(bench.host.losses[0].failure->cause == Cause::worker_lost);
  CHECK(bench.host.losses[0].failure->message == fmt::format("its worker process {} was ended: task 1 was ended", pid));
  CHECK_THROWS_AS(bench.give(runs, 1), UnknownWorker);  // its number is not used again
  CHECK(bench.value_of<int, process_of_worker>(2) == bench.pid_of(2));
}

TEST_CASE("a worker that ends by itself loses the task that it was in, with what that had said", "[multicore][pool]") {
  PoolBench bench;
  bench.give(numbered_task<leave_worker>(1, 3));
  bench.give(numbered_task<print_and_double>(2, 1));
  bench.pool.flush();
  REQUIRE(bench.host.hears("joined multicore worker 1"));
  CHECK(bench.host.has_heard("left 1, lost 1"));
  REQUIRE(bench.host.losses.size() == 1);
  const Outcome& lost = bench.host.losses[0];
  REQUIRE(lost.failure);
  CHECK(lost.failure->cause == Cause::exit_status);
  CHECK(lost.failure->exit_status == 3);
  CHECK(lost.err == "no more eels");
  CHECK(bench.host.outcomes.empty());
}

TEST_CASE("a worker that is killed with nothing to do loses nothing, and another takes its place", "[multicore][pool]") {
  PoolBench bench{2};
  ::kill(bench.pid_of(2), SIGKILL);
  REQUIRE(bench.host.run_until([&] { return bench.host.joined.size() == 3; }));
  CHECK(bench.host.said() == PoolWords{"left 2, lost none", "joined " + bench.host.joined[1].name});
  CHECK(bench.value_of<int, process_of_worker>(1) == bench.pid_of(1));
  CHECK(bench.value_of<int, process_of_worker>(3) == bench.pid_of(3));
}

TEST_CASE("a worker that is stopped in its task is named, with the task, until it goes on", "[multicore][pool]") {
  const NamedPipe pipe;
  const std::string said = test::stderr_of([&] {
    PoolBench bench{MulticoreOptions{.workers = 1, .silence_limit = 40ms}};
    CHECK(bench.host.hears("joined multicore worker 1"));
    bench.give(numbered_task<wait_for_byte>(1, pipe.path()));
    bench.pool.flush();
    CHECK(bench.host.hears("progress 1 0.5"));
    ::kill(bench.pid_of(1), SIGSTOP);
    CHECK(bench.host.run_until([&] { return !bench.pool.report_workers().empty(); }));
    for (const WorkerReport& report : bench.pool.report_workers()) {
      CHECK(report.name == "multicore worker 1");
      CHECK(report.state == WorkerState::stopped);
      CHECK_THAT(report.note, Catch::StartsWith("stopped in task 1 ("));
    }
    ::kill(bench.pid_of(1), SIGCONT);
    CHECK(bench.host.run_until([&] { return bench.pool.report_workers().empty(); }));
    pipe.let_one_go();
    CHECK(bench.host.hears("finished 1"));
    CHECK(bench.host.joined.size() == 1);
  });
  CHECK_THAT(said, Contains("is stopped in task 1 (") && Contains("goes on\n"));
}

TEST_CASE("workers that end before hello are tried again, and after three in a row nothing can run", "[multicore][pool]") {
  const std::string said = test::stderr_of([&] {
    std::optional<PoolBench> bench;
    {
      const EnvironmentVariable as_ldd{"LD_TRACE_LOADED_OBJECTS", "1"};  // ld.so(8): the program ends before main()
      bench.emplace(MulticoreOptions{.workers = 1});
    }
    CHECK(bench->host.run_until([&] { return !bench->host.words.empty(); }));
    CHECK_THAT(bench->host.words.at(0),
               Catch::StartsWith("no worker possible: multicore: no worker process gets ready; the last one: "
                                 "process ") &&
                   Contains("ended with exit status 0"));
    CHECK(bench->host.joined.empty());
    CHECK(bench->host.calls_in_thread == 2);  // to start it again
    const auto reports = bench->pool.report_workers();
    CHECK(reports.size() == 1);
    for (const WorkerReport& report : reports) {
      CHECK(report.state == WorkerState::not_started);
      CHECK_THAT(report.note, Contains("ended with"));
    }
    bench->stop();
    CHECK(bench->host.words.back() == "stopped");  // there is nothing to wait for
  });
  const std::string warning = "multicore worker 1 did not start, and is tried again: process ";
  const auto at = said.find(warning);
  CHECK(at != std::string::npos);
  CHECK(said.find(warning, at + 1) == std::string::npos);  // once
}

TEST_CASE("a pool that is stopped while it waits to start a worker again has stopped at once", "[multicore][pool]") {
  const std::string said = test::stderr_of([&] {
    const EnvironmentVariable as_ldd{"LD_TRACE_LOADED_OBJECTS", "1"};
    PoolBench bench{MulticoreOptions{.workers = 1}};
    CHECK(bench.host.run_until([&] { return bench.pool.report_workers().at(0).state == WorkerState::not_started; }));
    bench.stop();
    CHECK(bench.host.words == PoolWords{"stopped"});
    bench.host.loop.restart();
    bench.host.loop.poll();
    CHECK(bench.host.loop.stopped());  // nothing is left that could come
  });
  CHECK_THAT(said, Contains("did not start, and is tried again"));
}

TEST_CASE("where few files may be open, a pool has fewer workers than were asked for, and says why", "[multicore][pool]") {
  std::string said;
  const test::TemporaryFolder folder;
  const int status = test::exit_status_of([&] {
    bool is_well = false;
    const std::string text = test::stderr_of([&] {
      const rlim_t few = process::descriptors().open + 60;
      const rlimit limit{few, few};
      ::setrlimit(RLIMIT_NOFILE, &limit);
      PoolBench bench{MulticoreOptions{.workers = 40}};
      const unsigned workers = bench.pool.workers();
      is_well = workers > 0 && workers < 40 && bench.host.run_until([&] { return bench.host.joined.size() == workers; });
      constexpr std::size_t for_others = 12;
      is_well = is_well && process::descriptors().open + for_others <= few;
    });
    std::ofstream{folder.path("said")} << text;
    return is_well ? 0 : 1;
  });
  CHECK(status == 0);
  CHECK_THAT(test::file_text(folder.path("said")), Contains(" of 40 workers are there, not more: ") && Contains("ulimit -n"));
}

TEST_CASE("workers know how many threads a task should use, and none of CppMW's own variables", "[multicore][pool]") {
  const EnvironmentVariable secret{"MW_EEL_KEY", "secret"}, other{"CPPMW_EEL", "slippery"};
  PoolBench bench{MulticoreOptions{.workers = 1, .threads = 3}};
  REQUIRE(bench.host.hears("joined multicore worker 1"));
  const auto variable = [&](const char* name) { return bench.value_of<std::string, variable_of_worker>(1, std::string{name}); };
  CHECK(variable("OMP_NUM_THREADS") == "3");
  CHECK(variable("CPPMW_EEL") == "slippery");
  CHECK(variable("MW_EEL_KEY") == "-");
  CHECK(variable("MW_WORKER") == "-");
}

TEST_CASE("without a number of threads, a worker has what the program has been told, or its share of the cores",
          "[multicore][pool]") {
  const auto threads = [] {
    PoolBench bench;
    return bench.value_of<std::string, variable_of_worker>(1, std::string{"OMP_NUM_THREADS"});
  };
  {
    const EnvironmentVariable told{"OMP_NUM_THREADS", "5"};
    CHECK(threads() == "5");
  }
  CHECK(threads() == std::to_string(process::available_cores()));
}

TEST_CASE("a worker's successor begins with the variables of the first ones, whatever the program has now", "[multicore][pool]") {
  std::optional<EnvironmentVariable> variable{std::in_place, "CPPMW_EEL", "first"};
  PoolBench bench;
  variable.emplace("CPPMW_EEL", "changed");
  ::kill(bench.pid_of(1), SIGKILL);
  REQUIRE(bench.host.run_until([&] { return bench.host.joined.size() == 2; }));
  CHECK(bench.value_of<std::string, variable_of_worker>(2, std::string{"CPPMW_EEL"}) == "first");
}

TEST_CASE("a pool that is stopped ends its workers, says so once, and starts no others", "[multicore][pool]") {
  PoolBench bench{2};
  if (GENERATE(false, true)) ::kill(bench.pid_of(1), SIGKILL);  // which it has not heard of yet
  bench.stop();
  CHECK_FALSE(bench.host.has_heard("stopped"));
  REQUIRE(bench.host.hears("stopped"));
  for (const std::uint32_t worker : {1, 2}) CHECK(test::state_of(bench.pid_of(worker)) == '\0');
  bench.host.loop.restart();
  bench.host.loop.run();  // until nothing is left to be done
  CHECK(std::count(bench.host.words.begin(), bench.host.words.end(), "stopped") == 1);
  CHECK(bench.host.joined.size() == 2);
}

TEST_CASE("a pool that is stopped ends a worker that is in a task, too", "[multicore][pool]") {
  const NamedPipe pipe;
  PoolBench bench{MulticoreOptions{.workers = 1, .after_close = 1ms, .after_terminate = 1ms}};
  REQUIRE(bench.host.hears("joined multicore worker 1"));
  bench.give(numbered_task<wait_for_byte>(1, pipe.path()));
  bench.pool.flush();
  REQUIRE(bench.host.hears("progress 1 0.5"));
  bench.stop();
  REQUIRE(bench.host.hears("stopped"));
  CHECK(bench.host.has_heard("left 1, lost 1"));
  CHECK(test::state_of(bench.pid_of(1)) == '\0');
}

TEST_CASE("a pool can be stopped while its workers start", "[multicore][pool]") {
  PoolBench bench{MulticoreOptions{.workers = 2}};
  bench.stop();
  REQUIRE(bench.host.hears("stopped"));
  CHECK(bench.pool.report_workers().size() == 2);
}
