// What a task leaves behind in its worker, and no later task expects: for those who write programs.
//
// What:    where it is wanted, counts threads and open files around each task, and says what there is more of. In
//          debug builds of CppMW it is wanted, unless CPPMW_CHECK_TASKS is "0"; in others if that is "1". Each function
//          is named once. To count takes longer than a short task: each function's first tasks are looked at, and
//          one in a hundred of the others.
// Owner:   nothing.
// Threads: the one that runs tasks.
// Use:
//     leftovers.before(function);
//     run(task);
//     if (auto note = leftovers.after(function)) tell(*note);
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>

namespace mw::worker {

class Leftovers {
 public:
  Leftovers();
  /// Costs nothing where it is not wanted.
  void before(std::uint64_t function);
  /// "it left 2 threads running", …; nothing if all is well, or was said of this function before.
  std::optional<std::string> after(std::uint64_t function);

 private:
  struct Counts {
    std::size_t threads = 0, files = 0;
  };
  static Counts count();

  const bool is_wanted_;
  bool is_looked_at_ = false;
  Counts before_;
  std::unordered_map<std::uint64_t, std::uint64_t> tasks_;  ///< by function
  std::set<std::uint64_t> named_;
};

}  // namespace mw::worker
