// How often something may happen.
//
// What:    a bucket holds up to `burst` tokens and gains `rate` a second; what happens takes one. Pure.
// Owner:   values.
// Threads: any, one at a time a bucket.
// Use:
//     TokenBucket bucket{{.burst = 100, .rate = 1}};
//     if (!bucket.take(now)) refuse();
#pragma once

#include <algorithm>
#include <chrono>

namespace mw::boinc {

class TokenBucket {
 public:
  struct Measure {
    double burst = 1;
    double rate = 1;  ///< tokens a second
  };
  using Seconds = std::chrono::duration<double>;

  explicit TokenBucket(Measure measure) noexcept : measure_{measure}, tokens_{measure.burst} {}

  /// `now`: since any fixed moment. A clock that is put back gains nothing.
  bool take(Seconds now) noexcept {
    fill(now);
    if (tokens_ < 1) return false;
    tokens_ -= 1;
    return true;
  }
  /// Nothing of it is used: it need not be kept.
  bool is_full(Seconds now) const noexcept {
    TokenBucket later = *this;
    later.fill(now);
    return later.tokens_ >= measure_.burst;
  }

 private:
  void fill(Seconds now) noexcept {
    if (now > last_) tokens_ = std::min(measure_.burst, tokens_ + (now - last_).count() * measure_.rate);
    last_ = now;
  }

  Measure measure_;
  double tokens_;
  Seconds last_{0};
};

}  // namespace mw::boinc
