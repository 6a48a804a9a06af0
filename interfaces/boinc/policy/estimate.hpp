// What a task of a function costs, learnt from hosts of which none is believed alone.
//
// What:    the median of what the last voters measured. While there are only two, the later one moves what the first
//          one says by no more than a factor, however often it speaks. Pure.
// Owner:   values.
// Threads: any.
// Use:
//     Estimate estimate{known_from_before};
//     estimate.learn("host 3", 2.5e9);  const double operations = estimate.value();
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace mw::boinc {

class Estimate {
 public:
  /// By how much the second voter may move the first one's measurement.
  static constexpr double most_factor = 8;
  static constexpr double least = 1, most = 1e21;  ///< of what is measured
  static constexpr std::size_t most_voters = 15;

  /// `known`: from an earlier run, which counts as the first voter; 0: nothing is known.
  explicit Estimate(double known = 0) {
    if (known > 0) learn("an earlier run", known);
  }

  /// `measured` that is no number, or below 0, counts as nothing.
  void learn(std::string_view voter, double measured) {
    if (!(measured >= 0)) return;
    measured = std::clamp(measured, least, most);
    const auto own = std::find_if(ones_.begin(), ones_.end(), [&](const One& one) { return one.voter == voter; });
    if (own != ones_.end()) {
      own->value += (measured - own->value) / 4;  // tasks differ
    } else {
      if (ones_.size() == most_voters) ones_.erase(ones_.begin());
      ones_.push_back({std::string{voter}, measured});
    }
    value_ = joint();
  }

  /// 0: nothing is known.
  double value() const noexcept { return value_; }

 private:
  struct One {
    std::string voter;
    double value = 0;
  };

  double joint() const {
    if (ones_.size() == 2) {
      const double first = ones_[0].value;
      return std::clamp(std::sqrt(first * ones_[1].value), first / most_factor, first * most_factor);
    }
    std::vector<double> values;
    for (const One& one : ones_) values.push_back(one.value);
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
  }

  double value_ = 0;
  std::vector<One> ones_;  ///< in the order of their first words
};

}  // namespace mw::boinc
