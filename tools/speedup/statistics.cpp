#include "speedup/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <boost/math/distributions/students_t.hpp>

namespace mw::tool {

Summary summarise(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const auto count = static_cast<double>(values.size());
  Summary summary;
  summary.mean = std::accumulate(values.begin(), values.end(), 0.0) / count;
  for (const double value : values) summary.deviation += (value - summary.mean) * (value - summary.mean);
  summary.deviation = values.size() > 1 ? std::sqrt(summary.deviation / (count - 1)) : 0;
  summary.least = values.front();
  summary.most = values.back();
  const std::size_t middle = values.size() / 2;
  summary.median = values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
  return summary;
}

std::optional<std::size_t> grubbs_outlier(const std::vector<double>& values, double alpha) {
  if (values.size() < 3) return std::nullopt;
  const Summary summary = summarise(values);
  if (summary.deviation <= 0) return std::nullopt;
  const auto farthest = std::max_element(
      values.begin(), values.end(), [&](double a, double b) { return std::abs(a - summary.mean) < std::abs(b - summary.mean); });
  const auto n = static_cast<double>(values.size());
  const boost::math::students_t distribution{n - 2};
  const double t = boost::math::quantile(boost::math::complement(distribution, alpha / (2 * n)));
  const double critical = (n - 1) / std::sqrt(n) * std::sqrt(t * t / (n - 2 + t * t));
  if (std::abs(*farthest - summary.mean) / summary.deviation <= critical) return std::nullopt;
  return static_cast<std::size_t>(farthest - values.begin());
}

}  // namespace mw::tool
