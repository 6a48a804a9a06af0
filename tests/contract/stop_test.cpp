// A master that is asked to stop does so in good order.
#include <catch2/catch.hpp>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <mw/async.hpp>

#include "contract/functions.hpp"
#include "support/captured_stderr.hpp"
#include "support/processes.hpp"
#include "support/temporary.hpp"

using namespace std::chrono_literals;
using namespace contract;

namespace {

/// Leaves a file that says so, and ends when the file "go" is there.
int begin_and_wait(const std::string& folder, int number) {
  std::ofstream{folder + "/began" + std::to_string(number)} << "x";
  while (!std::filesystem::exists(folder + "/go")) std::this_thread::sleep_for(2ms);
  return number;
}

int begin_and_fail(const std::string& folder, int number) {
  begin_and_wait(folder, number);
  throw std::runtime_error{"it fails"};
}

int one_more(int number) { return number + 1; }

struct Counter {
  int count = 0;
  int raise() { return ++count; }
};

/// Where such tasks meet.
class Gathering {
 public:
  std::string path() const { return folder_.path("."); }
  void let_go() const { std::ofstream{folder_.path("go")} << "x"; }
  std::set<int> begun() const {
    std::set<int> numbers;
    for (const auto& entry : std::filesystem::directory_iterator{path()})
      if (const std::string name = entry.path().filename(); name.starts_with("began")) numbers.insert(std::stoi(name.substr(5)));
    return numbers;
  }
  bool some_have_begun() const {
    return test::eventually([this] { return !begun().empty(); }, 60s);
  }

 private:
  const test::TemporaryFolder folder_;
};

/// Where the length of tasks is known, workers are sent more than they run.
void make_known(mw::Master& master) {
  const Gathering open;
  open.let_go();
  std::vector<mw::Task<int>> tasks;
  for (int i = 0; i < 30; ++i) tasks.push_back(master.submit_task<begin_and_wait>(open.path(), i));
  for (const auto& task : tasks) master.get_result(task);
}

std::string stopped_text(const std::function<void()>& call) {
  try {
    call();
  } catch (const mw::Stopped& e) {
    return e.what();
  }
  return {};
}

void check_that_all_calls_throw(mw::Master& master, const mw::Task<int>& waiting) {
  const auto throws = [](const std::function<void()>& call) { return !stopped_text(call).empty(); };
  CHECK(throws([&] { master.get_result(waiting); }));
  CHECK(throws([&] { master.get_result(waiting, 1h); }));
  CHECK(throws([&] { std::ignore = master.try_get_result(waiting); }));  // who looks again and again hears of it, too
  CHECK(throws([&] { std::ignore = master.try_get_result(waiting, 1h); }));
  CHECK(throws([&] { master.get_result(std::vector{waiting}); }));
  CHECK(throws([&] {
    while (true) std::ignore = master.get_result();
  }));
  CHECK(throws([&] { master.wait_all(); }));
  CHECK(throws([&] { std::ignore = master.wait_all(1h); }));
  CHECK(throws([&] {
    for (const auto& done : master.as_completed(std::vector{waiting})) std::ignore = done;
  }));
  CHECK(throws([&] {
    for (const auto& part : master.parts_of<int>(waiting)) std::ignore = part;
  }));
  CHECK(throws([&] { master.future(waiting).get(); }));
  CHECK(throws([&] {
    [](mw::Master& with, mw::Task<int> task) -> mw::Async<int> { co_return co_await with.get(task); }(master, waiting).get();
  }));
  CHECK(throws([&] { std::ignore = master.submit_task<add>(1, 2); }));
  CHECK(throws([&] { std::ignore = waiting.then<one_more>(); }));
  CHECK(throws([&] {
    for (const std::int64_t sum : master.map<add>(std::vector<std::pair<long, long>>{{1, 1}})) std::ignore = sum;
  }));
  CHECK(throws([&] { master.set_interface(mw::interface("serial")); }));
}

}  // namespace

TEST_CASE("after a stop what runs finishes, nothing else begins, and whoever waits or submits is told", "[contract][stop]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  const Gathering meeting;
  const std::string said = test::stderr_of([&] {
    mw::Master master{mw::interface(spec)};
    make_known(master);
    CHECK_FALSE(master.is_stopping());
    std::vector<mw::Task<int>> tasks;
    for (int i = 0; i < 40; ++i) tasks.push_back(master.submit_task<begin_and_wait>(meeting.path(), i));
    auto last = master.future(tasks.back());
    std::string heard;
    std::thread waits{[&] { heard = stopped_text([&] { master.get_result(tasks.back()); }); }};
    REQUIRE(meeting.some_have_begun());
    master.stop(1h);
    CHECK(master.is_stopping());
    CHECK_FALSE(master.has_stopped());
    const auto late = master.submit_task<begin_and_wait>(meeting.path(), 1000);  // it is taken, and does not begin
    CHECK_FALSE(master.try_get_result(late, 10ms));
    // On a busy machine, what was recalled takes its time to come back.
    const auto by_master = specs_scheduled_by_master();
    if (std::find(by_master.begin(), by_master.end(), spec) != by_master.end())
      CHECK(test::eventually([&] {
        const mw::Status status = master.get_status();
        return status.attempts == status.finished + status.running;
      }));
    meeting.let_go();
    std::set<int> finished;
    for (const auto& task : tasks) {
      try {
        finished.insert(master.get_result(task));
      } catch (const mw::Stopped& e) {
        CHECK(e.signal() == 0);
        CHECK_FALSE(task.done());
      }
    }
    waits.join();
    CHECK(master.has_stopped());
    CHECK(finished == meeting.begun());
    CHECK_FALSE(finished.empty());
    CHECK(finished.size() < tasks.size());
    CHECK(heard == "the master was stopped: " + std::to_string(30 + finished.size()) + " of its 71 tasks are done");
    CHECK_THROWS_AS(last.get(), mw::Stopped);
    check_that_all_calls_throw(master, late);
    CHECK(master.get_result(tasks[static_cast<std::size_t>(*finished.begin())]) == *finished.begin());
    CHECK(meeting.begun() == finished);
  });
  CHECK(said == "");  // of tasks that are cancelled with the master, whoever has stopped it knows
}

TEST_CASE("a stop waits for what does not end no longer than it is to, and starts nothing a second time", "[contract][stop]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  const Gathering meeting, endless;
  mw::Master master{mw::interface(spec)};
  const auto fails = master.submit_task<begin_and_fail>({.retries = 5}, meeting.path(), 0);
  REQUIRE(meeting.some_have_begun());
  const bool has_another = spec != "serial";
  std::optional<mw::Task<int>> never;
  if (has_another) {
    never = master.submit_task<begin_and_wait>(endless.path(), 0);
    REQUIRE(endless.some_have_begun());
  }
  const auto next = fails.then<one_more>();
  const auto begin = std::chrono::steady_clock::now();
  master.stop(has_another ? mw::Timeout{200ms} : mw::Timeout{1h});
  meeting.let_go();
  const std::string text = stopped_text([&] { master.get_result(fails); });
  CHECK(std::chrono::steady_clock::now() - begin < 5s);
  CHECK(text.find("the master was stopped: 0 of its ") == 0);
  CHECK((text.find("what ran has not finished in the time given") != text.npos) == has_another);
  CHECK(fails.attempts() == 1);
  CHECK(fails.state() == mw::TaskState::submitted);
  CHECK_THROWS_AS(master.get_result(next), mw::Stopped);
  endless.let_go();  // what comes later can still be had
  if (never) CHECK(test::eventually([&] { return never->done(); }));
  if (never) CHECK(master.get_result(*never) == 0);
}

TEST_CASE("of a map the results come of what ran when a stop came, and then it throws", "[contract][stop][map]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  const Gathering meeting;
  mw::Master master{mw::interface(spec)};
  std::vector<std::pair<std::string, int>> inputs;
  for (int i = 0; i < 50; ++i) inputs.emplace_back(meeting.path(), i);
  std::set<int> came;
  std::string heard;
  std::thread reads{[&] {
    heard = stopped_text([&] {
      for (const int number : master.map<begin_and_wait>(inputs, {.chunk = 1, .ordered = false})) came.insert(number);
    });
  }};
  REQUIRE(meeting.some_have_begun());
  master.stop(1h);
  meeting.let_go();
  reads.join();
  CHECK(heard.find("the master was stopped: ") == 0);
  CHECK(came == meeting.begun());
  CHECK(came.size() < inputs.size());
}

TEST_CASE("a stop when nothing runs is over at once, also while workers start, and objects are told", "[contract][stop]") {
  const auto spec = GENERATE(from_range(specs_with_lasting_workers()));
  INFO(spec);
  {
    mw::Master master{mw::interface(spec)};
    const auto task = master.submit_task<add>(1, 2);
    master.stop(0s);
    master.stop(1h);
    CHECK(test::eventually([&] { return master.has_stopped(); }, 5s));
    CHECK_THROWS_AS(master.create<Counter>(), mw::Stopped);
  }
  mw::Master master{mw::interface(spec)};
  auto counter = master.create<Counter>();
  CHECK(master.get_result(counter.call<&Counter::raise>()) == 1);
  master.stop(1h);
  CHECK(test::eventually([&] { return master.has_stopped(); }, 5s));
  CHECK_THROWS_AS(counter.call<&Counter::raise>(), mw::Stopped);
}
