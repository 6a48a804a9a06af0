#include "journal/journal.hpp"

#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <exception>
#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include <mw/detail/task_access.hpp>

#include "core/record.hpp"
#include "log/log.hpp"
#include "process/build.hpp"
#include "process/command_line.hpp"
#include "process/no_write_signals.hpp"
#include "process/place.hpp"

namespace mw::journal {
namespace {

using detail::TaskRecord;

constexpr std::size_t most_cached_blocks = 64;
constexpr std::chrono::milliseconds usual_delay{50};

/// A task whose files are not where they were has to run again.
bool are_outputs_there(const TaskRecord& task) {
  std::error_code error;
  for (const OutputFile& output : task.options().outputs) {
    if (output.from.find_first_of("*?[") != std::string::npos) continue;
    const std::filesystem::path to{output.to};
    const bool is_folder = output.to.ends_with('/');
    if (!std::filesystem::exists(is_folder ? to / std::filesystem::path{output.from}.filename() : to, error)) return false;
  }
  return true;
}

/// Where it gets longer than a file may (ulimit -f), that is an error.
std::unique_ptr<JournalFile> without_write_signals(const std::string& path) {
  const process::NoWriteSignals none;
  return std::make_unique<JournalFile>(path);
}

/// `T` in one that is not copied.
std::shared_ptr<const void> keeper_of(const TaskRecord& task) {
  return std::make_shared<RecordPtr>(const_cast<TaskRecord*>(&task));
}

}  // namespace

Journal::Journal(const JournalOptions& options, const detail::StartCall& start, std::function<void()> written)
    : path_{real_path(std::filesystem::absolute(options.path))},
      is_strict_{options.is_strict},
      lock_{path_},
      file_{without_write_signals(path_)},
      digester_{file_->secret(), start} {
  const process::NoWriteSignals none;
  try {
    const std::vector<Run> runs = file_->runs();
    read_all();
    begin_run(runs, std::move(written));
  } catch (const sqlite::DatabaseError& e) {
    throw JournalError{
        fmt::format("the journal is damaged: {}. \"mw journal compact --salvage {} NEW\" saves what can be read", e.what(), path_)};
  }
}

/// SQLite writes when it closes a file.
Journal::~Journal() {
  const process::NoWriteSignals none;
  writer_.reset();
  file_.reset();
}

void Journal::read_all() {
  IndexBuilder builder;
  builder.reserve(file_->entry_count() / 2);
  std::uint64_t damaged = 0;
  std::string first;
  const auto note = [&](std::uint64_t block, const std::string& why) {
    if (damaged++ == 0) first = fmt::format("block {}: {}", block, why);
  };
  file_->each_block(
      [&](const Block& block) {
        try {
          builder.add(block);
        } catch (const JournalError& e) {
          note(block.number, e.what());
        }
      },
      note);
  index_ = builder.finish();
  known_ = index_.size();
  if (damaged != 0)
    log::warn(fmt::format("the journal {} is damaged: {} of its blocks are not whole, and what they had runs again ({})", path_,
                          damaged, first));
}

void Journal::begin_run(const std::vector<Run>& runs, std::function<void()> written) {
  for (auto& [number, name] : file_->functions()) {
    last_function_ = std::max(last_function_, number);
    functions_.emplace(std::move(name), number);
  }
  Run run{.program = process::program_name(),
          .build = process::own_build(),
          .command = process::command_line(),
          .host = process::host_name()};
  run.pid = static_cast<std::uint64_t>(::getpid());
  run.began_s = std::time(nullptr);
  if (!runs.empty() && known_ != 0 && runs.back().program != run.program)
    throw JournalError{
        fmt::format("{} is the journal of another program, \"{}\": give this one (\"{}\") a journal of its own; if it is the same "
                    "program under another name, \"mw journal adopt {} {}\" says so",
                    path_, runs.back().program, run.program, path_, run.program)};
  try {
    auto file = file_->again();
    const std::uint64_t number = file->begin_run(run);
    writer_ = std::make_unique<Writer>(
        std::move(file), number,
        Writer::Terms{.delay = is_strict_ ? std::chrono::milliseconds{0} : usual_delay, .written = std::move(written)});
  } catch (const sqlite::DatabaseError& e) {
    throw JournalError{fmt::format("the journal cannot be written: {}", e.what())};
  }
}

bool Journal::is_remembered(const TaskRecord& task) noexcept { return task.options().remember && !task.find_parts(); }

std::optional<Outcome> Journal::find(const TaskRecord& task) noexcept {
  if (!is_remembered(task)) return std::nullopt;
  try {
    const Digest digest = digester_.of(task);
    const Index::Taken taken = index_.take(digest);
    if (taken.position) {
      if (auto outcome = try_to_read(*taken.position, task)) {
        found_.fetch_add(1, std::memory_order_relaxed);
        return outcome;
      }
    }
    log_submission(task, digest, taken.occurrence);
  } catch (const std::exception& e) {
    log::warn(fmt::format("the journal {} does not know task {}, which runs: {}", path_, task.id, e.what()));
  }
  return std::nullopt;
}

/// Nothing if it cannot be read any more: the task runs, and its new result takes the place of the old one.
std::optional<Outcome> Journal::try_to_read(const Position& position, const TaskRecord& task) {
  try {
    return read(position, task);
  } catch (const std::exception& e) {
    if (!std::exchange(has_told_of_damage_, true))
      log::warn(fmt::format(
          "the journal {} is damaged: the result of task {} cannot be read, so it runs again, and so do others of which that "
          "is true: {}",
          path_, task.id, e.what()));
    return std::nullopt;
  }
}

void Journal::log_submission(const TaskRecord& task, const Digest& digest, std::optional<std::uint64_t> occurrence) {
  Submitted entry{.id = task.id, .function = number_of(*task.function), .digest = digest, .occurrence = occurrence};
  if (const detail::TaskExtra* const extra = task.find_extra(); extra && extra->inputs != 0)
    entry.place = MapPlace{extra->map, extra->first_input, extra->inputs};
  writer_->submitted(entry);
}

/// Nothing if what it left is not there any more.
std::optional<Outcome> Journal::read(const Position& position, const TaskRecord& task) {
  const Entry entry = entry_at(block(position.block), position.offset);
  const auto* const finished = std::get_if<Finished>(&entry);
  if (!finished) throw JournalError{"there is no result where one should be"};
  if (!are_outputs_there(task)) return std::nullopt;
  Outcome outcome;
  outcome.value = file_->read(finished->value);
  const auto text_of = [this](const Value& value) {
    const Bytes bytes = file_->read(value);
    return std::string{reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  };
  if (finished->out.size != 0) outcome.out = text_of(finished->out);
  if (finished->err.size != 0) outcome.err = text_of(finished->err);
  outcome.run_time = std::chrono::nanoseconds{finished->run_ns};
  return outcome;
}

/// Results that were written one after the other are asked for one after the other, as a rule.
std::span<const std::byte> Journal::block(std::uint64_t number) {
  const auto found = std::find_if(cache_.rbegin(), cache_.rend(), [&](const CachedBlock& one) { return one.number == number; });
  if (found != cache_.rend()) return found->bytes;
  if (cache_.size() >= most_cached_blocks) cache_.pop_front();
  cache_.push_back({number, file_->block(number)});
  return cache_.back().bytes;
}

std::uint64_t Journal::number_of(const detail::FunctionEntry& function) {
  std::lock_guard lock{functions_mutex_};
  const auto [place, is_new] = numbers_.try_emplace(&function, 0);
  if (!is_new) return place->second;
  const auto [named, is_unknown] = functions_.try_emplace(std::string{function.name()}, last_function_ + 1);
  place->second = named->second;
  if (is_unknown) writer_->add_function(++last_function_, function.name());
  return place->second;
}

void Journal::ended(const TaskRecord& task, TaskState state, const core::Moment&) noexcept {
  // What was found here has no attempt.
  if (task.attempt.load(std::memory_order_relaxed) == 0 || !is_remembered(task)) return;
  if (state == TaskState::error) {
    const Failure& failure = task.find_extra()->failure;
    const std::string_view message = std::string_view{failure.message}.substr(0, largest_here);
    writer_->failed({.id = task.id,
                     .cause = static_cast<std::uint64_t>(failure.cause),
                     .message = {.here = std::as_bytes(std::span{message.data(), message.size()}), .size = message.size()}});
  }
  if (state != TaskState::finished || is_strict_) return;
  const detail::TaskExtra* const extra = task.find_extra();
  const std::size_t most = std::max({task.payload.size(), extra ? extra->out.size() : 0, extra ? extra->err.size() : 0});
  writer_->finished(task.id, static_cast<std::uint64_t>(task.run_ns), task.payload.span(), extra ? extra->out : std::string_view{},
                    extra ? extra->err : std::string_view{}, most > largest_here ? keeper_of(task) : nullptr);
}

bool Journal::keep(TaskRef task, Outcome&& outcome) {
  if (!is_remembered(*TaskAccess::record(task))) return false;
  Kept& kept = kept_.emplace_back(0, Kept{std::move(task), std::move(outcome)}).second;
  // Entries of a deque stay where they are; take_durable() has them until they are written.
  const std::shared_ptr<const void> not_owned{std::shared_ptr<void>{}, &kept};
  const std::uint64_t number = writer_->finished(kept.task.id(), static_cast<std::uint64_t>(kept.outcome.run_time.count()),
                                                 kept.outcome.value.span(), kept.outcome.out, kept.outcome.err, not_owned);
  kept_.back().first = number;
  writer_->wait_for(number);
  return true;
}

std::vector<Journal::Kept> Journal::take_durable() {
  std::vector<Kept> durable;
  const std::uint64_t upto = writer_->durable();
  while (!kept_.empty() && kept_.front().first <= upto) {
    durable.push_back(std::move(kept_.front().second));
    kept_.pop_front();
  }
  return durable;
}

std::uint64_t Journal::map_number(const detail::FunctionEntry& function) {
  std::lock_guard lock{functions_mutex_};
  return maps_[&function]++;
}

std::uint64_t Journal::inputs_at(const detail::FunctionEntry& function, std::uint64_t map, std::uint64_t first) {
  std::uint64_t number = 0;
  {
    std::lock_guard lock{functions_mutex_};
    const auto found = functions_.find(std::string{function.name()});
    if (found == functions_.end()) return 0;
    number = found->second;
  }
  return index_.inputs_at(number, {.map = map, .first = first, .count = 0});
}

}  // namespace mw::journal
