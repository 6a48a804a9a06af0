#include "sqlite/library.hpp"

#include "process/shared_library.hpp"

namespace mw::sqlite {
namespace {

Library load() {
  const process::SharedLibrary library{"libsqlite3.so.0", "journals, caches and the interface boinc need SQLite",
                                       "apt-get install libsqlite3-0"};
  Library sqlite{};
  library.find(sqlite.bind_blob64, "sqlite3_bind_blob64");
  library.find(sqlite.bind_double, "sqlite3_bind_double");
  library.find(sqlite.bind_int64, "sqlite3_bind_int64");
  library.find(sqlite.bind_null, "sqlite3_bind_null");
  library.find(sqlite.bind_text64, "sqlite3_bind_text64");
  library.find(sqlite.blob_bytes, "sqlite3_blob_bytes");
  library.find(sqlite.blob_close, "sqlite3_blob_close");
  library.find(sqlite.blob_open, "sqlite3_blob_open");
  library.find(sqlite.blob_read, "sqlite3_blob_read");
  library.find(sqlite.busy_timeout, "sqlite3_busy_timeout");
  library.find(sqlite.close_v2, "sqlite3_close_v2");
  library.find(sqlite.column_blob, "sqlite3_column_blob");
  library.find(sqlite.column_bytes, "sqlite3_column_bytes");
  library.find(sqlite.column_double, "sqlite3_column_double");
  library.find(sqlite.column_int64, "sqlite3_column_int64");
  library.find(sqlite.column_text, "sqlite3_column_text");
  library.find(sqlite.column_type, "sqlite3_column_type");
  library.find(sqlite.db_filename, "sqlite3_db_filename");
  library.find(sqlite.db_handle, "sqlite3_db_handle");
  library.find(sqlite.errcode, "sqlite3_errcode");
  library.find(sqlite.errmsg, "sqlite3_errmsg");
  library.find(sqlite.errstr, "sqlite3_errstr");
  library.find(sqlite.exec, "sqlite3_exec");
  library.find(sqlite.file_control, "sqlite3_file_control");
  library.find(sqlite.finalize, "sqlite3_finalize");
  library.find(sqlite.free, "sqlite3_free");
  library.find(sqlite.last_insert_rowid, "sqlite3_last_insert_rowid");
  library.find(sqlite.open_v2, "sqlite3_open_v2");
  library.find(sqlite.prepare_v3, "sqlite3_prepare_v3");
  library.find(sqlite.reset, "sqlite3_reset");
  library.find(sqlite.sql, "sqlite3_sql");
  library.find(sqlite.step, "sqlite3_step");
  library.find(sqlite.system_errno, "sqlite3_system_errno");
  library.find(sqlite.wal_autocheckpoint, "sqlite3_wal_autocheckpoint");
  library.find(sqlite.wal_checkpoint_v2, "sqlite3_wal_checkpoint_v2");
  library.find(sqlite.wal_hook, "sqlite3_wal_hook");
  return sqlite;
}

}  // namespace

const Library& sqlite() {
  static const Library loaded = load();
  return loaded;
}

}  // namespace mw::sqlite
