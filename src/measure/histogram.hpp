// How values are spread, in little memory.
//
// What:    counts values in classes of equal ratio, eight to a power of two, so that a quantile is known to within
//          7 %, over the whole range of 64 bits. 4 KiB at most, and only as far as values have come. (The idea is that
//          of HDR Histogram and DDSketch.)
// Owner:   a value.
// Threads: as a value.
// Use:
//     Histogram times;
//     times.add(std::uint64_t{1500});                       // nanoseconds
//     times.quantile(0.99);                                  // 1500: never outside of what was added
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

namespace mw::measure {

class Histogram {
 public:
  static constexpr unsigned steps = 8;  ///< to a power of two
  static constexpr std::size_t classes = steps * 62;
  static constexpr std::uint64_t most_values = std::uint64_t{1} << 48;  ///< that come from elsewhere at a time

  void add(std::uint64_t value) {
    const std::size_t place = class_of(value);
    if (place >= counts_.size()) counts_.resize(place + 1);
    ++counts_[place];
    ++count_;
    sum_ += static_cast<double>(value);
    min_ = std::min(min_, value);
    max_ = std::max(max_, value);
  }

  std::uint64_t count() const noexcept { return count_; }
  double sum() const noexcept { return sum_; }
  std::uint64_t min() const noexcept { return count_ == 0 ? 0 : min_; }
  std::uint64_t max() const noexcept { return max_; }
  double mean() const noexcept { return count_ == 0 ? 0 : sum_ / static_cast<double>(count_); }

  /// So large is a value that this part of all values, 0 to 1, do not exceed; 0 if there are none.
  double quantile(double part) const {
    if (count_ == 0) return 0;
    const auto rank = static_cast<std::uint64_t>(std::ceil(std::clamp(part, 0.0, 1.0) * static_cast<double>(count_)));
    std::uint64_t seen = 0;
    std::size_t place = 0;
    for (; place < counts_.size(); ++place) {
      seen += counts_[place];
      if (seen >= std::max<std::uint64_t>(rank, 1)) break;
    }
    return std::clamp(middle_of(place), static_cast<double>(min_), static_cast<double>(max_));
  }

  /// What the other one has counted counts here, too.
  void add(const Histogram& other) {
    if (other.counts_.size() > counts_.size()) counts_.resize(other.counts_.size());
    for (std::size_t i = 0; i < other.counts_.size(); ++i) counts_[i] += other.counts_[i];
    count_ += other.count_;
    sum_ += other.sum_;
    min_ = std::min(min_, other.min_);
    max_ = std::max(max_, other.max_);
  }

  /// How many values are in each class; classes behind the last one with a value are left out.
  const std::vector<std::uint64_t>& counts() const noexcept { return counts_; }

  /// What was taken apart elsewhere: each class that has values, and how many. Nothing if that is no histogram: the
  /// classes are not in order, or the other numbers do not fit them.
  static std::optional<Histogram> of_parts(double sum, std::uint64_t min, std::uint64_t max,
                                           const std::vector<std::pair<std::uint16_t, std::uint64_t>>& filled) {
    Histogram made;
    made.sum_ = sum;
    made.min_ = min;
    made.max_ = max;
    for (const auto& [place, count] : filled) {
      const bool is_next = place >= made.counts_.size() && place < classes;
      if (!is_next || count == 0 || count > most_values - made.count_) return std::nullopt;
      made.counts_.resize(std::size_t{place} + 1);
      made.counts_.back() = count;
      made.count_ += count;
    }
    return made.is_sound(filled) ? std::optional{std::move(made)} : std::nullopt;
  }

  /// Values up to 7 have a class of their own each; from there on, the three bits behind the first one count.
  static constexpr std::size_t class_of(std::uint64_t value) noexcept {
    if (value < steps) return static_cast<std::size_t>(value);
    const unsigned power = static_cast<unsigned>(std::bit_width(value)) - 1;  // at least 3
    return std::size_t{power - 2} * steps + ((value >> (power - 3)) & (steps - 1));
  }
  /// The least value of a class.
  static constexpr std::uint64_t least_of(std::size_t place) noexcept {
    if (place < steps) return place;
    const auto power = static_cast<unsigned>(place / steps + 2);
    return (std::uint64_t{1} << power) + (std::uint64_t{place % steps} << (power - 3));
  }

 private:
  template <class Filled>
  bool is_sound(const Filled& filled) const {
    if (filled.empty() || std::signbit(sum_) || min_ > max_) return false;
    if (class_of(min_) != filled.front().first || class_of(max_) != filled.back().first) return false;
    const double slack = 1e-6, count = static_cast<double>(count_);  // the sum was rounded with each value
    return sum_ >= count * static_cast<double>(min_) * (1 - slack) && sum_ <= count * static_cast<double>(max_) * (1 + slack);
  }
  static double middle_of(std::size_t place) noexcept {
    const double least = static_cast<double>(least_of(place));
    return place < steps ? least : least * (1 + 0.5 / static_cast<double>(steps + place % steps));
  }

  std::vector<std::uint64_t> counts_;
  std::uint64_t count_ = 0;
  double sum_ = 0;
  std::uint64_t min_ = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t max_ = 0;
};

}  // namespace mw::measure
