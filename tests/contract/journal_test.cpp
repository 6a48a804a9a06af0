// A program that is started again: what a journal gives back, on every interface.
#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <numeric>
#include <string>
#include <vector>

#include "contract/functions.hpp"
#include "support/captured_stderr.hpp"
#include "support/errors.hpp"
#include "support/temporary.hpp"

using namespace contract;
using namespace std::chrono_literals;

namespace {

/// What a test leaves, and counts: each call of noted_square() is a line in a file.
struct JournalPlace {
  test::TemporaryFolder folder;
  mw::MasterOptions options() const { return {.journal = folder.path("run.mwj")}; }
  std::string calls() const { return folder.path("calls"); }
  std::vector<int> called() const {
    std::vector<int> numbers;
    std::ifstream file{calls()};
    for (int number = 0; file >> number;) numbers.push_back(number);
    return numbers;
  }
};

int noted_square(const std::string& calls, int x) {
  std::ofstream{calls, std::ios::app} << std::to_string(x) + "\n";
  return x * x;
}
int square_or_throw(const std::string& calls, int x, const std::string& good) {
  noted_square(calls, x);
  if (!std::filesystem::exists(good)) throw std::runtime_error{"not yet"};
  return x * x;
}
std::string noted_long_text(const std::string& calls, std::size_t size) {
  noted_square(calls, 0);
  return std::string(size, 'x');
}
int noted_sum(const std::string& calls, const std::vector<int>& values) {
  noted_square(calls, 0);
  return std::accumulate(values.begin(), values.end(), 0);
}
int print_and_square(const std::string& calls, int x) {
  std::printf("printed %d\n", x);
  return noted_square(calls, x);
}
int emit_and_square(const std::string& calls, int x) {
  mw::emit(x);
  return noted_square(calls, x);
}
int increased(int x) { return x + 1; }

std::vector<int> noted_squares(mw::Master& master, const std::string& calls, int count) {
  std::vector<mw::Task<int>> tasks;
  for (int x = 0; x < count; ++x) tasks.push_back(master.submit_task<noted_square>(calls, x));
  std::vector<int> results;
  for (const auto& task : tasks) results.push_back(master.get_result(task));
  return results;
}

struct SavedCounter {
  int value = 0;
  int next() { return ++value; }
};

}  // namespace

TEST_CASE("P21: a program that is started again has its results at once, and runs what is left", "[contract][P21][journal]") {
  const auto spec = GENERATE(from_range(specs()));
  CAPTURE(spec);
  const JournalPlace place;
  std::vector<int> before;
  {
    mw::Master master{mw::interface(spec), place.options()};
    before = noted_squares(master, place.calls(), 5);
    CHECK(master.get_status().found == 0);
  }
  mw::Master master{mw::interface(spec), place.options()};
  const auto after = noted_squares(master, place.calls(), 7);
  CHECK(std::vector<int>{after.begin(), after.begin() + 5} == before);
  CHECK((after[5] == 25 && after[6] == 36));
  CHECK(master.get_status().found == 5);
  CHECK(place.called().size() == 7);
}

TEST_CASE("P21: with journal_sync always, a result that get_result has returned is in the journal", "[contract][P21][journal]") {
  const auto spec = GENERATE(from_range(specs_scheduled_by_master()));
  CAPTURE(spec);
  const JournalPlace place;
  auto options = place.options();
  options.journal_sync = mw::JournalSync::always;
  mw::Master master{mw::interface(spec), options};
  CHECK(noted_squares(master, place.calls(), 20).back() == 19 * 19);
  // As it would be found if this process were killed now.
  test::TemporaryFolder copies;
  for (const char* end : {"", "-wal"}) {
    const std::string name = std::string{"run.mwj"} + end;
    if (std::filesystem::exists(place.folder.path(name))) std::filesystem::copy_file(place.folder.path(name), copies.path(name));
  }
  mw::Master again{mw::interface("serial"), {.journal = copies.path("run.mwj")}};
  noted_squares(again, place.calls(), 20);
  CHECK(again.get_status().found == 20);
}

TEST_CASE("a journal knows map() again, however its inputs went together", "[contract][journal]") {
  const auto spec = GENERATE(from_range(specs_with_lasting_workers()));
  CAPTURE(spec);
  const JournalPlace place;
  const auto inputs = [&] {
    std::vector<std::tuple<std::string, int>> all;
    for (int x = 0; x < 400; ++x) all.emplace_back(place.calls(), x);
    return all;
  }();
  const auto sum = [&](mw::Master& master, std::size_t count) {
    long total = 0;
    for (const int value :
         master.map<noted_square>(std::vector(inputs.begin(), inputs.begin() + static_cast<std::ptrdiff_t>(count))))
      total += value;
    return total;
  };
  long before = 0;
  {
    mw::Master master{mw::interface(spec), place.options()};
    before = sum(master, 400);
  }
  CHECK(place.called().size() == 400);
  {
    mw::Master master{mw::interface(spec), place.options()};
    CHECK(sum(master, 400) == before);
    CHECK(sum(master, 100) != before);  // another map(): its tasks are others
  }
  CHECK(place.called().size() == 500);
}

TEST_CASE("equal calls are told apart by their order, and each has its own result", "[contract][journal]") {
  const JournalPlace place;
  const auto run = [&](int count) {
    mw::Master master{mw::interface("serial"), place.options()};
    std::vector<mw::Task<int>> tasks;
    for (int i = 0; i < count; ++i) tasks.push_back(master.submit_task<noted_square>(place.calls(), 3));
    for (const auto& task : tasks) CHECK(master.get_result(task) == 9);
    return master.get_status().found;
  };
  CHECK(run(3) == 0);
  CHECK(run(5) == 3);
  CHECK(run(5) == 5);
  CHECK(place.called().size() == 5);
}

TEST_CASE("a program that was changed gets what still matches, and hears of what does not", "[contract][journal]") {
  const JournalPlace place;
  const auto said_by = [&](int count) {
    return test::stderr_of([&] {
      mw::Master master{mw::interface("serial"), place.options()};
      CHECK(noted_squares(master, place.calls(), count).size() == static_cast<std::size_t>(count));
    });
  };
  CHECK(said_by(5).empty());
  CHECK(said_by(5).empty());
  CHECK_THAT(said_by(3), Catch::Contains("has 2 results that no task of this run has asked for"));
  CHECK(said_by(7).empty());
  CHECK(place.called().size() == 7);
}

TEST_CASE("errors run again, and so does what was cancelled, or is not to be remembered", "[contract][journal]") {
  const JournalPlace place;
  const std::string good = place.folder.path("good");
  const auto run = [&] {
    mw::Master master{mw::interface("serial"), place.options()};
    const auto may_fail = master.submit_task<square_or_throw>(place.calls(), 1, good);
    const auto forgotten = master.submit_task<noted_square>({.remember = false}, place.calls(), 2);
    CHECK(master.get_result(forgotten) == 4);
    if (std::filesystem::exists(good))
      CHECK(master.get_result(may_fail) == 1);
    else
      CHECK(test::error_of(master, may_fail).message() == "not yet");
    const auto before = master.submit_task<add_slowly>({.remember = false}, std::int64_t{1}, std::int64_t{1}, 30u);
    const auto cancelled = master.submit_task<noted_square>({.priority = -1}, place.calls(), 3);
    CHECK(master.cancel(cancelled));
    CHECK(master.get_result(before) == 2);
    return master.get_status().found;
  };
  CHECK(run() == 0);
  std::ofstream{good} << "x";
  CHECK(run() == 0);
  CHECK(run() == 1);
}

TEST_CASE("large results, what was printed, shared values, then() and programs are remembered", "[contract][journal]") {
  const JournalPlace place;
  std::vector<int> shared{1, 2, 3};
  const auto run = [&] {
    mw::Master master{mw::interface("multicore:2"), place.options()};
    CHECK(master.get_result(master.submit_task<noted_long_text>(place.calls(), std::size_t{300'000})).size() == 300'000);
    CHECK(master.get_result(master.submit_task<noted_long_text>(place.calls(), std::size_t{9'000'000})) ==
          std::string(9'000'000, 'x'));
    const auto printing = master.submit_task<print_and_square>(place.calls(), 4);
    CHECK(master.get_result(printing) == 16);
    CHECK(printing.stdout_text() == "printed 4\n");
    const auto values = master.share(shared);
    const int sum = master.get_result(master.submit_task<noted_sum>(place.calls(), values));
    CHECK(sum == std::accumulate(shared.begin(), shared.end(), 0));
    const auto first = master.submit_task<noted_square>(place.calls(), 5);
    CHECK(master.get_result(first.then<increased>()) == 26);
    CHECK(master.get_result(
              master.submit_task(mw::Program{"sh", {"-c", "echo p >> \"$0\"; cat", place.folder.path("programs")}}, "in")) == "in");
    return master.get_status().found;
  };
  CHECK(run() == 0);
  CHECK(run() == 7);
  CHECK(std::filesystem::file_size(place.folder.path("programs")) == 2);
  shared.push_back(4);
  CHECK(run() == 6);
}

TEST_CASE("calls of objects, and tasks that emit parts, are made again", "[contract][journal]") {
  const JournalPlace place;
  const auto run = [&] {
    mw::Master master{mw::interface("multicore:1"), place.options()};
    const auto counter = master.create<SavedCounter>();
    CHECK(master.get_result(counter.call<&SavedCounter::next>()) == 1);
    CHECK(master.get_result(counter.call<&SavedCounter::next>()) == 2);
    const auto emitting = master.submit_task<emit_and_square>(place.calls(), 6);
    std::size_t parts = 0;
    for (const auto& part : master.parts_of<int>(emitting)) parts += part.value == 6;
    CHECK(parts == 1);
    CHECK(master.get_result(emitting) == 36);
    return master.get_status().found;
  };
  CHECK(run() == 0);
  CHECK(run() == 0);
}

TEST_CASE("a task with output files is remembered while they are there, and with data files while they are the same",
          "[contract][journal]") {
  const JournalPlace place;
  const std::string out = place.folder.path("out"), in = place.folder.path("in");
  std::ofstream{in} << "first";
  const auto run = [&] {
    mw::Master master{mw::interface("multicore:1"), place.options()};
    const mw::Program copy{"sh", {"-c", "cat in > out; echo done"}};
    CHECK(master.get_result(master.submit_task({.files = {in}, .outputs = {{"out", out}}}, copy)) == "done\n");
    return master.get_status().found;
  };
  CHECK(run() == 0);
  CHECK(run() == 1);
  std::filesystem::remove(out);
  CHECK(run() == 0);
  CHECK(std::filesystem::exists(out));
  std::ofstream{in} << "second";
  CHECK(run() == 0);
  CHECK(std::filesystem::file_size(out) == 6);
}

TEST_CASE("a journal that another master has, or that is none, is an error of the constructor", "[contract][journal]") {
  const JournalPlace place;
  const mw::Master master{mw::interface("serial"), place.options()};
  CHECK_THROWS_WITH((mw::Master{mw::interface("serial"), place.options()}), Catch::Contains("is in use by process"));
  const std::string text = place.folder.path("text");
  std::ofstream{text} << "no journal";
  CHECK_THROWS_AS((mw::Master{mw::interface("serial"), {.journal = text}}), mw::JournalError);
}

TEST_CASE("a cache gives a call's result to every program of this build that makes it again", "[contract][journal]") {
  const auto spec = GENERATE(from_range(specs_scheduled_by_master()));
  CAPTURE(spec);
  const JournalPlace place;
  const mw::MasterOptions options{.cache = place.folder.path("results.mwc")};
  {
    mw::Master master{mw::interface(spec), options};
    noted_squares(master, place.calls(), 5);
    CHECK(master.get_status().found == 0);
  }
  mw::Master master{mw::interface(spec), options};
  mw::Master another{mw::interface("serial"), options};  // at the same time
  CHECK(noted_squares(master, place.calls(), 6)[5] == 25);
  CHECK(noted_squares(another, place.calls(), 5)[4] == 16);
  CHECK(master.get_status().found == 5);
  CHECK(another.get_status().found == 5);
  CHECK(place.called().size() == 6);
}

TEST_CASE("a cache is for the functions that it is given, and can be in a journal's file", "[contract][journal]") {
  const JournalPlace place;
  const auto run = [&](bool only_plus_one) {
    auto options = place.options();
    options.cache = options.journal;
    if (only_plus_one) options.cache_only<increased>();
    mw::Master master{mw::interface("serial"), options};
    CHECK(master.get_result(master.submit_task<noted_square>(place.calls(), 7)) == 49);
    // The journal knows the first of these, and the cache all others.
    for (int i = 0; i < 3; ++i) CHECK(master.get_result(master.submit_task<increased>(1)) == 2);
    CHECK(master.get_result(master.submit_task<noted_square>({.remember = false}, place.calls(), 7)) == 49);
    return master.get_status().found;
  };
  CHECK(run(false) <= 2);  // whether one finds what another of the same run had depends on when that was written
  CHECK(run(false) == 4);
  CHECK(run(true) == 4);
  CHECK(place.called().size() == 4);
}
