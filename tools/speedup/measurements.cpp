#include "speedup/measurements.hpp"

#include <fstream>

#include <fmt/format.h>

#include <mw/error.hpp>

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

}  // namespace

Measurements::Measurements(const std::string& path, std::string command) : path_{path}, command_{std::move(command)} {
  if (path_.empty()) return;
  std::ifstream file{path_};
  for (std::string line; std::getline(file, line);) {
    boost::json::error_code error;
    const boost::json::value value = boost::json::parse(line, error);
    if (error || !value.is_object()) break;  // it was being written when the measurement was interrupted
    Entry entry;
    try {
      entry = read_entry(value.as_object());
    } catch (const std::exception&) {
      throw Error{fmt::format("{} has something else than runs, in line {}: name another folder with --out", path_, found_ + 1)};
    }
    if (entry.command != command_)
      throw Error{fmt::format("{} has the runs of another command ({}): name another folder with --out", path_, entry.command)};
    take(entry.key, entry.run);
    ++found_;
  }
}

void Measurements::take(const SeriesKey& key, const boost::json::object& run) {
  const auto* result = run.if_contains("result");
  if (!result) throw Error{"a run printed no JSON object of a CppMW application"};
  const auto& first = results_.try_emplace(key.value, *result).first->second;
  if (first != *result)
    throw Error{fmt::format("with {} workers{} the result is {}, before it was {}", key.workers,
                            key.interface.empty() ? "" : " on " + key.interface, boost::json::serialize(*result),
                            boost::json::serialize(first))};
  series_[key].push_back(
      {seconds_in(run, "total_seconds"), seconds_in(run, "init_seconds"), seconds_in(run, "calculation_seconds")});
}

void Measurements::add(const SeriesKey& key, const boost::json::object& run) {
  take(key, run);
  if (path_.empty()) return;
  std::ofstream file{path_, std::ios::app};
  file << boost::json::serialize(boost::json::object{
              {"command", command_}, {"value", key.value}, {"interface", key.interface}, {"workers", key.workers}, {"run", run}})
       << '\n';
  file.close();
  if (!file) throw Error{fmt::format("{} can not be written", path_)};
}

std::size_t Measurements::count(const SeriesKey& key) const {
  const auto place = series_.find(key);
  return place == series_.end() ? 0 : place->second.size();
}

}  // namespace mw::tool
