// A master with a journal that is killed again and again: the right answer, and nothing runs twice that was safe.
//
// CPPMW_CRASHES=200 and CPPMW_CRASH_SPECS="multicore:2 mpi:2 tcp:2 boinc:2" make it longer, by hand.
#include <catch2/catch.hpp>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <sstream>
#include <vector>

#include <mw/codec.hpp>

#include "journal/file.hpp"
#include "support/journalled_life.hpp"
#include "support/processes.hpp"
#include "support/program.hpp"
#include "support/temporary.hpp"

namespace {

using namespace std::chrono_literals;

std::vector<std::string> crash_specs() {
  std::istringstream words{test::variable("CPPMW_CRASH_SPECS", "multicore:2")};
  return {std::istream_iterator<std::string>{words}, {}};
}

}  // namespace

TEST_CASE("P21: a master that is killed at random moments comes to the right answer, and runs nothing again that was safe",
          "[faults][P21][journal]") {
  const auto spec = GENERATE(from_range(crash_specs()));
  const std::string sync = GENERATE("always", "soon");
  const int crashes = std::atoi(test::variable("CPPMW_CRASHES", "4").c_str());
  const std::uint64_t count = std::strtoull(test::variable("CPPMW_CRASH_TASKS", "20000").c_str(), nullptr, 10);
  const unsigned seed = std::random_device{}();
  CAPTURE(spec, sync, seed);
  std::mt19937 random{seed};
  test::JournalledLife life{{.spec = spec, .count = count, .sync = sync}};
  int killed = 0;
  // All of it in one life more than it is killed, or nearly.
  std::uniform_int_distribution<std::uint64_t> tasks{0, 2 * count / static_cast<std::uint64_t>(crashes + 1)};
  while (killed < crashes &&
         life.live_for(tasks(random), std::chrono::microseconds{std::uniform_int_distribution{0, 5'000}(random)}))
    ++killed;
  if (killed == crashes) life.live();
  CAPTURE(killed, life.err(), life.runs());
  CHECK(WEXITSTATUS(life.status()) == 0);
  CHECK(life.out() == life.expected_out());
  if (crashes > 10)
    WARN(spec << ", " << sync << ": " << killed << " times killed; " << life.runs() << " runs of " << count << " tasks");
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
