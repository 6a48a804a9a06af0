// The file that a journal is in.
//
// What:    an SQLite database of blocks of entries, in the order in which they were written, each with a checksum;
//          large values are in pieces beside them. The last checkpoint of each task that has not finished is in a table
//          of its own, where the next one takes its place. What is committed is whole: a program that dies, or a
//          machine that loses its power, leaves the last commit and nothing half-written.
// Owner:   a connection to the file. FileLock says whose journal it is for now.
// Threads: one at a time a connection; a file may have several.
// Use:
//     const FileLock lock{path};  JournalFile file{path};
//     const auto run = file.begin_run({.program = "monte_pi"});
//     { JournalFile::Commit commit{file};  file.append({run, base, entries, bytes});  commit.done(); }  // it is on the disk
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "journal/digest.hpp"
#include "journal/entries.hpp"
#include "journal/file_lock.hpp"
#include "process/command_line.hpp"
#include "sqlite/database.hpp"

namespace mw::journal {

/// A master that wrote, or writes.
struct Run {
  std::uint64_t number = 0;
  std::string program = {};  ///< its file name
  std::uint64_t build = 0;   ///< process::own_build()
  std::string command = {};  ///< as a shell would take it
  std::string host = {};
  std::uint64_t pid = 0;
  std::int64_t began_s = 0;  ///< since 1970, as the next one
  std::int64_t ended_s = 0;  ///< 0: it runs, or died
};

struct Block {
  std::uint64_t number = 0;  ///< 0 for one that is to be written
  std::uint64_t run = 0;
  std::uint64_t base = 0;  ///< which the first id is written as a distance from
  std::uint64_t entries = 0;
  std::span<const std::byte> bytes;
};

/// Of this process, as of now; a program that stands for others has its own name.
Run run_of_this_process(std::string program = process::program_name());

/// A task, by its number in its run.
struct TaskKey {
  std::uint64_t run = 0;
  std::uint64_t id = 0;
  auto operator<=>(const TaskKey&) const = default;
};

class JournalFile {
 public:
  /// Opens it; with `make`, makes it if it is not there, or empty. Throws JournalError for what is no journal, one of a
  /// newer version, one that was cut short, a folder that cannot be written, a full disk.
  explicit JournalFile(const std::string& path, bool make = true);
  /// Makes it, with the secret of another one: for the same digests.
  JournalFile(const std::string& path, const Secret& secret);
  JournalFile(const JournalFile&) = delete;
  JournalFile& operator=(const JournalFile&) = delete;

  const std::string& path() const noexcept { return path_; }
  const Secret& secret() const noexcept { return secret_; }
  /// For what else is kept in it.
  sqlite::Database& database() noexcept { return database_; }

  // What is in it

  std::vector<Run> runs();
  /// Names of functions, and their numbers.
  std::vector<std::pair<std::uint64_t, std::string>> functions();
  /// About how many; no more than the file has room for.
  std::uint64_t entry_count();
  using BlockCall = std::function<void(const Block&)>;
  using Damaged = std::function<void(std::uint64_t block, const std::string& why)>;
  /// Calls with each block, in order; `damaged` hears of those that are not whole, and of those for which the call
  /// throws JournalError. Throws that if the database itself is damaged, so that nobody can tell what follows.
  void each_block(const BlockCall& call, const Damaged& damaged);
  /// The same for a damaged database: what can be read one by one.
  void each_block_left(const BlockCall& call, const Damaged& damaged);
  /// Throws JournalError if it is not there, or not whole.
  std::vector<std::byte> block(std::uint64_t number);
  /// Tasks whose checkpoint is there, in order.
  std::vector<TaskKey> checkpoints();
  /// Throws JournalError if it is not there, or not whole.
  Bytes checkpoint(const TaskKey& task);
  /// All of a value. Throws JournalError if it is not there, or not whole.
  Bytes read(const Value& value);

  // What comes to it. These throw sqlite::DatabaseError where there is no room.

  std::uint64_t begin_run(const Run& run);
  void end_run(std::uint64_t run, std::int64_t ended_s);
  void add_function(std::uint64_t number, std::string_view name);
  void append(const Block& block);
  /// Bytes that are too many for an entry. What is returned refers to no bytes.
  Value append_value(std::span<const std::byte> bytes);
  /// In place of the one before. Those of a task that has finished are to be dropped.
  void put_checkpoint(const TaskKey& task, std::span<const std::byte> state);
  void drop_checkpoint(const TaskKey& task);

  /// Waits until all that was kept is on the disk. Can be tried again when it has thrown.
  void sync();

  /// What is written while one lives is there as a whole, or not at all.
  class Commit {
   public:
    explicit Commit(JournalFile& file) : file_{file}, transaction_{file.database_} {}
    /// It is there for this process's lifetime, and for longer with sync().
    void keep() { transaction_.commit(); }
    /// Returns when it is on the disk.
    void done();

   private:
    JournalFile& file_;
    sqlite::Transaction transaction_;
  };

 private:
  JournalFile(const std::string& path, sqlite::Database database, bool make, const Secret* secret);
  void set_up(bool make, const Secret* secret);
  void make_tables(const Secret* secret);
  void read_secret();
  Bytes read_pieces(const Value& value);

  const std::string path_;
  sqlite::Database database_;
  Secret secret_;
  bool is_doubtful_ = false;  ///< sync() has failed
  sqlite::Statement next_block_, insert_block_, select_block_, insert_piece_, select_piece_, put_checkpoint_, drop_checkpoint_;
};

}  // namespace mw::journal
