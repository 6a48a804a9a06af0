// The table of methods, and what it says in OpenRPC's form.
#include <boost/json.hpp>

#include "control/methods.hpp"

namespace mw::control {
namespace {

namespace json = boost::json;

json::object schema_of(const Parameter& parameter) {
  json::object schema{{"type", parameter.type}};
  if (parameter.type == "integer") schema["minimum"] = 0;
  if (!parameter.one_of.empty()) {
    json::array values;
    for (const std::string_view value : parameter.one_of) values.emplace_back(value);
    schema["enum"] = std::move(values);
  }
  return schema;
}

json::object error(int code, std::string_view message) { return {{"code", code}, {"message", message}}; }

}  // namespace

const std::vector<Methods::Method>& Methods::all() {
  static const Parameter id{"id", "integer", "the task's number", true};
  static const Parameter from{"from", "integer", "so many are passed over first"};
  static const Parameter limit{"limit", "integer", "how many at most, up to 1000; without it 100"};
  static const std::vector<Method> methods{
      {"status", "How the master and its tasks fare, as in Master::get_status(), at most 0.1 s old.", false, {}, &Methods::status},
      {"tasks",
       "Tasks in one state: those that wait, in the order in which they go; those that run; or of those that ended, the last ones, "
       "the newest first.",
       false,
       {{"state", "string", "without it: running", false, {"waiting", "running", "finished", "error", "cancelled", "lost"}},
        {"function", "string", "only those of this function or name"},
        {"worker", "string", "only those of this worker"},
        from,
        limit},
       &Methods::tasks},
      {"task", "One task that runs, or that ended not long ago.", false, {id}, &Methods::task},
      {"workers",
       "The workers, in the order in which they came.",
       false,
       {{"state", "string", "only those in this state, such as busy or lost"}, from, limit},
       &Methods::workers},
      {"stats", "How the tasks of each function fare, and what tasks have counted and timed.", false, {}, &Methods::stats},
      {"explain", "Why a task has not begun, or what became of it, in words.", false, {id}, nullptr, &Methods::explain},
      {"cancel", "Ends a task that is not done.", true, {id}, nullptr, &Methods::cancel},
      {"pause", "No task begins any more, until resume; those that run go on.", true, {}, nullptr, &Methods::pause},
      {"resume", "Tasks begin again.", true, {}, nullptr, &Methods::resume},
      {"scale",
       "The interface is to have so many workers.",
       true,
       {{"workers", "integer", "how many, 1 or more", true}},
       nullptr,
       &Methods::scale},
      {"rpc.discover", "This description.", false, {}, &Methods::discover},
  };
  return methods;
}

json::object open_rpc() {
  json::array methods;
  for (const Methods::Method& method : Methods::all()) {
    json::array params;
    for (const Parameter& parameter : method.parameters)
      params.push_back({{"name", parameter.name},
                        {"description", parameter.about},
                        {"required", parameter.is_required},
                        {"schema", schema_of(parameter)}});
    json::array errors{error(rpc::invalid_params, "the parameters are not as described"),
                       error(no_answer, "the master is busy, or ends")};
    if (method.changes) errors.push_back(error(key_needed, "it takes the key"));
    if (method.changes) errors.push_back(error(refused, "the master says why not"));
    methods.push_back({{"name", method.name},
                       {"summary", method.about},
                       {"params", std::move(params)},
                       {"paramStructure", "either"},
                       {"result", {{"name", "result"}, {"schema", {{"type", "object"}}}}},
                       {"errors", std::move(errors)}});
  }
  return {{"openrpc", "1.2.6"},
          {"info", {{"title", "The control channel of a CppMW master"}, {"version", MW_VERSION}}},
          {"methods", std::move(methods)}};
}

}  // namespace mw::control
