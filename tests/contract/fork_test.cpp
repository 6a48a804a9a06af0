// The contract of every interface: a process that was forked from a master's has no part in it.
#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "contract/functions.hpp"
#include "support/forked.hpp"
#include "support/processes.hpp"
#include "support/program.hpp"
#include "support/temporary.hpp"

using namespace contract;
using namespace std::chrono_literals;

namespace {

std::int64_t minus(std::int64_t value) { return -value; }
std::int64_t sum_of(std::int64_t a, std::int64_t b) { return a + b; }

/// Whether it throws a UsageError that says that this process was forked.
template <class Call>
bool is_refused(const char* name, const Call& call) {
  std::string what = "nothing was thrown";
  try {
    call();
  } catch (const mw::UsageError& e) {
    what = e.what();
    if (what.find("fork") != std::string::npos) return true;
  } catch (const std::exception& e) {
    what = e.what();
  }
  std::fprintf(stderr, "%s in a forked process: %s\n", name, what.c_str());
  return false;
}

struct Handles {
  std::vector<mw::Task<bool>> open;
  mw::Task<std::int64_t> done;
};

/// How many calls were not refused.
int calls_that_went_through(mw::Master& master, const Handles& handles) {
  const std::vector<std::int64_t> numbers{1, 2, 3};
  const mw::Task<bool>& task = handles.open.front();
  int count = 0;
  const auto check = [&](const char* name, const auto& call) { count += !is_refused(name, call); };
  check("submit_task", [&] { static_cast<void>(master.submit_task<add>(1, 1)); });
  check("submit_task of a program", [&] { static_cast<void>(master.submit_task(mw::Program{"true"})); });
  check("cancel", [&] { master.cancel(task); });
  check("get_result(task)", [&] { master.get_result(task); });
  check("get_result(span)", [&] { master.get_result(handles.open); });
  check("get_result()", [&] { master.get_result(); });
  check("try_get_result", [&] { static_cast<void>(master.try_get_result(task)); });
  check("as_completed", [&] { master.as_completed(handles.open); });
  check("map", [&] { master.map<minus>(numbers).run(); });
  check("map_reduce", [&] { master.map_reduce<minus, sum_of>(numbers); });
  check("get_status", [&] { master.get_status(); });
  check("slots", [&] { static_cast<void>(master.slots()); });
  check("set_interface", [&] { master.set_interface(mw::interface("serial")); });
  check("state", [&] { static_cast<void>(task.state()); });
  check("done", [&] { static_cast<void>(task.done()); });
  check("progress", [&] { static_cast<void>(task.progress()); });
  return count;
}

}  // namespace

TEST_CASE("a forked process has no part in its parent's master: it is told so, and the parent is unharmed", "[contract][fork]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  const test::TemporaryFolder folder;
  std::optional<mw::Master> master{mw::interface(spec)};
  Handles handles;
  handles.done = master->submit_task<add>(1, 2);
  CHECK(master->get_result(handles.done) == 3);
  for (int i = 0; i < 4; ++i) handles.open.push_back(master->submit_task<wait_for_file>(folder.path("go")));
  REQUIRE(test::eventually([&] { return master->get_status().running > 0; }));
  std::optional results{master->map<minus>(std::vector<std::int64_t>{1, 2, 3})};

  CHECK(test::exit_status_of([&] {
          int wrong = calls_that_went_through(*master, handles);
          wrong += !is_refused("the next of a map", [&] { results->next(); });
          wrong += handles.done.state() != mw::TaskState::finished;  // what was known stays known
          results.reset();
          handles = {};
          master.reset();
          return wrong;
        }) == 0);
  CHECK(test::exit_status_of([&] { return 0; }) == 0);  // with everything as it is

  std::fclose(std::fopen(folder.path("go").c_str(), "we"));
  for (const auto& task : handles.open) CHECK(master->get_result(task));
  std::int64_t total = 0;
  while (auto result = results->next()) total += std::move(*result).value();
  CHECK(total == -6);
  const auto status = master->get_status();
  CHECK(status.lost == 0);
  CHECK(status.interface_status == "ok");
  CHECK(master->get_result(master->submit_task<add>(1, 1)) == 2);
}

#ifndef __SANITIZE_THREAD__  // which ends a forked process that makes threads
TEST_CASE("a forked process may have a master of its own", "[contract][fork]") {
  mw::Master master{mw::interface("multicore:1")};
  CHECK(master.get_result(master.submit_task<add>(1, 1)) == 2);
  // With large payloads, too, whose memory parent and child shared at first.
  const std::vector<double> large(200'000, 1.5), other(200'000, 4.0);
  CHECK(master.get_result(master.submit_task<twice>(large)).back() == 3.0);
  const auto task = master.submit_task<twice>(large);
  CHECK(test::exit_status_of([&] {
          mw::Master own{mw::interface("multicore:1")};
          for (int i = 0; i < 3; ++i)
            if (own.get_result(own.submit_task<twice>(other)) != std::vector<double>(200'000, 8.0)) return 1;
          return own.get_result(own.submit_task<add>(1, 2)) == 3 ? 0 : 2;
        }) == 0);
  CHECK(master.get_result(task) == std::vector<double>(200'000, 3.0));
}

#endif

TEST_CASE("a program that becomes a daemon after it made its master is told so, and leaves nothing behind", "[contract][fork]") {
  const auto spec = GENERATE(from_range(specs_with_lasting_workers()));
  INFO(spec);
  const test::TemporaryFolder folder;
  const std::string tag = "CPPMW_TEST_DAEMON=" + std::to_string(::getpid());
  test::Program program{test::beside("daemonised"), {spec, folder.path("said")}, tag};
  CHECK(WEXITSTATUS(program.wait()) == 0);
  CHECK(test::eventually([&] { return test::file_text(folder.path("said")).find("fork") != std::string::npos; }));
  CHECK(test::eventually([&] { return test::processes_with(tag).empty(); }));
}

namespace {

/// Open descriptors, and what each is.
std::map<int, std::string> descriptors() {
  std::map<int, std::string> open;
  for (const auto& entry : std::filesystem::directory_iterator{"/proc/self/fd"}) {
    std::error_code gone;
    const auto what = std::filesystem::read_symlink(entry.path(), gone);
    if (!gone) open[std::stoi(entry.path().filename().string())] = what.string();
  }
  return open;
}

}  // namespace

TEST_CASE("what a master has open does not reach programs that its user starts", "[contract][fork]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  const auto before = descriptors();
  mw::Master master{mw::interface(spec)};
  CHECK(master.get_result(master.submit_task<minus>(1)) == -1);
  const auto table = master.share(std::vector<double>(100'000));
  for (const auto& [number, what] : descriptors()) {
    const auto place = before.find(number);
    const int flags = ::fcntl(number, F_GETFD);
    if (flags < 0 || (place != before.end() && place->second == what)) continue;
    INFO(number << " is " << what);
    CHECK((flags & FD_CLOEXEC) != 0);
  }
}
