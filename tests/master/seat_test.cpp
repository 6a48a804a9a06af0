// What an interface may still say when another has its place.
#include <catch2/catch.hpp>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <mw/mw.hpp>

#include "master/object_places.hpp"
#include "support/processes.hpp"

using namespace mw;
using Catch::Contains;

namespace {

int seated(int x) { return x + 1; }

/// Holds its tasks; the host that it had is left behind for the test.
struct Holding : Interface {
  explicit Holding(std::vector<TaskRef>& tasks) : held{&tasks} {}
  void execute_task(const TaskRef& task, WorkerId) override { held->push_back(task); }
  std::vector<TaskRef>* held;
};
struct AtOnce : Interface {
  void execute_task(const TaskRef& task, WorkerId) override { host().task_finished(task, run_here(task)); }
};
struct Unable : Interface {
  void execute_task(const TaskRef&, WorkerId) override {}
  void start() override { throw std::runtime_error{"no ship"}; }
  std::string name() const override { return "fleet"; }
};
/// The host that an interface has, and what was called of what it had posted.
struct Talks : Interface {
  explicit Talks(std::atomic<InterfaceHost*>& host_of_it) : left{host_of_it} {}
  void execute_task(const TaskRef& task, WorkerId) override { host().task_finished(task, run_here(task)); }
  void start() override { left = &host(); }
  std::atomic<InterfaceHost*>& left;
};

/// One worker with one slot, which holds what it is given.
struct Narrow : Interface {
  explicit Narrow(std::atomic<InterfaceHost*>& host_of_it) : left{host_of_it} {}
  Scheduling scheduling() const override { return Scheduling::by_master; }
  void start() override {
    host().worker_joined({.name = "reef 1"});
    left = &host();
  }
  void execute_task(const TaskRef&, WorkerId) override {}
  std::atomic<InterfaceHost*>& left;
};

}  // namespace

TEST_CASE("an interface learns how many tasks wait for any worker, and whether one is needed", "[master]") {
  std::atomic<InterfaceHost*> host{nullptr};
  std::atomic<std::size_t> waiting{99};
  std::atomic<int> needed{0};
  Master master{std::make_unique<Narrow>(host)};
  const auto ask = [&] {
    std::atomic<bool> is_done{false};
    host.load()->post([&] {
      waiting = host.load()->tasks_waiting();
      needed = host.load()->is_needed(WorkerId{1}) ? 1 : 0;
      is_done = true;
    });
    return test::eventually([&] { return is_done.load(); });
  };
  REQUIRE(ask());
  CHECK(waiting == 0);
  CHECK(needed == 0);
  const auto first = master.submit_task<seated>(1);
  CHECK(test::eventually([&] { return master.get_status().attempts == 1; }));
  std::vector<Task<int>> more;
  for (int i = 0; i < 3; ++i) more.push_back(master.submit_task<seated>(i));
  CHECK(test::eventually([&] { return ask() && waiting == 3; }));
  CHECK(needed == 0);
  const auto named = master.submit_task<seated>({.worker = "reef 1"}, 1);
  CHECK(test::eventually([&] { return ask() && needed == 1; }));
  CHECK(waiting == 3);
  CHECK(master.cancel(named));
  CHECK(test::eventually([&] { return ask() && needed == 0; }));
}

TEST_CASE("a worker has objects as long as they live", "[master]") {
  detail::ObjectPlaces places;
  places.add("reef 1", 1);
  CHECK(places.has_any("reef 1"));
  CHECK_FALSE(places.has_any("reef 2"));
  places.add("reef 1", -1);
  CHECK_FALSE(places.has_any("reef 1"));
}

TEST_CASE("tasks that an interface held are run by the one that has its place, once", "[master]") {
  std::vector<TaskRef> held;
  Master master{std::make_unique<Holding>(held)};
  const auto task = master.submit_task<seated>(1);
  CHECK(test::eventually([&] { return master.get_status().attempts == 1; }));
  master.set_interface(std::make_unique<AtOnce>());
  CHECK(master.get_result(task) == 2);
  REQUIRE(held.size() == 1);
  CHECK(held[0].attempt() == 1);
  held.clear();
  const auto status = master.get_status();
  CHECK(status.finished == 1);
  CHECK(status.lost == 0);
}

TEST_CASE("what an interface posts is called on the loop, in order, while it has its seat", "[master]") {
  std::atomic<InterfaceHost*> host{nullptr};
  Master master{std::make_unique<Talks>(host)};
  std::string heard;
  std::atomic<int> count{0};
  for (const char name : {'a', 'b', 'c', 'd'})
    host.load()->post([&heard, &count, name] {
      heard += name;
      ++count;
    });
  CHECK(test::eventually([&] { return count == 4; }));
  CHECK(heard == "abcd");
}

TEST_CASE("a call that was posted before its interface was replaced comes before that, or never", "[master]") {
  for (int round = 0; round < 20; ++round) {
    auto is_there = std::make_shared<std::atomic<bool>>(true);
    std::atomic<InterfaceHost*> host{nullptr};
    auto late = std::make_shared<std::atomic<int>>(0);
    Master master{std::make_unique<Talks>(host)};
    for (int i = 0; i < 50; ++i) host.load()->post([is_there, late] { *late += *is_there ? 0 : 1; });
    master.set_interface(std::make_unique<AtOnce>());
    *is_there = false;
    CHECK(master.get_result(master.submit_task<seated>(round)) == round + 1);
    CHECK(*late == 0);
  }
}

TEST_CASE("an interface that does not start leaves the master without one, and the next one runs what waits", "[master]") {
  Master master{std::make_unique<AtOnce>()};
  CHECK_THROWS_WITH(master.set_interface(std::make_unique<Unable>()), Contains("the interface \"fleet\" could not start: no ship"));
  const auto task = master.submit_task<seated>(1);
  CHECK_THROWS_WITH(master.get_result(task), Contains("could not start: no ship"));
  master.set_interface(std::make_unique<AtOnce>());
  CHECK(master.get_result(task) == 2);
  CHECK_THROWS_WITH((Master{std::make_unique<Unable>()}), Contains("could not start: no ship"));
}
