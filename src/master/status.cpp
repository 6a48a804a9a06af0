#include <mw/status.hpp>

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <boost/json.hpp>

#include "log/escaped.hpp"

namespace mw {
namespace {

bool is_snake_case(std::string_view key) {
  if (key.empty() || key.size() > 64 || key.front() < 'a' || key.front() > 'z') return false;
  for (char c : key)
    if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '_') return false;
  return true;
}

/// Well-formed UTF-8, as Boost.JSON's parser sees it.
bool is_utf8(const std::string& text) {
  boost::json::error_code error;
  boost::json::parse(boost::json::serialize(boost::json::value(text)), error);
  return !error;
}

std::string value_error(const std::string& key, const StatusValue& value) {
  if (const auto* number = std::get_if<double>(&value); number && !std::isfinite(*number))
    return fmt::format("\"{}\" is not a finite number", key);
  if (const auto* text = std::get_if<std::string>(&value); text && !is_utf8(*text)) return fmt::format("\"{}\" is not UTF-8", key);
  return {};
}

boost::json::value to_json_value(const StatusValue& value) {
  return std::visit([](const auto& v) { return boost::json::value(v); }, value);
}

double in_seconds(std::chrono::nanoseconds time) { return std::chrono::duration<double>(time).count(); }

boost::json::array all_escaped(const std::vector<std::string>& texts) {
  boost::json::array array;
  for (const std::string& text : texts) array.emplace_back(log::escaped(text));
  return array;
}

boost::json::object to_json_value(const WorkerStatus& worker) {
  boost::json::array running;
  for (const RunningTask& task : worker.running) {
    const double seconds = std::chrono::duration<double>{task.run_time}.count();
    running.push_back({{"id", task.id}, {"name", log::escaped(task.name)}, {"seconds", seconds}});
  }
  boost::json::object object{{"name", log::escaped(worker.name)},
                             {"host", log::escaped(worker.host)},
                             {"platform", log::escaped(worker.platform)},
                             {"version", log::escaped(worker.version)},
                             {"pid", worker.pid},
                             {"slots", worker.slots},
                             {"cores", worker.resources.cores},
                             {"memory", worker.resources.memory},
                             {"gpus", all_escaped(worker.resources.gpus)},
                             {"labels", all_escaped(worker.resources.labels)},
                             {"state", to_string(worker.state)},
                             {"note", log::escaped(worker.note)},
                             {"running", running},
                             {"done", worker.done},
                             {"lost", worker.lost},
                             {"busy_seconds", in_seconds(worker.busy_time)}};
  if (worker.ready_after) object["ready_seconds"] = in_seconds(*worker.ready_after);
  return object;
}

boost::json::object to_json_value(const FunctionStatus& f) {
  return {{"name", f.name},
          {"finished", f.finished},
          {"errors", f.errors},
          {"cancelled", f.cancelled},
          {"total_seconds", f.total_seconds},
          {"min_seconds", f.min_seconds},
          {"max_seconds", f.max_seconds},
          {"p50_seconds", f.p50_seconds},
          {"p99_seconds", f.p99_seconds}};
}

boost::json::object to_json_value(const MeasureStatus& m) {
  return {{"name", log::escaped(m.name)},
          {"kind", m.is_time ? "time" : "count"},
          {"count", m.count},
          {"sum", m.sum},
          {"min", m.min},
          {"max", m.max},
          {"p50", m.p50},
          {"p99", m.p99}};
}

}  // namespace

std::string_view to_string(WorkerState state) noexcept {
  switch (state) {
    case WorkerState::starting: return "starting";
    case WorkerState::not_started: return "not_started";
    case WorkerState::idle: return "idle";
    case WorkerState::busy: return "busy";
    case WorkerState::stopped: return "stopped";
    case WorkerState::set_aside: return "set_aside";
    case WorkerState::left: return "left";
    case WorkerState::lost: return "lost";
  }
  return "unknown";
}

std::size_t Status::workers_that_are(WorkerState state) const noexcept {
  return static_cast<std::size_t>(
      std::count_if(workers.begin(), workers.end(), [state](const WorkerStatus& worker) { return worker.state == state; }));
}

std::size_t Status::ready_workers() const noexcept {
  return workers_that_are(WorkerState::idle) + workers_that_are(WorkerState::busy) + workers_that_are(WorkerState::stopped);
}

std::string schema_error(const StatusMap& status) {
  for (const auto& [key, value] : status) {
    if (!is_snake_case(key)) return fmt::format("the key \"{}\" is not snake_case", key.substr(0, 64));
    if (auto error = value_error(key, value); !error.empty()) return error;
  }
  return {};
}

std::string Status::to_json() const {
  boost::json::array per_function, all_measures;
  for (const FunctionStatus& function : functions) per_function.push_back(to_json_value(function));
  for (const MeasureStatus& measure : measures) all_measures.push_back(to_json_value(measure));
  boost::json::array all_workers;
  for (const WorkerStatus& worker : workers) all_workers.push_back(to_json_value(worker));
  boost::json::object own_keys;
  for (const auto& [key, value] : interface) own_keys[key] = to_json_value(value);
  boost::json::object all{{"tasks", tasks},
                          {"submitted", submitted},
                          {"running", running},
                          {"finished", finished},
                          {"errors", errors},
                          {"cancelled", cancelled},
                          {"unread", unread},
                          {"attempts", attempts},
                          {"retries", retries},
                          {"lost", lost},
                          {"found", found},
                          {"copies", copies},
                          {"is_paused", is_paused},
                          {"seconds", seconds},
                          {"ready_seconds", ready_seconds},
                          {"start_up_seconds", start_up_seconds},
                          {"is_paused", is_paused},
                          {"functions", per_function},
                          {"measures", all_measures},
                          {"workers", all_workers},
                          {"cores", cores},
                          {"interface_name", interface_name},
                          {"interface_status", interface_status}};
  if (!interface_error.empty()) all["interface_error"] = interface_error;
  all["interface"] = own_keys;
  return boost::json::serialize(all);
}

}  // namespace mw
