// How many short jobs go to a worker together.
//
// What:    as many as last some milliseconds, by what jobs have lasted so far: a message, and two wake-ups, for each
//          job of a millisecond would cost a tenth of it. None of them waits noticeably, and the last ones of a run end
//          about together.
// Owner:   a value.
// Threads: one at a time.
// Use:
//     size.learn(ran_ns);  while (bundle.size() < size.now()) …
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace mw::run {

class BundleSize {
 public:
  void learn(std::int64_t ran_ns) noexcept {
    const double ran = static_cast<double>(std::max<std::int64_t>(ran_ns, 1));
    expected_ns_ = ++known_ == 1 ? ran : expected_ns_ + (ran - expected_ns_) / 8;
  }
  std::size_t now() const noexcept {
    if (known_ < enough) return 1;
    return static_cast<std::size_t>(std::clamp(together_ns / expected_ns_, 1.0, 16.0));
  }

 private:
  static constexpr double together_ns = 10e6;
  static constexpr std::uint64_t enough = 16;

  double expected_ns_ = 0;
  std::uint64_t known_ = 0;
};

}  // namespace mw::run
