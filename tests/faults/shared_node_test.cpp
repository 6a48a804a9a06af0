// A node with several masters: its slots are shared, and never more tasks run than it has slots.
#include <catch2/catch.hpp>

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "contract/functions.hpp"
#include "support/lan.hpp"
#include "support/processes.hpp"
#include "support/program.hpp"
#include "support/temporary.hpp"

using namespace contract;
using namespace test::lan;
using namespace std::chrono_literals;

namespace {

using Span = std::pair<std::int64_t, std::int64_t>;

std::int64_t clock_now() { return std::chrono::steady_clock::now().time_since_epoch().count(); }

/// From when to when it ran, by the clock that all processes share.
Span span_of_task(std::int64_t milliseconds) {
  const std::int64_t begun = clock_now();
  std::this_thread::sleep_for(std::chrono::milliseconds{milliseconds});
  return {begun, clock_now()};
}

int started_here = 0;
void count_start(int) { ++started_here; }
int starts_of_worker(int) {
  std::this_thread::sleep_for(5ms);
  return started_here;
}

struct Counter {
  int value = 0;
  int add(int more) {
    std::this_thread::sleep_for(5ms);
    return value += more;
  }
};

using SpanTasks = std::vector<mw::Task<Span>>;

SpanTasks submit_spans(mw::Master& master, int count, std::int64_t milliseconds) {
  SpanTasks tasks;
  for (int i = 0; i < count; ++i) tasks.push_back(master.submit_task<span_of_task>(milliseconds));
  return tasks;
}

std::vector<Span> spans_of(mw::Master& master, const SpanTasks& tasks) {
  std::vector<Span> spans;
  for (const auto& task : tasks) {
    spans.push_back(master.get_result(task));
    CHECK(task.losses() == 0);
    CHECK(task.attempts() == 1);
  }
  return spans;
}

std::vector<Span> all_of(std::vector<Span> first, const std::vector<Span>& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

/// How many of them ran at a time, at most.
int most_at_once(const std::vector<Span>& spans) {
  std::vector<std::pair<std::int64_t, int>> events;
  for (const auto& [from, to] : spans) {
    events.emplace_back(from, +1);
    events.emplace_back(to, -1);
  }
  std::sort(events.begin(), events.end());
  int now = 0, most = 0;
  for (const auto& [when, change] : events) most = std::max(most, now += change);
  return most;
}

std::int64_t last_end(const std::vector<Span>& spans) {
  return std::max_element(spans.begin(), spans.end(), [](const Span& a, const Span& b) { return a.second < b.second; })->second;
}

/// Two masters, and a node that both have.
struct TwoMasters {
  explicit TwoMasters(unsigned slots, mw::MasterOptions options = {}, const std::string& before = "")
      : first{mw::interface(before + lan.spec()), std::move(options)}, second{mw::interface(lan.spec())} {
    const std::string address = text_of(first, before.empty() ? "listens_at" : "tcp_listens_at");
    const std::string other = "127.0.0.1:" + std::to_string(port_of(second));
    node = lan.node(static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1))), "n",
                    {"--connect", other, "--slots", std::to_string(slots)});
    REQUIRE(has_slots(second, slots));
    REQUIRE(test::eventually([&] { return first.get_status().ready_workers() >= slots; }, slow_by * 20s));
  }

  const Lan lan;
  mw::Master first, second;
  std::unique_ptr<test::Program> node;
};

}  // namespace

TEST_CASE("two masters with work have half of a node each, and never run more tasks than it has slots", "[faults][tcp][shares]") {
  TwoMasters both{2};
  const auto tasks = submit_spans(both.first, 40, 20), others = submit_spans(both.second, 40, 20);
  const auto spans = spans_of(both.first, tasks), other_spans = spans_of(both.second, others);
  CHECK(most_at_once(all_of(spans, other_spans)) <= 2);
  const std::int64_t until = std::min(last_end(spans), last_end(other_spans));
  const auto done = [until](const std::vector<Span>& list) {
    return static_cast<double>(std::count_if(list.begin(), list.end(), [until](const Span& one) { return one.second <= until; }));
  };
  const double share = done(spans) / (done(spans) + done(other_spans));
  CHECK(share > 0.4);
  CHECK(share < 0.6);
}

TEST_CASE("a slot of a single one goes round between masters", "[faults][tcp][shares]") {
  TwoMasters both{1};
  const auto tasks = submit_spans(both.first, 100, 5), others = submit_spans(both.second, 100, 5);
  const auto spans = spans_of(both.first, tasks), other_spans = spans_of(both.second, others);
  CHECK(most_at_once(all_of(spans, other_spans)) == 1);
  for (const auto& [list, other] : {std::pair{&spans, &other_spans}, std::pair{&other_spans, &spans}})
    CHECK(list->front().first < last_end(*other));
}

TEST_CASE("a master that was idle begins within about a task's length, and leaves all when it is idle again",
          "[faults][tcp][shares]") {
  TwoMasters both{2};
  const auto tasks = submit_spans(both.first, 50, 20);
  REQUIRE(test::eventually([&] { return both.first.get_status().finished >= 4; }));
  const std::int64_t asked = clock_now();
  const Span span = both.second.get_result(both.second.submit_task<span_of_task>(20));
  CHECK(span.first - asked < std::chrono::nanoseconds{slow_by * 100ms}.count());
  const auto spans = spans_of(both.first, tasks);
  CHECK(most_at_once(all_of(spans, {span})) == 2);
  // What came after is the first one's alone.
  std::vector<Span> after;
  for (const Span& one : spans)
    if (one.first > span.second + 30'000'000) after.push_back(one);
  CHECK(most_at_once(after) == 2);
}

TEST_CASE("a master that waits for each result keeps its share", "[faults][tcp][shares]") {
  TwoMasters both{2};
  const auto tasks = submit_spans(both.first, 60, 10);
  REQUIRE(test::eventually([&] { return both.first.get_status().finished >= 4; }));
  std::vector<Span> spans;
  const std::int64_t begun = clock_now();
  for (int i = 0; i < 15; ++i) spans.push_back(both.second.get_result(both.second.submit_task<span_of_task>(10)));
  CHECK(clock_now() - begun < std::chrono::nanoseconds{slow_by * 300ms}.count());  // 150 ms, and one wait for a slot
  CHECK(most_at_once(all_of(spans, spans_of(both.first, tasks))) <= 2);
}

TEST_CASE("a master does not wait at a node that another one keeps busy while it has workers elsewhere", "[faults][tcp][shares]") {
  TwoMasters both{2, {}, "multicore:1+"};
  const auto long_ones = submit_spans(both.second, 2, slow_by * 1'000);
  REQUIRE(test::eventually([&] { return both.second.get_status().running == 2; }));
  const std::int64_t asked = clock_now();
  const auto spans = spans_of(both.first, submit_spans(both.first, 6, 10));
  CHECK(last_end(spans) - asked < std::chrono::nanoseconds{slow_by * 500ms}.count());
  for (const auto& task : long_ones) both.second.cancel(task);
}

TEST_CASE("tasks for one worker each, objects and start functions have their turn on a node that others keep busy",
          "[faults][tcp][shares]") {
  TwoMasters both{2, mw::MasterOptions{}.worker_start<count_start>(1)};
  const auto tasks = submit_spans(both.second, 200, 5);
  REQUIRE(test::eventually([&] { return both.second.get_status().finished >= 4; }));
  std::vector<mw::Task<int>> named;
  for (int i = 0; i < 12; ++i)
    named.push_back(both.first.submit_task<starts_of_worker>({.worker = "tcp worker n/" + std::to_string(1 + i % 2)}, i));
  for (const auto& task : named) CHECK(both.first.get_result(task) == 1);
  {
    auto one = both.first.create<Counter>(), two = both.first.create<Counter>();
    for (int i = 1; i <= 3; ++i) {
      CHECK(both.first.get_result(one.call<&Counter::add>(1)) == i);
      CHECK(both.first.get_result(two.call<&Counter::add>(2)) == 2 * i);
    }
  }
  for (const auto& task : tasks) both.second.cancel(task);
}

TEST_CASE("the slots of a master that is killed, or ends, are the others'", "[faults][tcp][shares]") {
  const Lan lan;
  std::optional<mw::Master> master{std::in_place, mw::interface(lan.spec())};
  const std::string place = "127.0.0.1:" + std::to_string(port_of(*master));
  master.reset();
  const test::TemporaryFolder folder;
  test::Program killed{test::beside("long_run"), {folder.path("ready"), lan.spec("", place)}, Lan::tag()};
  master.emplace(mw::interface(lan.spec()));
  const auto node = lan.node(port_of(*master), "n", {"--connect", place, "--slots", "3"});
  REQUIRE(test::eventually([&] { return !test::file_text(folder.path("ready")).empty(); }, slow_by * 20s));
  REQUIRE(has_slots(*master, 3));
  const auto tasks = submit_spans(*master, 30, 10);
  std::this_thread::sleep_for(50ms);
  CHECK(master->get_status().finished == 0);  // the other one's tasks never end
  killed.kill();
  const auto spans = spans_of(*master, tasks);
  CHECK(most_at_once(spans) == 3);
  CHECK(count_of(*master, "slots_lent") == 3);
  master.reset();
}
