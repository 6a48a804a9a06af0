#include "speedup/table.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "speedup/text_grid.hpp"

namespace mw::tool {
namespace {

constexpr double alpha = 0.05;

template <class Get>
std::vector<double> column(const std::vector<RunTimes>& runs, const Get& get) {
  std::vector<double> values;
  for (const RunTimes& run : runs) values.push_back(get(run));
  return values;
}

std::string seconds(double value) { return fmt::format("{:.2f}", value); }
std::string percent(double value) { return fmt::format("{:.1f}", value); }

/// Against the row with one worker; without one, the first row counts as perfect.
void set_gains(Table& table, Summary TableRow::*times, Gain TableRow::*gain) {
  const TableRow& first = table.rows.front();
  const auto one = std::find_if(table.rows.begin(), table.rows.end(), [](const TableRow& row) { return row.workers == 1; });
  const double base = one != table.rows.end() ? ((*one).*times).median
                                              : (first.*times).median * static_cast<double>(std::min(first.workers, table.cores));
  for (TableRow& row : table.rows) {
    Gain& own = row.*gain;
    own.speedup = base / (row.*times).median;
    own.percent = 100 * own.speedup / static_cast<double>(std::min(row.workers, table.cores));
    own.percent_of_workers = 100 * own.speedup / static_cast<double>(row.workers);
  }
}

std::string about_base(const Table& table) {
  if (table.has_base) return "";
  return fmt::format("No run had 1 worker: the speedup counts from {} workers, taken as perfect.\n", table.rows.front().workers);
}

}  // namespace

std::string to_text(const TableName& name) {
  const std::string varied = name.option.empty() ? "" : fmt::format("{} = {}", name.option, name.value);
  return name.interface.empty() || varied.empty() ? name.interface + varied : fmt::format("{}, {}", name.interface, varied);
}

Table make_table(const Measurements& measurements, const TableName& name, const std::vector<std::uint64_t>& workers,
                 std::uint64_t cores, bool without_start_up) {
  Table table{.name = name, .rows = {}, .cores = 0, .without_start_up = without_start_up};
  for (const std::uint64_t count : workers) {
    const auto& runs = measurements.runs({name.value, name.interface, count});
    // With few workers, not all hosts may have had one.
    for (const RunTimes& run : runs) table.cores = std::max(table.cores, run.cores);
    const auto total = column(runs, [](const RunTimes& run) { return run.total; });
    const auto calculation = column(runs, [](const RunTimes& run) { return run.calculation; });
    TableRow row{.workers = count};
    row.total = summarise(total);
    row.calculation = summarise(calculation);
    row.start_up = summarise(column(runs, [](const RunTimes& run) { return run.start_up; }));
    row.seconds = without_start_up ? row.calculation : row.total;
    row.outliers = grubbs_outlier(without_start_up ? calculation : total, alpha) ? 1 : 0;
    table.runs = runs.size();
    table.has_base = table.has_base || count == 1;
    table.rows.push_back(row);
  }
  table.is_elsewhere = table.cores != 0 && table.cores != cores;
  if (table.cores == 0) table.cores = cores;
  set_gains(table, &TableRow::total, &TableRow::total_gain);
  set_gains(table, &TableRow::calculation, &TableRow::calculation_gain);
  for (TableRow& row : table.rows) row.gain = without_start_up ? row.calculation_gain : row.total_gain;
  return table;
}

std::string to_text(const Table& table, bool markdown) {
  std::vector<std::vector<std::string>> rows{{"Workers", "Seconds", "Speedup", "% of maximum"}};
  if (table.runs > 1) rows[0].emplace_back("Least to most");
  for (const TableRow& row : table.rows) {
    rows.push_back({fmt::format("{}", row.workers), seconds(row.seconds.median), fmt::format("{:.2f}", row.gain.speedup),
                    percent(row.gain.percent)});
    if (table.runs > 1) rows.back().push_back(fmt::format("{:.2f} to {:.2f}", row.seconds.least, row.seconds.most));
  }
  const std::string title = to_text(table.name);
  std::string text = (title.empty() ? "" : title + "\n\n") + text_grid(rows, markdown);
  text += fmt::format("\nThe maximum is min(workers, cores); {} {} core{}.{}\n",
                      table.is_elsewhere ? "the workers' hosts give" : "this machine gives", table.cores,
                      table.cores == 1 ? "" : "s", table.runs > 1 ? fmt::format(" Medians of {} runs in turn.", table.runs) : "");
  text +=
      table.without_start_up
          ? "Seconds count without start-up: from when a worker was ready, on average over the workers, until the work was done.\n"
          : "Seconds count everything, the start and the end of the workers included.\n";
  return text + about_base(table);
}

std::string to_report(const Table& table) {
  std::vector<std::vector<std::string>> rows{{"Workers", "Total", "Start-up", "Calculation", "Speedup", "% of min(workers, cores)",
                                              "% of workers", "Speedup without start-up", "% of min(workers, cores)",
                                              "% of workers"}};
  std::vector<std::vector<std::string>> statistics{
      {"Workers", "Mean", "Standard deviation", "Least", "Median", "Most", "Outliers"}};
  for (const TableRow& row : table.rows) {
    rows.push_back(
        {fmt::format("{}", row.workers), seconds(row.total.median), seconds(row.start_up.median), seconds(row.calculation.median)});
    for (const Gain& gain : {row.total_gain, row.calculation_gain})
      for (const std::string& cell : {fmt::format("{:.2f}", gain.speedup), percent(gain.percent), percent(gain.percent_of_workers)})
        rows.back().push_back(cell);
    statistics.push_back({fmt::format("{}", row.workers), fmt::format("{:.3f}", row.seconds.mean),
                          fmt::format("{:.3f}", row.seconds.deviation), fmt::format("{:.3f}", row.seconds.least),
                          fmt::format("{:.3f}", row.seconds.median), fmt::format("{:.3f}", row.seconds.most),
                          fmt::format("{}", row.outliers)});
  }
  const std::string title = to_text(table.name);
  std::string text = title.empty() ? "" : fmt::format("### {}\n\n", title);
  text += text_grid(rows, true);
  text += fmt::format(
      "\nMedians of {} run{}, seconds. Start-up: until a worker was ready, on average over the workers. Calculation: from then "
      "until the "
      "work was done. The total has the workers' end, too.\n{}",
      table.runs, table.runs == 1 ? "" : "s", about_base(table));
  text += fmt::format("\nThe {}:\n\n", table.without_start_up ? "calculation" : "total");
  text += text_grid(statistics, true);
  text += fmt::format("\nOutliers by Grubbs' test, two-sided, α = {}.\n", alpha);
  return text;
}

std::string to_side_by_side(const std::vector<Table>& tables, bool markdown) {
  const Table& first = tables.front();
  const bool varies = !first.name.option.empty();
  // Tables of one value stand together; each is a column.
  const auto columns = static_cast<std::size_t>(
      std::count_if(tables.begin(), tables.end(), [&](const Table& table) { return table.name.value == first.name.value; }));
  std::vector<std::vector<std::string>> grid(1);
  if (varies) grid[0].push_back(first.name.option);
  grid[0].emplace_back("Workers");
  for (std::size_t i = 0; i < columns; ++i)
    grid[0].push_back(tables[i].name.interface.empty() ? "Seconds" : tables[i].name.interface);
  bool any_outlier = false;
  for (std::size_t at = 0; at < tables.size(); at += columns)
    for (std::size_t i = 0; i < first.rows.size(); ++i) {
      auto& cells = grid.emplace_back();
      if (varies) cells.push_back(tables[at].name.value);
      cells.push_back(fmt::format("{}", first.rows[i].workers));
      for (std::size_t column = 0; column < columns; ++column) {
        const TableRow& row = tables[at + column].rows[i];
        cells.push_back(fmt::format("{:.3f} ± {:.3f}{}", row.seconds.mean, row.seconds.deviation, row.outliers > 0 ? "*" : ""));
        any_outlier = any_outlier || row.outliers > 0;
      }
    }
  return text_grid(grid, markdown) +
         fmt::format("\n{}, seconds: mean ± standard deviation of {} run{} in turn{}.\n",
                     first.without_start_up ? "Calculation" : "Total", first.runs, first.runs == 1 ? "" : "s",
                     any_outlier ? fmt::format("; * one of them is an outlier by Grubbs' test, two-sided, α = {}", alpha) : "");
}

std::string to_csv(const std::vector<Table>& tables) {
  std::string text =
      "value,interface,workers,runs,total_median_s,start_up_median_s,calculation_median_s,"
      "speedup,percent_of_maximum,percent_of_workers,"
      "calculation_speedup,calculation_percent_of_maximum,calculation_percent_of_workers,"
      "mean_s,standard_deviation_s,least_s,most_s,outliers\n";
  for (const Table& table : tables)
    for (const TableRow& row : table.rows) {
      text += fmt::format("\"{}\",\"{}\",{},{},{:.6f},{:.6f},{:.6f}", table.name.value, table.name.interface, row.workers,
                          table.runs, row.total.median, row.start_up.median, row.calculation.median);
      for (const Gain& gain : {row.total_gain, row.calculation_gain})
        text += fmt::format(",{:.4f},{:.2f},{:.2f}", gain.speedup, gain.percent, gain.percent_of_workers);
      text += fmt::format(",{:.6f},{:.6f},{:.6f},{:.6f},{}\n", row.seconds.mean, row.seconds.deviation, row.seconds.least,
                          row.seconds.most, row.outliers);
    }
  return text;
}

boost::json::array to_json(const Table& table) {
  boost::json::array rows;
  for (const TableRow& row : table.rows) {
    boost::json::object object{{"workers", row.workers},
                               {"seconds", row.seconds.median},
                               {"least_seconds", row.seconds.least},
                               {"most_seconds", row.seconds.most},
                               {"mean_seconds", row.seconds.mean},
                               {"standard_deviation_seconds", row.seconds.deviation},
                               {"start_up_seconds", row.start_up.median},
                               {"calculation_seconds", row.calculation.median},
                               {"total_seconds", row.total.median},
                               {"outliers", row.outliers},
                               {"speedup", row.gain.speedup},
                               {"percent_of_maximum", row.gain.percent},
                               {"percent_of_workers", row.gain.percent_of_workers}};
    if (!table.name.interface.empty()) object["interface"] = table.name.interface;
    if (!table.name.option.empty()) object[table.name.option] = table.name.value;
    rows.push_back(std::move(object));
  }
  return rows;
}

}  // namespace mw::tool
