// SQLite's library, loaded when it is first used.
//
// What:    its functions, under their names without the prefix. It is half as large as a program with CppMW in it, and
//          only a server of volunteers, a master with jobs in a project, or one with a journal, has a database.
// Owner:   the process; it stays loaded.
// Threads: any.
// Use:
//     sqlite().step(statement);                            // throws InterfaceError if there is no libsqlite3
#pragma once

#include <sqlite3.h>

namespace mw::sqlite {

struct Library {
  decltype(&sqlite3_bind_blob64) bind_blob64;
  decltype(&sqlite3_bind_double) bind_double;
  decltype(&sqlite3_bind_int64) bind_int64;
  decltype(&sqlite3_bind_null) bind_null;
  decltype(&sqlite3_bind_text64) bind_text64;
  decltype(&sqlite3_blob_bytes) blob_bytes;
  decltype(&sqlite3_blob_close) blob_close;
  decltype(&sqlite3_blob_open) blob_open;
  decltype(&sqlite3_blob_read) blob_read;
  decltype(&sqlite3_busy_timeout) busy_timeout;
  decltype(&sqlite3_close_v2) close_v2;
  decltype(&sqlite3_column_blob) column_blob;
  decltype(&sqlite3_column_bytes) column_bytes;
  decltype(&sqlite3_column_double) column_double;
  decltype(&sqlite3_column_int64) column_int64;
  decltype(&sqlite3_column_text) column_text;
  decltype(&sqlite3_column_type) column_type;
  decltype(&sqlite3_db_filename) db_filename;
  decltype(&sqlite3_db_handle) db_handle;
  decltype(&sqlite3_errcode) errcode;
  decltype(&sqlite3_errmsg) errmsg;
  decltype(&sqlite3_errstr) errstr;
  decltype(&sqlite3_exec) exec;
  decltype(&sqlite3_file_control) file_control;
  decltype(&sqlite3_finalize) finalize;
  decltype(&sqlite3_free) free;
  decltype(&sqlite3_last_insert_rowid) last_insert_rowid;
  decltype(&sqlite3_open_v2) open_v2;
  decltype(&sqlite3_prepare_v3) prepare_v3;
  decltype(&sqlite3_reset) reset;
  decltype(&sqlite3_sql) sql;
  decltype(&sqlite3_step) step;
  decltype(&sqlite3_system_errno) system_errno;
  decltype(&sqlite3_wal_autocheckpoint) wal_autocheckpoint;
  decltype(&sqlite3_wal_checkpoint_v2) wal_checkpoint_v2;
  decltype(&sqlite3_wal_hook) wal_hook;
};

const Library& sqlite();

}  // namespace mw::sqlite
