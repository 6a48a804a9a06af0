#include "mw/ctl.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <boost/json.hpp>

#include "dashboard/announce.hpp"
#include "log/escaped.hpp"
#include "process/standard_streams.hpp"
#include "watching/fields.hpp"
#include "watching/master_link.hpp"
#include "watching/words.hpp"

namespace mw::tool {
namespace {

namespace json = boost::json;

void print(const TextLines& lines) { process::print(fmt::format("{}\n", fmt::join(lines, "\n"))); }

json::object parameters_of(const CtlCommand& command) {
  json::object parameters;
  const auto add = [&](std::string_view key, const std::string& value) {
    if (!value.empty()) parameters[key] = value;
  };
  add("state", command.state);
  add("function", command.function);
  add("worker", command.worker);
  if (command.from != 0) parameters["from"] = command.from;
  if (command.limit != 0) parameters["limit"] = command.limit;
  if (command.id != 0) parameters["id"] = command.id;
  if (command.workers != 0) parameters["workers"] = command.workers;
  return parameters;
}

TextLines words_of(const CtlCommand& command, const json::object& answer) {
  if (command.verb == "status") return status_lines(answer);
  if (command.verb == "tasks") return task_lines(answer);
  if (command.verb == "workers") return worker_lines(answer);
  if (command.verb == "stats") return stats_lines(answer);
  if (command.verb == "cancel") return {fmt::format("task {} is cancelled", command.id)};
  if (command.verb == "pause") return {"it is paused: no task begins until mw ctl resume"};
  if (command.verb == "resume") return {"tasks begin again"};
  return {fmt::format("it is to have {} worker{} from now on", command.workers, command.workers == 1 ? "" : "s")};
}

/// The text has lines of its own.
std::string explanation(const json::object& answer) {
  const json::value* const text = answer.if_contains("text");
  return text && text->is_string() ? log::escaped_lines(text->get_string()) : std::string{};
}

void list_masters(bool is_json) {
  json::array list;
  TextLines lines;
  for (const dashboard::Announced& one : dashboard::announced()) {
    list.push_back({{"pid", one.pid}, {"program", one.program}, {"url", one.url}, {"started", one.started}});
    lines.push_back(fmt::format("{:>8}  {}  {}", one.pid, log::escaped(one.program), log::escaped(one.url)));
  }
  if (is_json) return process::print(json::serialize(list) + "\n");
  if (!lines.empty()) print(lines);
}

}  // namespace

void add_ctl(CLI::App& cli, CtlCommand& command) {
  auto* ctl = cli.add_subcommand("ctl", "Asks a running master with a dashboard (--dashboard), or tells it to pause, to scale …");
  ctl->require_subcommand(1);
  const auto verb = [&](const char* name, const char* help) {
    auto* sub = ctl->add_subcommand(name, help);
    sub->callback([&command, name] { command.verb = name; });
    sub->add_option("-m,--master", command.master,
                    "which master: its process number, its program's name, or the address that it has said; default: the only "
                    "one of this user on this machine")
        ->type_name("WHICH");
    sub->add_flag("--json", command.json, "print what the master answers");
    return sub;
  };
  const auto id = [&](CLI::App* sub) { sub->add_option("id", command.id, "the task's number")->required(); };
  const auto page = [&](CLI::App* sub) {
    sub->add_option("--from", command.from, "pass over so many")->type_name("N");
    sub->add_option("--limit", command.limit, "how many at most, up to 1000; default: 100")->type_name("N");
  };
  verb("list", "the masters of this user on this machine that can be asked");
  verb("status", "how the master and its tasks fare");
  auto* tasks = verb("tasks", "tasks that run, or are in another state");
  tasks->add_option("--state", command.state, "waiting, running, finished, error, cancelled or lost")->type_name("STATE");
  tasks->add_option("--function", command.function, "only those of this function or name")->type_name("NAME");
  tasks->add_option("--worker", command.worker, "only those of this worker")->type_name("NAME");
  page(tasks);
  auto* workers = verb("workers", "the workers, and what they run");
  workers->add_option("--state", command.state, "only those in this state, such as busy or lost")->type_name("STATE");
  page(workers);
  verb("stats", "how the tasks of each function fare, and what tasks have counted and timed");
  id(verb("explain", "why a task has not begun, or what became of it"));
  id(verb("cancel", "ends a task that is not done"));
  verb("pause", "no task begins any more; those that run go on");
  verb("resume", "tasks begin again");
  verb("scale", "the master is to have so many workers (multicore)")
      ->add_option("workers", command.workers, "how many")
      ->required()
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{4'294'967'295}));
  ctl->footer(
      "Examples: mw ctl status\n"
      "          mw ctl tasks --state waiting --limit 20\n"
      "          mw ctl explain 4711 --master monte_pi\n"
      "          MW_DASHBOARD_KEY=… mw ctl pause --master http://lab:9000");
}

void ctl(const CtlCommand& command) {
  if (command.verb == "list") return list_masters(command.json);
  MasterLink master{find_master(command.master), [] { return true; }};
  const json::object answer = master.call(command.verb, parameters_of(command));
  if (command.json) return process::print(json::serialize(answer) + "\n");
  if (command.verb == "explain") return process::print(explanation(answer));
  print(words_of(command, answer));
}

}  // namespace mw::tool
