// Writes a journal, beside the loop.
//
// What:    takes entries at once, and writes all that came within a short time in one commit, in a thread of its own.
//          Where the disk is full, or slow, entries wait in memory; is_behind() says when there are too many of them.
// Owner:   owns the connection and the thread; the end writes what waits, once.
// Threads: entries come from one thread at a time. `written` is called in the writer's, or in wait_for().
// Use:
//     Writer writer{std::move(file), run, next, {.delay = 50ms, .written = [&] { loop.post(…); }}};
//     writer.submitted(entry);  writer.finished(record, run_ns);
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <mw/detail/record_ptr.hpp>

#include "journal/entries.hpp"
#include "journal/file.hpp"

namespace mw::journal {

class Writer {
 public:
  struct Terms {
    std::chrono::milliseconds delay{50};  ///< how long entries wait for others
    /// Something was written that was waited for: see is_behind() and durable().
    std::function<void()> written = {};
  };
  Writer(std::unique_ptr<JournalFile> file, std::uint64_t run, Terms terms);
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  void add_function(std::uint64_t number, std::string_view name);
  void submitted(const Submitted& entry);
  void failed(const Failed& entry);
  /// Large results are not copied: the record is kept until they are written. Returns the number of the entry.
  std::uint64_t finished(std::uint64_t id, std::uint64_t run_ns, std::span<const std::byte> value, std::string_view out,
                         std::string_view err, std::shared_ptr<const void> keeper);

  /// In place of what waits for this task, and of what is on the disk.
  void checkpoint(const TaskKey& task, std::shared_ptr<const Bytes> state);
  /// It needs none any more.
  void drop_checkpoint(const TaskKey& task) { checkpoint(task, nullptr); }

  /// All entries up to this number are on the disk.
  std::uint64_t durable() const noexcept { return durable_.load(std::memory_order_acquire); }
  /// So much waits that nothing new should begin. When that is over, `written` is called.
  bool is_behind();
  /// Calls `written` when this entry is on the disk; at once if it is.
  void wait_for(std::uint64_t entry);
  /// Writes what waits, and the end of the run. Returns why it could not; empty if it could.
  std::string finish();

 private:
  /// A result that is too large for a block.
  struct Large {
    std::uint64_t id = 0;
    std::uint64_t run_ns = 0;
    std::span<const std::byte> value, out, err;
    std::shared_ptr<const void> keeper;
  };
  struct Batch {
    std::vector<std::pair<std::uint64_t, std::string>> functions;
    std::vector<BlockWriter> blocks;
    std::vector<Large> large;
    std::map<TaskKey, std::shared_ptr<const Bytes>> checkpoints;  ///< null: none any more
    std::uint64_t last = 0;                                       ///< number of its last entry
    std::uint64_t bytes = 0;
    bool is_in_file = false;  ///< and perhaps not on the disk
    bool empty() const noexcept { return functions.empty() && blocks.empty() && large.empty() && checkpoints.empty(); }
  };
  BlockWriter& block(std::uint64_t id);
  template <class Kind>
  void put_in_block(const Kind& entry, void (BlockWriter::*add)(const Kind&));
  void added(std::uint64_t bytes);
  void run();
  bool write(Batch& batch);
  bool try_to_write(Batch& batch);
  void put(const Batch& batch);
  void say_it_cannot(const std::string& why);

  void write_checkpoints(const Batch& batch);

  const std::unique_ptr<JournalFile> file_;
  const std::uint64_t run_;
  const Terms terms_;
  std::mutex mutex_;  ///< guards what follows, up to the next comment
  std::condition_variable woken_;
  Batch next_;
  std::uint64_t entries_ = 0;
  std::uint64_t waiting_bytes_ = 0;  ///< in next_, and in what is being written
  std::uint64_t awaited_ = 0;        ///< an entry that somebody waits for
  bool is_ending_ = false;
  bool tells_when_room_ = false;
  // The thread's own
  bool has_said_so_ = false;
  std::string trouble_;  ///< why the last try failed
  std::atomic<std::uint64_t> durable_{0};
  std::thread thread_;
};

}  // namespace mw::journal
