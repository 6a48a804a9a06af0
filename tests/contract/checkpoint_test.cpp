// A task that goes on in its middle: after a fault, the loss of its worker, and a new start of the program.
#include <catch2/catch.hpp>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "contract/functions.hpp"
#include "support/processes.hpp"
#include "support/temporary.hpp"

using namespace contract;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t middle_step = 6;
constexpr std::uint64_t last_step = 10;
const mw::TaskOptions each_step{.checkpoint_interval = 0ns};

enum class Stop : std::uint8_t { never, by_signal, by_exception };

/// Each step is a line in the file `log`. In its middle it stops unless the file `go` is there; by a signal, when that
/// comes.
std::uint64_t count_up(const std::string& log, Stop stop, const std::string& go) {
  for (auto step = mw::load_checkpoint<std::uint64_t>().value_or(0); step < last_step; ++step) {
    mw::save_checkpoint(step);
    std::ofstream{log, std::ios::app} << step << "\n";
    if (step != middle_step || stop == Stop::never || std::filesystem::exists(go)) continue;
    if (stop == Stop::by_exception) throw std::runtime_error{"in the middle"};
    mw::set_progress(0.5);
    wait_for_file(go);
    ::raise(SIGKILL);
  }
  return last_step;
}

/// The number of one that finds what another has saved.
int find_and_save(int number) {
  const auto found = mw::load_checkpoint<int>();
  mw::save_checkpoint(number);
  if (mw::load_checkpoint<int>() != number) throw std::runtime_error{"nothing was kept"};
  return found ? *found : -1;
}

struct Scene {
  test::TemporaryFolder folder;
  std::string log() const { return folder.path("log"); }
  std::string go() const { return folder.path("go"); }
  void let_go() const { std::ofstream{go()}; }
  mw::MasterOptions with_journal() const { return {.journal = folder.path("run.mwj")}; }
  mw::Task<std::uint64_t> submit(mw::Master& master, Stop stop, mw::TaskOptions options = each_step) const {
    return master.submit_task<count_up>(options, log(), stop, go());
  }
  std::size_t steps() const {
    std::size_t count = 0;
    std::ifstream file{log()};
    for (std::string line; std::getline(file, line);) ++count;
    return count;
  }
};

bool is_in_the_middle(const mw::TaskHandle& task) {
  return test::eventually([&] { return task.progress() == 0.5; });
}

}  // namespace

TEST_CASE("a task whose worker was killed goes on from its checkpoint elsewhere", "[contract][checkpoint]") {
  const auto spec = GENERATE(from_range(specs_with_lasting_workers()));
  CAPTURE(spec);
  mw::Master master{mw::interface(spec)};
  const Scene scene;
  const auto task = scene.submit(master, Stop::by_signal);
  REQUIRE(is_in_the_middle(task));
  CHECK(scene.steps() == middle_step + 1);
  scene.let_go();
  CHECK(master.get_result(task) == last_step);
  CHECK(task.attempts() == 2);
  CHECK(scene.steps() == last_step + 1);  // the one in the middle twice
}

TEST_CASE("a task that failed goes on from its checkpoint when it is tried again", "[contract][checkpoint]") {
  const auto spec = GENERATE(from_range(specs_scheduled_by_master()));
  CAPTURE(spec);
  mw::Master master{mw::interface(spec)};
  const Scene scene;
  mw::TaskOptions options = each_step;
  options.retries = 2;
  const auto task = scene.submit(master, Stop::by_exception, options);
  CHECK_THROWS_AS(master.get_result(task), mw::TaskError);
  CHECK(task.attempts() == 3);
  CHECK(scene.steps() == middle_step + 3);
  scene.let_go();
  const Scene other;
  CHECK(master.get_result(other.submit(master, Stop::never)) == last_step);  // another task begins at its beginning
  CHECK(other.steps() == last_step);
}

TEST_CASE("no task finds another one's checkpoint", "[contract][checkpoint]") {
  const auto spec = GENERATE(from_range(specs_scheduled_by_master()));
  CAPTURE(spec);
  mw::Master master{mw::interface(spec)};
  std::vector<mw::Task<int>> tasks;
  for (int i = 0; i < 20; ++i) tasks.push_back(master.submit_task<find_and_save>(each_step, i / 2));
  for (const auto& task : tasks) CHECK(master.get_result(task) == -1);
  const std::vector<int> inputs{1, 2, 3, 4, 5, 6, 7, 8};
  mw::MapOptions options{.chunk = 4};
  options.task = each_step;
  for (const int found : master.map<find_and_save>(inputs, options)) CHECK(found == -1);
}

TEST_CASE("with a journal, a task goes on from its checkpoint when the program is started again",
          "[contract][checkpoint][journal]") {
  const auto spec = GENERATE(from_range(specs_with_lasting_workers()));
  CAPTURE(spec);
  const Scene scene;
  {
    mw::Master master{mw::interface(spec), scene.with_journal()};
    const auto task = scene.submit(master, Stop::by_signal);
    REQUIRE(is_in_the_middle(task));
    // A master that ends is patient with what runs: once is enough.
    if (spec != specs_with_lasting_workers().front()) master.cancel(task);
  }
  CHECK(scene.steps() == middle_step + 1);
  scene.let_go();
  {
    mw::Master master{mw::interface(spec), scene.with_journal()};
    CHECK(master.get_result(scene.submit(master, Stop::by_signal)) == last_step);
    CHECK(master.get_status().found == 0);
  }
  CHECK(scene.steps() == last_step + 1);
}

TEST_CASE("equal tasks have checkpoints of their own in a journal, and one that failed keeps its",
          "[contract][checkpoint][journal]") {
  const Scene scene;
  const auto run = [&](std::size_t before) {
    mw::Master master{mw::interface("serial"), scene.with_journal()};
    scene.let_go();
    CHECK(master.get_result(scene.submit(master, Stop::by_exception)) == last_step);
    CHECK(scene.steps() == before);
    std::filesystem::remove(scene.go());
    CHECK_THROWS_AS(master.get_result(scene.submit(master, Stop::by_exception)), mw::TaskError);
  };
  run(last_step);
  CHECK(scene.steps() == last_step + middle_step + 1);
  run(last_step + middle_step + 1);  // the first is known; the second fails once more, where it was
  CHECK(scene.steps() == last_step + middle_step + 2);
  mw::Master master{mw::interface("serial"), scene.with_journal()};
  scene.let_go();
  for (int i = 0; i < 2; ++i) CHECK(master.get_result(scene.submit(master, Stop::by_exception)) == last_step);
  CHECK(master.get_status().found == 1);
  CHECK(scene.steps() == 2 * last_step + 2);
}
