// Second attempts at tasks that take too long: what becomes of the two.
#include <catch2/catch.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <mw/detail/task_access.hpp>
#include <mw/program.hpp>

#include "core/machine.hpp"
#include "core/worker_list.hpp"

using namespace mw;
using namespace mw::core;
using namespace std::chrono_literals;

namespace {

int copied_function(int x) { return x; }

constexpr std::byte argument{42};

Moment moment_at(std::chrono::nanoseconds time) { return {time.count(), time}; }

std::vector<LostTask> died_under(const Handed& one) {
  std::vector<LostTask> lost;
  lost.push_back({one.task, failed(Cause::worker_lost, "it died")});
  return lost;
}

struct CopyCounter final : Observer {
  int made = 0, done = 0, lost_ones = 0, dropped = 0;
  void copy_assigned(const TaskRecord&, WorkerId, const Moment&) noexcept override { ++made; }
  void copy_ended(const TaskRecord&, CopyEnd how, const Outcome*, const Moment&) noexcept override {
    ++(how == CopyEnd::done ? done : how == CopyEnd::lost ? lost_ones : dropped);
  }
};

Outcome result_of(std::byte value, Time run_time = 100ms) {
  Outcome outcome;
  outcome.value = Bytes{std::span{&value, 1}};
  outcome.run_time = run_time;
  return outcome;
}

/// One task on the first of two workers, where it has taken too long at `late`.
class Late {
 public:
  explicit Late(TaskOptions options = {}) : machine{*directory} {
    machine.add_observer(counter);
    machine.add_observer(workers);
    machine.copy_stragglers(true);
    machine.interface_started();
    first = join();
    for (int i = 0; i < 4; ++i) {
      submit({});
      REQUIRE(machine.begin_round(moment_at(0ns)));
      const auto next = machine.next(moment_at(0ns));
      REQUIRE(next);
      machine.finished(next->task, result_of(std::byte{0}), moment_at(0ns));
    }
    while (machine.take_ended()) continue;
    task = &submit(std::move(options));
    REQUIRE(machine.begin_round(moment_at(0ns)));
    original = machine.next(moment_at(0ns));
    REQUIRE(original);
    machine.started(original->task, first, moment_at(0ns));
    second = join();
  }
  ~Late() {
    machine.end_all("the test is over", {});
    while (machine.take_ended()) continue;
  }
  WorkerId join() {
    const WorkerId worker = directory->add({"worker", "host"});
    machine.worker_joined(worker, {.slots = 1, .ahead = 2, .round_trip = 1ms}, moment_at(0ns));
    return worker;
  }
  std::optional<Handed> make_copy() {
    REQUIRE(machine.begin_round(late));
    CHECK_FALSE(machine.next(late));
    return machine.next_copy(late);
  }

  const Moment late = moment_at(1s);
  CopyCounter counter;
  const boost::intrusive_ptr<detail::WorkerDirectory> directory{new detail::WorkerDirectory{{"worker", "host"}}};
  WorkerList workers{*directory, 0};
  TaskMachine machine;
  std::vector<RecordPtr> records;
  WorkerId first{}, second{};
  TaskRecord* task = nullptr;
  std::optional<Handed> original;

 private:
  TaskRecord& submit(TaskOptions options) {
    auto record = RecordPtr{
        new TaskRecord{detail::Registered<copied_function>::checked(), Bytes{std::span{&argument, 1}}, *directory}, false};
    record->id = records.size() + 1;
    auto extra = std::make_unique<detail::TaskExtra>();
    extra->options = std::move(options);
    record->extra = extra.release();
    records.push_back(record);
    machine.submit(*RecordPtr{record}.detach(), {});
    return *record;
  }
};

}  // namespace

TEST_CASE("a copy begins with what the task has saved, and what the copy saves is its own business", "[core][copies]") {
  Late world;
  const auto state = [](std::size_t size) { return Bytes{std::vector<std::byte>(size)}; };
  world.machine.checkpointed(world.original->task, state(3));
  const auto copy = world.make_copy();
  REQUIRE(copy);
  REQUIRE(TaskAccess::checkpoint(copy->task));
  CHECK(TaskAccess::checkpoint(copy->task)->size() == 3);
  world.machine.started(copy->task, world.second, world.late);
  world.machine.checkpointed(copy->task, state(9));
  CHECK(TaskAccess::checkpoint(copy->task)->size() == 3);
  CHECK(TaskAccess::checkpoint(world.original->task)->size() == 3);
  world.machine.finished(copy->task, result_of(std::byte{7}), world.late);
  CHECK(TaskAccess::checkpoint(world.original->task));  // whose worker may still be on its way to it
}

TEST_CASE("the copy is first: its result is the task's, and the other attempt is ended", "[core][copies]") {
  Late world;
  const auto copy = world.make_copy();
  REQUIRE(copy);
  CHECK(copy->worker == world.second);
  CHECK(copy->task.id() == world.task->id);
  CHECK(copy->task.arguments().size() == 1);
  CHECK(copy->task.arguments()[0] == std::byte{42});
  const auto running = [&world] {
    std::size_t count = 0;
    for (const auto& worker : world.workers.statuses({}, world.late)) count += worker.running.size();
    return count;
  };
  CHECK(running() == 1);
  CHECK_FALSE(world.machine.next_copy(world.late));
  world.machine.started(copy->task, world.second, world.late);
  CHECK(running() == 2);
  world.machine.finished(copy->task, result_of(std::byte{7}), world.late);
  CHECK(running() == 0);  // of a task that has ended nothing is known any more

  const RecordPtr ended = world.machine.take_ended();
  REQUIRE(ended.get() == world.task);
  CHECK(ended->state == TaskState::finished);
  CHECK(ended->payload.span()[0] == std::byte{7});
  CHECK(ended->last_worker.load() == world.second);
  const auto stops = world.machine.take_stops();
  REQUIRE(stops.size() == 1);
  CHECK(stops[0].task == world.original->task);
  CHECK(stops[0].worker == world.first);
  CHECK(world.machine.handed_out_count() == 1);  // its slot is taken until its worker says that it has stopped
  world.machine.finished(world.original->task, result_of(std::byte{8}), world.late);
  CHECK(world.machine.handed_out_count() == 0);
  CHECK(ended->payload.span()[0] == std::byte{7});
  CHECK_FALSE(world.machine.take_ended());
  CHECK(world.counter.done == 1);
}

TEST_CASE("the task itself is first: the copy is ended", "[core][copies]") {
  Late world;
  const auto copy = world.make_copy();
  REQUIRE(copy);
  world.machine.started(copy->task, world.second, world.late);
  world.machine.finished(world.original->task, result_of(std::byte{8}), world.late);
  const RecordPtr ended = world.machine.take_ended();
  REQUIRE(ended.get() == world.task);
  CHECK(ended->payload.span()[0] == std::byte{8});
  const auto stops = world.machine.take_stops();
  REQUIRE(stops.size() == 1);
  CHECK(stops[0].task == copy->task);
  world.machine.finished(copy->task, result_of(std::byte{7}), world.late);
  CHECK(world.machine.handed_out_count() == 0);
  CHECK(ended->payload.span()[0] == std::byte{8});
  CHECK(world.counter.dropped == 1);
}

TEST_CASE("what becomes of a copy is no business of its task's", "[core][copies]") {
  Late world;
  const auto copy = world.make_copy();
  REQUIRE(copy);
  world.machine.started(copy->task, world.second, world.late);
  SECTION("it fails") {
    world.machine.finished(copy->task, failed(Cause::exception, "it threw"), world.late);
    CHECK_FALSE(world.make_copy());  // and would fail again
  }
  SECTION("its worker dies") {
    world.machine.worker_left(world.second, died_under(*copy), world.late);
    CHECK(world.counter.lost_ones == 1);
    world.join();
    CHECK_FALSE(world.make_copy());  // and might kill the next one, too
  }
  SECTION("it is given back") {
    world.machine.returned(copy->task, world.late);
    CHECK(world.make_copy());
  }
  SECTION("its worker leaves before it has begun it") { world.machine.worker_left(world.second, {}, world.late); }
  SECTION("the task was split meanwhile, and the copy is of the whole") {
    world.machine.was_split(*world.task, world.late);
    CHECK(world.machine.take_stops().size() == 1);
  }
  CHECK_FALSE(world.machine.take_ended());
  CHECK(world.task->state == TaskState::running);
  CHECK(world.task->losses == 0);
  world.machine.finished(world.original->task, result_of(std::byte{8}), world.late);
  const RecordPtr ended = world.machine.take_ended();
  REQUIRE(ended.get() == world.task);
  CHECK(ended->state == TaskState::finished);
}

TEST_CASE("the worker of a task dies while a copy of it runs: the copy may still end it", "[core][copies]") {
  Late world;
  const auto copy = world.make_copy();
  REQUIRE(copy);
  world.machine.worker_left(world.first, died_under(*world.original), world.late);
  CHECK(world.machine.waiting_count() == 1);
  world.machine.finished(copy->task, result_of(std::byte{7}), world.late);
  CHECK(world.machine.waiting_count() == 0);
  const RecordPtr ended = world.machine.take_ended();
  REQUIRE(ended.get() == world.task);
  CHECK(ended->payload.span()[0] == std::byte{7});
  CHECK(world.machine.handed_out_count() == 0);
}

TEST_CASE("the user cancels, or the interface goes: the copy goes, too", "[core][copies]") {
  Late world;
  const auto copy = world.make_copy();
  REQUIRE(copy);
  SECTION("cancel") {
    CHECK(world.machine.cancel(*world.task, world.late));
    CHECK(world.machine.take_stops().size() == 2);
    world.machine.stopped(copy->task);
    world.machine.stopped(world.original->task);
  }
  SECTION("the interface goes") {
    world.machine.interface_gone(world.late);
    CHECK(world.machine.waiting_count() == 1);
    CHECK(world.machine.open_tasks().size() == 1);
  }
  CHECK(world.machine.handed_out_count() == 0);
  CHECK(world.counter.dropped == 1);
}

TEST_CASE("a task whose deeds would be done twice has no copy", "[core][copies]") {
  TaskOptions options;
  SECTION("it is for one worker") { options.worker = "worker"; }
  SECTION("it brings files back") { options.outputs = {"out.txt"}; }
  SECTION("what it prints is read while it runs") { options.emit_stdout = true; }
  Late world{options};
  CHECK_FALSE(world.make_copy());
  CHECK(world.counter.made == 0);
}

TEST_CASE("a program is not begun a second time, a function may be", "[core][copies]") {
  const boost::intrusive_ptr<detail::WorkerDirectory> directory{new detail::WorkerDirectory{{"worker", "host"}}};
  const RecordPtr program{new TaskRecord{detail::Registered<&detail::program_task>::checked(), Bytes{}, *directory}, false};
  CHECK_FALSE(may_have_copy(*program));
  const RecordPtr function{new TaskRecord{detail::Registered<copied_function>::checked(), Bytes{}, *directory}, false};
  CHECK(may_have_copy(*function));
}

TEST_CASE("no copies without leave", "[core][copies]") {
  Late world;
  world.machine.copy_stragglers(false);
  CHECK_FALSE(world.make_copy());
  CHECK_FALSE(world.machine.wake_at(1s));
}
