// What a journal knows from before, and which of it a program has asked for again.
//
// What:    for each call that finished, where its result is. Calls with the same digest are told apart by their
//          occurrence: the n-th submission of a call gets what the n-th one got before. IndexBuilder makes an index of
//          the entries of all runs; `take` is asked for each submission, once and in order. Takes 32 bytes for each
//          call that finished.
// Owner:   values.
// Threads: one at a time.
// Use:
//     IndexBuilder builder;  builder.add(block) …;
//     Index index = builder.finish();
//     const Index::Taken taken = index.take(digest);     // taken.position: its result
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "journal/digest.hpp"
#include "journal/entries.hpp"
#include "journal/file.hpp"

namespace mw::journal {

/// Where an entry is.
struct Position {
  std::uint64_t block = 0;
  std::uint64_t offset = 0;
};

class Index {
 public:
  struct Taken {
    /// Of this submission. Empty for a call that never finished before: its occurrences can be counted later.
    std::optional<std::uint64_t> occurrence;
    std::optional<Position> position;  ///< empty: its result is not known
  };
  Taken take(const Digest& digest);

  /// Whether the result of this submission is known.
  bool has(const Digest& digest, std::uint64_t occurrence) const;

  /// How many inputs a task of map() had that began at this place and finished; 0 if there was none. `function` is its
  /// number in the journal.
  std::uint64_t inputs_at(std::uint64_t function, const MapPlace& place) const;

  /// All of it, in the order of the digests.
  struct Known {
    Digest digest;
    std::uint64_t occurrence = 0;
    Position position;
  };
  std::vector<Known> all() const;

  std::size_t size() const noexcept { return calls_.size(); }
  /// Those that were not asked for.
  std::size_t left() const noexcept { return calls_.size() - found_; }

 private:
  friend class IndexBuilder;
  struct Call {
    Digest digest;
    /// While the index is made: the task's id. Then: its occurrence, and, of the first one with its digest, how many of
    /// them were taken.
    std::uint64_t number = 0;
    std::uint64_t place = 0;  ///< block and offset; 0: it did not finish

    std::uint64_t occurrence() const noexcept { return number >> 32; }
    std::uint64_t taken() const noexcept { return number & 0xffff'ffff; }
  };
  static_assert(sizeof(Call) == 32);

  std::vector<Call> calls_;  ///< by digest, then by occurrence
  std::unordered_map<std::uint64_t, std::uint64_t> inputs_;
  std::size_t found_ = 0;
};

/// A task that did not finish in its run.
struct Unfinished {
  Digest digest;
  std::uint64_t occurrence = 0;
  TaskKey task;
};

/// Reads the entries of all runs, in order.
class IndexBuilder {
 public:
  /// Which of these tasks did not finish is to be found out, too. Before the first block.
  void look_for(const std::vector<TaskKey>& tasks) { looked_for_.insert(tasks.begin(), tasks.end()); }
  /// Those of which that is known, in the order of their runs. After finish().
  std::vector<Unfinished> take_unfinished() { return std::move(unfinished_); }
  /// Room for that many calls.
  void reserve(std::size_t calls);
  /// In the order in which they were written. Throws JournalError for one that is damaged; what comes before the damage
  /// counts.
  void add(const Block& block);
  Index finish();

 private:
  void note(const Entry& entry, std::uint64_t place);
  void end_run();

  Index index_;
  std::uint64_t run_ = 0;
  std::size_t begin_ = 0;                                          ///< in the index, of this run
  std::vector<std::pair<std::uint64_t, std::uint64_t>> finished_;  ///< id and place
  std::unordered_map<std::uint64_t, std::uint64_t> occurrences_;   ///< by id, where they are written
  std::vector<std::pair<std::uint64_t, Submitted>> of_maps_;       ///< by id
  std::set<TaskKey> looked_for_;
  std::vector<Unfinished> unfinished_;
};

}  // namespace mw::journal
