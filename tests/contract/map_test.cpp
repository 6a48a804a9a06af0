// The contract of every interface: map, as_completed, map_reduce.
#include <catch2/catch.hpp>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <list>
#include <map>
#include <numeric>
#include <ranges>
#include <set>
#include <sstream>
#include <thread>

#include "contract/functions.hpp"
#include "support/amount.hpp"
#include "support/errors.hpp"
#include "support/processes.hpp"
#include "support/temporary.hpp"

using namespace contract;
using namespace std::chrono_literals;

namespace {

std::uint64_t squared(std::uint64_t x) { return x * x; }
bool is_odd(int x) { return x % 2 != 0; }
void check_positive(int x) {
  if (x <= 0) throw std::domain_error{"not positive: " + std::to_string(x)};
}
int throw_on_sevens(int x) {
  if (x % 7 == 0) throw std::runtime_error{"seven divides " + std::to_string(x)};
  return -x;
}
std::string join(const std::string& a, int b) { return a + std::to_string(b); }
std::string append(std::string a, const std::string& b) { return std::move(a) + b; }
std::string letter(int x) { return std::string(1, static_cast<char>('a' + x % 26)); }
int sleep_ms(int ms) {
  std::this_thread::sleep_for(std::chrono::milliseconds{ms});
  return ms;
}

/// Says which process it was.
int sleep_somewhere(int ms) {
  sleep_ms(ms);
  return process_id();
}
int crash_on_13(int x) {
  if (x == 13) std::raise(SIGKILL);
  return x;
}

using Counts = std::map<std::string, std::uint64_t>;
Counts count_words(const mw::FileRange& range) {
  Counts counts;
  std::istringstream text{mw::read_lines(range)};
  for (std::string word; text >> word;) ++counts[word];
  return counts;
}
Counts merge(Counts a, const Counts& b) {
  for (const auto& [word, count] : b) a[word] += count;
  return a;
}

std::vector<int> numbers(int from, int to) {
  std::vector<int> list(static_cast<std::size_t>(to - from));
  std::iota(list.begin(), list.end(), from);
  return list;
}

/// Numbers from a stream that nobody can go through twice, and that counts how far it was read.
struct Generator {
  int limit;
  std::size_t* read;
  struct iterator {
    using value_type = int;
    using difference_type = std::ptrdiff_t;
    const Generator* of;
    int at = 0;
    int operator*() const { return at; }
    iterator& operator++() {
      ++at;
      ++*of->read;
      return *this;
    }
    void operator++(int) { ++*this; }
    bool operator==(std::default_sentinel_t) const { return at == of->limit; }
  };
  iterator begin() const { return {this}; }
  std::default_sentinel_t end() const { return {}; }
};

/// Vectors of 128 KiB, made as they are read, and counted.
struct BigVectors {
  int limit;
  std::size_t* made;
  struct iterator {
    using value_type = std::vector<double>;
    using difference_type = std::ptrdiff_t;
    const BigVectors* of;
    int at = 0;
    value_type operator*() const {
      ++*of->made;
      return value_type(1 << 14, 1.0);
    }
    iterator& operator++() {
      ++at;
      return *this;
    }
    void operator++(int) { ++*this; }
    bool operator==(std::default_sentinel_t) const { return at == of->limit; }
  };
  iterator begin() const { return {this}; }
  std::default_sentinel_t end() const { return {}; }
};

}  // namespace

TEST_CASE("map gives results in the order of its inputs, for any chunk", "[contract][map]") {
  const auto spec = GENERATE(from_range(specs()));
  mw::Master master{mw::interface(spec)};
  for (const std::size_t chunk : {0u, 1u, 7u, 100u, 5000u}) {
    if (is_volunteer(spec) && chunk != 0 && chunk != 7) continue;
    INFO(spec << ", chunk " << chunk);
    std::uint64_t next = 0;
    for (const std::uint64_t value : master.map<squared>(numbers(0, 1000), {.chunk = chunk})) {
      REQUIRE(value == next * next);
      ++next;
    }
    CHECK(next == 1000);
  }
}

TEST_CASE("map out of order gives each result once, with its index", "[contract][map]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  mw::Master master{mw::interface(spec)};
  const std::list<std::uint64_t> inputs{5, 4, 3, 2, 1};
  auto results = master.map<squared>(inputs, {.chunk = 2, .ordered = false});
  std::map<std::size_t, std::uint64_t> seen;
  while (auto done = results.next()) CHECK(seen.emplace(done->index, std::move(*done).value()).second);
  CHECK(seen == std::map<std::size_t, std::uint64_t>{{0, 25}, {1, 16}, {2, 9}, {3, 4}, {4, 1}});
}

TEST_CASE("map takes any range, of tuples for several parameters, and of nothing", "[contract][map]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  mw::Master master{mw::interface(spec)};
  std::vector<std::string> texts;
  const std::vector<std::pair<const char*, int>> pairs{{"a", 1}, {"b", 2}};
  for (std::string text : master.map<join>(pairs)) texts.push_back(text);
  CHECK(texts == std::vector<std::string>{"a1", "b2"});
  int count = 0;
  for (bool odd : master.map<is_odd>(std::vector<int>{1, 2, 3})) count += odd;
  CHECK(count == 2);
#if !defined(__clang__) || __clang_major__ >= 16  // before that, clang++ cannot compile libstdc++'s views
  std::istringstream text{"3 4 5"};
  std::uint64_t sum = 0;
  for (std::uint64_t value : master.map<squared>(std::views::istream<int>(text))) sum += value;
  for (std::uint64_t value : master.map<squared>(std::views::iota(1, 3))) sum += value;
  const auto view = std::views::iota(1, 2);
  for (std::uint64_t value : master.map<squared>(view)) sum += value;
  CHECK(sum == 56);
#endif
  for (std::uint64_t value : master.map<squared>(std::vector<int>{})) FAIL(value);
  master.map<check_positive>(std::vector<int>{1, 2, 3}).run();
}

TEST_CASE("an input whose call throws is an error of that input only, with its index", "[contract][map]") {
  const auto spec = GENERATE(from_range(specs()));
  mw::Master master{mw::interface(spec)};
  for (const std::size_t chunk : {0u, 1u, 10u}) {
    INFO(spec << ", chunk " << chunk);
    auto results = master.map<throw_on_sevens>(numbers(1, 51), {.chunk = chunk});
    int failed = 0, good = 0;
    while (auto done = results.next()) {
      const int input = static_cast<int>(done->index) + 1;
      if (input % 7 != 0) {
        CHECK(std::move(*done).value() == -input);
        ++good;
        continue;
      }
      REQUIRE_FALSE(done->has_value());
      const auto e = test::task_error([&] { std::move(*done).value(); });
      CHECK(e.cause() == mw::Cause::exception);
      CHECK(e.exception_type() == "std::runtime_error");
      CHECK(e.function().find("map of ") == 0);
      CHECK(e.function().find("throw_on_sevens(int)") != std::string::npos);
      CHECK(e.message() == "seven divides " + std::to_string(input) + " (input " + std::to_string(input - 1) + " of map)");
      CHECK(e.worker().find("worker") != std::string::npos);
      ++failed;
    }
    CHECK(failed == 7);
    CHECK(good == 43);
  }
  CHECK(test::task_error([&] {
          master.map<check_positive>(std::vector<int>{1, -2}).run();
        }).message() == "not positive: -2 (input 1 of map)");
}

TEST_CASE("a chunk whose worker dies again and again is an error of its inputs, and the others have results",
          "[contract][map][P20]") {
  const auto spec = GENERATE(from_range(specs_with_processes()));
  INFO(spec);
  mw::Master master{mw::interface(spec)};
  auto results = master.map<crash_on_13>(numbers(0, 30), {.chunk = 5, .task = {.max_losses = 1}});
  std::set<std::size_t> failed;
  int sum = 0;
  while (auto done = results.next())
    if (done->has_value())
      sum += std::move(*done).value();
    else
      failed.insert(done->index);
  CHECK(failed == std::set<std::size_t>{10, 11, 12, 13, 14});
  CHECK(sum == 29 * 30 / 2 - (10 + 11 + 12 + 13 + 14));
}

TEST_CASE("P26: map reads no more of its range than its window", "[contract][map][P26]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  mw::Master master{mw::interface(spec)};
  std::size_t read = 0;
  auto results = master.map<sleep_ms>(Generator{1'000'000'000, &read}, {.chunk = 3, .window = 12});
  for (std::size_t i = 0; i < 30; ++i) {
    // Its generator counts up: an input of i sleeps i ms, so results cannot come before they are wanted.
    const auto done = results.next();
    REQUIRE(done->index == i);
    CHECK(read <= i + 12 + 3);
  }
}

TEST_CASE("however long the way to the workers is, map keeps it full", "[contract][map]") {
  for (const std::string& spec : specs()) {
    if (!spec.starts_with("boinc:2?")) continue;
    mw::Master master{mw::interface(spec)};
    std::int64_t sum = 0;
    auto results = master.map<add>(std::views::iota(0, 999) | std::views::transform([](int i) {
                                     return std::tuple{i, 1};
                                   }),
                                   {.chunk = 1});
    while (auto done = results.next()) sum += std::move(*done).value();
    CHECK(sum == 999 * 500);
    // With as few tasks on their way as elsewhere, each journey to a volunteer would carry three or four of them.
    const auto workunits = std::get<std::int64_t>(master.get_status().interface.at("workunits"));
    CHECK(workunits < 120);
  }
}

TEST_CASE("P26: the bytes on their way are bounded, too", "[contract][map][P26]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  mw::Master master{mw::interface(spec)};
  std::size_t made = 0, most = 0, back = 0;
  const BigVectors inputs{60, &made};
  for (const auto& result : master.map<twice>(inputs, {.window_bytes = 2 << 20})) {
    CHECK(result.size() == 1 << 14);
    most = std::max(most, made - back);
    ++back;
  }
  CHECK(back == 60);
  CHECK(most <= 40);  // 2 MiB are 16 of them; a chunk more may go out, and each lies in a chunk
}

TEST_CASE("P26: map over a generator runs in flat memory", "[contract][map][P26]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
#ifdef __SANITIZE_THREAD__
  if (is_volunteer(spec)) return;  // the volunteers' server takes minutes for so many
#endif
  mw::Master master{mw::interface(spec)};
  std::size_t read = 0;
  // The way to volunteers is so long that the usual window, 256 MiB, may not be full when it is first looked at.
  mw::MapOptions options;
  if (is_volunteer(spec)) options.window_bytes = 8 << 20;
  auto results = master.map<is_odd>(Generator{1'000'000'000, &read}, options);
  std::size_t before = 0, count = 0;
  while (count < test::amount(600'000u, 150'000u)) {
    REQUIRE(results.next());
    if (++count == test::amount(100'000u, 50'000u)) before = test::allocated_bytes();
  }
  CHECK(test::allocated_bytes() < before + (64 << 20));
}

TEST_CASE("inputs that take long are not done one after the other by one worker", "[contract][map]") {
  const auto spec = GENERATE(from_range(specs_with_lasting_workers()));
  INFO(spec);
  mw::Master master{mw::interface(spec)};
  for (int i = 0; i < 4; ++i) master.get_result(master.submit_task<sleep_ms>(1));
  std::map<int, int> inputs_of;
  for (const int worker : master.map<sleep_somewhere>(std::vector<int>(20, 50))) ++inputs_of[worker];
  CHECK(inputs_of.size() == static_cast<std::size_t>(workers_of(spec)));
  for (const auto& [worker, inputs] : inputs_of) CHECK(inputs <= 16);
}

TEST_CASE("a map that is left early cancels what is on its way", "[contract][map]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  mw::Master master{mw::interface(spec)};
  {
    auto results = master.map<sleep_ms>(std::vector<int>(100, 30), {.chunk = 5});
    REQUIRE(results.next());
  }
  CHECK(test::eventually([&] {
    const auto status = master.get_status();
    return status.submitted + status.running == 0;
  }));
  CHECK(master.get_result(master.submit_task<add>(1, 1)) == 2);
  CHECK(test::task_error([&] { master.get_result(); }).cause() == mw::Cause::nothing_to_wait_for);  // its tasks are no one else's
}

TEST_CASE("retries in map are for the input that failed", "[contract][map]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  const test::TemporaryFolder folder;
  mw::Master master{mw::interface(spec)};
  constexpr auto fails_first = [](const std::string& path) {
    if (std::filesystem::exists(path)) return 1;
    std::ofstream{path} << "x";
    throw std::runtime_error{"the first time"};
  };
  const std::vector<std::string> paths{folder.path("a"), folder.path("b")};
  int sum = 0;
  for (int value : master.map<fails_first>(paths, {.task = {.retries = 1}})) sum += value;
  CHECK(sum == 2);
}

TEST_CASE("as_completed gives each task of its list once, as they are done", "[contract][map][as_completed]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  mw::Master master{mw::interface(spec)};
  std::vector<mw::Task<std::int64_t>> tasks;
  for (int i = 0; i < 50; ++i) tasks.push_back(master.submit_task<add>(i, 1));
  CHECK(master.get_result(tasks[3]) == 4);  // one that was handed out before comes, too
  std::set<std::size_t> seen;
  for (auto& done : master.as_completed(tasks)) {
    CHECK(done.task == tasks[done.index]);
    CHECK(done.result() == static_cast<std::int64_t>(done.index) + 1);
    CHECK(seen.insert(done.index).second);
  }
  CHECK(seen.size() == 50);
  for (auto& done : master.as_completed(tasks)) seen.erase(done.index);  // and again
  CHECK(seen.empty());
  CHECK(test::task_error([&] { master.get_result(); }).cause() == mw::Cause::nothing_to_wait_for);
}

TEST_CASE("as_completed follows the order of completion, and a failed task is one of them", "[contract][map][as_completed][P4]") {
  const auto spec = GENERATE(from_range(specs_with_processes()));
  INFO(spec);
  const test::TemporaryFolder folder;
  mw::Master master{mw::interface(is_volunteer(spec) ? spec + "&tasks_per_workunit=1" : spec)};
  std::vector<mw::Task<std::string>> tasks;
  tasks.push_back(
      master.submit_task<[](const std::string& path) { return wait_for_file(path), std::string{"slow"}; }>(folder.path("go")));
  tasks.push_back(master.submit_task<throw_runtime_error>("no"));
  std::vector<std::size_t> order;
  for (auto& done : master.as_completed(tasks)) {
    order.push_back(done.index);
    if (done.index == 1) CHECK_THROWS_AS(done.result(), mw::TaskError);
    std::ofstream{folder.path("go")} << "now";
  }
  CHECK(order == std::vector<std::size_t>{1, 0});
}

TEST_CASE("as_completed refuses foreign tasks, and tasks of two lists at a time", "[contract][map][as_completed]") {
  mw::Master master{mw::interface("serial")}, other{mw::interface("serial")};
  const std::vector<mw::Task<int>> slow{master.submit_task<sleep_ms>(300)};
  {
    auto first = master.as_completed(slow);
    CHECK_THROWS_AS(master.as_completed(slow), mw::UsageError);
    CHECK(test::task_error([&] { other.as_completed(slow); }).cause() == mw::Cause::not_submitted);
  }
  int count = 0;
  for (auto& done : master.as_completed(slow)) count += done.result() == 300;  // the first list is gone
  CHECK(count == 1);
}

TEST_CASE("as_completed takes a long list in a time that grows with its length", "[contract][map][as_completed]") {
  mw::Master master{mw::interface("multicore:2")};
  std::vector<mw::Task<std::int64_t>> tasks;
  for (int i = 0; i < 50'000; ++i) tasks.push_back(master.submit_task<add>(i, 0));
  std::int64_t sum = 0;
  for (auto& done : master.as_completed(tasks)) sum += done.result();
  CHECK(sum == 50'000ll * 49'999 / 2);
}

TEST_CASE("map_reduce folds in the order of its inputs, for any chunk", "[contract][map][map_reduce]") {
  const auto spec = GENERATE(from_range(specs()));
  mw::Master master{mw::interface(spec)};
  std::string expected = ">";
  for (int i = 0; i < 100; ++i) expected += letter(i);
  for (const std::size_t chunk : {0u, 1u, 7u}) {
    INFO(spec << ", chunk " << chunk);
    CHECK(master.map_reduce<letter, append>(numbers(0, 100), ">", {.chunk = chunk}) == expected);
  }
  INFO(spec);
  CHECK(master.map_reduce<letter, append>(std::vector<int>{}) == "");
  CHECK(test::task_error([&] {
          master.map_reduce<throw_on_sevens, [](int a, int b) { return a + b; }>(std::vector<int>{1, 7});
        }).cause() == mw::Cause::exception);
}

TEST_CASE("map_reduce over byte ranges of files counts every word once, wherever the cuts are", "[contract][map][map_reduce]") {
  const auto spec = GENERATE(from_range(specs()));
  const test::TemporaryFolder folder;
  std::ofstream{folder.path("a")} << "one two\n\nthree two\nno end";
  std::ofstream{folder.path("b")} << "";
  std::ofstream{folder.path("c")} << "\n\ntwo\n";
  mw::Master master{mw::interface(spec)};
  for (const std::uint64_t size : {1u, 2u, 3u, 64u, 1u << 20}) {
    INFO(spec << ", ranges of " << size);
    const auto counts =
        master.map_reduce<count_words, merge>(mw::file_ranges({folder.path("a"), folder.path("b"), folder.path("c")}, size));
    CHECK(counts == Counts{{"one", 1}, {"two", 3}, {"three", 1}, {"no", 1}, {"end", 1}});
  }
  CHECK_THROWS_AS(mw::file_ranges({folder.path("missing")}), mw::UsageError);
  CHECK_THROWS_AS(mw::file_ranges({folder.path("")}), mw::UsageError);
  CHECK_THROWS_AS(mw::file_ranges({folder.path("a")}, 0), mw::UsageError);
}
