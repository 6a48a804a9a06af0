// The tables of a project's database.
//
// What:    open_database() opens or makes the one file in which everything that the server must not forget lies: tasks,
//          workunits and their instances, hosts, accounts, application versions.
// Owner:   the caller owns the database.
// Threads: the server's.
#pragma once

#include <string>

#include "sqlite/database.hpp"

namespace mw::boinc {

/// Throws DatabaseError; also for a database of another version of CppMW.
sqlite::Database open_database(const std::string& path);

/// Deletes all tasks, workunits and instances: what belongs to a run, not to the project.
void forget_run(sqlite::Database& database);

}  // namespace mw::boinc
