// A project's database, of this version and of earlier ones.
#include <catch2/catch.hpp>

#include "boinc/store/hosts.hpp"
#include "boinc/store/schema.hpp"
#include "boinc/store/work.hpp"
#include "support/temporary.hpp"

using namespace mw::boinc;

namespace {

/// What later versions added is taken out again.
constexpr const char* back_to_first = R"(
DROP INDEX instance_of_voter;
ALTER TABLE instance DROP COLUMN voter;
ALTER TABLE instance DROP COLUMN excused;
ALTER TABLE host DROP COLUMN range;
ALTER TABLE host DROP COLUMN valid;
ALTER TABLE task DROP COLUMN input_nbytes;
ALTER TABLE task DROP COLUMN input_md5;
INSERT INTO host(user, cpid, name, platform, os_name, cpu_vendor, cpu_model, ncpus, fpops, memory, rpc_seqno, created, last_rpc,
  valid_in_row, credit) VALUES (1, 'c', 'old', 'x', 'Linux', 'v', 'm', 4, 1e9, 1e9, 7, 1000, 2000, 12, 3.5);
INSERT INTO instance(workunit, number, server_state, host, deadline) VALUES (1, 0, 4, 1, 5000);
PRAGMA user_version = 1;
)";

}  // namespace

TEST_CASE("a database of the first version is brought to this one, with what is in it", "[boinc][store]") {
  const test::TemporaryFolder folder;
  const std::string path = folder.path("project.db");
  open_database(path).execute(back_to_first);
  auto database = open_database(path);
  CHECK(database.integer("PRAGMA user_version") == 3);
  Hosts hosts{database};
  const Host* old = hosts.find(1);
  REQUIRE(old);
  CHECK(old->info.name == "old");
  CHECK(old->record.valid == 12);
  CHECK(!old->record.is_on_probation());
  CHECK(old->credit.total == 3.5);
  Work work{database};
  CHECK(work.in_progress_on(1).size() == 1);
  CHECK(!work.in_progress_on(1).front().state.is_excused);
}

TEST_CASE("a database of a later version is refused with both versions", "[boinc][store]") {
  const test::TemporaryFolder folder;
  const std::string path = folder.path("project.db");
  open_database(path).execute("PRAGMA user_version = 4");
  CHECK_THROWS_WITH(open_database(path), Catch::Contains("another version of CppMW (4, this is 3)"));
}
