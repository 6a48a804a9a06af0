// Speedup tables out of measurements.
//
// What:    a Table is the rows of one interface (and one value of the option that varies): times, speedup, % of
//          maximum. Text and Markdown in the form of PyMW's Tables 1 and 2, with the statistics of CASCON'16;
//          interfaces side by side; CSV; a plot.
// Owner:   values.
// Threads: any.
// Use:
//     const Table table = make_table(measurements, {.interface = "multicore"}, {1, 2, 4}, cores, false);
//     print(to_markdown(table));
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <boost/json.hpp>

#include "speedup/measurements.hpp"
#include "speedup/statistics.hpp"

namespace mw::tool {

/// What one number of workers gains.
struct Gain {
  double speedup = 0;
  double percent = 0;             ///< of min(workers, cores)
  double percent_of_workers = 0;  ///< of the number of workers
};

struct TableRow {
  std::uint64_t workers = 0;
  Summary seconds = {};  ///< of what the table is about: total, or calculation
  Summary total = {}, start_up = {}, calculation = {};
  Gain gain = {};  ///< of what the table is about
  Gain total_gain = {}, calculation_gain = {};
  std::size_t outliers = 0;  ///< by Grubbs' test, α = 0.05
};

/// Which runs a table is about.
struct TableName {
  std::string option = {};     ///< the one that varies, without its dashes; empty: none
  std::string value = {};      ///< of that option
  std::string interface = {};  ///< empty: the application's own choice
};

/// "multicore, points = 1e6"; empty if there is nothing to say.
std::string to_text(const TableName& name);

struct Table {
  TableName name;
  std::vector<TableRow> rows;
  std::uint64_t cores = 1;    ///< that the maximum counts with
  bool is_elsewhere = false;  ///< the cores are not those of this machine
  std::size_t runs = 1;
  bool without_start_up = false;
  bool has_base = false;  ///< a row has one worker; else the first row counts as perfect
};

Table make_table(const Measurements& measurements, const TableName& name, const std::vector<std::uint64_t>& workers,
                 std::uint64_t cores, bool without_start_up);

std::string to_text(const Table& table, bool markdown);
/// Interfaces as columns, mean and standard deviation in a cell; rows are the values of the option that varies, and
/// numbers of workers.
std::string to_side_by_side(const std::vector<Table>& tables, bool markdown);
/// Everything there is, for a report: the table, then means, deviations, outliers.
std::string to_report(const Table& table);
/// One line for each row of each table, with a head.
std::string to_csv(const std::vector<Table>& tables);
boost::json::array to_json(const Table& table);
/// Speedup over workers, with the maximum as a line; SVG.
std::string to_svg(const std::vector<Table>& tables, const std::string& title);

}  // namespace mw::tool
