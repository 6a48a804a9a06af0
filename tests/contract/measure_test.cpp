// What tasks count and time: on every interface, once.
#include <catch2/catch.hpp>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <mw/detail/chunk.hpp>

#include "contract/functions.hpp"
#include "support/temporary.hpp"

using namespace contract;

namespace {

int count_eels(int eels) {
  const auto time = mw::time_block("walk");
  mw::count("walks");
  mw::count("eels", static_cast<std::uint64_t>(eels));
  return eels;
}
int count_in_threads(int threads) {
  std::vector<std::thread> all;
  for (int i = 0; i < threads; ++i) all.emplace_back([] { mw::count("threads"); });
  for (std::thread& thread : all) thread.join();
  return threads;
}
/// The first attempt comes to nothing.
int count_and_fail_once(const std::string& file, bool by_signal) {
  mw::count("tries");
  if (std::filesystem::exists(file)) return 7;
  std::ofstream{file} << "been here";
  if (by_signal) ::raise(SIGKILL);
  throw std::runtime_error{"not yet"};
}
int count_and_fail() {
  mw::count("failures");
  throw std::runtime_error{"never"};
}
int count_and_wait(const std::string& file) {
  mw::count("waits");
  mw::set_progress(0.5);
  return wait_for_file(file) ? 1 : 0;
}
/// Each input fails at its first try.
int tried_twice(const std::string& file) { return count_and_fail_once(file, false); }

std::vector<char> count_and_return_much(std::size_t size) {
  mw::count("much", size);
  return std::vector<char>(size);
}

std::optional<mw::MeasureStatus> find(const std::vector<mw::MeasureStatus>& list, const std::string& name) {
  for (const mw::MeasureStatus& one : list)
    if (one.name == name) return one;
  return std::nullopt;
}
double sum_of(const std::vector<mw::MeasureStatus>& list, const std::string& name) {
  const auto found = find(list, name);
  return found ? found->sum : 0;
}

}  // namespace

TEST_CASE("P53: what tasks count and time is in the status, on every interface", "[contract][measure][P53]") {
  const std::string spec = GENERATE(from_range(specs()));
  CAPTURE(spec);
  mw::Master master{mw::interface(spec)};
  CHECK(master.measures().empty());
  std::vector<mw::Task<int>> tasks;
  for (int i = 1; i <= 20; ++i) tasks.push_back(master.submit_task<count_eels>(i));
  for (const auto& task : tasks) master.get_result(task);
  const auto measures = master.measures();
  REQUIRE(measures.size() == 3);
  CHECK(measures[0].name == "eels");
  CHECK_FALSE(measures[0].is_time);
  CHECK(measures[0].count == 20);
  CHECK(measures[0].sum == 210);
  CHECK(measures[0].min == 1);
  CHECK(measures[0].max == 20);
  CHECK(measures[0].p50 == Approx(10).epsilon(0.07));
  CHECK(measures[1].sum == 20);
  CHECK(measures[2].name == "walk");
  CHECK(measures[2].is_time);
  CHECK(measures[2].count == 20);
  CHECK(measures[2].max < 10);
  CHECK(measures[2].min <= measures[2].p50);
  CHECK(master.get_status().to_json().find(R"({"name":"eels","kind":"count","count":20,"sum":2.1E2)") != std::string::npos);
}

TEST_CASE("what tasks have measured can be taken step by step, and the status goes on", "[contract][measure]") {
  mw::Master master{mw::interface("serial")};
  CHECK(master.take_measures().empty());
  for (int step = 1; step <= 3; ++step) {
    master.get_result(master.submit_task<count_eels>(step));
    CHECK(sum_of(master.take_measures(), "eels") == step);
    CHECK(master.take_measures().empty());
  }
  CHECK(sum_of(master.measures(), "eels") == 6);
}

TEST_CASE("P53: a task that is tried again counts once, and one that fails for good counts, too", "[contract][measure][P53]") {
  const std::string spec = GENERATE(from_range(specs_scheduled_by_master()));
  CAPTURE(spec);
  mw::Master master{mw::interface(spec)};
  const test::TemporaryFolder folder;
  const auto task = master.submit_task<count_and_fail_once>({.retries = 1}, folder.path("a"), false);
  CHECK(master.get_result(task) == 7);
  CHECK(task.attempts() == 2);
  CHECK_THROWS_AS(master.get_result(master.submit_task<count_and_fail>({.retries = 2})), mw::TaskError);
  const auto measures = master.measures();
  CHECK(sum_of(measures, "tries") == 1);
  CHECK(sum_of(measures, "failures") == 1);
}

TEST_CASE("P53: an input of map() that is tried again counts once", "[contract][measure][P53]") {
  const std::string spec = GENERATE(from_range(specs_scheduled_by_master()));
  CAPTURE(spec);
  mw::Master master{mw::interface(spec)};
  const test::TemporaryFolder folder;
  const std::vector<std::string> files{folder.path("a"), folder.path("b"), folder.path("c"), folder.path("d")};
  mw::MapOptions options{.chunk = 2};
  options.task.retries = 1;
  int sum = 0;
  for (const int result : master.map<tried_twice>(files, options)) sum += result;
  CHECK(sum == 28);
  CHECK(sum_of(master.measures(), "tries") == 4);
}

TEST_CASE("P53: a task whose worker died counts once, and one that was cancelled not at all", "[contract][measure][P53]") {
  const std::string spec = GENERATE(from_range(specs_with_lasting_workers()));
  CAPTURE(spec);
  mw::Master master{mw::interface(spec)};
  const test::TemporaryFolder folder;
  const auto task = master.submit_task<count_and_fail_once>(folder.path("a"), true);
  CHECK(master.get_result(task) == 7);
  CHECK(task.attempts() == 2);
  const auto waits = master.submit_task<count_and_wait>(folder.path("never"));
  while (waits.progress() != 0.5) std::this_thread::sleep_for(std::chrono::milliseconds{1});
  master.cancel(waits);
  master.get_result(master.submit_task<count_eels>(1));
  CHECK(sum_of(master.measures(), "tries") == 1);
  CHECK(sum_of(master.measures(), "waits") == 0);
}

TEST_CASE("what a journal knows does not run, and counts nothing", "[contract][measure][journal]") {
  const test::TemporaryFolder folder;
  const auto sync = GENERATE(mw::JournalSync::soon, mw::JournalSync::always);
  const mw::MasterOptions options{.journal = folder.path("run.mwj"), .journal_sync = sync};
  for (const double sum : {5.0, 0.0}) {
    mw::Master master{mw::interface("multicore:1"), options};
    CHECK(master.get_result(master.submit_task<count_eels>(5)) == 5);
    CHECK(sum_of(master.measures(), "eels") == sum);
  }
}

TEST_CASE("all threads of a task count, where it has a process of its own", "[contract][measure]") {
  const std::string spec = GENERATE(from_range(specs_with_processes()));
  CAPTURE(spec);
  mw::Master master{mw::interface(spec)};
  CHECK(master.get_result(master.submit_task<count_in_threads>(8)) == 8);
  CHECK(sum_of(master.measures(), "threads") == 8);
}

TEST_CASE("what a task with a large result has counted comes, too", "[contract][measure]") {
  const std::string spec = GENERATE(from_range(specs()));
  CAPTURE(spec);
  mw::Master master{mw::interface(spec)};
  double sum = 0;
  for (const std::size_t size : {100'000, 1'000'000}) {
    CHECK(master.get_result(master.submit_task<count_and_return_much>(size)).size() == size);
    sum += static_cast<double>(size);
  }
  CHECK(sum_of(master.measures(), "much") == sum);
}
