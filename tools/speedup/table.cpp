#include "speedup/table.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace mw::tool {
namespace {

constexpr double alpha = 0.05;

template <class Get>
std::vector<double> column(const std::vector<RunTimes>& runs, const Get& get) {
  std::vector<double> values;
  for (const RunTimes& run : runs) values.push_back(get(run));
  return values;
}

std::string title_of(const Table& table) { return table.interface.empty() ? std::string{} : table.interface + "\n\n"; }

std::string line_of(const std::vector<std::string>& cells, const std::vector<std::size_t>& widths, bool markdown) {
  std::string line = markdown ? "| " : "";
  for (std::size_t i = 0; i < cells.size(); ++i)
    line += fmt::format("{}{:>{}}", i == 0 ? "" : (markdown ? " | " : "   "), cells[i], widths[i]);
  return line + (markdown ? " |\n" : "\n");
}

/// Right-aligned columns; the first row is the head.
std::string grid(const std::vector<std::vector<std::string>>& rows, bool markdown) {
  std::vector<std::size_t> widths(rows.front().size());
  for (const auto& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  std::string text = line_of(rows.front(), widths, markdown);
  if (markdown) {
    text += "|";
    for (std::size_t i = 0; i < widths.size(); ++i) text += " ---: |";
    text += "\n";
  }
  for (std::size_t i = 1; i < rows.size(); ++i) text += line_of(rows[i], widths, markdown);
  return text;
}

std::string seconds(double value) { return fmt::format("{:.2f}", value); }

}  // namespace

Table make_table(const Measurements& measurements, const std::string& interface, const std::vector<std::uint64_t>& workers,
                 std::uint64_t cores, bool without_start_up) {
  Table table{.interface = interface, .rows = {}, .cores = cores, .without_start_up = without_start_up};
  for (const std::uint64_t count : workers) {
    const auto& runs = measurements.runs({interface, count});
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
  const auto base_row = std::find_if(table.rows.begin(), table.rows.end(), [](const TableRow& row) { return row.workers == 1; });
  const TableRow& first = table.rows.front();
  const double base =
      table.has_base ? base_row->seconds.median : first.seconds.median * static_cast<double>(std::min(first.workers, cores));
  for (TableRow& row : table.rows) {
    row.speedup = base / row.seconds.median;
    row.percent = 100 * row.speedup / static_cast<double>(std::min(row.workers, cores));
    row.percent_of_workers = 100 * row.speedup / static_cast<double>(row.workers);
  }
  return table;
}

std::string to_text(const Table& table, bool markdown) {
  std::vector<std::vector<std::string>> rows{{"Workers", "Seconds", "Speedup", "% of maximum"}};
  if (table.runs > 1) rows[0].emplace_back("Least to most");
  for (const TableRow& row : table.rows) {
    rows.push_back({fmt::format("{}", row.workers), seconds(row.seconds.median), fmt::format("{:.2f}", row.speedup),
                    fmt::format("{:.1f}", row.percent)});
    if (table.runs > 1) rows.back().push_back(fmt::format("{:.2f} to {:.2f}", row.seconds.least, row.seconds.most));
  }
  std::string text = title_of(table) + grid(rows, markdown);
  text += fmt::format("\nThe maximum is min(workers, cores); this machine gives {} core{}.{}\n", table.cores,
                      table.cores == 1 ? "" : "s", table.runs > 1 ? fmt::format(" Medians of {} runs in turn.", table.runs) : "");
  if (table.without_start_up) text += "Seconds count from when all workers were ready until the work was done.\n";
  if (!table.has_base)
    text += fmt::format("No run had 1 worker: the speedup counts from {} workers, taken as perfect.\n", table.rows.front().workers);
  return text;
}

std::string to_report(const Table& table) {
  std::vector<std::vector<std::string>> rows{
      {"Workers", "Total", "Start-up", "Calculation", "Speedup", "% of min(workers, cores)", "% of workers"}};
  std::vector<std::vector<std::string>> statistics{
      {"Workers", "Mean", "Standard deviation", "Least", "Median", "Most", "Outliers"}};
  for (const TableRow& row : table.rows) {
    rows.push_back({fmt::format("{}", row.workers), seconds(row.total.median), seconds(row.start_up.median),
                    seconds(row.calculation.median), fmt::format("{:.2f}", row.speedup), fmt::format("{:.1f}", row.percent),
                    fmt::format("{:.1f}", row.percent_of_workers)});
    statistics.push_back({fmt::format("{}", row.workers), fmt::format("{:.3f}", row.seconds.mean),
                          fmt::format("{:.3f}", row.seconds.deviation), fmt::format("{:.3f}", row.seconds.least),
                          fmt::format("{:.3f}", row.seconds.median), fmt::format("{:.3f}", row.seconds.most),
                          fmt::format("{}", row.outliers)});
  }
  std::string text = table.interface.empty() ? "" : fmt::format("### {}\n\n", table.interface);
  text += grid(rows, true);
  text += fmt::format("\nMedians of {} run{}, seconds; the speedup is of the {}.\n\n", table.runs, table.runs == 1 ? "" : "s",
                      table.without_start_up ? "calculation" : "total");
  text += grid(statistics, true);
  text += fmt::format("\nOutliers by Grubbs' test, two-sided, α = {}.\n", alpha);
  return text;
}

std::string to_csv(const std::vector<Table>& tables) {
  std::string text =
      "interface,workers,runs,total_median_s,start_up_median_s,calculation_median_s,speedup,percent_of_maximum,percent_of_workers,"
      "mean_s,"
      "standard_deviation_s,least_s,most_s,outliers\n";
  for (const Table& table : tables)
    for (const TableRow& row : table.rows)
      text += fmt::format("\"{}\",{},{},{:.6f},{:.6f},{:.6f},{:.4f},{:.2f},{:.2f},{:.6f},{:.6f},{:.6f},{:.6f},{}\n",
                          table.interface, row.workers, table.runs, row.total.median, row.start_up.median, row.calculation.median,
                          row.speedup, row.percent, row.percent_of_workers, row.seconds.mean, row.seconds.deviation,
                          row.seconds.least, row.seconds.most, row.outliers);
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
                               {"speedup", row.speedup},
                               {"percent_of_maximum", row.percent},
                               {"percent_of_workers", row.percent_of_workers}};
    if (!table.interface.empty()) object["interface"] = table.interface;
    rows.push_back(std::move(object));
  }
  return rows;
}

}  // namespace mw::tool
