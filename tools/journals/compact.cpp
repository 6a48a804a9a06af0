#include "journals/compact.hpp"

#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <map>
#include <optional>
#include <tuple>
#include <vector>

#include <fmt/format.h>

#include "journal/unfinished.hpp"
#include "journals/tasks.hpp"

namespace mw::tool {
namespace {

using journal::Index;
using journal::JournalFile;
using journal::Position;

constexpr std::size_t block_size = 16 * 1024;
constexpr std::uint64_t entries_a_commit = 100'000;

bool is_before(const Index::Known& a, const Position& b) noexcept {
  return std::tie(a.position.block, a.position.offset) < std::tie(b.block, b.offset);
}

/// What is worth keeping.
struct Kept {
  std::vector<Index::Known> results;                      ///< in the order in which they were written
  std::map<journal::TaskKey, std::uint64_t> checkpoints;  ///< which task has one, and its occurrence
};

std::vector<journal::TaskKey> checkpoints_in(JournalFile& file, std::uint64_t& damaged) {
  try {
    return file.checkpoints();
  } catch (const sqlite::DatabaseError&) {
    ++damaged;
    return {};
  }
}

Kept kept_of(JournalFile& file, bool salvage, std::uint64_t& damaged) {
  journal::IndexBuilder builder;
  builder.look_for(checkpoints_in(file, damaged));
  const auto add = [&](const journal::Block& block) { builder.add(block); };
  const auto note = [&](std::uint64_t, const std::string&) { ++damaged; };
  if (salvage)
    file.each_block_left(add, note);
  else
    file.each_block(add, note);
  const Index index = builder.finish();
  journal::Checkpoints checkpoints;
  checkpoints.fill(builder.take_unfinished(), index);
  Kept kept{index.all(), {}};
  std::sort(kept.results.begin(), kept.results.end(), [](const auto& a, const auto& b) { return is_before(a, b.position); });
  for (const journal::Unfinished& one : checkpoints.all()) kept.checkpoints.emplace(one.task, one.occurrence);
  return kept;
}

/// Results are worth more than the names that are shown with them.
template <class Read>
auto unless_damaged(bool is_damaged, const Read& read) -> decltype(read()) {
  try {
    return read();
  } catch (const sqlite::DatabaseError&) {
    if (!is_damaged) throw;
    return {};
  }
}

class NewFile {
 public:
  NewFile(const std::string& path, JournalFile& from, bool is_damaged) : from_{from}, file_{path, from.secret()} {
    const auto runs = unless_damaged(is_damaged, [&] { return from.runs(); });
    journal::Run run = runs.empty() ? journal::Run{} : runs.back();
    run.began_s = std::time(nullptr);
    run_ = file_.begin_run(run);
    const auto functions = unless_damaged(is_damaged, [&] { return from.functions(); });
    JournalFile::Commit commit{file_};
    for (const auto& [number, name] : functions) file_.add_function(number, name);
    commit.done();
    commit_.emplace(file_);
  }

  void add(const TaskOfRun& task, const Index::Known& known) {
    journal::Submitted submitted = task.submitted;
    journal::Finished finished = task.finished;
    submitted.id = finished.id = ++id_;
    submitted.occurrence = known.occurrence;
    finished.value = moved(finished.value);
    finished.out = moved(finished.out);
    finished.err = moved(finished.err);
    block_.submitted(submitted);
    block_.finished(finished);
    if (block_.bytes().size() >= block_size) write_block();
    if (id_ % entries_a_commit == 0) commit();
  }
  /// A task that did not finish.
  void add(const TaskOfRun& task, std::uint64_t occurrence, std::span<const std::byte> checkpoint) {
    journal::Submitted submitted = task.submitted;
    submitted.id = ++id_;
    submitted.occurrence = occurrence;
    block_.submitted(submitted);
    file_.put_checkpoint({run_, id_}, checkpoint);
  }
  void finish() {
    write_block();
    commit_->done();
    commit_.reset();
    file_.end_run(run_, std::time(nullptr));
  }

 private:
  /// Into the new file, if it is in pieces.
  journal::Value moved(const journal::Value& value) {
    return value.first_piece == 0 ? value : file_.append_value(from_.read(value).span());
  }
  void write_block() {
    if (!block_.empty()) file_.append({0, run_, block_.base(), block_.entries(), block_.bytes()});
    block_ = journal::BlockWriter{id_};
  }
  void commit() {
    write_block();
    commit_->done();
    commit_.reset();
    commit_.emplace(file_);
  }

  JournalFile& from_;
  JournalFile file_;
  std::uint64_t run_ = 0;
  std::uint64_t id_ = 0;
  journal::BlockWriter block_;
  std::optional<JournalFile::Commit> commit_;
};

}  // namespace

namespace {

/// Without errors of its own: there has been one.
void remove_journal(const std::string& path) {
  std::error_code ignored;
  for (const char* end : {"", "-wal", "-shm"}) std::filesystem::remove(path + end, ignored);
}

Compacted copy(JournalFile& file, const std::string& to, bool salvage) {
  Compacted result;
  const Kept kept = kept_of(file, salvage, result.damaged);
  const auto& known = kept.results;
  NewFile made{to, file, salvage};
  walk(
      file,
      [&](const TaskOfRun& task) {
        const auto place = std::lower_bound(known.begin(), known.end(), task.position, is_before);
        const bool is_wanted = task.end == End::finished && place != known.end() && place->position.block == task.position.block &&
                               place->position.offset == task.position.offset;
        const auto checkpoint = kept.checkpoints.find({task.run, task.submitted.id});
        const bool goes_on = task.end != End::finished && checkpoint != kept.checkpoints.end();
        if (!is_wanted && !goes_on) return static_cast<void>(++result.dropped);
        try {
          if (goes_on) {
            made.add(task, checkpoint->second, file.checkpoint(checkpoint->first).span());
            return static_cast<void>(++result.checkpoints);
          }
          made.add(task, *place);
          ++result.kept;
        } catch (const JournalError&) {
          ++result.damaged;  // a value of it
        }
      },
      [](std::uint64_t, const std::string&) {}, salvage);
  made.finish();
  return result;
}

}  // namespace

Compacted compact(const std::string& from, const std::string& to, bool salvage) {
  for (const char* end : {"", "-wal"})
    if (std::filesystem::exists(to + end))
      throw JournalError{fmt::format("{}{} is there already: name another file, or remove it", to, end)};
  JournalFile file{from, false};
  try {
    const Compacted result = copy(file, to, salvage);
    // SQLite says nothing of what goes wrong when it closes a file.
    if (std::filesystem::exists(to + "-wal")) throw JournalError{fmt::format("{} could not be written to its end", to)};
    return result;
  } catch (...) {
    remove_journal(to);
    throw;
  }
}

}  // namespace mw::tool
