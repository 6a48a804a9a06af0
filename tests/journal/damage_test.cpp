// Journals that something has damaged: what is whole in them is right, and the rest is an error, or missing.
//
// CPPMW_DAMAGES=5000 makes it longer, by hand.
#include <catch2/catch.hpp>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "journal/file.hpp"
#include "journal/index.hpp"
#include "support/temporary.hpp"

using namespace mw::journal;

namespace fs = std::filesystem;

namespace {

const char* const wanted_damages = std::getenv("CPPMW_DAMAGES");
const std::uint64_t task_count = wanted_damages ? 10'000 : 2'000;
using Contents = std::vector<char>;

Digest digest_of_task(std::uint64_t number) { return {number * 0x9E3779B97F4A7C15, number}; }

/// Some are in pieces.
std::vector<std::byte> result_of_task(std::uint64_t number) {
  const std::uint64_t result = number * number + 1;
  std::vector<std::byte> bytes(number % 500 == 7 ? largest_here + number : sizeof result);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(result >> (8 * (i % sizeof result)));
  return bytes;
}

/// Half of the tasks in each of two runs. Each finishes some time after it was submitted.
void write_tasks(JournalFile& file) {
  constexpr std::uint64_t later = 300, a_commit = 400;
  for (std::uint64_t half = 0; half < 2; ++half) {
    const auto run = file.begin_run({.program = "damaged", .command = "damaged --all"});
    std::optional<JournalFile::Commit> commit{std::in_place, file};
    BlockWriter block{1};
    const auto flush = [&](std::uint64_t next, std::size_t size) {
      if (block.bytes().size() < size) return;
      file.append({0, run, block.base(), block.entries(), block.bytes()});
      block = BlockWriter{next};
    };
    for (std::uint64_t id = 1; id <= task_count / 2 + later; ++id) {
      const std::uint64_t first = half * task_count / 2 - 1;  // of this run, less the id 1
      if (id <= task_count / 2) block.submitted({.id = id, .function = 1, .digest = digest_of_task(first + id)});
      if (id > later) {
        const auto bytes = result_of_task(first + id - later);
        const Value here{.here = bytes, .size = bytes.size()};
        block.finished({.id = id - later, .run_ns = id, .value = bytes.size() > largest_here ? file.append_value(bytes) : here});
      }
      flush(id, 16 * 1024);
      if (id % a_commit == 0) commit->done(), commit.reset(), commit.emplace(file);
    }
    flush(0, 1);
    commit->done();
    commit.reset();
    file.end_run(run, 1);
  }
}

Contents contents_of(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{file}, {}};
}
void write_contents(const std::string& path, const Contents& contents) {
  std::ofstream{path, std::ios::binary | std::ios::trunc}.write(contents.data(), static_cast<std::streamsize>(contents.size()));
}

/// A database, and the log beside it, which may be empty.
struct Files {
  Contents main, log;
};

/// As a program leaves them: one that ended, or, with a log, one that was killed.
Files original(bool with_log) {
  const test::TemporaryFolder folder;
  const std::string path = folder.path("run.mwj");
  Files files;
  {
    JournalFile file{path};
    write_tasks(file);
    files = {contents_of(path), contents_of(path + "-wal")};
  }
  if (!with_log) files = {contents_of(path), {}};
  return files;
}

struct ReadBack {
  std::uint64_t right = 0, wrong = 0;
  std::string error;
};

/// What a master does when it begins, and when a task is submitted.
ReadBack read_back(const std::string& path) {
  ReadBack outcome;
  try {
    JournalFile file{path};
    static_cast<void>(file.runs());
    IndexBuilder builder;
    builder.reserve(file.entry_count() / 2);
    file.each_block(
        [&](const Block& block) {
          try {
            builder.add(block);
          } catch (const mw::JournalError&) {
          }
        },
        [](std::uint64_t, const std::string&) {});
    static_cast<void>(file.functions());
    Index index = builder.finish();
    for (std::uint64_t number = 0; number < task_count; ++number) {
      const auto taken = index.take(digest_of_task(number));
      if (!taken.position) continue;
      try {
        const auto block = file.block(taken.position->block);
        const auto entry = entry_at(block, taken.position->offset);
        const auto value = file.read(std::get<Finished>(entry).value);
        const auto expected = result_of_task(number);
        ++(std::equal(expected.begin(), expected.end(), value.span().begin(), value.span().end()) ? outcome.right : outcome.wrong);
      } catch (const mw::JournalError&) {
      } catch (const mw::sqlite::DatabaseError&) {
      }
    }
  } catch (const mw::JournalError& e) {
    outcome.error = e.what();
  } catch (const mw::sqlite::DatabaseError& e) {
    outcome.error = e.what();
  }
  return outcome;
}

/// What --salvage reads.
std::uint64_t entries_left_in(const std::string& path) {
  std::uint64_t entries = 0;
  try {
    JournalFile file{path, false};
    file.each_block_left(
        [&](const Block& block) {
          try {
            each(block.bytes, block.base, [&](const Entry&, std::size_t) { ++entries; });
          } catch (const mw::JournalError&) {
          }
        },
        [](std::uint64_t, const std::string&) {});
  } catch (const mw::JournalError&) {
  }
  return entries;
}

class Damager {
 public:
  explicit Damager(unsigned seed) : random_{seed} {}

  std::string damage(Files& files) {
    Contents& contents = !files.log.empty() && up_to(2) == 0 ? files.log : files.main;
    const std::string where = &contents == &files.log ? " of the log" : "";
    switch (up_to(6)) {
      case 0: return flip(contents, 1 + up_to(8)) + where;
      case 1: return flip_at_starts(contents) + where;
      case 2: return overwrite(contents, false) + where;
      case 3: return overwrite(contents, true) + where;
      case 4: return cut(contents) + where;
      default: return swap(contents) + where;
    }
  }

 private:
  std::size_t up_to(std::size_t size) { return random_() % size; }
  std::string flip(Contents& contents, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) contents[up_to(contents.size())] ^= static_cast<char>(1 << up_to(8));
    return std::to_string(count) + " bits";
  }
  /// Where pages have their structure.
  std::string flip_at_starts(Contents& contents) {
    const std::size_t page = up_to(contents.size() / page_size) * page_size;
    contents[page + up_to(80)] ^= static_cast<char>(1 << up_to(8));
    return "a bit at a page's start";
  }
  std::string overwrite(Contents& contents, bool with_garbage) {
    const std::size_t size = std::size_t{512} << up_to(5);
    const std::size_t at = up_to(contents.size()) / 512 * 512;
    for (std::size_t i = at; i < std::min(at + size, contents.size()); ++i)
      contents[i] = with_garbage ? static_cast<char>(random_()) : '\0';
    return std::to_string(size) + (with_garbage ? " bytes of garbage" : " zeros");
  }
  std::string cut(Contents& contents) {
    contents.resize(up_to(contents.size()));
    return "cut";
  }
  /// Written to the wrong place.
  std::string swap(Contents& contents) {
    const std::size_t pages = contents.size() / page_size;
    const std::size_t to = up_to(pages) * page_size, from = up_to(pages) * page_size;
    const std::vector<char> kept(contents.data() + to, contents.data() + to + page_size);
    std::memmove(&contents[to], &contents[from], page_size);
    if (up_to(2) == 0) std::copy(kept.begin(), kept.end(), contents.data() + from);
    return "two pages";
  }

  static constexpr std::size_t page_size = 4096;
  std::mt19937 random_;
};

}  // namespace

TEST_CASE("P52: whatever damages a journal, no result in it is a wrong one", "[journal][P52]") {
  const int times = wanted_damages ? std::atoi(wanted_damages) : 16;
  const unsigned seed = std::random_device{}();
  const Files whole[] = {original(false), original(true)};
  REQUIRE(whole[1].log.size() > 50'000);
  int errors = 0, partly = 0;
  for (int i = 0; i < times; ++i) {
    CAPTURE(seed, i);
    Damager damager{seed + static_cast<unsigned>(i)};
    Files files = whole[i % 2];
    const std::string what = i < 2 ? "nothing" : damager.damage(files);
    CAPTURE(what);
    const test::TemporaryFolder folder;
    for (const char* name : {"first", "second"}) {
      write_contents(folder.path(name), files.main);
      if (i % 2 == 1) write_contents(folder.path(name) + std::string{"-wal"}, files.log);
    }
    const ReadBack outcome = read_back(folder.path("first"));
    CAPTURE(outcome.error);
    CHECK(outcome.wrong == 0);
    if (i < 2) CHECK(outcome.right == task_count);
    CHECK(entries_left_in(folder.path("second")) <= 2 * task_count);
    errors += !outcome.error.empty();
    partly += outcome.error.empty() && outcome.right < task_count;
  }
  if (times > 100) WARN(times << " journals: " << errors << " were errors, " << partly << " had a part of their results");
}
