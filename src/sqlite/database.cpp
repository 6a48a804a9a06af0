#include "sqlite/database.hpp"

#include <sys/resource.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdint>
#include <optional>
#include <string>

#include <fmt/format.h>

#include "process/shortage.hpp"
#include "sqlite/library.hpp"

namespace mw::sqlite {
namespace {

/// About 16 MB.
constexpr int many_log_pages = 4'000;

/// How long a file may be (ulimit -f), where one of the database's is about as long. The error that SQLite remembers
/// may be of a later call.
std::optional<std::uint64_t> reached_limit(sqlite3* database) {
  constexpr std::uint64_t page = 64 * 1024;
  rlimit limit = {};
  const char* const main = database ? sqlite().db_filename(database, "main") : nullptr;
  if (!main || ::getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return std::nullopt;
  for (const char* end : {"", "-wal", "-shm"}) {
    struct stat status = {};
    if (::stat((std::string{main} + end).c_str(), &status) != 0) continue;
    if (static_cast<std::uint64_t>(status.st_size) + page > limit.rlim_cur) return limit.rlim_cur;
  }
  return std::nullopt;
}

/// SQLite's words; where it is for want of room, what to do.
std::string trouble(sqlite3* database, int code) {
  const int error = database ? sqlite().system_errno(database) : 0;
  const bool is_of_system = (code & 0xff) == SQLITE_IOERR || (code & 0xff) == SQLITE_CANTOPEN;
  if (const auto limit = is_of_system ? reached_limit(database) : std::nullopt)
    return fmt::format(
        "a file of this program may have no more than {} bytes (ulimit -f): raise that limit, and start the program "
        "again; what was committed is not lost",
        *limit);
  if ((code & 0xff) == SQLITE_FULL || (is_of_system && (error == ENOSPC || error == EDQUOT || error == EFBIG)))
    return "the disk is full, or what this user may have of it: make room there, and start the program again if it has ended; "
           "what was committed is not lost";
  if (is_of_system && error != 0) return process::shortage(error);
  // Not each call leaves its words.
  const bool has_words = database && sqlite().errcode(database) != SQLITE_OK;
  return fmt::format("{} ({})", has_words ? sqlite().errmsg(database) : sqlite().errstr(code), code);
}

}  // namespace

void detail::StatementFree::operator()(sqlite3_stmt* statement) const noexcept { sqlite().finalize(statement); }
/// Which moves the write-ahead log into it, if it is the last connection.
void detail::DatabaseFree::operator()(sqlite3* database) const noexcept {
  const process::NoWriteSignals no_signals;
  sqlite().close_v2(database);
}

void detail::BlobClose::operator()(sqlite3_blob* blob) const noexcept { sqlite().blob_close(blob); }

DatabaseError::DatabaseError(const std::string& text, int code) : InterfaceError{text} {
  constexpr int primary = 0xff;
  switch (code & primary) {
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
    case SQLITE_RANGE:
    case SQLITE_TOOBIG: is_broken_ = false; break;
    default: break;
  }
}

void Statement::fail(int code) const {
  sqlite3* database = sqlite().db_handle(statement_.get());
  const char* file = sqlite().db_filename(database, "main");
  throw DatabaseError{
      fmt::format("{}: {} in \"{}\"", file ? file : "SQLite", trouble(database, code), sqlite().sql(statement_.get())), code};
}

bool Statement::step() {
  const int code = sqlite().step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) fail(code);
  sqlite().reset(statement_.get());
  return false;
}

void Statement::reset() noexcept { sqlite().reset(statement_.get()); }

std::int64_t Statement::integer(int column) const { return sqlite().column_int64(statement_.get(), column); }
double Statement::real(int column) const { return sqlite().column_double(statement_.get(), column); }

std::string_view Statement::text(int column) const {
  const auto* text = reinterpret_cast<const char*>(sqlite().column_text(statement_.get(), column));
  return text ? std::string_view{text, static_cast<std::size_t>(sqlite().column_bytes(statement_.get(), column))}
              : std::string_view{};
}

Blob Statement::blob(int column) const {
  const auto* bytes = static_cast<const std::byte*>(sqlite().column_blob(statement_.get(), column));
  return {bytes, bytes ? static_cast<std::size_t>(sqlite().column_bytes(statement_.get(), column)) : 0};
}

bool Statement::is_null(int column) const { return sqlite().column_type(statement_.get(), column) == SQLITE_NULL; }

void Statement::bind_null(int index) {
  if (const int code = sqlite().bind_null(statement_.get(), index); code != SQLITE_OK) fail(code);
}
void Statement::bind_integer(int index, std::int64_t value) {
  if (const int code = sqlite().bind_int64(statement_.get(), index, value); code != SQLITE_OK) fail(code);
}
void Statement::bind_real(int index, double value) {
  if (const int code = sqlite().bind_double(statement_.get(), index, value); code != SQLITE_OK) fail(code);
}
void Statement::bind_text(int index, std::string_view value) {
  const char* text = value.data() ? value.data() : "";
  if (const int code = sqlite().bind_text64(statement_.get(), index, text, value.size(), SQLITE_STATIC, SQLITE_UTF8);
      code != SQLITE_OK)
    fail(code);
}
void Statement::bind_blob(int index, Blob value) {
  const void* bytes = value.data() ? static_cast<const void*>(value.data()) : "";
  if (const int code = sqlite().bind_blob64(statement_.get(), index, bytes, value.size(), SQLITE_STATIC); code != SQLITE_OK)
    fail(code);
}

Database::Database(const std::string& path) : path_{path} {
  const process::NoWriteSignals no_signals;
  sqlite3* database = nullptr;
  const int code =
      sqlite().open_v2(path.c_str(), &database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  database_.reset(database);
  if (code != SQLITE_OK) throw DatabaseError{fmt::format("{} cannot be opened: {}", path, trouble(database, code))};
  constexpr int wait_ms = 5'000;
  sqlite().busy_timeout(database, wait_ms);
  execute(
      "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = OFF; PRAGMA temp_store = MEMORY;"
      "PRAGMA cache_size = -16384;");
  sqlite().wal_autocheckpoint(database, many_log_pages);
}

Statement Database::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite().prepare_v3(database_.get(), sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                                       &statement, nullptr);
  if (code != SQLITE_OK) throw DatabaseError{fmt::format("{}: {} in \"{}\"", path_, sqlite().errmsg(database_.get()), sql)};
  return Statement{statement};
}

void Database::execute(const char* sql) {
  const process::NoWriteSignals no_signals;
  char* text = nullptr;
  const int code = sqlite().exec(database_.get(), sql, nullptr, nullptr, &text);
  if (code == SQLITE_OK) return;
  sqlite().free(text);
  throw DatabaseError{fmt::format("{}: {} in \"{}\"", path_, trouble(database_.get(), code), sql)};
}

std::int64_t Database::integer(std::string_view sql) {
  Statement statement = prepare(sql);
  return statement.step() ? statement.integer(0) : 0;
}

std::int64_t Database::last_id() const noexcept { return sqlite().last_insert_rowid(database_.get()); }

void Database::sync() {
  const process::NoWriteSignals no_signals;
  sqlite3_file* log = nullptr;
  int code = sqlite().file_control(database_.get(), "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
  if (code == SQLITE_OK && log && log->pMethods) code = log->pMethods->xSync(log, SQLITE_SYNC_NORMAL);
  if (code != SQLITE_OK)
    throw DatabaseError{fmt::format("{}: the write-ahead log is not on the disk: {}", path_, trouble(database_.get(), code))};
  if (log_pages_ && *log_pages_ >= many_log_pages) move_log(SQLITE_CHECKPOINT_PASSIVE);
}

void Database::settle() {
  move_log(SQLITE_CHECKPOINT_TRUNCATE);
  sync();
}

void Database::tidy_in_sync() {
  log_pages_ = std::make_unique<int>(0);
  const auto note = [](void* pages, sqlite3*, const char*, int count) {
    *static_cast<int*>(pages) = count;
    return SQLITE_OK;
  };
  sqlite().wal_hook(database_.get(), note, log_pages_.get());
}

/// Others that read keep some of it from being moved, which is an error only where all of it has to be.
void Database::move_log(int how) {
  const process::NoWriteSignals no_signals;
  const int code = sqlite().wal_checkpoint_v2(database_.get(), "main", how, nullptr, nullptr);
  if (code == SQLITE_OK || (code == SQLITE_BUSY && how == SQLITE_CHECKPOINT_PASSIVE)) return;
  throw DatabaseError{
      fmt::format("{}: the write-ahead log cannot be moved into the database: {}", path_, trouble(database_.get(), code))};
}

std::optional<BlobReader> BlobReader::open(Database& database, const char* table, const char* column, std::int64_t row) {
  sqlite3_blob* blob = nullptr;
  const int code = sqlite().blob_open(database.database_.get(), "main", table, column, row, 0, &blob);
  if (code == SQLITE_OK) return BlobReader{database, blob};
  if (code == SQLITE_ERROR) return std::nullopt;
  throw DatabaseError{fmt::format("{}: {} in table {}", database.path(), sqlite().errmsg(database.database_.get()), table)};
}

std::int64_t BlobReader::size() const noexcept { return sqlite().blob_bytes(blob_.get()); }

void BlobReader::read(std::int64_t from, std::span<std::byte> to) {
  const int code = sqlite().blob_read(blob_.get(), to.data(), static_cast<int>(to.size()), static_cast<int>(from));
  if (code != SQLITE_OK)
    throw DatabaseError{fmt::format("{}: {} in a blob", database_->path(), sqlite().errmsg(database_->database_.get()))};
}

SavepointStatements::SavepointStatements(Database& database)
    : begin{database.prepare("SAVEPOINT part")},
      keep{database.prepare("RELEASE part")},
      undo{database.prepare("ROLLBACK TO part")} {}

Savepoint::Savepoint(SavepointStatements& statements) : statements_{statements} { statements_.begin.run(); }

Savepoint::~Savepoint() {
  if (!is_open_) return;
  try {
    statements_.undo.run();
    statements_.keep.run();
  } catch (const DatabaseError&) {
    // SQLite has rolled back the whole transaction by itself.
  }
}

void Savepoint::keep() {
  statements_.keep.run();
  is_open_ = false;
}

Transaction::Transaction(Database& database) : database_{database} { database_.execute("BEGIN IMMEDIATE"); }

Transaction::~Transaction() {
  if (!is_open_) return;
  try {
    database_.execute("ROLLBACK");
  } catch (const DatabaseError&) {
    // SQLite has rolled it back by itself.
  }
}

void Transaction::commit() {
  database_.execute("COMMIT");
  is_open_ = false;
}

}  // namespace mw::sqlite
