// Tasks that an earlier run has left in the middle, each with a checkpoint.
//
// What:    where the checkpoint of the n-th submission of a call is. There are few: what workers ran when the program
//          ended.
// Owner:   values.
// Threads: one at a time.
// Use:
//     Checkpoints checkpoints;
//     for (const TaskKey& task : checkpoints.fill(builder.take_unfinished(), index)) …     // one that nobody needs
//     if (const auto task = checkpoints.take(digest)) file.checkpoint(*task);
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "journal/index.hpp"

namespace mw::journal {

class Checkpoints {
 public:
  /// Of those of one submission the last one counts. Returns the others, and those whose submission has a result.
  std::vector<TaskKey> fill(const std::vector<Unfinished>& tasks, const Index& index);
  /// To be asked for each submission, once and in order.
  std::optional<TaskKey> take(const Digest& digest);
  /// All of them.
  std::vector<Unfinished> all() const;

 private:
  struct Call {
    std::uint64_t taken = 0;
    std::map<std::uint64_t, TaskKey> by_occurrence;
  };
  std::map<Digest, Call> calls_;
};

}  // namespace mw::journal
