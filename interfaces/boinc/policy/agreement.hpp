// Which of several results is right: the one that enough hosts agree on.
//
// What:    agree() compares results pairwise (BOINC, sched/validate_util2.cpp). Pure: comparing is the caller's.
// Owner:   values.
// Threads: any.
// Use:
//     const Agreement agreement = agree(results.size(), quorum, [&](std::size_t a, std::size_t b) { return results[a] ==
//     results[b]; }); if (agreement.canonical) …
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace mw::boinc {

struct Agreement {
  std::optional<std::size_t> canonical;  ///< the first of those that agree
  std::vector<bool> valid;               ///< for each, whether it agrees with the canonical one; empty while there is none
};

/// How many of a quorum must be equal: more than half, and all of a quorum of two.
inline std::size_t majority(std::int64_t quorum) noexcept { return static_cast<std::size_t>(quorum) / 2 + 1; }

/// `equal` need not be transitive (a tolerance is not): all are compared with the canonical one.
inline Agreement agree(std::size_t count, std::int64_t quorum, const std::function<bool(std::size_t, std::size_t)>& equal) {
  Agreement agreement;
  if (count < static_cast<std::size_t>(quorum)) return agreement;
  for (std::size_t i = 0; i < count; ++i) {
    std::vector<bool> valid(count);
    std::size_t equals = 0;
    for (std::size_t k = 0; k < count; ++k) {
      valid[k] = k == i || equal(i, k);
      equals += valid[k];
    }
    if (equals < majority(quorum)) continue;
    agreement.canonical = i;
    agreement.valid = std::move(valid);
    break;
  }
  return agreement;
}

}  // namespace mw::boinc
