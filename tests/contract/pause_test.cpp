// A master that pauses, and goes on.
#include <catch2/catch.hpp>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "contract/functions.hpp"
#include "support/processes.hpp"
#include "support/temporary.hpp"

using namespace std::chrono_literals;
using namespace contract;

namespace {

/// Leaves a file with its number, and ends when the file "go" is there.
int say_and_wait(const std::string& folder, int number) {
  std::ofstream{folder + "/began" + std::to_string(number)} << "x";
  while (!std::filesystem::exists(folder + "/go")) std::this_thread::sleep_for(2ms);
  return number;
}

/// Where they leave them.
class PauseFolder {
 public:
  std::string path() const { return folder_.path("."); }
  void let_go() const { std::ofstream{folder_.path("go")} << "x"; }
  std::size_t begun() const {
    const std::filesystem::directory_iterator files{path()};
    return static_cast<std::size_t>(
        std::count_if(begin(files), end(files), [](const auto& file) { return file.path().filename() != "go"; }));
  }

 private:
  const test::TemporaryFolder folder_;
};

}  // namespace

TEST_CASE("in a pause no task begins, and whoever waits waits on, and then all end", "[contract][pause][P20]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  const PauseFolder meeting;
  meeting.let_go();
  mw::Master master{mw::interface(spec)};
  CHECK_FALSE(master.get_status().is_paused);
  master.pause();
  master.pause();
  CHECK(master.get_status().is_paused);
  std::vector<mw::Task<int>> tasks;
  for (int i = 0; i < 20; ++i) tasks.push_back(master.submit_task<say_and_wait>(meeting.path(), i));
  CHECK(master.cancel(tasks.back()));
  tasks.pop_back();
  CHECK_FALSE(master.wait_all(50ms));
  CHECK(meeting.begun() == 0);
  CHECK(master.get_status().submitted == tasks.size());
  bool all_are_done = false;
  std::thread waits{[&] { all_are_done = master.wait_all(60s); }};
  master.resume();
  waits.join();
  CHECK(all_are_done);
  CHECK_FALSE(master.get_status().is_paused);
  CHECK(meeting.begun() == tasks.size());
  for (int i = 0; i < 19; ++i) CHECK(master.get_result(tasks[static_cast<std::size_t>(i)]) == i);
}

TEST_CASE("what runs when a pause comes ends, what workers had not begun waits, and a stop ends the pause", "[contract][pause]") {
  const auto spec = GENERATE(from_range(specs_scheduled_by_master()));
  const bool stops = GENERATE(false, true);
  INFO(spec << (stops ? ", stopped" : ""));
  const PauseFolder meeting, before;
  before.let_go();
  mw::Master master{mw::interface(spec)};
  std::vector<mw::Task<int>> known;  // where the length of tasks is known, workers are sent more than they run
  for (int i = 0; i < 30; ++i) known.push_back(master.submit_task<say_and_wait>(before.path(), i));
  for (const auto& task : known) master.get_result(task);
  std::vector<mw::Task<int>> tasks;
  for (int i = 0; i < 40; ++i) tasks.push_back(master.submit_task<say_and_wait>(meeting.path(), i));
  REQUIRE(test::eventually([&] { return meeting.begun() != 0; }, 60s));
  master.pause();
  // What was recalled has come back.
  CHECK(test::eventually([&] {
    const mw::Status status = master.get_status();
    return status.attempts == status.finished + status.running;
  }));
  meeting.let_go();
  CHECK(test::eventually([&] { return master.get_status().finished >= 30 + meeting.begun() && master.get_status().running == 0; },
                         60s));
  std::this_thread::sleep_for(20ms);
  const std::size_t begun = meeting.begun();
  CHECK(begun < tasks.size());
  CHECK_FALSE(master.wait_all(50ms));
  CHECK(meeting.begun() == begun);
  if (stops) {
    master.stop(1h);
    CHECK(test::eventually([&] { return master.has_stopped(); }, 60s));
    CHECK_THROWS_AS(master.wait_all(), mw::Stopped);
    return;
  }
  master.resume();
  CHECK(master.wait_all(60s));
  CHECK(meeting.begun() == tasks.size());
  CHECK(master.get_status().lost == 0);
}
