#include "journal/writer.hpp"

#include <algorithm>
#include <ctime>

#include <fmt/format.h>

#include "log/log.hpp"

namespace mw::journal {
namespace {

/// A block is as long as this, and one entry.
constexpr std::size_t block_size = 16 * 1024;
/// What may wait before nothing new begins.
constexpr std::uint64_t most_waiting = std::uint64_t{64} << 20;
/// What is written before its time, as it is a good deal.
constexpr std::uint64_t much = std::uint64_t{4} << 20;
/// Between two tries to write: from the first to the second, and later.
constexpr std::chrono::milliseconds first_pause{20}, longest_pause{1'000};

Value here(std::span<const std::byte> bytes) { return {.here = bytes, .size = bytes.size()}; }
std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span{text.data(), text.size()}); }

}  // namespace

Writer::Writer(std::unique_ptr<JournalFile> file, std::uint64_t run, Terms terms)
    : file_{std::move(file)}, run_{run}, terms_{std::move(terms)}, thread_{[this] { this->run(); }} {}

Writer::~Writer() { finish(); }

/// The block that the next entry goes into.
BlockWriter& Writer::block(std::uint64_t id) {
  if (next_.blocks.empty() || next_.blocks.back().bytes().size() >= block_size) {
    next_.blocks.emplace_back(id);
    next_.blocks.back().reserve(block_size + block_size / 4);
  }
  return next_.blocks.back();
}

/// The thread sleeps until there is something, then waits for others: it is woken once for many.
void Writer::added(std::uint64_t bytes) {
  const bool was_empty = next_.bytes == 0;
  next_.bytes += bytes;
  waiting_bytes_ += bytes;
  next_.last = ++entries_;
  if (was_empty || (next_.bytes >= much && next_.bytes - bytes < much)) woken_.notify_one();
}

void Writer::add_function(std::uint64_t number, std::string_view name) {
  std::lock_guard lock{mutex_};
  next_.functions.emplace_back(number, name);
}

/// With the mutex.
template <class Kind>
void Writer::put_in_block(const Kind& entry, void (BlockWriter::*add)(const Kind&)) {
  BlockWriter& into = block(entry.id);
  const std::size_t before = into.bytes().size();
  (into.*add)(entry);
  added(into.bytes().size() - before);
}

void Writer::submitted(const Submitted& entry) {
  std::lock_guard lock{mutex_};
  put_in_block(entry, &BlockWriter::submitted);
}

void Writer::failed(const Failed& entry) {
  std::lock_guard lock{mutex_};
  put_in_block(entry, &BlockWriter::failed);
}

std::uint64_t Writer::finished(std::uint64_t id, std::uint64_t run_ns, std::span<const std::byte> value, std::string_view out,
                               std::string_view err, std::shared_ptr<const void> keeper) {
  std::lock_guard lock{mutex_};
  if (std::max({value.size(), out.size(), err.size()}) > largest_here) {
    next_.large.push_back({id, run_ns, value, bytes_of(out), bytes_of(err), std::move(keeper)});
    added(value.size() + out.size() + err.size());
    return entries_;
  }
  put_in_block(Finished{.id = id, .run_ns = run_ns, .value = here(value), .out = here(bytes_of(out)), .err = here(bytes_of(err))},
               &BlockWriter::finished);
  return entries_;
}

void Writer::checkpoint(const TaskKey& task, std::shared_ptr<const Bytes> state) {
  std::lock_guard lock{mutex_};
  auto& place = next_.checkpoints[task];
  if (place) {
    next_.bytes -= place->size();
    waiting_bytes_ -= place->size();
  }
  place = std::move(state);
  added(place ? place->size() : 0);
}

bool Writer::is_behind() {
  std::lock_guard lock{mutex_};
  tells_when_room_ = waiting_bytes_ > most_waiting;
  return tells_when_room_;
}

void Writer::wait_for(std::uint64_t entry) {
  {
    std::lock_guard lock{mutex_};
    // The thread may have been faster.
    if (entry > durable()) awaited_ = std::max(awaited_, entry);
    if (entry <= awaited_) return;
  }
  if (terms_.written) terms_.written();
}

void Writer::run() {
  std::unique_lock lock{mutex_};
  while (true) {
    woken_.wait(lock, [this] { return !next_.empty() || is_ending_; });
    if (next_.empty()) return;
    woken_.wait_for(lock, terms_.delay, [this] { return is_ending_ || next_.bytes >= much; });
    Batch batch = std::exchange(next_, {});
    lock.unlock();
    // What follows would be without what it refers to, and finish() says what is missing.
    if (!write(batch)) return;
    lock.lock();
    waiting_bytes_ -= batch.bytes;
    // Of entries that are awaited, some are there now, and others may come as fast as they are written.
    const bool was_awaited = (tells_when_room_ && waiting_bytes_ <= most_waiting) || awaited_ != 0;
    if (awaited_ <= batch.last) awaited_ = 0;
    if (!was_awaited) continue;
    tells_when_room_ = false;
    lock.unlock();
    if (terms_.written) terms_.written();
    lock.lock();
  }
}

/// As long as it takes; once at the end. False if it could not.
bool Writer::write(Batch& batch) {
  auto pause = first_pause;
  while (!try_to_write(batch)) {
    std::unique_lock lock{mutex_};
    const bool is_last = woken_.wait_for(lock, pause, [this] { return is_ending_; });
    lock.unlock();
    if (is_last && !try_to_write(batch)) return false;
    if (is_last) break;
    pause = std::min(2 * pause, longest_pause);
  }
  durable_.store(batch.last, std::memory_order_release);
  return true;
}

bool Writer::try_to_write(Batch& batch) {
  try {
    // What is in the file would be there twice.
    if (!batch.is_in_file) put(batch);
    batch.is_in_file = true;
    file_->sync();
    if (has_said_so_) log::warn(fmt::format("the journal {} is written again", file_->path()));
    has_said_so_ = false;
    trouble_.clear();
    return true;
  } catch (const std::exception& e) {
    trouble_ = e.what();
    say_it_cannot(trouble_);
    return false;
  }
}

void Writer::write_checkpoints(const Batch& batch) {
  for (const auto& [task, state] : batch.checkpoints)
    if (state)
      file_->put_checkpoint(task, state->span());
    else
      file_->drop_checkpoint(task);
}

void Writer::put(const Batch& batch) {
  JournalFile::Commit commit{*file_};
  for (const auto& [number, name] : batch.functions) file_->add_function(number, name);
  for (const BlockWriter& block : batch.blocks) file_->append({0, run_, block.base(), block.entries(), block.bytes()});
  for (const Large& large : batch.large) {
    const auto placed = [this](std::span<const std::byte> bytes) {
      return bytes.size() > largest_here ? file_->append_value(bytes) : here(bytes);
    };
    BlockWriter block{large.id};
    block.finished(
        {.id = large.id, .run_ns = large.run_ns, .value = placed(large.value), .out = placed(large.out), .err = placed(large.err)});
    file_->append({0, run_, block.base(), block.entries(), block.bytes()});
  }
  write_checkpoints(batch);
  commit.keep();
}

void Writer::say_it_cannot(const std::string& why) {
  if (has_said_so_) return;
  has_said_so_ = true;
  log::warn(
      fmt::format("the journal {} cannot be written; it is tried again each second, and when more than {} MiB wait, no task begins "
                  "until it can: {}",
                  file_->path(), most_waiting >> 20, why));
}

std::string Writer::finish() {
  {
    std::lock_guard lock{mutex_};
    is_ending_ = true;
  }
  woken_.notify_one();
  if (thread_.joinable()) {
    thread_.join();
    try {
      if (trouble_.empty()) file_->end_run(run_, std::time(nullptr));
    } catch (const std::exception& e) {
      trouble_ = e.what();
    }
  }
  return trouble_;
}

}  // namespace mw::journal
