// Serial before a host that writes down what it hears: in what order tasks run, which can be recalled, how it ends.
#include <catch2/catch.hpp>

#include <mw/mw.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cfenv>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <iostream>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "process/place.hpp"
#include "support/task_refs.hpp"
#include "support/text.hpp"

using namespace mw;
using namespace std::chrono_literals;
using Catch::Contains;

namespace {

/// Tasks wait before it until it is open.
class SerialGate {
 public:
  void set_open(bool is_open) {
    std::lock_guard lock{mutex_};
    is_open_ = is_open;
    opened_.notify_all();
  }
  void pass() {
    std::unique_lock lock{mutex_};
    opened_.wait(lock, [this] { return is_open_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable opened_;
  bool is_open_ = false;
};
SerialGate serial_gate;

/// Writes down what it hears, from whatever thread.
class SerialHost : public InterfaceHost {
 public:
  void task_started(const TaskRef& task, WorkerId worker) override { say("started {} on {}", task.id(), index_of(worker)); }
  void task_progress(const TaskRef& task, double fraction) override { say("progress {} {}", task.id(), fraction); }
  void task_checkpoint(const TaskRef& task, Bytes state) override { say("checkpoint of {}: {} bytes", task.id(), state.size()); }
  void task_part(const TaskRef& task, Bytes value) override { say("part of {}: {}", task.id(), decode<int>(value.span())); }
  void task_finished(const TaskRef& task, Outcome outcome) override {
    {
      std::lock_guard lock{mutex_};
      outcomes_.push_back(std::move(outcome));
    }
    say("finished {}", task.id());
  }
  void task_lost(const TaskRef& task, Outcome) override { say("lost {}", task.id()); }
  void task_returned(const TaskRef& task) override { say("returned {}", task.id()); }
  void task_split(const TaskRef& task, std::uint32_t kept) override { say("split {}, which keeps {}", task.id(), kept); }
  WorkerId worker_joined(WorkerInfo info) override {
    joined.push_back(std::move(info));
    return WorkerId{7};
  }
  void worker_leaves(WorkerId) override {}
  void worker_rests(WorkerId, bool) override {}
  void worker_left(WorkerId, std::vector<LostTask>) override { say("left"); }
  void no_worker_possible(std::string) override { say("no worker"); }
  void interface_failed(std::string) override { say("failed"); }
  void room_available() override { say("room"); }
  std::size_t tasks_waiting() const override { return 0; }
  bool is_needed(WorkerId) const override { return false; }
  void post(std::function<void()>) override { std::abort(); }
  void post_to_thread(std::function<void()>) override { std::abort(); }
  boost::asio::io_context& io() override { std::abort(); }

  template <class... Values>
  void say(fmt::format_string<Values...> form, Values&&... values) {
    std::lock_guard lock{mutex_};
    words_.push_back(fmt::format(form, std::forward<Values>(values)...));
    said_.notify_all();
  }
  /// Waits until it has heard this; false if that does not come.
  bool hears(std::string_view word) {
    std::unique_lock lock{mutex_};
    return said_.wait_for(lock, 20s, [&] { return std::find(words_.begin(), words_.end(), word) != words_.end(); });
  }
  std::vector<std::string> words() {
    std::lock_guard lock{mutex_};
    return words_;
  }
  /// Of the tasks that have finished, in this order.
  Outcome take_outcome(std::size_t index) {
    std::lock_guard lock{mutex_};
    return std::move(outcomes_.at(index));
  }

  std::vector<WorkerInfo> joined;

 private:
  std::mutex mutex_;
  std::condition_variable said_;
  std::vector<std::string> words_;
  std::vector<Outcome> outcomes_;
};

using SerialWords = std::vector<std::string>;

class SerialBench {
 public:
  SerialBench() {
    serial_gate.set_open(false);
    interface.set_host(host);
    interface.start();
  }
  ~SerialBench() {
    serial_gate.set_open(true);
    if (!is_stopping_) stop();
  }
  SerialBench(const SerialBench&) = delete;
  SerialBench& operator=(const SerialBench&) = delete;

  void stop() {
    is_stopping_ = true;
    interface.stop([this] { host.say("stopped"); });
  }
  /// Numbered from 1, whatever their functions.
  template <auto F, class... Arguments>
  TaskRef task_with(TaskOptions options, const Arguments&... arguments) {
    const TaskRef made = test::TaskMaker{detail::Registered<F>::checked()}.make(encode(arguments...), std::move(options));
    TaskAccess::record(made)->id = ++last_;
    return made;
  }
  template <auto F, class... Arguments>
  TaskRef task(const Arguments&... arguments) {
    return task_with<F>({}, arguments...);
  }
  void give(const TaskRef& task) { interface.execute_task(task, only); }
  /// Gives it, and waits for its end.
  Outcome outcome_of(const TaskRef& task) {
    give(task);
    REQUIRE(host.hears(fmt::format("finished {}", task.id())));
    return host.take_outcome(finished_++);
  }

  static constexpr WorkerId only{7};  ///< as the host numbers it
  SerialHost host;
  SerialInterface interface;

 private:
  std::uint64_t last_ = 0;
  std::size_t finished_ = 0;
  bool is_stopping_ = false;
};

int wait_at_gate(int x) {
  serial_gate.pass();
  return x;
}
int same_number(int x) { return x; }

int print_everywhere(int x) {
  std::cout << "cout " << x << '\n';
  std::printf("printf %d\n", x);
  std::cerr << "cerr " << x << '\n';
  std::clog << "clog " << x << '\n';
  std::fprintf(stderr, "fprintf %d\n", x);
  return x;
}

int print_and_throw(int x) {
  std::cout << "so far";
  throw std::out_of_range{fmt::format("no eel {}", x)};
}

int tell_how_far(int x) {
  set_progress(0.25);
  emit(x);
  emit(x + 1);
  return x;
}

/// Folder, umask and rounding mode, as a task finds them.
std::string surroundings_found() {
  const mode_t mask = ::umask(0);
  ::umask(mask);
  return fmt::format("{} {:03o} {}", std::filesystem::current_path().string(), mask, std::fegetround());
}
std::string leave_everything_changed() {
  std::filesystem::current_path("/");
  ::umask(0);
  std::fesetround(FE_UPWARD);
  return surroundings_found();
}

/// The folder that it works in, and how many files are there.
std::pair<std::string, int> look_at_folder() {
  const auto folder = std::filesystem::current_path();
  return {folder.string(), static_cast<int>(std::distance(std::filesystem::directory_iterator{folder}, {}))};
}

/// False if nobody asks.
bool run_until_asked_to_stop() {
  const auto limit = std::chrono::steady_clock::now() + 20s;
  while (!should_stop() && std::chrono::steady_clock::now() < limit) std::this_thread::yield();
  return should_stop();
}
bool is_asked_to_stop() { return should_stop(); }

}  // namespace

TEST_CASE("serial has one worker of one slot, which takes short tasks ahead", "[serial]") {
  SerialBench bench;
  REQUIRE(bench.host.joined.size() == 1);
  const WorkerInfo& info = bench.host.joined[0];
  CHECK(info.name == "serial worker");
  CHECK(info.host == process::host_name());
  CHECK(info.slots == 1);
  CHECK(info.ahead > 0);
  CHECK(bench.interface.name() == "serial");
  CHECK(bench.interface.scheduling() == Scheduling::by_master);
  CHECK(bench.interface.expected_slots() == 1);
  CHECK(bench.interface.get_status().empty());
  CHECK(bench.interface.report_workers().empty());
}

TEST_CASE("tasks on serial run one after the other, in the order in which they came", "[serial]") {
  SerialBench bench;
  const TaskRef first = bench.task<wait_at_gate>(10), second = bench.task<same_number>(20), third = bench.task<same_number>(30);
  bench.give(third);  // not in the order of their numbers
  REQUIRE(bench.host.hears("finished 3"));
  bench.give(first);
  bench.give(second);
  REQUIRE(bench.host.hears("started 1 on 7"));
  CHECK(bench.host.words() == SerialWords{"started 3 on 7", "finished 3", "started 1 on 7"});
  serial_gate.set_open(true);
  REQUIRE(bench.host.hears("finished 2"));
  CHECK(bench.host.words() ==
        SerialWords{"started 3 on 7", "finished 3", "started 1 on 7", "finished 1", "started 2 on 7", "finished 2"});
  CHECK(decode<int>(bench.host.take_outcome(1).value.span()) == 10);
  CHECK(decode<int>(bench.host.take_outcome(2).value.span()) == 20);
}

TEST_CASE("a task that lies in serial's queue can be recalled, once, and one that has begun cannot", "[serial]") {
  SerialBench bench;
  const TaskRef runs = bench.task<wait_at_gate>(1), waits = bench.task<same_number>(2), last = bench.task<same_number>(3);
  for (const TaskRef& task : {runs, waits, last}) bench.give(task);
  REQUIRE(bench.host.hears("started 1 on 7"));
  CHECK_FALSE(bench.interface.revoke_task(runs, SerialBench::only));
  CHECK_FALSE(bench.interface.revoke_task(bench.task<same_number>(4), SerialBench::only));  // that it was never given
  CHECK_FALSE(bench.interface.revoke_task(TaskAccess::make(TaskAccess::record(waits), 2), SerialBench::only));
  CHECK(bench.interface.revoke_task(waits, SerialBench::only));
  CHECK_FALSE(bench.interface.revoke_task(waits, SerialBench::only));
  serial_gate.set_open(true);
  REQUIRE(bench.host.hears("finished 3"));
  CHECK_FALSE(bench.interface.revoke_task(last, SerialBench::only));
  CHECK(bench.host.words() == SerialWords{"started 1 on 7", "finished 1", "started 3 on 7", "finished 3"});
}

TEST_CASE("a task whose function cannot be stopped keeps serial's slot until it returns", "[serial]") {
  SerialBench bench;
  const TaskRef runs = bench.task<wait_at_gate>(1);
  bench.give(runs);
  REQUIRE(bench.host.hears("started 1 on 7"));
  bench.interface.abort_task(runs, SerialBench::only);
  bench.give(bench.task<same_number>(2));
  CHECK(bench.host.words() == SerialWords{"started 1 on 7"});
  serial_gate.set_open(true);
  REQUIRE(bench.host.hears("finished 2"));
  CHECK(bench.host.words() == SerialWords{"started 1 on 7", "finished 1", "started 2 on 7", "finished 2"});
}

TEST_CASE("a task for a worker that serial does not have is refused in words, and does not run", "[serial]") {
  SerialBench bench;
  const TaskRef task = bench.task<same_number>(1);
  CHECK_THROWS_AS(bench.interface.execute_task(task, WorkerId{8}), UnknownWorker);
  CHECK_THROWS_WITH(bench.interface.execute_task(task, WorkerId{8}),
                    "serial: task 1 came for worker number 8; its only one is number 7");
  CHECK_THROWS_AS(bench.interface.execute_task(task, any_worker), UnknownWorker);
  bench.outcome_of(bench.task<same_number>(2));
  CHECK(bench.host.words() == SerialWords{"started 2 on 7", "finished 2"});
}

TEST_CASE("serial that is stopped ends the task that runs and begins none that waits", "[serial]") {
  SerialBench bench;
  for (int i = 0; i < 3; ++i) bench.give(bench.task<wait_at_gate>(i));
  REQUIRE(bench.host.hears("started 1 on 7"));
  bench.stop();
  CHECK(bench.host.words() == SerialWords{"started 1 on 7"});
  serial_gate.set_open(true);
  REQUIRE(bench.host.hears("stopped"));
  CHECK(bench.host.words() == SerialWords{"started 1 on 7", "finished 1", "stopped"});
}

TEST_CASE("serial with nothing to do stops when it is told to, and one that never started does so at once", "[serial]") {
  SerialBench bench;
  bench.stop();
  CHECK(bench.host.hears("stopped"));
  int stops = 0;
  SerialInterface idle;
  idle.set_host(bench.host);
  idle.stop([&] { ++stops; });
  CHECK(stops == 1);
}

TEST_CASE("serial whose start has failed stops all the same, and goes", "[serial]") {
  struct Full final : SerialHost {
    WorkerId worker_joined(WorkerInfo) override { throw std::bad_alloc{}; }
  };
  Full host;
  {
    SerialInterface stopped, left;
    for (SerialInterface* const one : {&stopped, &left}) {
      one->set_host(host);
      CHECK_THROWS_AS(one->start(), std::bad_alloc);
    }
    stopped.stop([&] { host.say("stopped"); });
    CHECK(host.hears("stopped"));
  }
  CHECK(host.words() == SerialWords{"stopped"});
}

TEST_CASE("what a task on serial prints is its own, by whatever stream", "[serial]") {
  SerialBench bench;
  const Outcome first = bench.outcome_of(bench.task<print_everywhere>(1));
  CHECK(first.out == "cout 1\nprintf 1\n");
  CHECK(first.err == "cerr 1\nclog 1\nfprintf 1\n");
  const Outcome silent = bench.outcome_of(bench.task<same_number>(2));
  CHECK(silent.out.empty());
  CHECK(silent.err.empty());
  CHECK(bench.outcome_of(bench.task<print_everywhere>(3)).out == "cout 3\nprintf 3\n");
}

TEST_CASE("what a task on serial throws is its outcome, with what it had printed, and the next one runs", "[serial]") {
  SerialBench bench;
  const Outcome thrown = bench.outcome_of(bench.task<print_and_throw>(5));
  REQUIRE(thrown.failure);
  CHECK(thrown.failure->cause == Cause::exception);
  CHECK(thrown.failure->type == "std::out_of_range");
  CHECK(thrown.failure->message == "no eel 5");
  CHECK(thrown.value.empty());
  CHECK(thrown.out == "so far");
  CHECK_FALSE(bench.outcome_of(bench.task<same_number>(1)).failure);
}

TEST_CASE("arguments that make no sense are a failure of their task on serial, and of no other", "[serial]") {
  SerialBench bench;
  for (const std::string& bytes : {std::string{}, std::string{"abc"}, std::string(1'000, '\xff')}) {
    const TaskRef task = bench.task<same_number>(1);
    TaskAccess::record(task)->payload = Bytes{test::bytes_of(bytes)};
    const Outcome outcome = bench.outcome_of(task);
    REQUIRE(outcome.failure);
    CHECK(outcome.failure->cause == Cause::bad_message);
  }
  CHECK(decode<int>(bench.outcome_of(bench.task<same_number>(6)).value.span()) == 6);
}

TEST_CASE("what a task on serial says while it runs comes in order, before its end", "[serial]") {
  SerialBench bench;
  bench.outcome_of(bench.task<tell_how_far>(4));
  CHECK(bench.host.words() == SerialWords{"started 1 on 7", "progress 1 0.25", "part of 1: 4", "part of 1: 5", "finished 1"});
}

TEST_CASE("folder, umask and rounding that a task on serial leaves are neither the next one's nor the program's", "[serial]") {
  const std::string ours = surroundings_found();  // changes the umask for a moment: not while serial starts
  SerialBench bench;
  const auto text = [](const Outcome& outcome) { return decode<std::string>(outcome.value.span()); };
  CHECK_THAT(text(bench.outcome_of(bench.task<leave_everything_changed>())), Catch::StartsWith("/ 000 "));
  CHECK(surroundings_found() == ours);
  CHECK(text(bench.outcome_of(bench.task<surroundings_found>())) == ours);
}

TEST_CASE("a task on serial that wants a folder of its own gets an empty one, which goes with it", "[serial]") {
  SerialBench bench;
  const Outcome outcome = bench.outcome_of(bench.task_with<look_at_folder>({.own_folder = true}));
  REQUIRE_FALSE(outcome.failure);
  const auto [folder, files] = decode<std::pair<std::string, int>>(outcome.value.span());
  CHECK(folder != std::filesystem::current_path().string());
  CHECK(files == 0);
  CHECK_FALSE(std::filesystem::exists(folder));
}

TEST_CASE("a task on serial whose data file is gone fails with its name, and is not called", "[serial]") {
  SerialBench bench;
  const Outcome outcome =
      bench.outcome_of(bench.task_with<print_everywhere>({.files = {{"/nonexistent/eels.txt", "eels.txt"}}}, 1));
  REQUIRE(outcome.failure);
  CHECK(outcome.failure->cause == Cause::data_file);
  CHECK_THAT(outcome.failure->message, Contains("/nonexistent/eels.txt"));
  CHECK(outcome.out.empty());
}

TEST_CASE("a task on serial is asked to stop at its soft limit, and the next one is not", "[serial]") {
  SerialBench bench;
  CHECK(decode<bool>(bench.outcome_of(bench.task_with<run_until_asked_to_stop>({.soft_limit = 1ms})).value.span()));
  CHECK_FALSE(decode<bool>(bench.outcome_of(bench.task<is_asked_to_stop>()).value.span()));
}
