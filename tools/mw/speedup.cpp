#include "mw/speedup.hpp"

#include <algorithm>
#include <cstdio>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <boost/json.hpp>

#include <mw/error.hpp>

#include "mw/run_program.hpp"
#include "process/cores.hpp"

namespace mw::tool {
namespace {

struct Row {
  std::uint64_t workers = 0;
  std::vector<double> seconds = {};  ///< sorted when all runs are done
  double median() const { return seconds[seconds.size() / 2]; }
};

struct Table {
  std::vector<Row> rows;
  boost::json::object first;  ///< what the first run printed
  std::uint64_t cores = 1;

  /// The time of one worker: of the row that has one, else of the first row as if it had been perfect.
  double base() const {
    for (const Row& row : rows)
      if (row.workers == 1) return row.median();
    return rows.front().median() * static_cast<double>(std::min(rows.front().workers, cores));
  }
  bool has_base() const {
    return std::any_of(rows.begin(), rows.end(), [](const Row& row) { return row.workers == 1; });
  }
  double speedup(const Row& row) const { return base() / row.median(); }
  double percent(const Row& row) const { return 100 * speedup(row) / static_cast<double>(std::min(row.workers, cores)); }
};

boost::json::object run_once(const SpeedupOptions& options, std::uint64_t workers) {
  auto arguments = options.arguments;
  arguments.insert(arguments.end(), {"-n", fmt::format("{}", workers), "--json"});
  const std::string output = run_for_output(options.program, arguments);
  boost::json::error_code error;
  boost::json::value value = boost::json::parse(output, error);
  if (error || !value.is_object() || !value.as_object().contains("total_seconds") || !value.as_object().contains("result"))
    throw Error{fmt::format("{} printed no JSON object of a CppMW application", options.program)};
  return value.as_object();
}

double seconds_of(const SpeedupOptions& options, const boost::json::object& run) {
  const char* const key = options.without_start_up ? "calculation_seconds" : "total_seconds";
  const auto* value = run.if_contains(key);
  if (!value || !value->is_number()) throw Error{fmt::format("the run's {} is no number", key)};
  return value->to_number<double>();
}

void show_progress(const SpeedupOptions& options, std::uint64_t workers, std::uint64_t round) {
  if (!options.progress) return;
  fmt::print(stderr, "\r\x1b[K{} worker{}, run {} of {} …", workers, workers == 1 ? "" : "s", round + 1, options.runs);
  std::fflush(stderr);
}

Table measure(const SpeedupOptions& options) {
  Table table;
  table.cores = process::available_cores();
  for (const auto workers : options.workers) table.rows.push_back({.workers = workers});
  for (std::uint64_t round = 0; round < options.runs; ++round) {
    for (Row& row : table.rows) {
      show_progress(options, row.workers, round);
      const auto run = run_once(options, row.workers);
      if (table.first.empty()) table.first = run;
      if (run.at("result") != table.first.at("result"))
        throw Error{fmt::format("with {} workers the result is {}, with {} it was {}", row.workers,
                                boost::json::serialize(run.at("result")), table.rows.front().workers,
                                boost::json::serialize(table.first.at("result")))};
      row.seconds.push_back(seconds_of(options, run));
    }
  }
  if (options.progress) fmt::print(stderr, "\r\x1b[K");
  for (Row& row : table.rows) std::sort(row.seconds.begin(), row.seconds.end());
  return table;
}

void print_json(const SpeedupOptions& options, const Table& table) {
  boost::json::array rows;
  for (const Row& row : table.rows)
    rows.push_back({{"workers", row.workers},
                    {"seconds", row.median()},
                    {"least_seconds", row.seconds.front()},
                    {"most_seconds", row.seconds.back()},
                    {"speedup", table.speedup(row)},
                    {"percent_of_maximum", table.percent(row)}});
  const boost::json::object all{{"program", options.program},
                                {"cores", table.cores},
                                {"runs", options.runs},
                                {"result", table.first.at("result")},
                                {"rows", rows}};
  fmt::print("{}\n", boost::json::serialize(all));
}

void print_result(const Table& table) {
  const auto& result = table.first.at("result");
  if (!result.is_object()) return;
  for (const auto& [key, value] : result.as_object()) {
    const std::string_view name{key.data(), key.size()};
    if (value.is_double())
      fmt::print("{} = {:.10g}\n", name, value.as_double());
    else
      fmt::print("{} = {}\n", name, boost::json::serialize(value));
  }
  fmt::print("\n");
}

void print_table(const SpeedupOptions& options, const Table& table) {
  const bool spread = options.runs > 1;
  const auto line = [&](auto workers, auto seconds, auto speedup, auto percent, auto range) {
    const char* bar = options.markdown ? "| " : "";
    const char* between = options.markdown ? " | " : "   ";
    fmt::print("{}{:>7}{}{:>8}{}{:>7}{}{:>12}", bar, workers, between, seconds, between, speedup, between, percent);
    if (spread) fmt::print("{}{:>17}", between, range);
    fmt::print("{}\n", options.markdown ? " |" : "");
  };
  line("Workers", "Seconds", "Speedup", "% of maximum", "Least to most");
  if (options.markdown) fmt::print("| ---: | ---: | ---: | ---: |{}\n", spread ? " ---: |" : "");
  for (const Row& row : table.rows)
    line(row.workers, fmt::format("{:.2f}", row.median()), fmt::format("{:.2f}", table.speedup(row)),
         fmt::format("{:.1f}", table.percent(row)), fmt::format("{:.2f} to {:.2f}", row.seconds.front(), row.seconds.back()));
  fmt::print("\nThe maximum is min(workers, cores); this machine gives {} core{}.{}\n", table.cores, table.cores == 1 ? "" : "s",
             spread ? fmt::format(" Medians of {} runs in turn.", options.runs) : "");
  if (options.without_start_up) fmt::print("Seconds count from when all workers were ready until the work was done.\n");
  if (!table.has_base())
    fmt::print("No run had 1 worker: the speedup counts from {} workers, taken as perfect.\n", table.rows.front().workers);
}

}  // namespace

void speedup(SpeedupOptions options) {
  if (options.workers.empty()) options.workers = {1, 2, 2 * std::uint64_t{process::available_cores()}};
  std::sort(options.workers.begin(), options.workers.end());
  options.workers.erase(std::unique(options.workers.begin(), options.workers.end()), options.workers.end());
  const Table table = measure(options);
  if (options.json) {
    print_json(options, table);
    return;
  }
  print_result(table);
  print_table(options, table);
}

}  // namespace mw::tool
