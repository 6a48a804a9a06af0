// The contract of every interface: what a task tells of itself, what it printed, how it ends.
#include <catch2/catch.hpp>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iostream>

#include <unistd.h>

#include "contract/functions.hpp"
#include "support/amount.hpp"
#include "support/errors.hpp"
#include "support/processes.hpp"
#include "support/temporary.hpp"

using namespace contract;
using test::error_of;

namespace {

void print_with_own_buffers(const std::string& text) {
  std::ios::sync_with_stdio(false);
  std::cout << text << " by cout";
  std::clog << text << " by clog";
}

std::int64_t return_or_die(std::int64_t i) {
  if (i % 500 == 250) ::raise(SIGKILL);
  return i;
}

}  // namespace

TEST_CASE("a task's states, times, worker and progress are true", "[contract][task]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  const test::TemporaryFolder folder;
  mw::Master master{mw::interface(spec)};
  const auto before = mw::TaskHandle::Clock::now();
  const auto task = master.submit_task<wait_for_file>(folder.path("go"));
  REQUIRE(test::eventually([&] { return task.state() == mw::TaskState::running && task.progress() == 0.25; }));
  CHECK(task.worker().find("worker") != std::string::npos);
  CHECK(task.start_time().has_value());
  CHECK_FALSE(task.finish_time().has_value());
  CHECK(master.get_status().running == 1);
  std::ofstream{folder.path("go")} << "now";
  CHECK(master.get_result(task));
  CHECK(task.state() == mw::TaskState::finished);
  CHECK(task.progress() == 1);
  CHECK(task.attempts() == 1);
  CHECK(task.id() == 1);
  CHECK(before - std::chrono::milliseconds{50} <= task.submit_time());
  CHECK(task.submit_time() <= *task.start_time());
  CHECK(*task.start_time() <= *task.finish_time());
  CHECK(task.run_time().count() > 0);
}

TEST_CASE("a task behind another one is not called running", "[contract][task]") {
  const auto spec = GENERATE(as<std::string>{}, "serial", "multicore:1");
  INFO(spec);
  const test::TemporaryFolder folder;
  mw::Master master{mw::interface(spec)};
  const auto first = master.submit_task<wait_for_file>(folder.path("go"));
  const auto second = master.submit_task<add>(1, 1);
  REQUIRE(test::eventually([&] { return first.state() == mw::TaskState::running; }));
  CHECK(second.state() == mw::TaskState::submitted);
  CHECK(second.worker().empty());
  std::ofstream{folder.path("go")} << "now";
  CHECK(master.get_result(second) == 2);
}

TEST_CASE("what a task prints is kept with it", "[contract][task]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  mw::Master master{mw::interface(spec)};
  const auto loud = master.submit_task<print>("out", "err");
  const auto quiet = master.submit_task<add>(1, 1);
  master.get_result(loud);
  master.get_result(quiet);
  CHECK(loud.stdout_text() == "out by cout\nout by printf\n");
  CHECK(loud.stderr_text() == "err by cerr\nerr by fprintf\n");
  CHECK(quiet.stdout_text().empty());
  CHECK(quiet.stderr_text().empty());
}

TEST_CASE("what a task prints is kept with it, whatever it does to its streams", "[contract][task]") {
  const auto spec = GENERATE(from_range(specs_with_processes()));
  INFO(spec);
  mw::Master master{mw::interface(spec)};
  const auto unsynced = master.submit_task<print_with_own_buffers>("one");
  master.get_result(unsynced);
  CHECK(unsynced.stdout_text() == "one by cout");
  CHECK(unsynced.stderr_text() == "one by clog");
  for (int i = 0; i < 4; ++i) {
    const auto again = master.submit_task<print_with_own_buffers>("two");
    master.get_result(again);
    CHECK(again.stdout_text() == "two by cout");
  }
}

TEST_CASE("P3: an exception comes back with its type and text, and says which task it was", "[contract][task][P3]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  mw::Master master{mw::interface(spec)};
  const auto task = master.submit_task<throw_runtime_error>("the disk is full of eels");
  const auto check = [&](const mw::TaskError& e) {
    CHECK(e.task() == task.id());
    CHECK(e.function().find("contract::throw_runtime_error") == 0);
    CHECK(e.cause() == mw::Cause::exception);
    CHECK(e.exception_type() == "std::runtime_error");
    CHECK(e.message() == "the disk is full of eels");
    CHECK(e.worker().find("worker") != std::string::npos);
    CHECK_FALSE(e.host().empty());
    CHECK(e.attempt() == 1);
    CHECK(std::string{e.what()}.find("eels") != std::string::npos);
  };
  check(error_of(master, task));
  check(error_of(master, task));  // asked again, it says it again
  CHECK(task.state() == mw::TaskState::error);

  const auto next = master.submit_task<throw_runtime_error>("any");
  try {
    master.get_result();  // waiting for any task
    FAIL("no TaskError was thrown");
  } catch (const mw::TaskError& e) {
    CHECK(e.task() == next.id());
    CHECK(e.message() == "any");
  }
}

TEST_CASE("an exception that is no std::exception comes back with its type", "[contract][task]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  mw::Master master{mw::interface(spec)};
  const auto task = master.submit_task<throw_int>();
  CHECK(error_of(master, task).exception_type() == "int");
  CHECK(master.get_result(master.submit_task<add>(1, 2)) == 3);  // the worker lives on
}

TEST_CASE("a task that wants more memory than there is ends with std::bad_alloc", "[contract][task][P24]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  mw::Master master{mw::interface(spec)};
  const auto task = master.submit_task<allocate_everything>();
  CHECK(error_of(master, task).exception_type().find("std::bad_alloc") != std::string::npos);
}

TEST_CASE("P24: a crash says by which signal, where, and the last lines of stderr", "[contract][task][P24]") {
  const auto spec = GENERATE(from_range(specs_with_processes()));
  mw::Master master{mw::interface(spec)};
  for (const int signal : {SIGSEGV, SIGABRT, SIGKILL}) {
    INFO(spec << ", signal " << signal);
    const auto task = master.submit_task<crash_by_signal>(signal);
    const auto e = error_of(master, task);
    CHECK(e.cause() == mw::Cause::signal);
    CHECK(e.failure().signal == signal);
    CHECK_FALSE(e.failure().out_of_memory);
    CHECK(e.stderr_tail() == "about to raise " + std::to_string(signal) + "\n");
    CHECK(e.attempt() == 4);  // the first, and three more
    CHECK(e.worker().find("worker") != std::string::npos);
    CHECK_FALSE(e.host().empty());
  }
  CHECK(master.get_result(master.submit_task<add>(1, 2)) == 3);
}

TEST_CASE("P24: a task that calls exit says with which status", "[contract][task][P24]") {
  const auto spec = GENERATE(from_range(specs_with_processes()));
  INFO(spec);
  mw::Master master{mw::interface(spec)};
  const auto e = error_of(master, master.submit_task<leave>(3));
  CHECK(e.cause() == mw::Cause::exit_status);
  CHECK(e.failure().exit_status == 3);
  CHECK(e.stderr_tail() == "leaving with 3\n");
}

TEST_CASE("P20: a task whose worker dies once runs again, and so do those behind it", "[contract][task][P20]") {
  const auto spec = GENERATE(from_range(specs_with_processes()));
  INFO(spec);
  const test::TemporaryFolder folder;
  mw::Master master{mw::interface(spec)};
  const auto task = master.submit_task<crash_once>(folder.path("crashed"));
  std::vector<mw::Task<std::int64_t>> others;
  for (int i = 0; i < 50; ++i) others.push_back(master.submit_task<add>(i, i));
  CHECK(master.get_result(task) == 7);
  CHECK(task.attempts() == 2);
  for (int i = 0; i < 50; ++i) CHECK(master.get_result(others[static_cast<std::size_t>(i)]) == 2 * i);
  const auto status = master.get_status();
  CHECK(status.lost == 1);
  CHECK(status.finished == 51);
}

TEST_CASE("P29: a task that kills its workers in a stream of short ones is the only one to blame", "[contract][task][P29]") {
  const auto spec = GENERATE(from_range(specs_with_processes()));
  INFO(spec);
  mw::Master master{mw::interface(spec)};
  // Known to be short: many go ahead.
  for (int i = 0; i < (is_volunteer(spec) ? 20 : 200); ++i) master.get_result(master.submit_task<return_or_die>(i));
  const int count = test::amount(3'000, 1'000);
  std::vector<mw::Task<std::int64_t>> tasks;
  for (int i = 0; i < count; ++i) tasks.push_back(master.submit_task<return_or_die>(i));
  for (int i = 0; i < count; ++i) {
    const auto& task = tasks[static_cast<std::size_t>(i)];
    if (i % 500 == 250) {
      const auto e = error_of(master, task);
      CHECK(e.cause() == mw::Cause::signal);
      CHECK(e.losses() == 4);
      CHECK(e.worker().find("worker") != std::string::npos);
    } else {
      CHECK(master.get_result(task) == i);
      CHECK(task.losses() == 0);
    }
  }
}

TEST_CASE("P20: many short tasks with long ones strewn in, and the work ahead given back again and again, all finish",
          "[contract][task][P20]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  mw::Master master{mw::interface(spec)};
  const int count = test::amount(20'000, 8'000);
  for (int i = 0; i < count; ++i) std::ignore = master.submit_task<add_slowly>(i, 0, i % 397 == 396 ? 5 : 0);
  std::int64_t sum = 0;
  for (int i = 0; i < count; ++i) sum += master.get_result().result<std::int64_t>();
  CHECK(sum == std::int64_t{count} * (count - 1) / 2);
  const auto status = master.get_status();
  CHECK(status.finished == count);
  CHECK(status.attempts == count);
}

TEST_CASE("P20: the end of a master ends what is not done, and every task says so", "[contract][task][P20]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  std::vector<mw::Task<std::int64_t>> tasks;
  {
    mw::Master master{mw::interface(spec)};
    for (int i = 0; i < 20; ++i) tasks.push_back(master.submit_task<add_slowly>(1, 1, 200));
    master.get_result(tasks[0]);
  }
  std::size_t finished = 0;
  for (const auto& task : tasks) {
    CHECK(task.done());
    finished += task.state() == mw::TaskState::finished;
    if (task.state() != mw::TaskState::finished) CHECK(task.state() == mw::TaskState::cancelled);
  }
  CHECK(finished >= 1);
  CHECK(finished < tasks.size());
}

TEST_CASE("P12: a master that runs for long keeps flat memory", "[contract][task][P12]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  mw::Master master{mw::interface(spec)};
  const auto run = [&](int count) {
    for (int i = 0; i < count; ++i) {
      if (i % 2)
        master.get_result(master.submit_task<add>(i, i));
      else
        std::ignore = master.submit_task<add>(i, i), master.get_result();
    }
  };
  const int scale = is_volunteer(spec) ? 40 : 1;
  // A node that joins only now would take memory, too.
  const auto slots = static_cast<std::size_t>(workers_of(spec));
  if (spec.starts_with("tcp"))
    REQUIRE(test::eventually([&] { return master.workers().size() >= slots; }, std::chrono::seconds{30}));
  run(1000 / scale);
  const std::size_t before = test::allocated_bytes();
  run(test::amount(4000, 2000) / scale);
  const std::size_t after = test::allocated_bytes();
  INFO(before << " bytes before, " << after << " after");
  // 50 bytes a task, so that a buffer that grows once is none; a record is more than 200. A volunteer project's
  // database keeps pages of what is on the disk in memory, up to a limit.
  CHECK(after < before + (is_volunteer(spec) ? 1'000'000 : test::amount(200'000, 100'000)));
}

TEST_CASE("P10: one schema of status, and its counts are true", "[contract][task][P10]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  const test::TemporaryFolder folder;
  mw::Master master{mw::interface(spec)};
  CHECK(master.get_result(master.submit_task<add>(1, 1)) == 2);
  REQUIRE(test::eventually([&] { return master.get_status().ready_seconds >= 0; }));
  const auto blocked = master.submit_task<wait_for_file>(folder.path("go"));
  REQUIRE(test::eventually([&] { return blocked.state() == mw::TaskState::running; }));
  auto status = master.get_status();
  CHECK(status.interface_status == "ok");
  CHECK(status.interface_name == name_of(spec));
  CHECK(mw::schema_error(status.interface).empty());
  CHECK(status.ready_workers() >= 1);
  CHECK(status.workers_that_are(mw::WorkerState::busy) == 1);
  CHECK(status.tasks == status.submitted + status.running + status.finished + status.errors + status.cancelled);
  CHECK(status.running == 1);
  std::ofstream{folder.path("go")} << "now";
  master.get_result(blocked);
  status = master.get_status();
  CHECK(status.finished == 2);
  CHECK(status.functions.size() == 2);
  CHECK(status.to_json().find("\"interface_status\":\"ok\"") != std::string::npos);
}

TEST_CASE("S8: a worker's command line and environment hold no setting of the master's", "[contract][task][S8]") {
  const auto spec = GENERATE(from_range(specs_with_processes()));
  INFO(spec);
  ::setenv("MW_KEY", "hunter2", 1);
  {
    mw::Master master{mw::interface(spec)};
    for (const std::string& line : master.get_result(master.submit_task<environment>())) {
      CHECK(line.find("hunter2") == std::string::npos);
      CHECK(line.find("MW_") != 0);
    }
    CHECK(master.get_result(master.submit_task<command_line>()).find("hunter2") == std::string::npos);
  }
  ::unsetenv("MW_KEY");
}

TEST_CASE("P33: when a master has ended, no process of its workers is left", "[contract][task][P33]") {
  const auto spec = GENERATE(from_range(specs_with_processes()));
  INFO(spec);
  std::vector<pid_t> pids;
  {
    mw::Master master{mw::interface(spec)};
    for (int i = 0; i < 20; ++i) pids.push_back(master.get_result(master.submit_task<process_id>()));
    std::ignore = master.submit_task<add_slowly>(1, 1, 60'000);
    std::ignore = master.submit_task(mw::Program{"sleep", {"600"}});
    std::this_thread::sleep_for(std::chrono::milliseconds{50});
    CHECK(pids[0] != ::getpid());
  }
  for (const pid_t pid : pids) CHECK(test::state_of(pid) == '\0');
  CHECK(test::children().empty());
}
