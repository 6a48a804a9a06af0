// A master with a journal that is killed again and again: the right answer, and nothing runs twice that was safe.
//
// CPPMW_CRASHES=200 and CPPMW_CRASH_SPECS="multicore:2 mpi:2 tcp:2 boinc:2" make it longer, by hand.
#include <catch2/catch.hpp>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <cstdlib>
#include <fstream>
#include <random>
#include <set>
#include <sstream>
#include <thread>
#include <vector>

#include <mw/codec.hpp>

#include "journal/file.hpp"
#include "support/processes.hpp"
#include "support/program.hpp"
#include "support/temporary.hpp"

namespace {

using namespace std::chrono_literals;

struct Delivered {
  std::uint64_t number;
  std::int64_t ns;
};

template <class Record>
std::vector<Record> records_of(const std::string& path) {
  std::vector<Record> records;
  std::ifstream file{path, std::ios::binary};
  for (Record record; file.read(reinterpret_cast<char*>(&record), sizeof record);) records.push_back(record);
  return records;
}

std::string variable(const char* name, const std::string& otherwise) {
  const char* const text = std::getenv(name);
  return text ? text : otherwise;
}

std::vector<std::string> crash_specs() {
  std::istringstream words{variable("CPPMW_CRASH_SPECS", "multicore:2")};
  return {std::istream_iterator<std::string>{words}, {}};
}

std::uint64_t expected_sum(std::uint64_t count) {
  std::uint64_t sum = 0;
  for (std::uint64_t i = 0; i < count; ++i) sum += i * i + 1;
  return sum;
}

/// One run after the other in one folder.
class Life {
 public:
  Life(std::string spec, std::uint64_t count, bool always) : spec_{std::move(spec)}, count_{count}, always_{always} {}

  /// Kills it when so many tasks more have run, and a moment later; false if it came to its end before.
  bool live(std::uint64_t tasks, std::chrono::microseconds more) {
    const std::size_t ran_before = ran().size();
    const std::string out = folder_.path("out");
    std::optional<test::Program> program;
    program.emplace("/bin/sh", std::vector<std::string>{"-c", "exec \"$0\" \"$@\" > " + out + " 2>" + folder_.path("err"), test::beside("journalled_run"), spec_, folder_.path(""),
                                                   std::to_string(count_), always_ ? "always" : "soon"},
                    "CPPMW_TEST=crash");
    const auto is_time = [&] { return runs() - ran_before >= tasks || program->has_ended(); };
    while (!is_time()) std::this_thread::sleep_for(1ms);
    std::this_thread::sleep_for(more);
    const bool ended = program->has_ended();
    if (!ended) program->kill(SIGKILL);
    status_ = program->wait();
    // The workers of the one that was killed hear of it soon.
    REQUIRE(test::eventually([] { return test::processes_with("CPPMW_TEST=crash").empty(); }));
    check_that_nothing_safe_ran_again(ran_before);
    note_what_is_safe();
    return !ended;
  }
  int status() const { return status_; }
  std::string out() const { return test::file_text(folder_.path("out")); }
  std::string err() const { return test::file_text(folder_.path("err")); }
  std::size_t runs() const {
    std::error_code none_yet;
    const auto size = std::filesystem::file_size(folder_.path("ran"), none_yet);
    return none_yet ? 0 : size / sizeof(std::uint64_t);
  }

 private:
  std::vector<std::uint64_t> ran() const { return records_of<std::uint64_t>(folder_.path("ran")); }

  void check_that_nothing_safe_ran_again(std::size_t from) {
    const auto all = ran();
    std::size_t again = 0;
    for (std::size_t i = from; i < all.size(); ++i) again += safe_.count(all[i]);
    CHECK(again == 0);
  }
  /// With `soon`, what was delivered half a second before the end.
  void note_what_is_safe() {
    const auto all = records_of<Delivered>(folder_.path("delivered"));
    if (all.empty()) return;
    const std::int64_t upto = always_ ? all.back().ns : all.back().ns - std::chrono::nanoseconds{500ms}.count();
    for (std::size_t i = delivered_before_; i < all.size(); ++i)
      if (all[i].ns <= upto) safe_.insert(all[i].number);
    delivered_before_ = all.size();
  }

  const std::string spec_;
  const std::uint64_t count_;
  const bool always_;
  test::TemporaryFolder folder_;
  std::size_t delivered_before_ = 0;  ///< by the lives before this one
  std::set<std::uint64_t> safe_;
  int status_ = 0;
};

}  // namespace

TEST_CASE("P21: a master that is killed at random moments comes to the right answer, and runs nothing again that was safe", "[faults][P21][journal]") {
  const auto spec = GENERATE(from_range(crash_specs()));
  const bool always = GENERATE(true, false);
  const int crashes = std::atoi(variable("CPPMW_CRASHES", "4").c_str());
  const std::uint64_t count = std::strtoull(variable("CPPMW_CRASH_TASKS", "20000").c_str(), nullptr, 10);
  const unsigned seed = std::random_device{}();
  CAPTURE(spec, always, seed);
  std::mt19937 random{seed};
  Life life{spec, count, always};
  int killed = 0;
  // All of it in one life more than it is killed, or nearly.
  std::uniform_int_distribution<std::uint64_t> tasks{0, 2 * count / static_cast<std::uint64_t>(crashes + 1)};
  while (killed < crashes && life.live(tasks(random), std::chrono::microseconds{std::uniform_int_distribution{0, 5'000}(random)})) ++killed;
  if (killed == crashes) life.live(~std::uint64_t{0}, 0us);
  CAPTURE(killed, life.err(), life.runs());
  CHECK(WEXITSTATUS(life.status()) == 0);
  CHECK(life.out() == std::to_string(expected_sum(count)) + "\n");
  if (crashes > 10) WARN(spec << (always ? ", always: " : ", soon: ") << killed << " times killed; " << life.runs() << " runs of " << count << " tasks");
}

TEST_CASE("a master that is killed in the middle of a task goes on from the task's last checkpoint",
          "[faults][journal][checkpoint]") {
  const auto spec = GENERATE(from_range(crash_specs()));
  CAPTURE(spec);
  const test::TemporaryFolder folder;
  const std::string path = folder.path("run.mwj");
  // Behind the state is the number of the input, if it was one of map().
  const auto saved = [&]() -> std::uint64_t {
    if (!std::filesystem::exists(path)) return 0;
    mw::journal::JournalFile file{path, false};
    const auto tasks = file.checkpoints();
    return tasks.empty() ? 0 : mw::decode<std::uint64_t>(file.checkpoint(tasks.back()).span().first(sizeof(std::uint64_t)));
  };
  std::uint64_t before = 0;
  const auto is_under_way = [&] {
    try {
      before = saved();
    } catch (const mw::Error&) {  // it is being made
    }
    return before >= 3;
  };
  {
    test::Program program{test::beside("resumed_run"), {spec, folder.path("")}, "CPPMW_TEST=resumed"};
    // A journal that is being made is nobody else's to open.
    REQUIRE(test::eventually([&] { return std::filesystem::exists(folder.path("under_way")); }));
    REQUIRE(test::eventually(is_under_way));
    program.kill(SIGKILL);
    program.wait();
    REQUIRE(test::eventually([] { return test::processes_with("CPPMW_TEST=resumed").empty(); }));
  }
  std::ofstream{folder.path("end")};
  test::Program program{"/bin/sh",
                        {"-c", "exec \"$0\" \"$@\" > \"$2/out\"", test::beside("resumed_run"), spec, folder.path("")},
                        "CPPMW_TEST=resumed"};
  CHECK(WEXITSTATUS(program.wait()) == 0);
  std::istringstream out{test::file_text(folder.path("out"))};
  std::uint64_t began_at = 0;
  out >> began_at;
  CHECK(began_at >= before);
  CHECK(mw::journal::JournalFile{path}.checkpoints().empty());
}
