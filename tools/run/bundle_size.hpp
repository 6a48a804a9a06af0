// How many short jobs go to a worker together.
//
// What:    as many as last some milliseconds, by what jobs have lasted so far: a message, and two wake-ups, for each
//          job of a millisecond would cost a tenth of it. A job that is not short ends that until many in a row were.
//          Whoever runs a bundle gives back what has not begun when it lasts longer than it should.
// Owner:   a value.
// Threads: one at a time.
// Use:
//     size.learn(ran_ns);  while (bundle.size() < size.now()) …
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace mw::run {

class BundleSize {
 public:
  /// How long a bundle is to last, and how long it may: after that no job of it begins.
  static constexpr std::chrono::nanoseconds together{10'000'000}, longest{2 * together};

  void learn(std::int64_t ran_ns) noexcept {
    const std::chrono::duration<double, std::nano> ran{static_cast<double>(std::max<std::int64_t>(ran_ns, 1))};
    if (ran > together / 2) {
      short_in_a_row_ = 0;
      return;
    }
    expected_ = ++short_in_a_row_ == 1 ? ran : expected_ + (ran - expected_) / 8;
  }
  std::size_t now() const noexcept {
    if (short_in_a_row_ < enough) return 1;
    return static_cast<std::size_t>(std::clamp(together / expected_, 1.0, 16.0));
  }

 private:
  static constexpr std::uint64_t enough = 64;

  std::chrono::duration<double, std::nano> expected_{0};
  std::uint64_t short_in_a_row_ = 0;
};

}  // namespace mw::run
