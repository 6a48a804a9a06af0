// Comparisons that are made beside the server's loop.
//
// What:    at most one of each workunit; how it ends is told on the loop.
// Owner:   refers to the thread.
// Threads: the server's.
// Use:
//     Comparisons comparisons{side, [&](std::int64_t workunit, Comparison& comparison) { … }};
//     if (!comparisons.has(workunit)) comparisons.start(workunit, std::move(question));
#pragma once

#include <cstdint>
#include <exception>
#include <functional>
#include <unordered_set>

#include "boinc/server/comparison.hpp"
#include "boinc/server/side_thread.hpp"

namespace mw::boinc {

/// A question, and its answer or why there is none.
struct Comparison {
  Question question;
  Verdict verdict;
  std::exception_ptr failure;
};

class Comparisons {
 public:
  using Done = std::function<void(std::int64_t workunit, Comparison& comparison)>;

  Comparisons(SideThread& side, Done done) : side_{side}, done_{std::move(done)} {}

  bool has(std::int64_t workunit) const { return under_way_.contains(workunit); }
  const std::unordered_set<std::int64_t>& under_way() const noexcept { return under_way_; }
  bool is_busy() const noexcept { return !under_way_.empty(); }
  /// Throws InterfaceError if there is no thread for it.
  void start(std::int64_t workunit, Question question);

 private:
  SideThread& side_;
  const Done done_;
  std::unordered_set<std::int64_t> under_way_;  ///< workunits
};

}  // namespace mw::boinc
