// How many iterations of z² + c a point c takes to leave the circle of radius 2.
#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include <boost/multiprecision/cpp_bin_float.hpp>

namespace apps {

/// As far as double-precision numbers tell neighbours apart; `most` if it stays inside.
inline std::uint32_t escape_count(double x0, double y0, std::uint64_t most) {
  double x = 0, y = 0;
  std::uint32_t count = 0;
  for (double xx = 0, yy = 0; xx + yy <= 4 && count < most; ++count) {
    y = 2 * x * y + y0;
    x = xx - yy + x0;
    xx = x * x;
    yy = y * y;
  }
  return count;
}

/// The same for points close to one whose orbit is known to 1024 bits: what is iterated is the difference to that
/// orbit, which double-precision numbers have as exactly as any (Martin, "SuperFractalThing", 2013). Where the
/// difference would get larger than the point itself, or the orbit ends, it goes on from the orbit's begin, so that no
/// digits are lost.
class ReferenceOrbit {
 public:
  /// Of a point in decimal digits.
  ReferenceOrbit(const std::string& x0, const std::string& y0, std::uint64_t most) : most_{most} {
    using Number = boost::multiprecision::number<boost::multiprecision::cpp_bin_float<1024, boost::multiprecision::digit_base_2>,
                                                 boost::multiprecision::et_off>;
    const Number real{x0}, imaginary{y0};
    Number x = 0, y = 0;
    x_.push_back(0);
    y_.push_back(0);
    for (std::uint64_t i = 0; i < most; ++i) {
      const Number product = x * y;
      x = x * x - y * y + real;
      y = product + product + imaginary;
      x_.push_back(x.convert_to<double>());
      y_.push_back(y.convert_to<double>());
      if (x_.back() * x_.back() + y_.back() * y_.back() > 4) break;
    }
  }

  /// Of the point that is (dx0, dy0) away.
  std::uint32_t escape_count(double dx0, double dy0) const {
    double dx = 0, dy = 0;
    std::size_t at = 0;
    std::uint32_t count = 0;
    while (count < most_) {
      const double sum_x = 2 * x_[at] + dx, sum_y = 2 * y_[at] + dy;
      const double next = sum_x * dx - sum_y * dy + dx0;
      dy = sum_x * dy + sum_y * dx + dy0;
      dx = next;
      ++at;
      ++count;
      const double x = x_[at] + dx, y = y_[at] + dy, size = x * x + y * y;
      if (size > 4) break;
      if (size < dx * dx + dy * dy || at + 1 == x_.size()) {
        dx = x;
        dy = y;
        at = 0;
      }
    }
    return count;
  }

 private:
  std::uint64_t most_;
  std::vector<double> x_, y_;
};

}  // namespace apps
