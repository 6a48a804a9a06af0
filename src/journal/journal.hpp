// A master's journal: what its tasks came to, for the next time that the program runs.
//
// What:    an observer of the task machine, which writes down what was submitted and how it ended, and the results that
//          the machine asks for first. Submissions are recognised by function, arguments and occurrence; see digest.hpp
//          and index.hpp. Errors and cancelled tasks run again, and so do tasks that emitted parts, and those that are
//          not to be remembered. What a task that has not finished has saved of its state (mw/checkpoint.hpp) is kept,
//          too, and it begins with that.
// Owner:   owns the file, its lock and the thread that writes.
// Threads: the machine's, but for found(), map_number() and inputs_at(), which any thread may call. `written` is
//          called in the writer's.
// Use:
//     Journal journal{{.path = "run.mwj"}, options.start, [&] { loop.post(…); }};
//     machine.ask_first(journal);  machine.add_observer(journal);
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include <mw/detail/start_call.hpp>
#include <mw/interface.hpp>

#include "core/known_results.hpp"
#include "core/observer.hpp"
#include "journal/digest.hpp"
#include "journal/file.hpp"
#include "journal/index.hpp"
#include "journal/unfinished.hpp"
#include "journal/writer.hpp"

namespace mw::journal {

struct JournalOptions {
  std::string path;
  bool is_strict = false;  ///< a result counts when it is on the disk
};

class Journal final : public core::Observer, public core::KnownResults {
 public:
  /// Reads what is there. Throws JournalError. `written` is called when is_behind() is over, or something is durable
  /// that was waited for.
  Journal(const JournalOptions& options, const detail::StartCall& start, std::function<void()> written);
  ~Journal() override;

  // As the machine asks and tells
  Known find(const detail::TaskRecord& task) noexcept override;
  void checkpointed(const detail::TaskRecord& task, const std::shared_ptr<const Bytes>& state) noexcept override;
  void ended(const detail::TaskRecord& task, TaskState state, const core::Moment& now) noexcept override;

  /// Whether a result counts only when it is on the disk.
  bool is_strict() const noexcept { return is_strict_; }
  /// Such a result of a task that is to be remembered. False: it counts at once.
  bool keep(TaskRef task, Outcome&& outcome);
  /// Of those, what has come to the disk since.
  struct Kept {
    TaskRef task;
    Outcome outcome;
  };
  std::vector<Kept> take_durable();

  /// So much waits for the disk that no task should begin.
  bool is_behind() { return writer_->is_behind(); }

  /// The number of this map() of the function, in the order in which they begin.
  std::uint64_t map_number(const detail::FunctionEntry& function);
  /// How many inputs went into a task from this one on, in a run before; 0 where that is not known.
  std::uint64_t inputs_at(const detail::FunctionEntry& function, std::uint64_t map, std::uint64_t first);

  /// How many tasks were answered from it.
  std::uint64_t found() const noexcept { return found_.load(std::memory_order_relaxed); }
  /// How many results of earlier runs nobody has asked for so far.
  std::size_t left() const noexcept { return index_.left(); }
  const std::string& path() const noexcept { return path_; }

  /// Writes what waits. Returns why it could not; empty if it could.
  std::string finish() { return writer_->finish(); }

 private:
  struct CachedBlock {
    std::uint64_t number = 0;
    std::vector<std::byte> bytes;
  };
  void read_all();
  void begin_run(const std::vector<Run>& runs, std::function<void()> written);
  void drop_old_checkpoints();
  static bool is_remembered(const detail::TaskRecord& task) noexcept;
  std::shared_ptr<const Bytes> read_checkpoint(const detail::TaskRecord& task, const TaskKey& key);
  void log_end(const detail::TaskRecord& task, TaskState state);
  void forget_checkpoint(const detail::TaskRecord& task, TaskState state);
  std::optional<Outcome> try_to_read(const Position& position, const detail::TaskRecord& task);
  std::optional<Outcome> read(const Position& position, const detail::TaskRecord& task);
  std::span<const std::byte> block(std::uint64_t number);
  std::uint64_t number_of(const detail::FunctionEntry& function);
  void log_submission(const detail::TaskRecord& task, const Digest& digest, std::optional<std::uint64_t> occurrence);

  const std::string path_;
  const bool is_strict_;
  FileLock lock_;
  std::unique_ptr<JournalFile> file_;  ///< to read from
  Digester digester_;
  Index index_;
  Checkpoints checkpoints_;                          ///< of runs before
  std::vector<TaskKey> old_checkpoints_;             ///< that nobody needs
  std::unordered_map<std::uint64_t, TaskKey> held_;  ///< by task, while it has not ended: where its checkpoint is
  std::uint64_t run_ = 0;
  bool has_told_of_damage_ = false;
  std::atomic<std::uint64_t> found_{0};
  std::uint64_t found_task_ = 0;                              ///< the last that was found: its end is no news
  std::mutex functions_mutex_;                                ///< guards the next four
  std::unordered_map<std::string, std::uint64_t> functions_;  ///< by name: their numbers in the journal
  std::unordered_map<const detail::FunctionEntry*, std::uint64_t> numbers_;
  std::unordered_map<const detail::FunctionEntry*, std::uint64_t> maps_;  ///< how many there have been
  std::uint64_t last_function_ = 0;
  std::deque<CachedBlock> cache_;                    ///< blocks that were read last
  std::deque<std::pair<std::uint64_t, Kept>> kept_;  ///< by the number of the entry
  std::unique_ptr<Writer> writer_;
};

}  // namespace mw::journal
