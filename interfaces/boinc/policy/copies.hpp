// How many copies of a workunit there may be.
//
// What:    what is not said follows from what is: BOINC's own values for it are 1 each, with which the first copy that
//          fails ends its workunit. Pure.
// Owner:   values.
// Threads: any.
// Use:
//     const Copies copies = completed({.quorum = 2});           // 2 at once, 3 may fail, 10 in all, 6 without agreement
#pragma once

#include <algorithm>
#include <string>

#include <fmt/format.h>

namespace mw::boinc {

/// 0: not said.
struct Copies {
  unsigned quorum = 0;       ///< min_quorum
  unsigned target = 0;       ///< target_nresults
  unsigned max_errors = 0;   ///< max_error_results
  unsigned max_total = 0;    ///< max_total_results
  unsigned max_success = 0;  ///< max_success_results

  bool operator==(const Copies&) const = default;
};

inline Copies completed(Copies copies) noexcept {
  constexpr unsigned usual_errors = 3, usual_total = 10, usual_success = 6;
  const auto or_else = [](unsigned said, unsigned otherwise) {
    constexpr unsigned most = 100;
    return said > 0 ? said : std::min(otherwise, most);
  };
  copies.quorum = or_else(copies.quorum, 1);
  copies.target = std::max(copies.target, copies.quorum);
  copies.max_errors = or_else(copies.max_errors, usual_errors);
  copies.max_success = or_else(copies.max_success, std::max(usual_success, 2 * copies.target));
  copies.max_total = or_else(copies.max_total, std::max(usual_total, copies.max_success + copies.max_errors + 1));
  return copies;
}

inline std::string to_string(const Copies& copies) {
  return fmt::format("a quorum of {}, {} copies at once, {} may fail, {} in all, {} without agreement", copies.quorum,
                     copies.target, copies.max_errors, copies.max_total, copies.max_success);
}

}  // namespace mw::boinc
