// The contract of every interface: computations that make their own tasks.
#include <catch2/catch.hpp>

#include <set>
#include <thread>

#include "contract/functions.hpp"
#include "support/errors.hpp"

using namespace contract;

namespace {

std::int64_t half(std::int64_t x) { return x / 2; }
std::int64_t half_or_throw(std::int64_t x) {
  if (x == 13) throw std::domain_error{"thirteen"};
  return x / 2;
}
std::int64_t slowly(std::int64_t x, int ms) {
  std::this_thread::sleep_for(std::chrono::milliseconds{ms});
  return x;
}

/// Halves numbers until they are 0: each result is a new task.
class Halving : public mw::TaskSystem<std::int64_t, std::size_t> {
 public:
  explicit Halving(std::vector<std::int64_t> numbers) : numbers_{std::move(numbers)} {}
  void init(mw::Master&) override { ++inits; }
  void generate_tasks(Tasks& tasks) override {
    CHECK(inits == 1);
    for (const std::int64_t number : numbers_) CHECK(seen.insert(tasks.submit<half>(number)).second);
  }
  void task_finished(std::size_t number, std::int64_t result, Tasks& tasks) override {
    CHECK(seen.erase(number) == 1);  // each once
    if (result > 0) CHECK(seen.insert(tasks.submit<half>(result)).second);
    CHECK(tasks.open() == seen.size());
    count = tasks.count();
  }
  std::size_t gather_result() override { return count; }

  int inits = 0;
  std::set<std::size_t> seen;
  std::size_t count = 0;

 private:
  const std::vector<std::int64_t> numbers_;
};

class FirstOf : public mw::TaskSystem<std::int64_t, std::int64_t> {
 public:
  void generate_tasks(Tasks& tasks) override {
    tasks.submit<slowly>(std::int64_t{7}, 0);
    for (int i = 0; i < 20; ++i) tasks.submit<slowly>(std::int64_t{8}, 5000);
  }
  void task_finished(std::size_t, std::int64_t result, Tasks&) override { result_ = result; }
  bool is_complete() const override { return result_ != 0; }
  std::int64_t gather_result() override { return result_; }

 private:
  std::int64_t result_ = 0;
};

class Unlucky : public mw::TaskSystem<std::int64_t, std::int64_t> {
 public:
  explicit Unlucky(bool takes_errors) : takes_errors_{takes_errors} {}
  void generate_tasks(Tasks& tasks) override {
    for (const std::int64_t number : {12, 13, 14}) tasks.submit<half_or_throw>(number);
  }
  void task_finished(std::size_t, std::int64_t result, Tasks&) override { sum_ += result; }
  void task_failed(std::size_t number, const mw::TaskError& error, Tasks& tasks) override {
    if (!takes_errors_) return TaskSystem::task_failed(number, error, tasks);
    CHECK(number == 1);
    CHECK(error.message() == "thirteen");
    tasks.submit_with<half_or_throw>({.priority = 3}, std::int64_t{100});
  }
  std::int64_t gather_result() override { return sum_; }

 private:
  const bool takes_errors_;
  std::int64_t sum_ = 0;
};

class Nothing : public mw::TaskSystem<std::int64_t, int> {
 public:
  void generate_tasks(Tasks&) override {}
  void task_finished(std::size_t, std::int64_t, Tasks&) override {}
  int gather_result() override { return 42; }
};

}  // namespace

TEST_CASE("a task system makes tasks out of results until there are none", "[contract][system]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  mw::Master master{mw::interface(spec)};
  Halving halving{{1, 8, 20}};
  CHECK(master.run(halving) == 1 + 4 + 5);
  CHECK(halving.seen.empty());
  Nothing nothing;
  CHECK(master.run(nothing) == 42);
}

TEST_CASE("a task system that has seen enough does not wait for the rest, which is cancelled", "[contract][system]") {
  const auto spec = GENERATE(from_range(specs_with_processes()));
  INFO(spec);
  mw::Master master{mw::interface(spec)};
  const auto other = master.submit_task<add>(1, 1);  // not the system's: it stays
  const auto start = std::chrono::steady_clock::now();
  FirstOf first;
  CHECK(master.run(first) == 7);
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds{50});  // of 100 seconds of work
  CHECK(master.get_result(other) == 2);
  CHECK(master.get_status().cancelled >= 15);
}

TEST_CASE("a task of a system that fails ends the run with its error, unless the system takes it", "[contract][system]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  mw::Master master{mw::interface(spec)};
  Unlucky strict{false};
  CHECK_THROWS_AS(master.run(strict), mw::TaskError);
  Unlucky lenient{true};
  CHECK(master.run(lenient) == 6 + 7 + 50);
}
