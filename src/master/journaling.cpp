// MasterCore: its journal.
#include <utility>

#include <fmt/format.h>

#include "log/log.hpp"
#include "master/core.hpp"
#include "master/core_helpers.hpp"

namespace mw::detail {

void MasterCore::open_journal() {
  const bool is_strict = options_.journal_sync == JournalSync::always;
  journal_ = std::make_unique<journal::Journal>(journal::JournalOptions{options_.journal, is_strict}, options_.start,
                                                [this] { loop_.post([this] { journal_written(); }); });
  machine_.ask_first(*journal_);
  machine_.add_observer(*journal_);
  // Which of two attempts has ended would have to be known before the result is on the disk.
  if (is_strict) machine_.copy_stragglers(false);
}

void MasterCore::open_cache() {
  cache_ = std::make_unique<journal::Cache>(
      journal::CacheOptions{options_.cache, {options_.cache_bytes, options_.cache_age}, options_.cache_functions}, options_.start);
  machine_.ask_first(*cache_);
  machine_.add_observer(*cache_);
}

/// A result that counts only when it is on the disk. Its worker is free meanwhile.
bool MasterCore::waits_for_journal(const TaskRef& task, Outcome& outcome) {
  if (!journal_->is_strict() || outcome.failure || !machine_.is_current(task)) return false;
  if (!journal_->keep(task, std::move(outcome))) return false;
  machine_.arrived(task, moment());
  return true;
}

void MasterCore::journal_written() {
  for (auto& [task, outcome] : journal_->take_durable()) machine_.finished(task, std::move(outcome), moment());
  machine_.want_round();
}

/// `is_whole`: all tasks of this run have come to their end.
void MasterCore::close_journal(bool is_whole) {
  if (!journal_) return;
  if (is_whole && !stop_order_ && journal_->left() != 0)
    log::warn(
        fmt::format("the journal {} has {} results that no task of this run has asked for: the program, or what it was given, "
                    "has changed since",
                    journal_->path(), journal_->left()));
  if (const std::string why = journal_->finish(); !why.empty())
    log::warn(fmt::format("the journal {} lacks what ended last, and that will run again: {}", journal_->path(), why));
}

}  // namespace mw::detail
