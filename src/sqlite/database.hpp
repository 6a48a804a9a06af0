// SQLite, with owners and errors.
//
// What:    Database is a connection, Statement a prepared statement, Transaction a transaction that is rolled back
//          unless committed.
// Owner:   each owns its handle; statements and transactions end before their database.
// Threads: one at a time a database, with all that is of it.
// Use:
//     Database database{"project.db"};
//     Statement insert = database.prepare("INSERT INTO host(name, ncpus) VALUES (?, ?)");
//     insert.run(name, 4);
//     Statement select = database.prepare("SELECT id, name FROM host WHERE ncpus > ?");
//     for (select.bind(2); select.step();) use(select.integer(0), select.text(1));
//
// Blobs and texts are bound without a copy: they must live until the statement has run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <mw/error.hpp>

#include "process/no_write_signals.hpp"

struct sqlite3;
struct sqlite3_stmt;
struct sqlite3_blob;

namespace mw::sqlite {

/// What SQLite says; the text names the file and the statement.
class DatabaseError : public InterfaceError {
 public:
  using InterfaceError::InterfaceError;
  /// With SQLite's code: what a statement may not do (a constraint, a value of the wrong kind) is that statement's own
  /// error.
  DatabaseError(const std::string& text, int code);
  /// Nothing can be written or read any more (a full disk, a broken file), whatever the statement. True where no code
  /// is known.
  bool is_broken() const noexcept { return is_broken_; }

 private:
  bool is_broken_ = true;
};

namespace detail {
struct StatementFree {
  void operator()(sqlite3_stmt* statement) const noexcept;
};
struct DatabaseFree {
  void operator()(sqlite3* database) const noexcept;
};
struct BlobClose {
  void operator()(sqlite3_blob* blob) const noexcept;
};
}  // namespace detail

using Blob = std::span<const std::byte>;

class Statement {
 public:
  Statement() = default;
  Statement(Statement&&) noexcept = default;
  Statement& operator=(Statement&&) noexcept = default;

  /// Sets the parameters, in order, for the next run.
  template <class... Values>
  Statement& bind(const Values&... values) {
    reset();
    int index = 0;
    (bind_one(++index, values), ...);
    return *this;
  }
  /// The next row, if there is one; else the statement is ready for the next bind.
  bool step();
  /// For statements without rows.
  template <class... Values>
  void run(const Values&... values) {
    bind(values...);
    step();
    reset();
  }

  std::int64_t integer(int column) const;
  double real(int column) const;
  /// Valid until the next step, as is blob().
  std::string_view text(int column) const;
  Blob blob(int column) const;
  bool is_null(int column) const;
  void reset() noexcept;

 private:
  friend class Database;
  explicit Statement(sqlite3_stmt* statement) : statement_{statement} {}
  template <class Value>
  void bind_one(int index, const Value& value) {
    if constexpr (std::is_same_v<Value, std::nullptr_t>)
      bind_null(index);
    else if constexpr (std::is_enum_v<Value>)
      bind_integer(index, static_cast<std::int64_t>(value));
    else if constexpr (std::is_integral_v<Value>)
      bind_integer(index, static_cast<std::int64_t>(value));
    else if constexpr (std::is_floating_point_v<Value>)
      bind_real(index, value);
    else if constexpr (std::is_convertible_v<const Value&, std::string_view>)
      bind_text(index, value);
    else
      bind_blob(index, value);
  }
  template <class Value>
  void bind_one(int index, const std::optional<Value>& value) {
    if (value)
      bind_one(index, *value);
    else
      bind_null(index);
  }
  void bind_null(int index);
  void bind_integer(int index, std::int64_t value);
  void bind_real(int index, double value);
  void bind_text(int index, std::string_view value);
  void bind_blob(int index, Blob value);
  [[noreturn]] void fail(int code) const;

  std::unique_ptr<sqlite3_stmt, detail::StatementFree> statement_;
};

class Database {
 public:
  /// Opens or makes the file, in write-ahead mode: a commit survives the death of the process, and with sync() the loss
  /// of power. Throws DatabaseError.
  explicit Database(const std::string& path);

  Statement prepare(std::string_view sql);
  /// One or several statements without parameters and rows.
  void execute(const char* sql);
  /// The first column of the first row; 0 if there is none.
  std::int64_t integer(std::string_view sql);
  std::int64_t last_id() const noexcept;
  /// Waits until everything committed so far is on the disk. Once it has thrown, only settle() can say that.
  void sync();
  /// The same after an error of sync(): the system may have forgotten what it could not write, and report no error of
  /// it any more. Everything goes from the write-ahead log to the database, and the log begins anew.
  void settle();
  /// From now on sync() moves the write-ahead log into the database, when it is long, and reports what goes wrong: of
  /// what goes wrong as a part of a commit, SQLite says nothing.
  void tidy_in_sync();
  const std::string& path() const noexcept { return path_; }

 private:
  friend class BlobReader;
  void move_log(int how);
  std::string path_;
  std::unique_ptr<int> log_pages_;  ///< after the last commit, with tidy_in_sync()
  std::unique_ptr<sqlite3, detail::DatabaseFree> database_;
};

/// A blob, read in pieces. Until it goes it holds a read transaction.
class BlobReader {
 public:
  /// Nothing if there is no such row.
  static std::optional<BlobReader> open(Database& database, const char* table, const char* column, std::int64_t row);
  std::int64_t size() const noexcept;
  /// Throws DatabaseError, also if the row was changed meanwhile.
  void read(std::int64_t from, std::span<std::byte> to);

 private:
  BlobReader(Database& database, sqlite3_blob* blob) : database_{&database}, blob_{blob} {}
  Database* database_;
  std::unique_ptr<sqlite3_blob, detail::BlobClose> blob_;
};

/// What savepoints of a database have in common.
struct SavepointStatements {
  explicit SavepointStatements(Database& database);
  Statement begin, keep, undo;
};

/// A part of the open transaction that is undone by itself unless it is kept.
class Savepoint {
 public:
  /// Throws DatabaseError.
  explicit Savepoint(SavepointStatements& statements);
  ~Savepoint();
  Savepoint(const Savepoint&) = delete;
  Savepoint& operator=(const Savepoint&) = delete;
  void keep();

 private:
  SavepointStatements& statements_;
  bool is_open_ = true;
};

/// While it lives, no write brings its thread a signal: what cannot be written is an error.
class Transaction {
 public:
  explicit Transaction(Database& database);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void commit();

 private:
  const process::NoWriteSignals no_signals_;
  Database& database_;
  bool is_open_ = true;
};

}  // namespace mw::sqlite
