// Where checkpoints go.
//
// What:    mw::save_checkpoint() writes to a file in the slot in a worker that computes for a workunit; elsewhere it
//          gives the bytes to the runner of the task, which sends them to the master. What a task of map() saves is of
//          one input: that input's number is behind the state.
// Owner:   the file belongs to whoever runs the workunit. A scope refers to what the task begins with, and keeps what
//          it saves.
// Threads: the thread that runs tasks; a scope is of its thread.
// Use:
//     set_checkpoint_folder(folder, interval);  begin_checkpoints(task);
//     const CheckpointScope checkpoints{sink, interval, last};  outcome = execute(…);
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include <mw/bytes.hpp>

namespace mw::worker {

class ProgressSink;

/// The file of the task with this number.
std::string checkpoint_path(const std::string& folder, std::uint64_t task);

void set_checkpoint_folder(std::string folder, std::chrono::milliseconds interval);
/// Whether there is a folder: then no scope is needed.
bool has_checkpoint_folder() noexcept;
/// From here on checkpoints are this task's.
void begin_checkpoints(std::uint64_t task);

/// The task that this thread runs meanwhile saves its state through `sink`, and begins with `last`, which may be empty
/// and stays where it is.
class CheckpointScope {
 public:
  CheckpointScope(ProgressSink& sink, std::chrono::nanoseconds interval, std::span<const std::byte> last);
  ~CheckpointScope();
  CheckpointScope(const CheckpointScope&) = delete;
  CheckpointScope& operator=(const CheckpointScope&) = delete;

  bool is_due() const noexcept { return std::chrono::steady_clock::now() - last_time_ >= interval_; }
  void save(Bytes state);
  std::span<const std::byte> last() const noexcept { return saved_.empty() ? first_ : saved_.span(); }

 private:
  ProgressSink& sink_;
  const std::chrono::nanoseconds interval_;
  std::chrono::steady_clock::time_point last_time_ = std::chrono::steady_clock::now();
  const std::span<const std::byte> first_;
  Bytes saved_;
  CheckpointScope* const outer_;
};

}  // namespace mw::worker
