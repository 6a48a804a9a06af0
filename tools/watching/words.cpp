#include "watching/words.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "process/terminal_line.hpp"
#include "watching/columns.hpp"
#include "watching/fields.hpp"

namespace mw::tool {
namespace {

namespace json = boost::json;
using Rows = std::vector<std::vector<std::string>>;

std::string seconds_text(double seconds) {
  if (seconds <= 0) return "0";
  if (seconds < 1e-3) return fmt::format("{:.3g} µs", seconds * 1e6);
  if (seconds < 1) return fmt::format("{:.3g} ms", seconds * 1e3);
  return seconds < 1e4 ? fmt::format("{:.3g} s", seconds) : fmt::format("{:.0f} s", seconds);
}

std::uint64_t over_of(const json::object& status) {
  return count(status, "finished") + count(status, "errors") + count(status, "cancelled");
}

double part_of(const json::object& status) {
  const std::uint64_t tasks = count(status, "tasks");
  return tasks == 0 ? 0 : static_cast<double>(over_of(status)) / static_cast<double>(tasks);
}

std::string tasks_text(const json::object& status) {
  std::string line = fmt::format("{} of {} tasks, {} run", over_of(status), count(status, "tasks"), count(status, "running"));
  if (const auto failed = count(status, "errors")) line += fmt::format(", {} failed", failed);
  if (const auto cancelled = count(status, "cancelled")) line += fmt::format(", {} cancelled", cancelled);
  return line;
}

std::string pace_text(const json::object& of) {
  const json::object& estimate = object(of, "estimate");
  if (estimate.empty()) return {};
  return fmt::format(", {}, {}", process::text_of_rate(number(estimate, "rate")),
                     process::text_of_time_left(number(estimate, "left")));
}

/// "4 workers: 3 busy, 1 idle".
std::string workers_text(const json::object& status) {
  std::string parts;
  std::size_t all = 0;
  for (const char* state : {"busy", "idle", "stopped", "starting", "set_aside", "not_started", "lost", "left"}) {
    std::size_t there = 0;
    for (const json::object* worker : objects(status, "workers")) there += text(*worker, "state") == state ? 1 : 0;
    if (there == 0) continue;
    all += there;
    parts += fmt::format("{}{} {}", parts.empty() ? "" : ", ", there, state);
  }
  return all == 0 ? "no workers" : fmt::format("{} worker{}: {}", all, all == 1 ? "" : "s", parts);
}

std::string title(const json::object& of) {
  return fmt::format("{} (process {}) on {}: {}", text(of, "program"), count(of, "pid"), text(of, "host"), text(of, "state"));
}

std::vector<const json::object*> functions_by_time(const json::object& status) {
  auto list = objects(status, "functions");
  std::stable_sort(list.begin(), list.end(), [](const json::object* a, const json::object* b) {
    return number(*a, "total_seconds") > number(*b, "total_seconds");
  });
  return list;
}

TextLines function_lines(const json::object& status, std::size_t width) {
  Rows rows{{"function", "finished", "failed", "half", "99 %", "longest", "in all"}};
  for (const json::object* one : functions_by_time(status))
    rows.push_back({text(*one, "name"), std::to_string(count(*one, "finished")), std::to_string(count(*one, "errors")),
                    seconds_text(number(*one, "p50_seconds")), seconds_text(number(*one, "p99_seconds")),
                    seconds_text(number(*one, "max_seconds")), seconds_text(number(*one, "total_seconds"))});
  return columns(std::move(rows), "lrrrrrr", width);
}

std::string running_text(const json::object& worker) {
  const auto running = objects(worker, "running");
  if (running.empty()) return text(worker, "note");
  const json::object& first = *running.front();
  std::string line = fmt::format("{} ({}, {})", text(first, "name"), count(first, "id"), seconds_text(number(first, "seconds")));
  if (running.size() > 1) line += fmt::format(" and {} more", running.size() - 1);
  return line;
}

TextLines slowest_lines(const json::object& picture, std::size_t width) {
  Rows rows{{"slowest", "task", "worker", "took", "ended"}};
  for (const json::object* one : objects(picture, "slowest"))
    rows.push_back({text(*one, "name"), std::to_string(count(*one, "id")), text(*one, "worker"),
                    seconds_text(number(*one, "seconds")), text(*one, "state")});
  return columns(std::move(rows), "lrlrl", width);
}

/// The first ones of a table, a blank line before it; says how many it leaves out.
void add_part(TextLines& lines, TextLines part, std::size_t room) {
  if (part.size() < 2 || room < 3) return;
  lines.emplace_back();
  const std::size_t shown = std::min(part.size(), room - 1);
  for (std::size_t i = 0; i < shown; ++i) lines.push_back(std::move(part[i]));
  if (shown < part.size()) lines.back() = fmt::format("… {} more", part.size() - shown + 1);
}

}  // namespace

TextLines status_lines(const json::object& status) {
  TextLines lines{title(status), text(status, "command"), ""};
  lines.push_back(fmt::format("tasks     {}{}", tasks_text(status), pace_text(status)));
  lines.push_back(fmt::format("workers   {}, on {}", workers_text(status), text(status, "interface_name")));
  lines.push_back(fmt::format("attempts  {}: {} retries, {} lost, {} copies", count(status, "attempts"), count(status, "retries"),
                              count(status, "lost"), count(status, "copies")));
  lines.push_back(fmt::format("time      {}", seconds_text(number(status, "seconds"))));
  if (const std::string error = text(status, "interface_error"); !error.empty()) lines.push_back("error     " + error);
  return lines;
}

TextLines task_lines(const json::object& tasks, std::size_t width) {
  Rows rows{{"task", "name", "state", "worker", "seconds", "attempt"}};
  for (const json::object* one : objects(tasks, "tasks"))
    rows.push_back({std::to_string(count(*one, "id")), text(*one, "name"), text(*one, "state"), text(*one, "worker"),
                    seconds_text(number(*one, "seconds")), one->contains("attempt") ? std::to_string(count(*one, "attempt")) : ""});
  TextLines lines = columns(std::move(rows), "rlllrr", width);
  if (is_true(tasks, "more")) lines.emplace_back("… there are more (--from, --limit)");
  return lines;
}

TextLines worker_lines(const json::object& workers, std::size_t width) {
  Rows rows{{"worker", "host", "state", "done", "lost", "busy", "runs"}};
  for (const json::object* one : objects(workers, "workers"))
    rows.push_back({text(*one, "name"), text(*one, "host"), text(*one, "state"), std::to_string(count(*one, "done")),
                    std::to_string(count(*one, "lost")), seconds_text(number(*one, "busy_seconds")), running_text(*one)});
  TextLines lines = columns(std::move(rows), "lllrrrl", width);
  if (is_true(workers, "more")) lines.emplace_back("… there are more (--from, --limit)");
  return lines;
}

TextLines stats_lines(const json::object& stats, std::size_t width) {
  TextLines lines = function_lines(stats, width);
  const auto measures = objects(stats, "measures");
  if (measures.empty()) return lines;
  Rows rows{{"measure", "count", "sum", "least", "half", "99 %", "greatest"}};
  for (const json::object* one : measures) {
    const bool is_time = text(*one, "kind") == "time";
    const auto value = [&](const char* key) {
      return is_time ? seconds_text(number(*one, key)) : fmt::format("{:.6g}", number(*one, key));
    };
    rows.push_back({text(*one, "name"), std::to_string(count(*one, "count")), value("sum"), value("min"), value("p50"),
                    value("p99"), value("max")});
  }
  lines.emplace_back();
  for (std::string& line : columns(std::move(rows), "lrrrrrr", width)) lines.push_back(std::move(line));
  return lines;
}

std::string progress_line(const json::object& picture) {
  return fmt::format("{}: {}{}", text(picture, "state"), tasks_text(object(picture, "status")), pace_text(picture));
}

TextLines screen(const json::object& picture, std::size_t width, std::size_t height) {
  const json::object& status = object(picture, "status");
  const double part = part_of(status);
  const double percent = part < 1 ? std::min(part * 100, 99.0) : 100;
  TextLines lines;
  lines.push_back(title(picture));
  lines.push_back(
      process::line_with_bar(part, fmt::format(" {:3.0f} %  {}{}", percent, tasks_text(status), pace_text(picture)), width));
  lines.push_back(fmt::format("{} wait; {}; {} on {}", count(status, "submitted"), workers_text(status),
                              seconds_text(number(status, "seconds")), text(picture, "interface")));
  const std::size_t rest = height > lines.size() ? height - lines.size() : 0;
  TextLines slowest = slowest_lines(picture, width);
  const std::size_t for_slowest = slowest.size() < 2 ? 0 : std::min(slowest.size() + 1, rest / 3);
  TextLines functions = function_lines(status, width);
  const std::size_t for_functions = std::min(functions.size() + 1, (rest - for_slowest) / 2);
  add_part(lines, std::move(functions), for_functions);
  add_part(lines, worker_lines(status, width), rest - for_slowest - for_functions);
  add_part(lines, std::move(slowest), height > lines.size() ? height - lines.size() : 0);
  if (lines.size() > height) lines.resize(height);
  for (std::string& line : lines) line = fitted(line, width);
  return lines;
}

}  // namespace mw::tool
