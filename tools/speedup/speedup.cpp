#include "speedup/speedup.hpp"

#include <sys/utsname.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <boost/json.hpp>

#include <mw/app.hpp>

#include "mw/run_program.hpp"
#include "process/cores.hpp"
#include "process/file.hpp"
#include "process/standard_streams.hpp"
#include "speedup/interface_list.hpp"
#include "speedup/progress.hpp"
#include "speedup/table.hpp"

namespace mw::tool {
namespace {

/// An option of the application, and the values that it takes.
struct Varied {
  std::string option;                      ///< without its dashes; empty: none varies
  std::vector<std::string> values = {""};  ///< as they were written
};

Varied varied_of(const std::string& text) {
  if (text.empty()) return {};
  const std::size_t equals = text.find('=');
  const std::size_t dashes = std::min(text.find_first_not_of('-'), text.size());
  if (equals == std::string::npos || equals <= dashes)
    throw UsageError{fmt::format("--vary wants an option of the application and its values, points=1e6,1e7, not \"{}\"", text)};
  Varied varied{text.substr(dashes, equals - dashes), {}};
  for (std::size_t at = equals + 1; at <= text.size();) {
    const std::size_t comma = std::min(text.find(',', at), text.size());
    if (comma == at) throw UsageError{fmt::format("--vary has an empty value in \"{}\"", text)};
    const std::string value = text.substr(at, comma - at);
    if (std::find(varied.values.begin(), varied.values.end(), value) != varied.values.end())
      throw UsageError{fmt::format("--vary has the value {} twice", value)};
    varied.values.push_back(value);
    at = comma + 1;
  }
  return varied;
}

std::string command_of(const SpeedupOptions& options, const Varied& varied) {
  return fmt::format("{} {}{}{}", options.program, fmt::join(options.arguments, " "), varied.option.empty() ? "" : " --",
                     varied.option);
}

boost::json::object run_once(const SpeedupOptions& options, const Varied& varied, const SeriesKey& key) {
  auto arguments = options.arguments;
  if (!varied.option.empty()) arguments.insert(arguments.end(), {"--" + varied.option, key.value});
  if (!key.interface.empty()) arguments.insert(arguments.end(), {"-i", key.interface});
  arguments.insert(arguments.end(), {"-n", fmt::format("{}", key.workers), "--json"});
  const std::string output = run_for_output(options.program, arguments);
  boost::json::error_code error;
  boost::json::value value = boost::json::parse(output, error);
  if (error || !value.is_object()) throw Error{fmt::format("{} printed no JSON object of a CppMW application", options.program)};
  return value.as_object();
}

void measure(const SpeedupOptions& options, const Varied& varied, Measurements& measurements) {
  std::vector<SeriesKey> keys;
  for (const std::string& value : varied.values)
    for (const std::string& interface : options.interfaces)
      for (const std::uint64_t workers : options.workers) keys.push_back({value, interface, workers});
  std::size_t due = 0;
  for (const SeriesKey& key : keys) due += options.runs - std::min<std::size_t>(options.runs, measurements.count(key));
  Progress progress{options.progress, due};
  if (options.warm_up && due > 0)
    for (const std::string& interface : options.interfaces) {
      progress.show("warm-up");
      run_once(options, varied, {varied.values.front(), interface, options.workers.back()});
    }
  for (std::size_t round = 0; round < options.runs; ++round)
    for (const SeriesKey& key : keys) {
      if (measurements.count(key) > round) continue;
      const std::string name = to_text(TableName{varied.option, key.value, key.interface});
      progress.show(fmt::format("{}{}{} worker{}", name, name.empty() ? "" : ", ", key.workers, key.workers == 1 ? "" : "s"));
      measurements.add(key, run_once(options, varied, key));
      progress.advance();
    }
}

std::string machine() {
  std::string model = "unknown processor";
  std::ifstream file{"/proc/cpuinfo"};
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("model name")) {
      model = line.substr(line.find(':') + 2);
      break;
    }
  utsname system = {};
  ::uname(&system);
  return fmt::format("{}, {} core{} for this program, {} {} ({})", model, process::available_cores(),
                     process::available_cores() == 1 ? "" : "s", system.sysname, system.release, system.machine);
}

/// What must be known of results that differ; empty if they do not.
std::string about_differences(const Measurements& measurements, const std::string& value, std::string_view end) {
  const std::size_t count = measurements.different_results(value);
  if (count < 2) return {};
  return fmt::format("Results differed between the runs{}{} (--results-may-differ): {} different ones, the first is shown.{}",
                     value.empty() ? "" : " for ", value, count, end);
}

void write_report(const SpeedupOptions& options, const Varied& varied, const std::vector<Table>& tables,
                  const Measurements& measurements) {
  std::string report = fmt::format("# Speedup of `{}`\n\nMeasured on: {}.\n\n", command_of(options, varied), machine());
  for (const std::string& value : varied.values)
    report += fmt::format("Result{}{}: `{}`\n\n{}", value.empty() ? "" : " for ", value,
                          boost::json::serialize(measurements.result(value)), about_differences(measurements, value, "\n\n"));
  report += "![speedup](speedup.svg)\n\n" + to_side_by_side(tables, true);
  for (const Table& table : tables) report += "\n" + to_report(table);
  process::write_file(options.out + "/report.md", report);
  process::write_file(options.out + "/speedup.csv", to_csv(tables));
  process::write_file(options.out + "/speedup.svg", to_svg(tables, std::filesystem::path{options.program}.filename().string()));
}

void print_json(const SpeedupOptions& options, const Varied& varied, const std::vector<Table>& tables,
                const Measurements& measurements) {
  boost::json::array rows;
  for (const Table& table : tables)
    for (const boost::json::value& row : to_json(table)) rows.push_back(row);
  boost::json::object all{
      {"program", valid_utf8(options.program)}, {"machine", machine()}, {"cores", tables.front().cores}, {"runs", options.runs}};
  if (varied.option.empty()) {
    all["result"] = measurements.result("");
    all["different_results"] = measurements.different_results("");
  } else {
    boost::json::object results, different;
    for (const std::string& value : varied.values) {
      results[valid_utf8(value)] = measurements.result(value);
      different[valid_utf8(value)] = measurements.different_results(value);
    }
    all["results"] = std::move(results);
    all["different_results"] = std::move(different);
  }
  all["rows"] = std::move(rows);
  process::print(fmt::format("{}\n", boost::json::serialize(all)));
}

void print_result(const boost::json::value& result) {
  if (!result.is_object()) return;
  for (const auto& [key, value] : result.as_object()) {
    const std::string_view name{key.data(), key.size()};
    if (value.is_double())
      process::print(fmt::format("{} = {:.10g}\n", name, value.as_double()));
    else
      process::print(fmt::format("{} = {}\n", name, boost::json::serialize(value)));
  }
  process::print("\n");
}

}  // namespace

void speedup(SpeedupOptions options) {
  for (const std::string& text : std::exchange(options.interfaces, {}))
    for (std::string& spec : interfaces_in(text)) options.interfaces.push_back(std::move(spec));
  if (options.interfaces.empty()) options.interfaces = {""};
  if (options.workers.empty()) options.workers = {1, 2, 2 * std::uint64_t{process::available_cores()}};
  std::sort(options.workers.begin(), options.workers.end());
  options.workers.erase(std::unique(options.workers.begin(), options.workers.end()), options.workers.end());
  if (!options.out.empty()) {
    std::error_code error;
    std::filesystem::create_directories(options.out, error);
    if (error) throw Error{fmt::format("the folder {} cannot be made: {}", options.out, error.message())};
  }
  const Varied varied = varied_of(options.vary);
  Measurements measurements{options.out.empty() ? std::string{} : options.out + "/runs.jsonl", command_of(options, varied),
                            options.results_may_differ};
  if (measurements.found() > 0) process::tell(fmt::format("{} runs are there already\n", measurements.found()));
  measure(options, varied, measurements);
  std::vector<Table> tables;
  for (const std::string& value : varied.values)
    for (const std::string& interface : options.interfaces)
      tables.push_back(make_table(measurements, {varied.option, value, interface}, options.workers, process::available_cores(),
                                  options.without_start_up));
  if (!options.out.empty()) write_report(options, varied, tables, measurements);
  if (options.json) return print_json(options, varied, tables, measurements);
  for (const std::string& value : varied.values) process::print(about_differences(measurements, value, "\n\n"));
  if (options.side_by_side) return process::print(to_side_by_side(tables, options.markdown));
  if (varied.option.empty() && !options.statistics) print_result(measurements.result(""));
  for (std::size_t i = 0; i < tables.size(); ++i)
    process::print(
        fmt::format("{}{}", i == 0 ? "" : "\n", options.statistics ? to_report(tables[i]) : to_text(tables[i], options.markdown)));
}

}  // namespace mw::tool
