#include "journal/journal.hpp"

#include <algorithm>
#include <exception>
#include <filesystem>
#include <iterator>
#include <set>
#include <utility>

#include <fmt/format.h>

#include <mw/detail/task_access.hpp>

#include "core/record.hpp"
#include "journal/outputs.hpp"
#include "log/log.hpp"

namespace mw::journal {
namespace {

using detail::TaskRecord;

constexpr std::size_t most_cached_blocks = 64;
constexpr std::chrono::milliseconds usual_delay{50};

/// Keeps its result where it is.
std::shared_ptr<const void> keeper_of(const TaskRecord& task) {
  return std::make_shared<RecordPtr>(const_cast<TaskRecord*>(&task));
}

}  // namespace

Journal::Journal(const JournalOptions& options, const detail::StartCall& start, std::function<void()> written)
    : path_{real_path(std::filesystem::absolute(options.path))},
      is_strict_{options.is_strict},
      lock_{path_},
      file_{std::make_unique<JournalFile>(path_)},
      digester_{file_->secret(), start} {
  try {
    const std::vector<Run> runs = file_->runs();
    read_all();
    begin_run(runs, std::move(written));
    drop_old_checkpoints();
  } catch (const sqlite::DatabaseError& e) {
    throw JournalError{
        fmt::format("the journal is damaged: {}. \"mw journal compact --salvage {} NEW\" saves what can be read", e.what(), path_)};
  }
}

Journal::~Journal() = default;

void Journal::read_all() {
  IndexBuilder builder;
  builder.reserve(file_->entry_count() / 2);
  const std::vector<TaskKey> saved = file_->checkpoints();
  builder.look_for(saved);
  std::uint64_t damaged = 0;
  std::string first;
  file_->each_block([&](const Block& block) { builder.add(block); },
                    [&](std::uint64_t block, const std::string& why) {
                      if (damaged++ == 0) first = fmt::format("block {}: {}", block, why);
                    });
  index_ = builder.finish();
  const std::vector<Unfinished> unfinished = builder.take_unfinished();
  old_checkpoints_ = checkpoints_.fill(unfinished, index_);
  // What is not among them has finished, or its submission is lost.
  std::set<TaskKey> open;
  for (const Unfinished& one : unfinished) open.insert(one.task);
  std::set_difference(saved.begin(), saved.end(), open.begin(), open.end(), std::back_inserter(old_checkpoints_));
  if (damaged != 0)
    log::warn(fmt::format("the journal {} is damaged: {} of its blocks are not whole, and what they had runs again ({})", path_,
                          damaged, first));
}

void Journal::begin_run(const std::vector<Run>& runs, std::function<void()> written) {
  for (auto& [number, name] : file_->functions()) {
    last_function_ = std::max(last_function_, number);
    functions_.emplace(std::move(name), number);
  }
  const Run run = run_of_this_process();
  if (!runs.empty() && index_.size() != 0 && runs.back().program != run.program)
    throw JournalError{
        fmt::format("{} is the journal of another program, \"{}\": give this one (\"{}\") a journal of its own; if it is the same "
                    "program under another name, \"mw journal adopt {} {}\" says so",
                    path_, runs.back().program, run.program, path_, run.program)};
  try {
    auto file = std::make_unique<JournalFile>(path_, false);
    run_ = file->begin_run(run);
    writer_ = std::make_unique<Writer>(
        std::move(file), run_,
        Writer::Terms{.delay = is_strict_ ? std::chrono::milliseconds{0} : usual_delay, .written = std::move(written)});
  } catch (const sqlite::DatabaseError& e) {
    throw JournalError{fmt::format("the journal cannot be written: {}", e.what())};
  }
}

void Journal::drop_old_checkpoints() {
  for (const TaskKey& task : std::exchange(old_checkpoints_, {})) writer_->drop_checkpoint(task);
}

bool Journal::is_remembered(const TaskRecord& task) noexcept { return task.options().remember && !task.find_parts(); }

core::KnownResults::Known Journal::find(const TaskRecord& task) noexcept {
  Known known;
  if (!is_remembered(task)) return known;
  try {
    const Digest digest = digester_.of(task);
    const Index::Taken taken = index_.take(digest);
    const auto checkpoint = checkpoints_.take(digest);
    if (taken.position) known.outcome = try_to_read(*taken.position, task);
    if (known.outcome) {
      found_.fetch_add(1, std::memory_order_relaxed);
      found_task_ = task.id;
      return known;
    }
    log_submission(task, digest, taken.occurrence);
    if (checkpoint) known.checkpoint = read_checkpoint(task, *checkpoint);
  } catch (const std::exception& e) {
    log::warn(fmt::format("the journal {} does not know task {}, which runs: {}", path_, task.id, e.what()));
  }
  return known;
}

/// Null if it is damaged: then the task begins anew.
std::shared_ptr<const Bytes> Journal::read_checkpoint(const TaskRecord& task, const TaskKey& key) {
  try {
    auto state = std::make_shared<const Bytes>(file_->checkpoint(key));
    held_[task.id] = key;
    return state;
  } catch (const std::exception& e) {
    log::warn(fmt::format("task {} begins anew: {}", task.id, e.what()));
    return nullptr;
  }
}

/// The parts that a task has emitted are not remembered: it has to emit them again.
void Journal::checkpointed(const TaskRecord& task, const std::shared_ptr<const Bytes>& state) noexcept {
  if (!is_remembered(task)) return;
  const TaskKey key{run_, task.id};
  writer_->checkpoint(key, state);
  const auto [place, is_first] = held_.try_emplace(task.id, key);
  if (is_first || place->second == key) return;
  writer_->drop_checkpoint(place->second);
  place->second = key;
}

/// One that has no result runs again when the program is started again, from there.
void Journal::forget_checkpoint(const TaskRecord& task, TaskState state) {
  const auto place = held_.find(task.id);
  if (place == held_.end()) return;
  if (state == TaskState::finished) writer_->drop_checkpoint(place->second);
  held_.erase(place);
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
  log_end(task, state);
  if (!held_.empty()) forget_checkpoint(task, state);
}

void Journal::log_end(const TaskRecord& task, TaskState state) {
  if (task.id == found_task_ || !is_remembered(task)) return;
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
