// The file that a journal is in: what is no journal, what is damaged, who else has it.
#include <catch2/catch.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "journal/file.hpp"
#include "support/errors.hpp"
#include "support/temporary.hpp"

using namespace mw::journal;
using mw::JournalError;

namespace fs = std::filesystem;

namespace {

std::vector<std::byte> many_bytes(std::size_t size) {
  std::vector<std::byte> bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>(i * 7 + i / 251);
  return bytes;
}

/// A journal with that many blocks of 10 KB.
void write(const std::string& path, std::size_t blocks) {
  JournalFile file{path};
  const auto run = file.begin_run({.program = "program"});
  for (std::size_t i = 0; i < blocks; ++i) {
    BlockWriter block;
    const auto bytes = many_bytes(10'000);
    block.finished({.id = i + 1, .value = {.here = bytes, .size = bytes.size()}});
    JournalFile::Commit commit{file};
    file.append({0, run, block.base(), block.entries(), block.bytes()});
    commit.done();
  }
  file.end_run(run, 1);
}

struct Found {
  std::size_t whole = 0;
  std::vector<std::uint64_t> damaged;
};
Found found_in(const std::string& path) {
  Found found;
  JournalFile file{path, false};
  file.each_block([&](const Block&) { ++found.whole; },
                  [&](std::uint64_t number, const std::string&) { found.damaged.push_back(number); });
  return found;
}

std::string refusal(const std::string& path, bool make = true) {
  return test::message_of<JournalError>([&] { JournalFile{path, make}; });
}

void overwrite(const std::string& path, std::uint64_t at, const std::string& bytes) {
  std::fstream file{path, std::ios::in | std::ios::out | std::ios::binary};
  file.seekp(static_cast<std::streamoff>(at));
  file << bytes;
}

}  // namespace

TEST_CASE("what was written to a journal is there when it is opened again", "[journal]") {
  const test::TemporaryFolder folder;
  const std::string path = folder.path("run.mwj");
  const auto large = many_bytes(9'000'001);
  Value value;
  {
    JournalFile file{path};
    const auto run = file.begin_run({.program = "p", .build = ~0ull, .command = "p 'a b'", .host = "h", .pid = 12, .began_s = 34});
    JournalFile::Commit commit{file};
    file.add_function(1, "f(int)");
    value = file.append_value(large);
    commit.done();
    file.end_run(run, 56);
  }
  JournalFile file{path, false};
  const auto runs = file.runs();
  REQUIRE(runs.size() == 1);
  CHECK((runs[0].program == "p" && runs[0].build == ~0ull && runs[0].command == "p 'a b'" && runs[0].host == "h"));
  CHECK((runs[0].pid == 12 && runs[0].began_s == 34 && runs[0].ended_s == 56));
  CHECK(file.functions() == std::vector<std::pair<std::uint64_t, std::string>>{{1, "f(int)"}});
  const mw::Bytes read = file.read(value);
  CHECK(std::equal(large.begin(), large.end(), read.span().begin(), read.span().end()));
}

TEST_CASE("of a task's checkpoints the last one is in a journal, which does not grow with them", "[journal]") {
  const test::TemporaryFolder folder;
  const std::string path = folder.path("run.mwj");
  const TaskKey seven{1, 7}, eight{1, 8}, other_run{2, 7};
  const auto put = [&](const TaskKey& task, std::size_t size) {
    JournalFile file{path};
    JournalFile::Commit commit{file};
    file.put_checkpoint(task, many_bytes(size));
    commit.done();
  };
  put(eight, 3);
  put(other_run, 4);
  put(seven, 1'000'000);
  put(seven, 1'000'000);
  const auto size = fs::file_size(path);
  for (int i = 0; i < 10; ++i) put(seven, 1'000'000);
  CHECK(fs::file_size(path) <= size);
  JournalFile file{path};
  CHECK(file.checkpoints() == std::vector<TaskKey>{seven, eight, other_run});
  CHECK(file.checkpoint(eight).size() == 3);
  const mw::Bytes state = file.checkpoint(seven);
  const auto expected = many_bytes(1'000'000);
  CHECK(std::equal(expected.begin(), expected.end(), state.span().begin(), state.span().end()));
  JournalFile::Commit commit{file};
  file.drop_checkpoint(seven);
  commit.done();
  CHECK(file.checkpoints() == std::vector<TaskKey>{eight, other_run});
  CHECK_THROWS_AS(file.checkpoint(seven), JournalError);
}

TEST_CASE("what was not committed is not there", "[journal]") {
  const test::TemporaryFolder folder;
  const std::string path = folder.path("run.mwj");
  write(path, 2);
  {
    JournalFile file{path};
    const JournalFile::Commit commit{file};
    file.append({0, 1, 0, 1, many_bytes(10)});
  }
  CHECK(found_in(path).whole == 2);
}

TEST_CASE("what is no journal is refused, and stays as it was", "[journal]") {
  const test::TemporaryFolder folder;
  const std::string path = folder.path("file");
  CHECK_THAT(refusal(path, false), Catch::Contains("there is no journal"));
  std::ofstream{path}
      << "some text that is longer than the hundred bytes that an SQLite database begins with, and no journal at all";
  CHECK_THAT(refusal(path), Catch::Contains("is no journal of CppMW"));
  std::ofstream{path} << "short";
  CHECK_THAT(refusal(path), Catch::Contains("is no journal of CppMW"));
  std::ofstream{path} << std::string(4096, '\0');
  CHECK_THAT(refusal(path), Catch::Contains("is no journal of CppMW"));
  CHECK(fs::file_size(path) == 4096);
  CHECK_THAT(refusal(folder.path("")), Catch::Contains("no regular file"));
  CHECK_THAT(refusal(folder.path("missing/run.mwj")), Catch::Contains("missing/run.mwj"));

  const std::string other = folder.path("other.db");
  mw::sqlite::Database{other}.execute("CREATE TABLE theirs(x)");
  CHECK_THAT(refusal(other), Catch::Contains("another program's database"));
}

TEST_CASE("P52: a journal of a newer version, or one that was cut short, is an error that says so", "[journal][P52]") {
  const test::TemporaryFolder folder;
  const std::string path = folder.path("run.mwj");
  write(path, 20);
  mw::sqlite::Database{path}.execute("PRAGMA user_version = 2");
  CHECK_THAT(refusal(path), Catch::Contains("version 2") && Catch::Contains("up to 1"));
  mw::sqlite::Database{path}.execute("PRAGMA user_version = 1");
  fs::resize_file(path, fs::file_size(path) / 2);
  CHECK_THAT(refusal(path), Catch::Contains("was cut short"));
}

TEST_CASE("P52: of a journal with bits that flipped, or zeros at its end, the whole blocks are told from the others",
          "[journal][P52]") {
  const test::TemporaryFolder folder;
  const std::string path = folder.path("run.mwj");
  write(path, 50);
  CHECK(found_in(path).whole == 50);
  SECTION("a bit in a block") {
    // The blocks' bytes go into pages that are full of them.
    overwrite(path, fs::file_size(path) - 6'000, "x");
    const Found found = found_in(path);
    CHECK(found.whole == 49);
    CHECK(found.damaged.size() == 1);
  }
  SECTION("zeros") {
    overwrite(path, fs::file_size(path) - 8'192, std::string(8'192, '\0'));
    std::size_t whole = 0;
    try {
      whole = found_in(path).whole;
    } catch (const JournalError& e) {
      CHECK_THAT(e.what(), Catch::Contains("is damaged") && Catch::Contains("--salvage"));
      JournalFile file{path, false};
      file.each_block_left([&](const Block&) { ++whole; }, [](std::uint64_t, const std::string&) {});
    }
    CHECK(whole >= 45);
    CHECK(whole < 50);
  }
}

TEST_CASE("a value with a damaged piece is an error, not another value", "[journal]") {
  const test::TemporaryFolder folder;
  JournalFile file{folder.path("run.mwj")};
  JournalFile::Commit commit{file};
  const auto bytes = many_bytes(5'000'000);
  Value value = file.append_value(bytes);
  commit.done();
  value.checksum ^= 1;
  CHECK_THROWS_AS(file.read(value), JournalError);
  value.checksum ^= 1;
  value.size += 1;
  CHECK_THROWS_AS(file.read(value), JournalError);
  value.size -= 2;
  CHECK_THROWS_AS(file.read(value), JournalError);
}

TEST_CASE("a journal has one lock, whatever the name that it is opened by", "[journal]") {
  const test::TemporaryFolder folder;
  const std::string path = folder.path("run.mwj"), link = folder.path("link");
  write(path, 1);
  fs::create_symlink("run.mwj", link);
  const FileLock lock{link};
  CHECK_THROWS_AS(FileLock{path}, JournalError);
}

TEST_CASE("P52: a block that has come to another run, number or first id is a damaged one", "[journal]") {
  const test::TemporaryFolder folder;
  const std::string path = folder.path("run.mwj");
  write(path, 3);
  for (const std::string change : {"run = 2", "base = 7", "entries = 5", "number = 9"}) {
    const std::string copy = folder.path("copy");
    fs::copy_file(path, copy, fs::copy_options::overwrite_existing);
    mw::sqlite::Database{copy}.execute(("UPDATE block SET " + change + " WHERE number = 2").c_str());
    CHECK(found_in(copy).whole == 2);
  }
}

TEST_CASE("P52: a journal whose key is not whole is an error", "[journal]") {
  const test::TemporaryFolder folder;
  const std::string path = folder.path("run.mwj");
  write(path, 1);
  mw::sqlite::Database{path}.execute("UPDATE meta SET value = zeroblob(192) WHERE key = 'secret'");
  CHECK_THAT(refusal(path), Catch::Contains("the key that it recognises calls by is not whole"));
}

TEST_CASE("P52: a number of entries that cannot be is no reason to ask for as much memory", "[journal]") {
  const test::TemporaryFolder folder;
  const std::string path = folder.path("run.mwj");
  write(path, 2);
  mw::sqlite::Database{path}.execute("UPDATE block SET entries = 9223372036854775807");
  JournalFile file{path};
  CHECK(file.entry_count() < 100'000);
}

TEST_CASE("a second connection of a process leaves the locks of the first one", "[journal]") {
  const test::TemporaryFolder folder;
  const std::string path = folder.path("run.mwj");
  JournalFile first{path};
  JournalFile second{path, false};
  second.begin_run({.program = "p"});
  REQUIRE(fs::exists(path + "-wal"));
  // One that looks from outside, and is gone: it is not the last one.
  const pid_t child = ::fork();
  if (child == 0) {
    ::execl("/bin/sh", "sh", "-c", "command -v sqlite3 >/dev/null || exit 77; exec sqlite3 \"$0\" 'SELECT count(*) FROM run'",
            path.c_str(), nullptr);
    ::_exit(127);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  CHECK(fs::exists(path + "-wal"));
}

TEST_CASE("two masters cannot have one journal, and the second hears who has it", "[journal]") {
  const test::TemporaryFolder folder;
  const std::string path = folder.path("run.mwj");
  {
    const FileLock lock{path};
    const std::string why = test::message_of<JournalError>([&] { FileLock{path}; });
    CHECK_THAT(why, Catch::Contains("is in use by process " + std::to_string(::getpid())));
  }
  CHECK_FALSE(fs::exists(path + "-lock"));
  CHECK_NOTHROW(FileLock{path});
  std::ofstream{path + "-lock"} << "left by one that was killed";
  CHECK_NOTHROW(FileLock{path});
}
