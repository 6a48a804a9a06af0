// The master's tasks in the tables of a project, across restarts.
#include <catch2/catch.hpp>

#include <string>

#include "boinc/store/schema.hpp"
#include "boinc/store/tasks.hpp"
#include "support/temporary.hpp"
#include "support/text.hpp"

using namespace mw::boinc;
using test::bytes_of;

namespace {

struct TaskStore {
  TaskStore() : database{open_database(folder.path("project.db"))}, tasks{database} {}
  std::int64_t add(const std::string& message, NewTask task = {.function = 1}) { return tasks.add(bytes_of(message), task); }
  test::TemporaryFolder folder;
  mw::sqlite::Database database;
  Tasks tasks;
};

}  // namespace

TEST_CASE("after a restart each task is found once, by its whole message", "[boinc][store]") {
  TaskStore store;
  const std::int64_t first = store.add("a"), second = store.add("a");
  store.add("b");
  CHECK_FALSE(store.tasks.claim(bytes_of("a")));  // they are this run's
  store.tasks.disown_all();
  CHECK(store.tasks.waiting_count() == 0);
  CHECK(store.tasks.next(10, 1000).empty());
  CHECK(store.tasks.claim(bytes_of("a"))->id == first);
  CHECK(store.tasks.claim(bytes_of("a"))->id == second);
  CHECK_FALSE(store.tasks.claim(bytes_of("a")));
  CHECK_FALSE(store.tasks.claim(bytes_of("c")));
  CHECK(store.tasks.waiting_count() == 2);
  CHECK(store.tasks.has_unclaimed());
}

TEST_CASE("a restart forgets what nobody wanted, and keeps what is done", "[boinc][store]") {
  TaskStore store;
  const std::int64_t dropped = store.add("dropped"), done = store.add("done");
  store.tasks.put(done, 7, 3);
  store.tasks.set_stage(done, TaskStage::done);
  store.tasks.set_stage(dropped, TaskStage::dropped);
  CHECK(store.tasks.waiting_count() == 0);
  store.tasks.disown_all();
  CHECK_FALSE(store.tasks.claim(bytes_of("dropped")));
  const auto known = store.tasks.claim(bytes_of("done"));
  REQUIRE(known);
  CHECK(known->stage == TaskStage::done);
  CHECK(known->workunit == 7);
  CHECK(known->position == 3);
}

TEST_CASE("tasks of one function come together, within bounds, the more important ones first", "[boinc][store]") {
  TaskStore store;
  store.add("aaaa");
  store.add("bbbb");
  store.add("cccc", {.function = 2});
  store.add("first", {.function = 1, .priority = 1});
  const auto ids = [&](std::size_t most, std::size_t most_bytes) {
    std::vector<std::int64_t> found;
    for (const WaitingTask& task : store.tasks.next(most, most_bytes)) found.push_back(task.id);
    return found;
  };
  using Ids = std::vector<std::int64_t>;
  CHECK(ids(10, 1000) == Ids{4, 1, 2});
  CHECK(ids(2, 1000) == Ids{4, 1});
  CHECK(ids(10, 9) == Ids{4, 1});
  CHECK(ids(10, 1) == Ids{4});  // one alone may have more
}

TEST_CASE("a task whose bundle is a file comes alone", "[boinc][store]") {
  TaskStore store;
  const NewTask large{.function = 1, .input_nbytes = 5'000'000, .input_md5 = "d41d8cd98f00b204e9800998ecf8427e"};
  store.add("a");
  store.add("digest", large);
  store.add("b");
  CHECK(store.tasks.next(10, 1000).size() == 1);
  store.tasks.put(1, 1, 0);
  const auto tasks = store.tasks.next(10, 1000);
  REQUIRE(tasks.size() == 1);
  CHECK(tasks.front().id == 2);
  CHECK(tasks.front().input_nbytes == large.input_nbytes);
  CHECK(tasks.front().input_md5 == large.input_md5);
  CHECK(store.tasks.find(2)->has_large_input);
  CHECK_FALSE(store.tasks.find(1)->has_large_input);
}

TEST_CASE("tasks are counted again when what was written is undone", "[boinc][store]") {
  TaskStore store;
  store.add("a");
  {
    const mw::sqlite::Transaction undone{store.database};
    store.add("b");
    CHECK(store.tasks.waiting_count() == 2);
  }
  store.tasks.count_again();
  CHECK(store.tasks.waiting_count() == 1);
}
