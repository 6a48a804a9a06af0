// What is said of several runs of one kind.
//
// What:    mean, sample standard deviation, least, most, median; Grubbs' test for an outlier, two-sided (Grubbs 1969;
//          the critical value by Student's t as in the NIST/SEMATECH handbook, 1.3.5.17.1).
// Owner:   values.
// Threads: any.
// Use:
//     const Summary summary = summarise(seconds);
//     if (auto outlier = grubbs_outlier(seconds, 0.05)) …
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

namespace mw::tool {

struct Summary {
  double mean = 0;
  double deviation = 0;  ///< of the sample, over n - 1; 0 for one value
  double least = 0;
  double median = 0;
  double most = 0;
};

/// Of one value or more.
Summary summarise(std::vector<double> values);

/// The index of the value that is an outlier at this level of significance; nothing for fewer than three values.
std::optional<std::size_t> grubbs_outlier(const std::vector<double>& values, double alpha);

}  // namespace mw::tool
