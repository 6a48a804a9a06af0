// SQLite with owners and errors, on files.
#include <catch2/catch.hpp>

#include <fstream>
#include <vector>

#include "sqlite/database.hpp"
#include "support/temporary.hpp"

using namespace mw::sqlite;

namespace {

struct OneTable {
  OneTable() : database{folder.path("test.db")} {
    database.execute("CREATE TABLE t(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, bytes BLOB)");
  }
  std::int64_t count() { return database.integer("SELECT count(*) FROM t"); }
  test::TemporaryFolder folder;
  Database database;
};

}  // namespace

TEST_CASE("what was committed is there when the database is opened again, and nothing else", "[sqlite]") {
  OneTable table;
  {
    Transaction kept{table.database};
    table.database.prepare("INSERT INTO t(name) VALUES (?)").run("kept");
    kept.commit();
    const Transaction dropped{table.database};
    table.database.prepare("INSERT INTO t(name) VALUES (?)").run("dropped");
  }
  Database again{table.folder.path("test.db")};
  Statement select = again.prepare("SELECT name FROM t");
  REQUIRE(select.step());
  CHECK(select.text(0) == "kept");
  CHECK_FALSE(select.step());
}

TEST_CASE("what fails in a part of a transaction undoes that part", "[sqlite]") {
  OneTable table;
  SavepointStatements statements{table.database};
  Statement insert = table.database.prepare("INSERT INTO t(name) VALUES (?)");
  Transaction transaction{table.database};
  insert.run("a");
  try {
    const Savepoint part{statements};
    insert.run("b");
    insert.run("a");
    FAIL("a name came twice");
  } catch (const DatabaseError& e) {
    CHECK_FALSE(e.is_broken());  // one statement's own error
    CHECK_THAT(e.what(), Catch::Contains("test.db") && Catch::Contains("INSERT INTO t"));
  }
  {
    Savepoint part{statements};
    insert.run("c");
    part.keep();
  }
  transaction.commit();
  CHECK(table.count() == 2);
}

TEST_CASE("a blob is read in pieces, and no further once it was changed", "[sqlite]") {
  OneTable table;
  const std::vector<std::byte> bytes(100'000, std::byte{7});
  table.database.prepare("INSERT INTO t(name, bytes) VALUES (?, ?)").run("a", Blob{bytes});
  auto blob = BlobReader::open(table.database, "t", "bytes", 1);
  REQUIRE(blob);
  CHECK(blob->size() == 100'000);
  std::vector<std::byte> piece(1000);
  blob->read(99'000, piece);
  CHECK(piece.back() == std::byte{7});
  CHECK_THROWS_AS(blob->read(99'001, piece), DatabaseError);
  table.database.execute("UPDATE t SET bytes = zeroblob(5)");
  CHECK_THROWS_AS(blob->read(0, piece), DatabaseError);
  CHECK_FALSE(BlobReader::open(table.database, "t", "bytes", 2));
}

TEST_CASE("nothing is null, an empty text and an empty blob are not", "[sqlite]") {
  OneTable table;
  table.database.prepare("INSERT INTO t(name, bytes) VALUES (?, ?)").run("", Blob{});
  table.database.prepare("INSERT INTO t(name, bytes) VALUES (?, ?)").run("a", std::optional<Blob>{});
  Statement select = table.database.prepare("SELECT name, bytes FROM t ORDER BY id");
  REQUIRE(select.step());
  CHECK(select.text(0).empty());
  CHECK_FALSE(select.is_null(1));
  REQUIRE(select.step());
  CHECK(select.is_null(1));
  CHECK(select.blob(1).empty());
}

TEST_CASE("a file that is no database is an error that names it", "[sqlite]") {
  const test::TemporaryFolder folder;
  std::ofstream{folder.path("other")} << std::string(10'000, 'x');
  CHECK_THROWS_WITH(Database{folder.path("other")}, Catch::Contains(folder.path("other")));
  CHECK_THROWS_WITH(Database{folder.path("no/such")}, Catch::Contains("cannot be opened"));
}
