// Workunits, instances, hosts and accounts in the tables of a project.
#include <catch2/catch.hpp>

#include <string>

#include "boinc/store/accounts.hpp"
#include "boinc/store/hosts.hpp"
#include "boinc/store/schema.hpp"
#include "boinc/store/work.hpp"
#include "support/temporary.hpp"

using namespace mw::boinc;
using namespace std::chrono_literals;

namespace {

const Time start = from_ms(1'000'000);

struct WorkStore {
  WorkStore() : database{open_database(folder.path("project.db"))}, work{database} {}
  WorkunitRow add() {
    WorkunitRow row;
    row.tasks = {11, 12};
    row.function = ~std::uint64_t{0};
    row.state.quorum = 2;
    row.input_md5 = "md5";
    row.files = "1 2x ";
    work.add(row);
    return row;
  }
  test::TemporaryFolder folder;
  mw::sqlite::Database database;
  Work work;
};

}  // namespace

TEST_CASE("a workunit comes back as it was stored", "[boinc][store]") {
  WorkStore store;
  const WorkunitRow added = store.add();
  const auto row = store.work.workunit(added.id);
  REQUIRE(row);
  CHECK(row->tasks == added.tasks);
  CHECK(row->function == added.function);
  CHECK(row->state.quorum == 2);
  CHECK(row->files == "1 2x ");
  CHECK_FALSE(row->state.has_canonical);
  CHECK_FALSE(store.work.workunit(added.id + 1));
}

TEST_CASE("what is due comes in the order of its time, and what has no time never", "[boinc][store]") {
  WorkStore store;
  const WorkunitRow late = store.add(), early = store.add(), never = store.add();
  store.work.update(late, start + 2s);
  store.work.update(early, start + 1s);
  store.work.update(never, std::nullopt);
  CHECK(store.work.next_due() == start + 1s);
  CHECK(store.work.due(start, 10).empty());
  CHECK(store.work.due(start + 2s, 10) == std::vector<std::int64_t>{early.id, late.id});
  CHECK(store.work.due(start + 2s, 1) == std::vector<std::int64_t>{early.id});
}

TEST_CASE("instances are numbered in their workunit, and unsent ones are paged by their ids", "[boinc][store]") {
  WorkStore store;
  WorkunitRow workunit = store.add();
  for (int i = 0; i < 5; ++i) CHECK(store.work.add_instance(workunit).number == i);
  WorkunitRow again = *store.work.workunit(workunit.id);
  CHECK(again.next_number == 5);
  InstanceRow sent = *store.work.instance(workunit.id, 2);
  sent.state.server_state = ServerState::in_progress;
  sent.host = 3;
  sent.sent = start;
  sent.why = "a reason";
  store.work.update(sent);
  const auto first = store.work.unsent(0, 2);
  REQUIRE(first.size() == 2);
  const auto second = store.work.unsent(first.back().id, 10);
  REQUIRE(second.size() == 2);
  CHECK(second.front().number == 3);
  REQUIRE(store.work.in_progress_on(3).size() == 1);
  CHECK(store.work.in_progress_on(3).front().why == "a reason");
  CHECK(store.work.in_progress_on(3).front().received == Time{});
  CHECK(store.work.count_in_progress() == 1);
}

TEST_CASE("an output is in the table or in a file, and its facts are there in both cases", "[boinc][store]") {
  WorkStore store;
  WorkunitRow workunit = store.add();
  const std::int64_t small = store.work.add_instance(workunit).id, large = store.work.add_instance(workunit).id;
  const std::string text = "answer";
  store.work.set_output(small, {6, "a", mw::Bytes{std::as_bytes(std::span{text})}});
  store.work.set_output(large, {1'000'000, "b", std::nullopt});
  CHECK(store.work.output(small)->bytes->size() == 6);
  CHECK_FALSE(store.work.output(large)->bytes);
  CHECK(store.work.output_facts(large)->nbytes == 1'000'000);
  store.work.drop_output(small);
  CHECK_FALSE(store.work.output(small));
}

TEST_CASE("hosts that only asked are written together, and are there after a restart", "[boinc][store]") {
  WorkStore store;
  std::int64_t id = 0;
  {
    Hosts hosts{store.database};
    HostInfo info;
    info.cpid = "cpid";
    info.name = "old";
    info.ncpus = 4;
    Host& host = hosts.create(1, info, "x86_64-pc-linux-gnu", start);
    id = host.id;
    host.last_rpc = start + 1h;
    hosts.touch(host);
    REQUIRE(hosts.has_touched());
    hosts.write_touched();
    CHECK_FALSE(hosts.has_touched());
  }
  Hosts hosts{store.database};
  Host* host = hosts.find(1, "cpid");
  REQUIRE(host);
  CHECK(host->id == id);
  CHECK(host->last_rpc == start + 1h);
  CHECK(hosts.active_processors(start) == 4);
  CHECK(hosts.active_processors(start + 2h) == 0);
  CHECK_FALSE(hosts.find(2, "cpid"));
  CHECK_FALSE(hosts.find(id + 1));
}

TEST_CASE("an account is found by its key and by its address, and no address is taken twice", "[boinc][store]") {
  WorkStore store;
  Accounts accounts{store.database};
  const std::int64_t id = accounts.create("key", "me@x.org", "hash", "me", start);
  CHECK(accounts.find("key") == id);
  CHECK_FALSE(accounts.find("ke"));
  CHECK(accounts.find_by_email("me@x.org")->id == id);
  CHECK(accounts.has_email(id));
  CHECK_THROWS_AS(accounts.create("other", "me@x.org", "hash", "me", start), mw::sqlite::DatabaseError);
  CHECK_THROWS_AS(accounts.create("key", std::nullopt, "", "me", start), mw::sqlite::DatabaseError);
  CHECK_FALSE(accounts.find("other"));
}
