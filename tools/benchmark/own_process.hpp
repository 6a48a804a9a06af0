// Measures that each run in a process of their own, so that none leaves anything to the next.
//
// What:    a program's measures by name; `PROGRAM measure NAME …` runs one and prints a number, which whoever makes the
//          table reads.
// Owner:   values.
// Threads: main's.
// Use:
//     const double rate = value_of_own_process({"measure", "noop", "1000"});
#pragma once

#include <algorithm>
#include <exception>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <mw/error.hpp>

#include "mw/run_program.hpp"
#include "parse/number.hpp"
#include "process/standard_streams.hpp"

namespace mw::bench {

/// Of this program, run again with these words. Throws Error if it prints no number.
inline double value_of_own_process(const std::vector<std::string>& words) {
  const auto value = parse::leading_number<double>(tool::run_for_output(std::filesystem::read_symlink("/proc/self/exe"), words));
  if (!value) throw Error{fmt::format("\"{}\" could not be measured", words.at(1))};
  return *value;
}

/// Prints what the measure of this name says. Throws UsageError if there is none.
template <class Measure, class Given>
void print_measure(const std::vector<std::pair<std::string, Measure>>& measures, const std::string& name, const Given& given) {
  const auto measure = std::find_if(measures.begin(), measures.end(), [&](const auto& known) { return known.first == name; });
  if (measure == measures.end()) throw UsageError{fmt::format("there is no measure \"{}\"", name)};
  process::print(fmt::format("{:.6f}\n", measure->second(given)));
}

/// A row of a table in Markdown, at once.
inline void print_row(const std::string& what, const std::string& value, const std::string& wanted) {
  process::print(fmt::format("| {} | {} | {} |\n", what, value, wanted));
  process::flush_stdout();
}

inline double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

/// The exit status of a program that does this.
inline int status_of(std::string_view program, const std::function<void()>& work) {
  try {
    work();
    return 0;
  } catch (const std::exception& e) {
    process::tell(fmt::format("{}: {}\n", program, e.what()));
    return 1;
  }
}

}  // namespace mw::bench
