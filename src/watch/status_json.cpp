#include "watch/status_json.hpp"

#include <chrono>
#include <string>
#include <variant>
#include <vector>

#include <boost/json.hpp>

#include "log/escaped.hpp"

namespace mw::watch {
namespace {

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

boost::json::object to_json(const Status& status) {
  boost::json::array per_function, all_measures;
  for (const FunctionStatus& function : status.functions) per_function.push_back(to_json_value(function));
  for (const MeasureStatus& measure : status.measures) all_measures.push_back(to_json_value(measure));
  boost::json::array all_workers;
  for (const WorkerStatus& worker : status.workers) all_workers.push_back(to_json_value(worker));
  boost::json::object own_keys;
  for (const auto& [key, value] : status.interface) own_keys[key] = to_json_value(value);
  boost::json::object all{{"tasks", status.tasks},
                          {"submitted", status.submitted},
                          {"running", status.running},
                          {"finished", status.finished},
                          {"errors", status.errors},
                          {"cancelled", status.cancelled},
                          {"unread", status.unread},
                          {"attempts", status.attempts},
                          {"retries", status.retries},
                          {"lost", status.lost},
                          {"found", status.found},
                          {"copies", status.copies},
                          {"is_paused", status.is_paused},
                          {"seconds", status.seconds},
                          {"ready_seconds", status.ready_seconds},
                          {"start_up_seconds", status.start_up_seconds},
                          {"functions", per_function},
                          {"measures", all_measures},
                          {"workers", all_workers},
                          {"cores", status.cores},
                          {"interface_name", status.interface_name},
                          {"interface_status", status.interface_status}};
  if (!status.interface_error.empty()) all["interface_error"] = status.interface_error;
  all["interface"] = own_keys;
  return all;
}

}  // namespace mw::watch
