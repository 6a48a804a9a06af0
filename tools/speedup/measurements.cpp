#include "speedup/measurements.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>

#include <mw/app.hpp>

namespace mw::tool {
namespace {

/// A line of the file. Throws what the JSON library throws for one that is not as it should be.
struct Entry {
  std::string command;
  SeriesKey key;
  boost::json::object run;
};

Entry read_entry(const boost::json::object& object) {
  const auto text = [&](const char* name) { return std::string{object.at(name).as_string()}; };
  return {text("command"),
          {text("value"), text("interface"), object.at("workers").to_number<std::uint64_t>()},
          object.at("run").as_object()};
}

double seconds_in(const boost::json::object& run, const char* key) {
  const auto* value = run.if_contains(key);
  if (!value || !value->is_number()) throw Error{fmt::format("the run's {} is no number", key)};
  return value->to_number<double>();
}

/// Runs of other versions do not say it.
std::uint64_t cores_in(const boost::json::object& run) {
  const auto* value = run.if_contains("cores");
  return value && value->is_number() ? value->to_number<std::uint64_t>() : 0;
}

}  // namespace

Measurements::Measurements(const std::string& path, std::string command, bool results_may_differ)
    : path_{path}, command_{valid_utf8(command)}, results_may_differ_{results_may_differ} {
  if (path_.empty()) return;
  std::ifstream file{path_};
  std::uintmax_t whole = 0;  // bytes of whole lines
  for (std::string line; std::getline(file, line); whole += line.size() + 1) {
    boost::json::error_code error;
    const boost::json::value value = boost::json::parse(line, error);
    if (!error && value.is_object() && !file.eof()) {
      take_line(value.as_object());
      continue;
    }
    const bool is_last = file.peek() == std::ifstream::traits_type::eof();
    if (!is_last || !line.starts_with('{')) refuse_line();
    cut_to(whole);  // it was being written when the measurement was interrupted: the next one would run into it
    return;
  }
}

void Measurements::refuse_line() const {
  throw Error{fmt::format("{} has something else than runs, in line {}: name another folder with --out", path_, found_ + 1)};
}

void Measurements::take_line(const boost::json::object& line) {
  Entry entry;
  try {
    entry = read_entry(line);
  } catch (const std::exception&) {
    refuse_line();
  }
  if (entry.command != command_)
    throw Error{fmt::format("{} has the runs of another command ({}): name another folder with --out", path_, entry.command)};
  take(entry.key, entry.run);
  ++found_;
}

void Measurements::cut_to(std::uintmax_t size) const {
  std::error_code error;
  std::filesystem::resize_file(path_, size, error);
  if (error) throw Error{fmt::format("{} cannot be cut to the runs that are whole: {}", path_, error.message())};
}

void Measurements::take(const SeriesKey& key, const boost::json::object& run) {
  const auto* result = run.if_contains("result");
  if (!result) throw Error{"a run printed no JSON object of a CppMW application"};
  auto& results = results_[key.value];
  const bool is_new = std::find(results.begin(), results.end(), *result) == results.end();
  if (is_new && !results.empty() && !results_may_differ_)
    throw Error{
        fmt::format("with {} workers{} the result is {}, before it was {}; where it depends on the number of workers, say "
                    "--results-may-differ",
                    key.workers, key.interface.empty() ? "" : " on " + key.interface, boost::json::serialize(*result),
                    boost::json::serialize(results.front()))};
  if (is_new) results.push_back(*result);
  series_[key].push_back(
      {seconds_in(run, "total_seconds"), seconds_in(run, "init_seconds"), seconds_in(run, "calculation_seconds"), cores_in(run)});
}

void Measurements::add(const SeriesKey& key, const boost::json::object& run) {
  take(key, run);
  if (path_.empty()) return;
  const std::string line = boost::json::serialize(boost::json::object{{"command", command_},
                                                                      {"value", valid_utf8(key.value)},
                                                                      {"interface", valid_utf8(key.interface)},
                                                                      {"workers", key.workers},
                                                                      {"run", run}});
  std::ofstream file{path_, std::ios::app};
  file << line + '\n' << std::flush;
  if (!file) throw Error{fmt::format("{} cannot be written: {}", path_, std::strerror(errno))};
}

std::size_t Measurements::count(const SeriesKey& key) const {
  const auto place = series_.find(key);
  return place == series_.end() ? 0 : place->second.size();
}

}  // namespace mw::tool
