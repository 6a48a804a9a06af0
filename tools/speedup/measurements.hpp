// The runs of a speedup measurement.
//
// What:    a Series is the runs of one value of the option that varies, one interface and one number of workers;
//          Measurements keeps them all, and in a file, so that what was interrupted goes on.
// Owner:   values; the file is its own.
// Threads: main's.
// Use:
//     Measurements measurements{"out/runs.jsonl", command};  if (measurements.count(key) < 5) measurements.add(key, run);
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <boost/json.hpp>

namespace mw::tool {

/// What one run took, seconds.
struct RunTimes {
  double total = 0;         ///< with the start and the end of the workers
  double start_up = 0;      ///< until a worker was ready, on average over the workers
  double calculation = 0;   ///< from then until the work was done
  std::uint64_t cores = 0;  ///< of all its workers' hosts; 0: it did not say
};

struct SeriesKey {
  std::string value = {};      ///< of the option that varies; empty: none does
  std::string interface = {};  ///< empty: the application's own choice
  std::uint64_t workers = 0;
  auto operator<=>(const SeriesKey&) const = default;
};

class Measurements {
 public:
  /// `path` is where runs are kept; empty: nowhere. Runs of the same command that are there already count. Throws Error
  /// for a file of another command's runs. With `results_may_differ`, runs that found something else are kept, too.
  Measurements(const std::string& path, std::string command, bool results_may_differ = false);

  /// Throws Error if the run found something else than those of the same value before it, or is no run of a CppMW
  /// application.
  void add(const SeriesKey& key, const boost::json::object& run);
  std::size_t count(const SeriesKey& key) const;
  const std::vector<RunTimes>& runs(const SeriesKey& key) const { return series_.at(key); }
  /// Of the first run with this value of the option that varies.
  const boost::json::value& result(const std::string& value) const { return results_.at(value).front(); }
  std::size_t different_results(const std::string& value) const { return results_.at(value).size(); }
  std::size_t found() const noexcept { return found_; }  ///< runs that were there already

 private:
  void take(const SeriesKey& key, const boost::json::object& run);
  void take_line(const boost::json::object& line);
  [[noreturn]] void refuse_line() const;
  void cut_to(std::uintmax_t size) const;

  const std::string path_;
  const std::string command_;
  std::map<SeriesKey, std::vector<RunTimes>> series_;
  const bool results_may_differ_;
  std::map<std::string, std::vector<boost::json::value>> results_;  ///< of each value of the option that varies, those that differ
  std::size_t found_ = 0;
};

}  // namespace mw::tool
