// Which calls of mw::count() and mw::time_block() count, and for whom.
#include <catch2/catch.hpp>

#include <stdexcept>
#include <thread>
#include <vector>

#include <mw/detail/chunk.hpp>
#include <mw/measure.hpp>

#include "measure/measures.hpp"
#include "worker/measures.hpp"
#include "worker/progress_sink.hpp"

using namespace mw;
using namespace mw::worker;

namespace {

measure::Measures taken_measures() {
  const auto bytes = take_measures([](const std::string&) {});
  return bytes ? measure::decoded(bytes->span()) : measure::Measures{};
}
double sum_of(const measure::Measures& measures, std::string_view name) {
  for (const auto& one : measures.sorted())
    if (one.name == name) return one.values->sum();
  return 0;
}

struct DeafSink final : ProgressSink {
  void progress(double) override {}
  void part(Bytes) override {}
};

/// Counts, and fails at its first try.
int tried_twice(int x) {
  static int tries = 0;
  mw::count("tries");
  if (++tries % 2 == 1) throw std::runtime_error{"not yet"};
  mw::count("successes");
  return x;
}

}  // namespace

TEST_CASE("what is counted outside of a task counts nowhere", "[worker][measure]") {
  mw::count("stray");
  { const auto time = mw::time_block("stray"); }
  const MeasureScope scope;
  CHECK(taken_measures().empty());
}

TEST_CASE("a task's thread counts for its task, and each task begins anew", "[worker][measure]") {
  {
    const MeasureScope scope;
    mw::count("eels");
    mw::count("eels", 4);
    {
      auto time = mw::time_block("walk");
      time.stop();
      time.stop();  // once
    }
  }
  mw::count("eels");  // it is over
  const auto measures = taken_measures();
  CHECK(sum_of(measures, "eels") == 5);
  REQUIRE(measures.size() == 2);
  CHECK(measures.sorted()[1].values->count() == 1);
  CHECK(taken_measures().empty());
  {
    const MeasureScope scope;
    mw::count("left");
  }
  { const MeasureScope next; }
  CHECK(taken_measures().empty());
}

TEST_CASE("other threads of a worker process count for the task that it runs", "[worker][measure]") {
  DeafSink sink;
  set_progress_sink(&sink);
  {
    const MeasureScope scope;
    mw::count("eels", 1);
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
      threads.emplace_back([] {
        for (int n = 0; n < 1'000; ++n) mw::count("eels");
      });
    for (std::thread& thread : threads) thread.join();
  }
  set_progress_sink(nullptr);
  std::thread{[] { mw::count("eels"); }}.join();  // too late
  CHECK(sum_of(taken_measures(), "eels") == 4'001);
  CHECK(taken_measures().empty());
}

TEST_CASE("what has no room is dropped with one warning", "[worker][measure]") {
  int warnings = 0;
  for (int task = 0; task < 3; ++task) {
    {
      const MeasureScope scope;
      for (int i = 0; i < 1'005; ++i) mw::count("name " + std::to_string(i));
      mw::count(std::string(200, 'x'));
      mw::count("");
    }
    const auto bytes = take_measures([&](const std::string& text) {
      ++warnings;
      CHECK_THAT(text, Catch::Contains("1000"));
    });
    REQUIRE(bytes);
    CHECK(measure::decoded(bytes->span()).size() == 1'000);
  }
  CHECK(warnings == 1);
}

TEST_CASE("an input of map() that is tried again counts once", "[worker][measure]") {
  {
    const MeasureScope scope;
    mw::count("tries", 10);
    const auto result = detail::MapChunk<&tried_twice>::run(3, {1, 2, 3}, 0, 1);
    CHECK(result.values == std::vector<int>{1, 2, 3});
  }
  const auto measures = taken_measures();
  CHECK(sum_of(measures, "tries") == 13);
  CHECK(sum_of(measures, "successes") == 3);
}
