// The contract of every interface: map and map_reduce give something for every input of their range, or say why not.
#include <catch2/catch.hpp>

#include <chrono>
#include <numeric>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "contract/functions.hpp"
#include "support/errors.hpp"
#include "support/processes.hpp"

using namespace contract;
using namespace std::chrono_literals;

namespace {

/// The first input takes much longer than the others, and each of them long enough that workers give parts of their
/// chunks back.
int slow_at_first(int x) {
  std::this_thread::sleep_for(x == 0 ? 40ms : 500us);
  return x;
}
int one_slow_at_first(int x) { return slow_at_first(x), 1; }
int negated(int x) { return -x; }
int fail_on_seven(int x) { return x == 7 ? throw std::runtime_error{"seven"} : x; }

/// The caller of map_reduce() is the one who merges.
mw::Master* caller = nullptr;

void wait_until_nothing_is_under_way(mw::Master& master) {
  CHECK(test::eventually([&] {
    const auto status = master.get_status();
    return status.submitted + status.running == 0;
  }));
}

/// In the master, the first merge takes until the workers have done all that they were sent.
int add_slowly_here(int a, int b) {
  if (caller) wait_until_nothing_is_under_way(*std::exchange(caller, nullptr));
  return a + b;
}

std::vector<int> first_numbers(int count) {
  std::vector<int> list(static_cast<std::size_t>(count));
  std::iota(list.begin(), list.end(), 0);
  return list;
}

struct BadInput : std::runtime_error {
  BadInput() : std::runtime_error{"line 250 is no number"} {}
};

/// Where a range may throw.
enum class At { reading, going_on, comparing };

/// 0, 1, 2 …, and an exception in place of number 250.
struct BadAt250 {
  At at;
  struct iterator {
    using value_type = int;
    using difference_type = std::ptrdiff_t;
    At where;
    int value = 0;
    void fail(At here, int value_then) const {
      if (where == here && value == value_then) throw BadInput{};
    }
    int operator*() const { return fail(At::reading, 250), value; }
    iterator& operator++() {
      fail(At::going_on, 249);
      ++value;
      return *this;
    }
    void operator++(int) { ++*this; }
    bool operator==(std::default_sentinel_t) const { return fail(At::comparing, 250), false; }
  };
  iterator begin() const { return {at}; }
  std::default_sentinel_t end() const { return {}; }
};

/// Its number 30 cannot be written.
struct Particular {
  int value = 0;
  template <class Archive>
  void serialize(Archive& archive) {
    if (value == 30) throw std::domain_error{"30 cannot be written"};
    archive(value);
  }
};
int value_of(const Particular& input) { return input.value; }

/// Answers each task with the same bytes.
struct Parrot : mw::Interface {
  explicit Parrot(mw::Bytes bytes) : answer{std::move(bytes)} {}
  void execute_task(const mw::TaskRef& task, mw::WorkerId) override {
    mw::Outcome outcome;
    outcome.value = mw::Bytes{answer.span()};
    host().task_finished(task, std::move(outcome));
  }
  mw::Bytes answer;
};

mw::Bytes chunk_of(std::uint64_t done, std::vector<int> values) {
  return mw::encode(mw::detail::ChunkResult<int>{done, std::move(values), {}});
}

}  // namespace

TEST_CASE("map gives every result to a caller who is slower than the workers", "[contract][map]") {
  const auto spec = GENERATE(from_range(specs()));
  mw::Master master{mw::interface(spec)};
  for (const bool ordered : {true, false}) {
    INFO(spec << (ordered ? ", ordered" : ", as they come"));
    auto results = master.map<slow_at_first>(first_numbers(1000), {.ordered = ordered});
    std::set<int> seen;
    while (auto result = results.next()) {
      seen.insert(std::move(*result).value());
      if (seen.size() < 4) wait_until_nothing_is_under_way(master);
    }
    CHECK(seen.size() == 1000);
  }
}

TEST_CASE("map_reduce folds every result though the first merge takes long", "[contract][map][map_reduce]") {
  const auto spec = GENERATE(from_range(specs_with_processes()));
  INFO(spec);
  mw::Master master{mw::interface(spec)};
  caller = &master;
  CHECK(master.map_reduce<one_slow_at_first, add_slowly_here>(first_numbers(1000)) == 1000);
  caller = nullptr;
}

TEST_CASE("a range that throws: all results of what came before, then what it threw", "[contract][map]") {
  const auto spec = GENERATE(from_range(specs()));
  const auto chunk = GENERATE(as<std::size_t>{}, 0, 1, 100);
  const auto at = GENERATE(At::reading, At::going_on, At::comparing);
  const bool ordered = GENERATE(true, false);
  // What is cut into chunks is the master's business: every combination on two interfaces, one on each of the others.
  if (!spec.starts_with("serial") && !spec.starts_with("multicore") && (chunk != 0 || at != At::going_on)) return;
  INFO(spec << ", chunk " << chunk << ", at " << static_cast<int>(at) << (ordered ? ", ordered" : ", as they come"));
  mw::Master master{mw::interface(spec)};
  auto results = master.map<negated>(BadAt250{at}, {.chunk = chunk, .ordered = ordered, .window = 1000});
  std::set<std::size_t> seen;
  const auto take_all = [&] {
    while (auto result = results.next()) {
      if (ordered) CHECK(result->index == seen.size());
      CHECK(seen.insert(result->index).second);
      CHECK(std::move(*result).value() == -static_cast<int>(*seen.rbegin()));
    }
  };
  if (ordered) CHECK_THROWS_AS(take_all(), BadInput);
  if (!ordered)
    CHECK_THROWS_AS(
        [&] {
          while (auto result = results.next()) seen.insert(result->index);
        }(),
        BadInput);
  CHECK(seen.size() == 250);
  CHECK_THROWS_AS(results.next(), BadInput);  // it stays so: no end that looks like success
}

TEST_CASE("a loop over map of a range that throws ends with that exception", "[contract][map]") {
  mw::Master master{mw::interface("serial")};
  int count = 0;
  CHECK_THROWS_AS(
      [&] {
        for (int value : master.map<negated>(BadAt250{At::reading})) count += value == -count;
      }(),
      BadInput);
  CHECK(count == 250);
}

TEST_CASE("map_reduce of a range that throws ends with the first error in the order of the range", "[contract][map][map_reduce]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  mw::Master master{mw::interface(spec)};
  constexpr auto plus = [](int a, int b) { return a + b; };
  CHECK_THROWS_AS((master.map_reduce<negated, plus>(BadAt250{At::reading})), BadInput);
  CHECK(test::task_error([&] { master.map_reduce<fail_on_seven, plus>(BadAt250{At::reading}); }).message().find("seven") == 0);
}

TEST_CASE("an input that cannot be encoded ends map as one that cannot be read does", "[contract][map]") {
  const auto chunk = GENERATE(as<std::size_t>{}, 0, 1, 20);
  INFO("chunk " << chunk);
  mw::Master master{mw::interface("serial")};
  std::vector<Particular> inputs;
  for (int i = 0; i < 50; ++i) inputs.push_back({i});
  auto results = master.map<value_of>(inputs, {.chunk = chunk});
  for (int i = 0; i < 30; ++i) CHECK(results.next()->has_value());
  CHECK_THROWS_WITH(results.next(), "30 cannot be written");
}

TEST_CASE("a chunk that comes back with other results than those of its inputs is an error of them",
          "[contract][map][map_reduce]") {
  const auto chunk = GENERATE(as<std::size_t>{}, 0, 5);
  const auto answer = GENERATE(0, 1, 2, 3);
  INFO("chunk " << chunk << ", answer " << answer);
  const auto make = [&]() -> mw::Bytes {
    switch (answer) {
      case 0: return chunk_of(0, {});
      case 1: return chunk_of(11, std::vector<int>(11, 1));
      case 2: return chunk_of(5, {1, 2, 3});
      default: return mw::encode(std::uint8_t{3});
    }
  };
  mw::Master master{std::make_unique<Parrot>(make())};
  auto results = master.map<negated>(first_numbers(10), {.chunk = chunk});
  for (std::size_t i = 0; i < 10; ++i) {
    auto result = results.next();
    REQUIRE(result);
    CHECK(result->index == i);
    REQUIRE_FALSE(result->has_value());
    CHECK(result->error().cause() == mw::Cause::bad_message);
  }
  CHECK_FALSE(results.next());
  constexpr auto plus = [](int a, int b) { return a + b; };
  CHECK(test::task_error([&] { master.map_reduce<negated, plus>(first_numbers(10)); }).cause() == mw::Cause::bad_message);
}
