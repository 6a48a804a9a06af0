// Where the loop meets the user's threads: finished records, each handed out once.
#include <catch2/catch.hpp>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "core/worker_directory.hpp"
#include "master/completions.hpp"
#include "master/item_stack.hpp"

using namespace mw;
using namespace mw::detail;

namespace {

int identity(int x) { return x; }

RecordPtr make_record() {
  static const boost::intrusive_ptr directory{new WorkerDirectory{WorkerDirectory::Entry{"worker", "host"}}};
  return RecordPtr{new TaskRecord{Registered<identity>::checked(), Bytes{}, *directory}, false};
}

/// As the loop does it.
void finish(Completions& completions, const RecordPtr& record) {
  record->state = TaskState::finished;
  completions.publish(record);
  completions.wake();
}

std::vector<RecordPtr> expected(Completions& completions, int count) {
  std::vector<RecordPtr> records;
  for (int i = 0; i < count; ++i) {
    records.push_back(make_record());
    completions.expect_one();
  }
  return records;
}

}  // namespace

TEST_CASE("what is pushed is taken oldest first, and only the first push finds the stack empty", "[master]") {
  ItemStack stack;
  scheduler::Item items[3];
  CHECK(stack.take_all() == nullptr);
  CHECK(stack.push(items[0]));
  CHECK_FALSE(stack.push(items[1]));
  CHECK_FALSE(stack.push(items[2]));
  scheduler::Item* item = stack.take_all();
  for (auto& wanted : items) {
    REQUIRE(item == &wanted);
    item = item->next;
  }
  CHECK(item == nullptr);
  CHECK(stack.push(items[0]));
}

TEST_CASE("P4: the next of all comes in the order of completion, each once", "[master][P4]") {
  Completions completions;
  const auto records = expected(completions, 4);
  for (const int i : {2, 0, 3, 1}) finish(completions, records[static_cast<std::size_t>(i)]);
  for (const int i : {2, 0, 3, 1}) CHECK(completions.wait_for_next().record == records[static_cast<std::size_t>(i)]);
  CHECK_FALSE(completions.wait_for_next().record);
}

TEST_CASE("a task that was handed out by name does not come again as the next", "[master]") {
  Completions completions;
  const auto records = expected(completions, 3);
  finish(completions, records[0]);
  finish(completions, records[1]);
  completions.wait(*records[0]);
  completions.wait(*records[0]);  // twice is fine
  CHECK(completions.wait_for_next().record == records[1]);
  CHECK_FALSE(completions.wait(*records[2], deadline_after({})));
  finish(completions, records[2]);
  CHECK(completions.wait(*records[2], deadline_after({})));
  CHECK_FALSE(completions.wait_for_next().record);
}

TEST_CASE("a record that is done but not yet published may be handed out, and is not handed out again", "[master]") {
  Completions completions;
  const auto records = expected(completions, 1);
  records[0]->state = TaskState::finished;
  completions.wait(*records[0]);
  completions.publish(records[0]);
  completions.wake();
  CHECK_FALSE(completions.wait_for_next().record);
  CHECK(records[0]->references == 1);  // ours alone: nothing holds on to it
}

TEST_CASE("any of a list is the first to be done, and a list that was handed out whole gives nothing", "[master]") {
  Completions completions;
  const auto records = expected(completions, 4);
  const std::vector<TaskRecord*> list{records[0].get(), records[1].get(), records[1].get()};
  finish(completions, records[3]);
  finish(completions, records[1]);
  finish(completions, records[0]);
  CHECK(completions.wait_for_any(list).index == 1u);
  CHECK(completions.wait_for_any(list).index == 0u);
  CHECK_FALSE(completions.wait_for_any(list).index);
  CHECK(completions.wait_for_next().record == records[3]);
}

TEST_CASE("waiting ends when the last open task was taken by another thread", "[master]") {
  Completions completions;
  const auto records = expected(completions, 1);
  std::atomic<int> given{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i)
    threads.emplace_back([&] {
      if (completions.wait_for_next().record) ++given;
    });
  std::this_thread::sleep_for(std::chrono::milliseconds{20});
  finish(completions, records[0]);
  for (auto& thread : threads) thread.join();
  CHECK(given == 1);
}

TEST_CASE("one thread publishes while others take: each record once", "[master]") {
  Completions completions;
  const int count = 20'000;
  const auto records = expected(completions, count);
  std::atomic<int> given{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i)
    threads.emplace_back([&] {
      while (completions.wait_for_next().record) ++given;
    });
  for (const auto& record : records) finish(completions, record);
  for (auto& thread : threads) thread.join();
  CHECK(given == count);
}

TEST_CASE("what nobody asked for is freed in the end", "[master]") {
  RecordPtr record = make_record();
  {
    Completions completions;
    completions.expect_one();
    finish(completions, record);
    CHECK(record->references == 2);
  }
  CHECK(record->references == 1);
}

TEST_CASE("workers that left long ago are forgotten, so that the directory stays small", "[master][P12]") {
  WorkerDirectory directory{{"here", "host"}};
  const WorkerId first = directory.add({"first", "a"});
  CHECK(directory.find(first).name == "first");
  directory.left(first);
  CHECK(directory.find(first).name == "first");
  for (int i = 0; i < 10'000; ++i) directory.left(directory.add({"w", "h"}));
  CHECK(directory.find(first).name == "a worker that left long ago");
  CHECK(directory.find(any_worker).name == "here");
}

namespace {

void cancel(Completions& completions, const RecordPtr& record) {
  record->state = TaskState::cancelled;
  completions.publish(record);
}

}  // namespace

TEST_CASE("cancelled records that nobody refers to are forgotten, others are handed out in their order", "[master][P12]") {
  Completions completions;
  auto records = expected(completions, 1000);
  for (std::size_t i = 0; i < records.size(); ++i)
    if (i % 2)
      cancel(completions, records[i]);
    else
      finish(completions, records[i]);
  // Of those that were cancelled, one in ten has a handle.
  for (std::size_t i = 0; i < records.size(); ++i)
    if (i % 20 != 1) records[i] = {};
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (i % 2 && !records[i]) continue;
    const RecordPtr next = completions.wait_for_next().record;
    REQUIRE(next);
    CHECK((next->state == TaskState::cancelled) == (i % 2 == 1));
    if (records[i]) CHECK(next == records[i]);
  }
  CHECK_FALSE(completions.wait_for_next().record);
}

TEST_CASE("cancelled records do not gather where nobody asks", "[master][P12]") {
  Completions completions;
  for (int i = 0; i < 10'000; ++i) {
    auto record = expected(completions, 1);
    cancel(completions, record[0]);
    record.clear();
    completions.tidy();
    REQUIRE(completions.kept(false).tasks <= 64);
  }
}

TEST_CASE("one waits for all of them, and finds the errors that were not handed out", "[master]") {
  Completions completions;
  const auto records = expected(completions, 3);
  std::atomic<std::uint64_t> submitted{3};
  finish(completions, records[0]);
  records[1]->state = TaskState::error;
  completions.publish(records[1]);
  std::thread other{[&] { finish(completions, records[2]); }};
  CHECK(completions.wait_for_all(submitted, {}));
  other.join();
  const auto kept = completions.kept(true);
  CHECK(kept.tasks == 3);
  CHECK(kept.errors == 1);
  CHECK(kept.first_error == records[1]);
  CHECK(completions.take_error() == records[1]);
  CHECK_FALSE(completions.take_error());
  CHECK(completions.kept(true).errors == 0);
}

TEST_CASE("a group is told of a member that was split, and waits for nothing that never comes", "[master][split]") {
  Completions completions;
  const auto records = expected(completions, 1);
  CompletionGroup group;
  CHECK_THROWS_AS(completions.wait(group, {}), Error);
  REQUIRE(completions.join(group, records[0], 5));
  CHECK_FALSE(completions.wait(group, deadline_after(Timeout{0})));
  completions.split(*records[0], 3);
  CHECK(completions.wait(group, {}));
  const auto split = completions.take_split(group);
  REQUIRE(split);
  CHECK(split->index == 5);
  CHECK(split->kept == 3);
  CHECK_FALSE(completions.take_split(group));
  finish(completions, records[0]);
  CHECK(completions.wait(group, {}));
  CHECK(completions.try_next(group).record == records[0]);
  CHECK_THROWS_AS(completions.wait(group, {}), Error);
}
