#include "journal/file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <map>
#include <mutex>
#include <system_error>

#include <fmt/format.h>

#include <mw/error.hpp>

#include "process/build.hpp"
#include "process/place.hpp"
#include "process/shortage.hpp"

namespace mw::journal {
namespace {

/// "MWJ1", where SQLite has room for a number that says whose file it is (https://www.sqlite.org/fileformat2.html).
constexpr std::int64_t application_id = 0x4D574A31;
constexpr std::int64_t format_version = 1;
constexpr std::size_t piece_size = std::size_t{4} << 20;
/// Of an index, too; see index.cpp.
constexpr unsigned block_number_bits = 40;

constexpr const char* tables = R"(
  CREATE TABLE meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID;
  CREATE TABLE run(number INTEGER PRIMARY KEY, program TEXT, build INTEGER, command TEXT, host TEXT, pid INTEGER,
                   began INTEGER, ended INTEGER);
  CREATE TABLE function(number INTEGER PRIMARY KEY, name TEXT);
  CREATE TABLE block(number INTEGER PRIMARY KEY, run INTEGER, base INTEGER, entries INTEGER, checksum INTEGER, bytes BLOB);
  CREATE TABLE piece(number INTEGER PRIMARY KEY, bytes BLOB);
  CREATE TABLE checkpoint(run INTEGER, task INTEGER, checksum INTEGER, bytes BLOB, PRIMARY KEY(run, task));
)";

std::uint32_t big_endian(const unsigned char* bytes) noexcept {
  return std::uint32_t{bytes[0]} << 24 | std::uint32_t{bytes[1]} << 16 | std::uint32_t{bytes[2]} << 8 | bytes[3];
}

std::int64_t as_integer(std::uint64_t number) noexcept { return static_cast<std::int64_t>(number); }
std::uint64_t as_number(std::int64_t integer) noexcept { return static_cast<std::uint64_t>(integer); }

/// Of its bytes and of what else says whose they are: a result that came to another task would be a wrong one.
std::uint64_t checksum_of(const Block& block) noexcept {
  constexpr std::uint64_t odd = 0x9E3779B97F4A7C15;
  return checksum(block.bytes, ((block.number * odd + block.run) * odd + block.base) * odd + block.entries);
}

bool is_whole(const Block& block, std::int64_t sum) noexcept { return as_integer(checksum_of(block)) == sum; }

/// The row's columns from run on.
Block block_of(const sqlite::Statement& row, int first, std::uint64_t number) {
  return {number, as_number(row.integer(first)), as_number(row.integer(first + 1)), as_number(row.integer(first + 2)),
          row.blob(first + 4)};
}

void give(const Block& block, std::int64_t sum, const JournalFile::BlockCall& call, const JournalFile::Damaged& damaged) {
  if (!is_whole(block, sum)) return damaged(block.number, "its checksum does not fit");
  try {
    call(block);
  } catch (const JournalError& e) {
    damaged(block.number, e.what());
  }
}

/// The beginning of an SQLite database.
struct Header {
  static constexpr std::size_t size = 100;
  std::array<unsigned char, size> bytes{};
  std::size_t there = 0;
  std::uint64_t file_size = 0;

  bool is_sqlite() const noexcept { return there == size && std::memcmp(bytes.data(), "SQLite format 3", 16) == 0; }
  std::uint64_t page_size() const noexcept {
    const std::uint64_t written = std::uint64_t{bytes[16]} << 8 | bytes[17];
    return written == 1 ? 65'536 : written;
  }
  std::uint64_t pages() const noexcept { return big_endian(&bytes[28]); }
  /// Whether the number of pages is of the last change.
  bool knows_pages() const noexcept { return big_endian(&bytes[24]) == big_endian(&bytes[92]); }
  std::uint32_t schema() const noexcept { return big_endian(&bytes[40]); }
  std::uint32_t version() const noexcept { return big_endian(&bytes[60]); }
  std::uint32_t application() const noexcept { return big_endian(&bytes[68]); }
};

/// A descriptor that stays open as long as the process: one that is closed takes all locks with it that this process
/// has on the file (fcntl(2)), and SQLite may have some. -1: it cannot be opened, errno says why.
int descriptor_for_good(const std::string& path) {
  static std::mutex mutex;
  static std::map<std::pair<dev_t, ino_t>, process::UniqueFd> kept;
  std::lock_guard lock{mutex};
  struct stat status = {};
  if (::stat(path.c_str(), &status) != 0) return -1;
  if (!S_ISREG(status.st_mode)) throw JournalError{fmt::format("the journal {} is no regular file", path)};
  process::UniqueFd& file = kept[{status.st_dev, status.st_ino}];
  if (file.get() < 0) file = process::UniqueFd{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)};
  return file.get();
}

/// Empty if there is no such file.
std::optional<Header> header_of(const std::string& path) {
  const int file = descriptor_for_good(path);
  if (file < 0) {
    if (errno == ENOENT) return std::nullopt;
    throw JournalError{fmt::format("the journal {} cannot be opened: {}", path, process::shortage(errno))};
  }
  struct stat status = {};
  if (::fstat(file, &status) != 0)
    throw JournalError{fmt::format("the journal {} cannot be looked at: {}", path, std::generic_category().message(errno))};
  Header header;
  header.file_size = static_cast<std::uint64_t>(status.st_size);
  const auto got = ::pread(file, header.bytes.data(), header.bytes.size(), 0);
  header.there = got > 0 ? static_cast<std::size_t>(got) : 0;
  return header;
}

bool has_bytes(const std::string& path) {
  struct stat status = {};
  return ::stat(path.c_str(), &status) == 0 && status.st_size > 0;
}

[[noreturn]] void throw_newer(const std::string& path, std::int64_t version) {
  throw JournalError{
      fmt::format("{} is a journal of version {}, and this CppMW knows versions up to {}: use the CppMW that made it", path,
                  version, format_version)};
}

/// SQLite changes what it opens: it is looked at before.
const std::string& checked(const std::string& path, bool make) {
  const auto header = header_of(path);
  if (!header || header->file_size == 0) {
    // What was written first may be in the write-ahead log alone.
    if (!make && !has_bytes(path + "-wal")) throw JournalError{fmt::format("there is no journal {}", path)};
    return path;
  }
  // It was being made when power failed: SQLite will undo that.
  if (has_bytes(path + "-journal")) return path;
  if (!header->is_sqlite())
    throw JournalError{fmt::format("{} is no journal of CppMW: it is another kind of file, or damaged from its start", path)};
  const bool is_new = header->application() == 0 && header->schema() == 0;
  if (!is_new && header->application() != application_id)
    throw JournalError{fmt::format("{} is no journal of CppMW: it is another program's database", path)};
  if (!is_new && header->version() > format_version) throw_newer(path, header->version());
  if (const std::uint64_t size = header->pages() * header->page_size();
      header->knows_pages() && header->file_size < size && !has_bytes(path + "-wal"))
    throw JournalError{
        fmt::format("the journal {} was cut short: {} of its {} bytes are there. Nothing of it is used; take a copy that "
                    "is whole, or begin a new one under another name",
                    path, header->file_size, size)};
  return path;
}

/// As SQLite sees it.
sqlite::Database opened(const std::string& path, bool make) {
  try {
    return sqlite::Database{checked(path, make)};
  } catch (const sqlite::DatabaseError& e) {
    throw JournalError{fmt::format("the journal cannot be used: {}", e.what())};
  }
}

}  // namespace

Run run_of_this_process(std::string program) {
  return {.program = std::move(program),
          .build = process::own_build(),
          .command = process::command_line(),
          .host = process::host_name(),
          .pid = static_cast<std::uint64_t>(::getpid()),
          .began_s = std::time(nullptr)};
}

// JournalFile

JournalFile::JournalFile(const std::string& path, bool make) : JournalFile{path, opened(path, make), make, nullptr} {}
JournalFile::JournalFile(const std::string& path, const Secret& secret) : JournalFile{path, opened(path, true), true, &secret} {}

JournalFile::JournalFile(const std::string& path, sqlite::Database database, bool make, const Secret* secret)
    : path_{path}, database_{std::move(database)} {
  const process::NoWriteSignals no_signals;  // the first look makes the log's index
  try {
    set_up(make, secret);
    database_.tidy_in_sync();
    // It is written from its beginning to its end, and read so: pages are seldom asked for again.
    database_.execute("PRAGMA cache_size = -1024");
    next_block_ = database_.prepare("SELECT ifnull(max(number), 0) + 1 FROM block WHERE number < ?");
    insert_block_ = database_.prepare("INSERT INTO block(number, run, base, entries, checksum, bytes) VALUES (?, ?, ?, ?, ?, ?)");
    select_block_ = database_.prepare("SELECT run, base, entries, checksum, bytes FROM block WHERE number = ?");
    insert_piece_ = database_.prepare("INSERT INTO piece(bytes) VALUES (?)");
    select_piece_ = database_.prepare("SELECT bytes FROM piece WHERE number = ?");
    put_checkpoint_ = database_.prepare("INSERT OR REPLACE INTO checkpoint(run, task, checksum, bytes) VALUES (?, ?, ?, ?)");
    drop_checkpoint_ = database_.prepare("DELETE FROM checkpoint WHERE run = ? AND task = ?");
  } catch (const sqlite::DatabaseError& e) {
    throw JournalError{fmt::format("the journal cannot be used: {}", e.what())};
  }
}

void JournalFile::set_up(bool make, const Secret* secret) {
  if (database_.integer("PRAGMA application_id") != application_id) {
    const bool is_empty = database_.integer("SELECT count(*) FROM sqlite_schema") == 0;
    if (is_empty && !make)
      throw JournalError{fmt::format("the journal {} is empty: the program that began it did not come further", path_)};
    if (!is_empty) throw JournalError{fmt::format("{} is no journal of CppMW: it is another program's database", path_)};
    return make_tables(secret);
  }
  if (const auto version = database_.integer("PRAGMA user_version"); version > format_version) throw_newer(path_, version);
  read_secret();
}

void JournalFile::make_tables(const Secret* secret) {
  secret_ = secret ? *secret : new_secret();
  Commit commit{*this};
  database_.execute(tables);
  database_.prepare("INSERT INTO meta(key, value) VALUES ('secret', ?), ('checksum', ?)")
      .run(sqlite::Blob{secret_}, as_integer(checksum(secret_)));
  database_.execute(fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {}", application_id, format_version).c_str());
  commit.done();
}

/// Nothing would be recognised by another one.
void JournalFile::read_secret() {
  sqlite::Statement select = database_.prepare("SELECT value FROM meta WHERE key = 'secret'");
  const sqlite::Blob kept = select.step() ? select.blob(0) : sqlite::Blob{};
  if (kept.size() != secret_.size() ||
      as_integer(checksum(kept)) != database_.integer("SELECT value FROM meta WHERE key = 'checksum'"))
    throw JournalError{
        fmt::format("the journal {} is damaged: the key that it recognises calls by is not whole, so nothing of it can be "
                    "used; take a copy that is whole, or begin a new one under another name",
                    path_)};
  std::memcpy(secret_.data(), kept.data(), kept.size());
}

std::vector<Run> JournalFile::runs() {
  std::vector<Run> runs;
  sqlite::Statement select =
      database_.prepare("SELECT number, program, build, command, host, pid, began, ended FROM run ORDER BY number");
  while (select.step())
    runs.push_back({as_number(select.integer(0)), std::string{select.text(1)}, as_number(select.integer(2)),
                    std::string{select.text(3)}, std::string{select.text(4)}, as_number(select.integer(5)), select.integer(6),
                    select.integer(7)});
  return runs;
}

std::vector<std::pair<std::uint64_t, std::string>> JournalFile::functions() {
  std::vector<std::pair<std::uint64_t, std::string>> functions;
  sqlite::Statement select = database_.prepare("SELECT number, name FROM function ORDER BY number");
  while (select.step()) functions.emplace_back(as_number(select.integer(0)), std::string{select.text(1)});
  return functions;
}

std::uint64_t JournalFile::entry_count() {
  constexpr std::uint64_t smallest_entry = 4;
  std::uint64_t bytes = 0;
  for (const char* end : {"", "-wal"}) {
    std::error_code not_there;
    const auto size = std::filesystem::file_size(path_ + end, not_there);
    if (!not_there) bytes += size;
  }
  // Not `sum`: damaged numbers may be too large for that.
  sqlite::Statement select = database_.prepare("SELECT total(entries) FROM block");
  const double written = select.step() ? select.real(0) : 0;
  const double most = static_cast<double>(bytes / smallest_entry);
  return written > 0 ? static_cast<std::uint64_t>(std::min(written, most)) : 0;
}

void JournalFile::each_block(const BlockCall& call, const Damaged& damaged) {
  try {
    sqlite::Statement select = database_.prepare("SELECT number, run, base, entries, checksum, bytes FROM block ORDER BY number");
    while (select.step()) give(block_of(select, 1, as_number(select.integer(0))), select.integer(4), call, damaged);
  } catch (const sqlite::DatabaseError& e) {
    throw JournalError{
        fmt::format("the journal is damaged: {}. \"mw journal compact --salvage {} NEW\" saves what can be read", e.what(), path_)};
  }
}

void JournalFile::each_block_left(const BlockCall& call, const Damaged& damaged) {
  constexpr std::uint64_t most_missing = 10'000;  // in a row: it was the last one
  std::uint64_t missing = 0;
  for (std::uint64_t number = 1; missing < most_missing; ++number) {
    try {
      if (!select_block_.bind(as_integer(number)).step()) {
        ++missing;
        continue;
      }
      missing = 0;
      give(block_of(select_block_, 0, number), select_block_.integer(3), call, damaged);
    } catch (const sqlite::DatabaseError& e) {
      if (++missing == 1) damaged(number, e.what());
    }
    select_block_.reset();
  }
}

std::vector<std::byte> JournalFile::block(std::uint64_t number) {
  if (!select_block_.bind(as_integer(number)).step())
    throw JournalError{fmt::format("the journal {} has no block {}", path_, number)};
  const Block block = block_of(select_block_, 0, number);
  const bool whole = is_whole(block, select_block_.integer(3));
  std::vector<std::byte> copy{block.bytes.begin(), block.bytes.end()};
  select_block_.reset();
  if (!whole) throw JournalError{fmt::format("block {} of the journal {} is damaged", number, path_)};
  return copy;
}

Bytes JournalFile::read(const Value& value) {
  if (value.first_piece == 0) return Bytes{value.here};
  try {
    Bytes bytes = read_pieces(value);
    if (checksum(bytes.span()) == value.checksum) return bytes;
  } catch (const sqlite::DatabaseError& e) {
    throw JournalError{fmt::format("a value of {} bytes in the journal {} cannot be read: {}", value.size, path_, e.what())};
  }
  throw JournalError{fmt::format("a value of {} bytes in the journal {} is damaged", value.size, path_)};
}

Bytes JournalFile::read_pieces(const Value& value) {
  Bytes bytes;
  bytes.reserve(std::min<std::uint64_t>(value.size, std::uint64_t{1} << 30));
  for (std::uint64_t piece = value.first_piece; bytes.size() < value.size; ++piece) {
    const auto part = select_piece_.bind(as_integer(piece)).step() ? select_piece_.blob(0) : sqlite::Blob{};
    const bool fits = !part.empty() && part.size() <= value.size - bytes.size();
    if (fits) bytes.append(part.data(), part.size());
    select_piece_.reset();  // it would keep the log from being moved
    if (!fits) throw JournalError{fmt::format("the journal {} lacks piece {} of a value", path_, piece)};
  }
  return bytes;
}

std::uint64_t JournalFile::begin_run(const Run& run) {
  Commit commit{*this};
  database_.prepare("INSERT INTO run(program, build, command, host, pid, began, ended) VALUES (?, ?, ?, ?, ?, ?, 0)")
      .run(run.program, run.build, run.command, run.host, run.pid, run.began_s);
  const auto number = as_number(database_.last_id());
  commit.done();
  return number;
}

void JournalFile::end_run(std::uint64_t run, std::int64_t ended_s) {
  Commit commit{*this};
  database_.prepare("UPDATE run SET ended = ? WHERE number = ?").run(ended_s, run);
  commit.done();
}

void JournalFile::add_function(std::uint64_t number, std::string_view name) {
  database_.prepare("INSERT OR REPLACE INTO function(number, name) VALUES (?, ?)").run(number, name);
}

void JournalFile::append(const Block& block) {
  Block numbered = block;
  next_block_.bind(std::int64_t{1} << block_number_bits).step();
  numbered.number = as_number(next_block_.integer(0));
  next_block_.reset();
  insert_block_.run(numbered.number, block.run, block.base, block.entries, as_integer(checksum_of(numbered)),
                    sqlite::Blob{block.bytes});
}

Value JournalFile::append_value(std::span<const std::byte> bytes) {
  Value value{.size = bytes.size(), .checksum = checksum(bytes)};
  for (std::size_t at = 0; at < bytes.size(); at += piece_size) {
    insert_piece_.run(sqlite::Blob{bytes.subspan(at, std::min(piece_size, bytes.size() - at))});
    if (at == 0) value.first_piece = as_number(database_.last_id());
  }
  return value;
}

std::vector<TaskKey> JournalFile::checkpoints() {
  std::vector<TaskKey> tasks;
  sqlite::Statement select = database_.prepare("SELECT run, task FROM checkpoint ORDER BY run, task");
  while (select.step()) tasks.push_back({as_number(select.integer(0)), as_number(select.integer(1))});
  return tasks;
}

Bytes JournalFile::checkpoint(const TaskKey& task) {
  const auto name = [&] { return fmt::format("the checkpoint of task {}:{} in the journal {}", task.run, task.id, path_); };
  try {
    sqlite::Statement select = database_.prepare("SELECT checksum, bytes FROM checkpoint WHERE run = ? AND task = ?");
    if (select.bind(as_integer(task.run), as_integer(task.id)).step() && as_integer(checksum(select.blob(1))) == select.integer(0))
      return Bytes{select.blob(1)};
  } catch (const sqlite::DatabaseError& e) {
    throw JournalError{fmt::format("{} cannot be read: {}", name(), e.what())};
  }
  throw JournalError{name() + " is not there, or damaged"};
}

void JournalFile::put_checkpoint(const TaskKey& task, std::span<const std::byte> state) {
  put_checkpoint_.run(as_integer(task.run), as_integer(task.id), as_integer(checksum(state)), sqlite::Blob{state});
}

void JournalFile::drop_checkpoint(const TaskKey& task) { drop_checkpoint_.run(as_integer(task.run), as_integer(task.id)); }

void JournalFile::Commit::done() {
  keep();
  file_.sync();
}

void JournalFile::sync() {
  const bool was_doubtful = std::exchange(is_doubtful_, true);
  if (was_doubtful)
    database_.settle();
  else
    database_.sync();
  is_doubtful_ = false;
}

}  // namespace mw::journal
