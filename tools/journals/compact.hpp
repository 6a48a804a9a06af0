// A journal without what nobody needs any more.
//
// What:    compact() writes a new one: of each call its last result, in one run, and of each task that did not finish
//          the checkpoint that it would go on from; nothing of errors, of other tasks that did not finish, and of
//          results that others have replaced.
// Owner:   nothing.
// Threads: one at a time.
// Use:
//     const Compacted result = compact("run.mwj", "new.mwj", false);
#pragma once

#include <cstdint>
#include <string>

namespace mw::tool {

struct Compacted {
  std::uint64_t kept = 0;  ///< results
  std::uint64_t checkpoints = 0;
  std::uint64_t dropped = 0;  ///< entries of tasks that were left out
  std::uint64_t damaged = 0;  ///< blocks and values that could not be read
};

/// `salvage`: from a damaged one, what can be read. The new file must not be there. Throws JournalError.
Compacted compact(const std::string& from, const std::string& to, bool salvage);

}  // namespace mw::tool
