// Which process groups a child has made.
//
// What:    a child says which group its own child leads, and may be wrong, or broken. Offspring tells whether that can
//          be: the group is of its session and no older than itself, and who leads it has it for a parent, or, when it
//          has ended, one who adopts orphans.
// Owner:   numbers only.
// Threads: any.
// Use:
//     const Offspring offspring{pid};                        // right after its start
//     if (offspring.has_group(number)) ::kill(-number, SIGKILL);
#pragma once

#include <sys/types.h>

#include <cstdint>

namespace mw::process {

struct ProcessFacts;

class Offspring {
 public:
  /// To be made before that process is waited for.
  explicit Offspring(pid_t child);

  /// Never true of this process's own group, nor of the child's.
  bool has_group(pid_t group) const;

 private:
  bool can_be_its(const ProcessFacts& facts) const;
  bool can_be_parent(pid_t pid) const;
  bool has_ended() const;

  pid_t child_;
  pid_t session_ = -1;
  std::uint64_t start_ = 0;  ///< in ticks since the machine started
};

}  // namespace mw::process
