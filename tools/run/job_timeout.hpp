// When a job takes too long.
//
// What:    a time, or a percentage of what jobs have taken so far, in the middle.
// Owner:   a value.
// Threads: one at a time.
// Use:
//     JobTimeout timeout{"200%"};  timeout.learn(ran_ns);  job.timeout_ms = timeout.milliseconds();
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <set>
#include <string>
#include <utility>

#include <fmt/format.h>

#include <mw/error.hpp>

namespace mw::run {

/// "30", "1.5", or "200%" of what jobs have taken so far, in the middle.
class JobTimeout {
 public:
  explicit JobTimeout(std::string text) {
    if (text.empty()) return;
    is_percent_ = text.ends_with('%');
    if (is_percent_) text.pop_back();
    char* end = nullptr;
    value_ = std::strtod(text.c_str(), &end);
    if (text.empty() || *end != '\0' || !(value_ > 0) || !std::isfinite(value_))
      throw UsageError{fmt::format("--timeout \"{}\": write seconds, or a percentage of the median time, as in 200%", text)};
  }
  void learn(std::int64_t ran_ns) {
    if (is_percent_) times_.insert(ran_ns);
  }
  std::uint64_t milliseconds() const {
    if (value_ <= 0) return 0;
    if (!is_percent_) return static_cast<std::uint64_t>(std::ceil(value_ * 1000));
    if (times_.size() < 3) return 0;
    const double median = static_cast<double>(*std::next(times_.begin(), static_cast<std::ptrdiff_t>(times_.size() / 2)));
    return static_cast<std::uint64_t>(std::ceil(std::max(median * value_ / 100 / 1e6, 1.0)));
  }

 private:
  bool is_percent_ = false;
  double value_ = 0;
  std::multiset<std::int64_t> times_;
};

}  // namespace mw::run
