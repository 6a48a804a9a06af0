#include "boinc/store/schema.hpp"

#include <fmt/format.h>

namespace mw::boinc {
namespace {

constexpr std::int64_t version = 3;

/// From version 1, whose hosts had no address and were not on probation.
constexpr const char* second_version = R"(
ALTER TABLE instance ADD COLUMN voter TEXT NOT NULL DEFAULT '';      -- of its host, when it was sent
ALTER TABLE instance ADD COLUMN excused INTEGER NOT NULL DEFAULT 0;  -- counts neither as an error nor as a copy
ALTER TABLE host ADD COLUMN range TEXT NOT NULL DEFAULT '';          -- of addresses, in which it was seen last
ALTER TABLE host ADD COLUMN valid INTEGER NOT NULL DEFAULT 0;        -- results, in all
UPDATE host SET valid = valid_in_row;
)";

/// From version 2, which had all arguments in the database.
constexpr const char* third_version = R"(
ALTER TABLE task ADD COLUMN input_nbytes INTEGER NOT NULL DEFAULT 0;  -- of the file with its bundle; 0: there is none
ALTER TABLE task ADD COLUMN input_md5 TEXT NOT NULL DEFAULT '';
)";

/// What a program of any version can do without.
constexpr const char* later_indices = R"(
CREATE INDEX IF NOT EXISTS instance_of_voter ON instance(voter) WHERE server_state = 4;
)";

constexpr const char* tables = R"(
CREATE TABLE task(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  key INTEGER NOT NULL,          -- hash of message: by which a task is known again after a restart
  function INTEGER NOT NULL,
  priority INTEGER NOT NULL,
  state INTEGER NOT NULL,        -- TaskState
  claimed INTEGER NOT NULL,      -- a master of this run waits for it
  workunit INTEGER,
  position INTEGER,              -- in its workunit
  message BLOB NOT NULL,         -- the task frame, with id and attempt 0; or, where that is large, its digest
  files TEXT NOT NULL            -- ids of its data files, each with a blank behind it
);
CREATE INDEX task_waiting ON task(priority DESC, id) WHERE state = 0;
CREATE INDEX task_unclaimed ON task(key) WHERE claimed = 0;

CREATE TABLE function(
  id INTEGER PRIMARY KEY,
  operations REAL NOT NULL       -- of one task: seconds times the host's operations a second
) WITHOUT ROWID;

CREATE TABLE workunit(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  tasks BLOB NOT NULL,           -- ids, 8 bytes each, in the order of their positions
  function INTEGER NOT NULL,
  operations REAL NOT NULL,
  quorum INTEGER NOT NULL, target INTEGER NOT NULL,
  max_errors INTEGER NOT NULL, max_total INTEGER NOT NULL, max_success INTEGER NOT NULL,
  error_mask INTEGER NOT NULL DEFAULT 0,
  canonical INTEGER NOT NULL DEFAULT 0,
  assimilated INTEGER NOT NULL DEFAULT 0,
  host_class INTEGER NOT NULL DEFAULT 0,
  next_number INTEGER NOT NULL DEFAULT 0,
  transition_time INTEGER,       -- ms since 1970; null: nothing is due
  input_nbytes INTEGER NOT NULL, input_md5 TEXT NOT NULL,
  files TEXT NOT NULL
);
CREATE INDEX workunit_due ON workunit(transition_time) WHERE transition_time IS NOT NULL;
CREATE TABLE input(workunit INTEGER PRIMARY KEY, bytes BLOB NOT NULL);

CREATE TABLE instance(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  workunit INTEGER NOT NULL, number INTEGER NOT NULL,
  server_state INTEGER NOT NULL, outcome INTEGER NOT NULL DEFAULT 0, validate_state INTEGER NOT NULL DEFAULT 0,
  host INTEGER, user INTEGER, platform TEXT, version_num INTEGER,
  sent INTEGER, deadline INTEGER, received INTEGER,      -- ms since 1970
  elapsed REAL NOT NULL DEFAULT 0, exit_status INTEGER NOT NULL DEFAULT 0,
  claimed_credit REAL NOT NULL DEFAULT 0,
  why TEXT                       -- what went wrong, for people
);
CREATE UNIQUE INDEX instance_of_workunit ON instance(workunit, number);
CREATE INDEX instance_unsent ON instance(id) WHERE server_state = 2;
CREATE INDEX instance_on_host ON instance(host) WHERE server_state = 4;
CREATE TABLE output(instance INTEGER PRIMARY KEY, nbytes INTEGER NOT NULL, md5 TEXT NOT NULL, bytes BLOB);  -- null: in a file

CREATE TABLE file(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  md5 TEXT NOT NULL, nbytes INTEGER NOT NULL, is_executable INTEGER NOT NULL,
  UNIQUE(md5, is_executable)
);

CREATE TABLE app_version(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  platform TEXT NOT NULL, file_name TEXT NOT NULL UNIQUE, md5 TEXT NOT NULL, nbytes INTEGER NOT NULL, signature TEXT NOT NULL
);

CREATE TABLE user(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  authenticator TEXT NOT NULL UNIQUE, email TEXT UNIQUE, passwd_hash TEXT, name TEXT NOT NULL,
  created INTEGER NOT NULL, credit REAL NOT NULL DEFAULT 0
);

CREATE TABLE host(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  user INTEGER NOT NULL, cpid TEXT NOT NULL, name TEXT NOT NULL, platform TEXT NOT NULL,
  os_name TEXT NOT NULL, cpu_vendor TEXT NOT NULL, cpu_model TEXT NOT NULL,
  ncpus INTEGER NOT NULL, fpops REAL NOT NULL, memory REAL NOT NULL,
  rpc_seqno INTEGER NOT NULL, created INTEGER NOT NULL, last_rpc INTEGER NOT NULL,
  valid_in_row INTEGER NOT NULL DEFAULT 0, faults REAL NOT NULL DEFAULT 0,
  quarantines INTEGER NOT NULL DEFAULT 0, quarantined_until INTEGER NOT NULL DEFAULT 0,
  credit REAL NOT NULL DEFAULT 0, average_credit REAL NOT NULL DEFAULT 0, average_time INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX host_of_user ON host(user, cpid);
)";

}  // namespace

sqlite::Database open_database(const std::string& path) {
  sqlite::Database database{path};
  const std::int64_t found = database.integer("PRAGMA user_version");
  if (found == version) {
    database.execute(later_indices);
    return database;
  }
  if (found < 0 || found > version)
    throw sqlite::DatabaseError{
        fmt::format("{} is of another version of CppMW ({}, this is {}); give another state folder", path, found, version)};
  sqlite::Transaction transaction{database};
  if (found == 0) database.execute(tables);
  if (found < 2) database.execute(second_version);
  database.execute(third_version);
  database.execute(later_indices);
  database.execute(fmt::format("PRAGMA user_version = {}", version).c_str());
  transaction.commit();
  return database;
}

void forget_run(sqlite::Database& database) {
  sqlite::Transaction transaction{database};
  database.execute(
      "DELETE FROM task; DELETE FROM workunit; DELETE FROM input; DELETE FROM instance; DELETE FROM output; DELETE FROM file;");
  transaction.commit();
}

}  // namespace mw::boinc
