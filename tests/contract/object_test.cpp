// The contract of interfaces with workers that stay: objects that live in them.
#include <catch2/catch.hpp>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "contract/functions.hpp"
#include "support/errors.hpp"
#include "support/temporary.hpp"

using namespace contract;
using namespace std::chrono_literals;
using test::error_of;

namespace {

/// Trickle's example: it does not travel, and has a file that shows when it goes.
class Stack {
 public:
  explicit Stack(std::size_t most, std::string grave = {}) : most_{most}, grave_{std::move(grave)} {
    if (most == 0) throw std::invalid_argument{"a stack without room"};
  }
  Stack(const Stack&) = delete;
  Stack& operator=(const Stack&) = delete;
  ~Stack() {
    if (!grave_.empty()) std::ofstream{grave_} << size();
  }
  std::size_t push(const std::string& text) {
    if (texts_.size() == most_) throw std::length_error{"the stack is full"};
    texts_.push_back(text);
    return texts_.size();
  }
  std::string pop() {
    std::string last = texts_.at(texts_.size() - 1);
    texts_.pop_back();
    return last;
  }
  std::size_t size() const noexcept { return texts_.size(); }
  void clear() { texts_.clear(); }
  int process() const { return process_id(); }
  void die() const { std::raise(SIGKILL); }
  std::size_t push_slowly(const std::string& text, int ms) {
    std::this_thread::sleep_for(std::chrono::milliseconds{ms});
    return push(text);
  }

 private:
  std::size_t most_;
  std::string grave_;
  std::vector<std::string> texts_;
};

bool comes(const std::string& path) {
  for (int i = 0; i < 1'000; ++i) {
    if (std::filesystem::exists(path)) return true;
    std::this_thread::sleep_for(10ms);
  }
  return false;
}

bool has_processes(const std::string& spec) { return !spec.starts_with("serial"); }

}  // namespace

TEST_CASE("an object lives in a worker: its calls are tasks, in the order in which they were submitted", "[contract][object]") {
  const auto spec = GENERATE(from_range(specs_scheduled_by_master()));
  INFO(spec);
  mw::Master master{mw::interface(spec)};
  const auto stack = master.create<Stack>(100u);
  std::vector<mw::Task<std::size_t>> sizes;
  for (int i = 0; i < 50; ++i)
    sizes.push_back(i % 10 == 0 ? stack.call<&Stack::push_slowly>(std::to_string(i), 2)
                                : stack.call<&Stack::push>(std::to_string(i)));
  for (std::size_t i = 0; i < sizes.size(); ++i) CHECK(master.get_result(sizes[i]) == i + 1);
  CHECK(master.get_result(stack.call<&Stack::pop>()) == "49");
  CHECK(master.get_result(stack.call<&Stack::size>({.name = "how many"})) == 49);
  master.get_result(stack.call<&Stack::clear>());
  CHECK(master.get_result(stack.call<&Stack::size>()) == 0);
  CHECK(stack.call<&Stack::size>().name() == "(anonymous namespace)::Stack::size() const");
  master.wait_all();
}

TEST_CASE("objects are spread over the workers, or put where they are wanted", "[contract][object]") {
  const auto spec = GENERATE(from_range(specs_scheduled_by_master()));
  INFO(spec);
  mw::Master master{mw::interface(spec)};
  const auto wanted = static_cast<std::size_t>(std::max(workers_of(spec), 1));
  const auto ready = [&] {
    const auto workers = master.workers();
    return static_cast<std::size_t>(
        std::count_if(workers.begin(), workers.end(), [](const auto& one) { return one.state == mw::WorkerState::idle; }));
  };
  for (int i = 0; i < 1'000 && ready() < wanted; ++i) std::this_thread::sleep_for(10ms);
  std::vector<mw::Object<Stack>> stacks;
  std::map<std::string, int> objects_of;
  std::map<int, int> processes;
  for (std::size_t i = 0; i < 2 * wanted; ++i) {
    ++objects_of[stacks.emplace_back(master.create<Stack>(1u)).worker()];
    ++processes[master.get_result(stacks.back().call<&Stack::process>())];
  }
  CHECK(objects_of.size() == wanted);
  CHECK(processes.size() == wanted);
  for (const auto& [worker, objects] : objects_of) CHECK(objects == 2);
  const std::string there = stacks.front().worker();
  CHECK(master.create_on<Stack>(there, 1u).worker() == there);
}

TEST_CASE("what an object throws is an error of that call, and what its constructor throws is one of create",
          "[contract][object]") {
  const auto spec = GENERATE(from_range(specs_scheduled_by_master()));
  INFO(spec);
  mw::Master master{mw::interface(spec)};
  try {
    static_cast<void>(master.create<Stack>(0u));
    FAIL("a stack without room was made");
  } catch (const mw::TaskError& error) {
    CHECK(error.cause() == mw::Cause::exception);
    CHECK_THAT(error.what(), Catch::Contains("a stack without room"));
  }
  const auto stack = master.create<Stack>(1u);
  CHECK(master.get_result(stack.call<&Stack::push>("a")) == 1);
  CHECK_THAT(error_of(master, stack.call<&Stack::push>("b")).what(), Catch::Contains("the stack is full"));
  CHECK(master.get_result(stack.call<&Stack::size>()) == 1);
  CHECK_THROWS_AS(mw::Object<Stack>{}.call<&Stack::size>(), mw::UsageError);
}

TEST_CASE("an object goes with its last handle, after the calls that were submitted before", "[contract][object]") {
  const auto spec = GENERATE(from_range(specs_scheduled_by_master()));
  INFO(spec);
  const test::TemporaryFolder folder;
  mw::Master master{mw::interface(spec)};
  auto stack = master.create<Stack>(10u, folder.path("grave"));
  std::optional copy{stack};
  const auto last = stack.call<&Stack::push_slowly>("x", 50);
  stack = {};
  CHECK(master.get_result(copy->call<&Stack::push>("y")) == 2);
  CHECK_FALSE(std::filesystem::exists(folder.path("grave")));
  copy.reset();
  CHECK(comes(folder.path("grave")));
  CHECK(master.get_result(last) == 1);
  CHECK_THROWS_WITH(master.try_get_result(0s), Catch::Contains("nothing to wait for"));  // nobody hears of its end
}

TEST_CASE("an object dies with its worker: what is called on it then is an error, and nothing is called twice",
          "[contract][object]") {
  for (const std::string& spec : specs_scheduled_by_master()) {
    if (!has_processes(spec)) continue;
    INFO(spec);
    mw::Master master{mw::interface(spec)};
    const auto stack = master.create<Stack>(10u);
    const auto death = stack.call<&Stack::die>();
    const auto behind = stack.call<&Stack::push>("x");
    CHECK(error_of(master, death).attempt() == 1);
    CHECK_THAT(error_of(master, behind).what(), Catch::Contains("Stack is gone: it died with its worker process"));
    CHECK_THAT(error_of(master, stack.call<&Stack::size>()).what(), Catch::Contains("is gone"));
    CHECK(master.get_result(master.create<Stack>(1u).call<&Stack::push>("z")) == 1);
  }
}

TEST_CASE("a handle may outlive its master, and is good for nothing then", "[contract][object]") {
  mw::Object<Stack> stack;
  {
    mw::Master master{mw::interface("serial")};
    stack = master.create<Stack>(1u);
  }
  CHECK_THROWS_AS(stack.call<&Stack::size>(), mw::UsageError);
}

TEST_CASE("where workers do not last, there are no objects", "[contract][object]") {
  for (const std::string& spec : specs()) {
    if (!is_volunteer(spec)) continue;
    mw::Master master{mw::interface(spec)};
    CHECK_THROWS_WITH(master.create<Stack>(1u), Catch::Contains("chooses its workers by itself"));
  }
}
