// The contract of every interface: a chunk of map() that turns out long is split.
#include <catch2/catch.hpp>

#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <ranges>
#include <string>
#include <thread>
#include <vector>

#include "contract/functions.hpp"
#include "support/temporary.hpp"

using namespace contract;
using namespace std::chrono_literals;

namespace {

struct Meeting {
  std::string folder;
  int number;
};

bool is_there(const std::string& path) {
  for (int i = 0; i < 3000; ++i) {
    if (std::filesystem::exists(path)) return true;
    std::this_thread::sleep_for(10ms);
  }
  return false;
}

/// A line for each time that an input was begun.
void note_begin(const Meeting& at) { std::ofstream{at.folder + "/begun-" + std::to_string(at.number), std::ios::app} << "x\n"; }

int times_begun(const std::string& folder, int number) {
  std::ifstream lines{folder + "/begun-" + std::to_string(number)};
  int times = 0;
  for (std::string line; std::getline(lines, line);) ++times;
  return times;
}

/// True when somebody else has begun the other one of the two.
bool meet(const Meeting& at) {
  note_begin(at);
  return is_there(at.folder + "/begun-" + std::to_string(1 - at.number));
}
bool both(bool a, bool b) { return a && b; }

/// The first one waits for the second, and dies the first time.
bool die_after_the_other(const Meeting& at) {
  note_begin(at);
  if (at.number != 0) return true;
  if (!is_there(at.folder + "/begun-1")) return false;
  if (times_begun(at.folder, 0) == 1) ::raise(SIGKILL);
  return true;
}

/// Those with several workers that stay, and with a claim page for each.
std::vector<std::string> specs_that_split() {
  std::vector<std::string> specs = specs_scheduled_by_master();
  std::erase_if(specs, [](const std::string& spec) { return spec.starts_with("serial"); });
  return specs;
}

/// Two inputs of a range whose size nobody knows, so that both are in the first chunk.
auto two_inputs(const std::string& folder) {
  return std::views::iota(0) | std::views::take_while([](int number) { return number < 2; }) |
         std::views::transform([folder](int number) {
           return Meeting{folder, number};
         });
}

}  // namespace

TEST_CASE("a chunk that turns out long is split: what its worker has not begun goes to those who have nothing to do",
          "[contract][map][split]") {
  for (const std::string& spec : specs_that_split()) {
    INFO(spec);
    const test::TemporaryFolder folder;
    mw::Master master{mw::interface(with_workers(spec, 2))};
    std::vector<bool> met;
    for (const bool one : master.map<meet>(two_inputs(folder.path("")))) met.push_back(one);
    CHECK(met == std::vector<bool>{true, true});
    CHECK(times_begun(folder.path(""), 0) == 1);
    CHECK(times_begun(folder.path(""), 1) == 1);
  }
}

TEST_CASE("a chunk of map_reduce that is split is folded as if it had not been", "[contract][map][split]") {
  for (const std::string& spec : specs_that_split()) {
    INFO(spec);
    const test::TemporaryFolder folder;
    mw::Master master{mw::interface(with_workers(spec, 2))};
    CHECK(master.map_reduce<meet, both>(two_inputs(folder.path("")), true));
  }
}

TEST_CASE("a worker that dies after its chunk was split has only its own part of it run again", "[contract][map][split]") {
  for (const std::string& spec : specs_that_split()) {
    INFO(spec);
    const test::TemporaryFolder folder;
    mw::Master master{mw::interface(with_workers(spec, 2))};
    std::vector<bool> done;
    for (const bool one : master.map<die_after_the_other>(two_inputs(folder.path("")))) done.push_back(one);
    CHECK(done == std::vector<bool>{true, true});
    CHECK(times_begun(folder.path(""), 0) == 2);
    CHECK(times_begun(folder.path(""), 1) == 1);
  }
}
