// What a Prometheus server reads; that one really does is prometheus_test.sh's.
#include <catch2/catch.hpp>

#include <algorithm>
#include <set>
#include <sstream>
#include <string>
#include <string_view>

#include "metrics/prometheus.hpp"

using namespace mw;
using metrics::prometheus_text;

namespace {

std::string text_of(const Status& status) { return prometheus_text(status, {.program = "eels", .version = "1.2"}); }
bool has_line(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

std::vector<std::string> lines_in(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream{text};
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}
/// Without their values.
std::vector<std::string> series_in(const std::string& text) {
  std::vector<std::string> series;
  for (const std::string& line : lines_in(text))
    if (line.front() != '#') series.push_back(line.substr(0, line.rfind(' ')));
  return series;
}

WorkerStatus worker(const std::string& name, WorkerState state) {
  WorkerStatus one;
  one.name = name;
  one.host = "aspen";
  one.state = state;
  one.done = 7;
  one.busy_time = std::chrono::milliseconds{1'500};
  return one;
}

}  // namespace

TEST_CASE("a status is a text for Prometheus, with help and a type before each family", "[metrics]") {
  Status status;
  status.finished = 12;
  status.submitted = 3;
  status.interface_name = "multicore";
  status.functions = {{.name = "f", .finished = 12, .total_seconds = 6, .max_seconds = 2, .p50_seconds = 0.25, .p99_seconds = 1.5}};
  status.workers = {worker("multicore worker 1", WorkerState::idle), worker("multicore worker 2", WorkerState::lost)};
  status.measures = {{.name = "hits", .count = 4, .sum = 10, .min = 1, .max = 4, .p50 = 2, .p99 = 4},
                     {.name = "walk", .is_time = true, .count = 2, .sum = 0.5, .min = 0.2, .max = 0.3, .p50 = 0.2, .p99 = 0.3}};
  const std::string text = text_of(status);
  CHECK(has_line(text, "# TYPE cppmw_tasks_finished_total counter"));
  CHECK(has_line(text, "cppmw_tasks_finished_total 12"));
  CHECK(has_line(text, "cppmw_tasks_waiting 3"));
  CHECK(has_line(text, R"(cppmw_build_info{program="eels",version="1.2",interface="multicore"} 1)"));
  CHECK(has_line(text, R"(cppmw_task_run_seconds{function="f",quantile="0.99"} 1.5)"));
  CHECK(has_line(text, R"(cppmw_task_run_seconds_sum{function="f"} 6)"));
  CHECK(has_line(text, R"(cppmw_task_run_seconds_count{function="f"} 12)"));
  CHECK(has_line(text, R"(cppmw_workers{state="idle"} 1)"));
  CHECK(has_line(text, R"(cppmw_workers{state="lost"} 1)"));
  CHECK(has_line(text, R"(cppmw_worker_tasks_total{worker="multicore worker 1",host="aspen"} 7)"));
  CHECK(has_line(text, R"(cppmw_worker_busy_seconds_total{worker="multicore worker 1",host="aspen"} 1.5)"));
  CHECK(text.find("multicore worker 2") == std::string::npos);
  CHECK(has_line(text, R"(cppmw_measure_sum{name="hits"} 10)"));
  CHECK(has_line(text, R"(cppmw_measure_seconds{name="walk",quantile="1"} 0.3)"));
  std::string family;
  for (const std::string& line : lines_in(text)) {
    if (line.starts_with("# HELP ")) family = line.substr(7, line.find(' ', 7) - 7);
    if (line.starts_with("# TYPE ")) CHECK(line.starts_with("# TYPE " + family + " "));
    if (line.front() != '#') CHECK(line.starts_with(family));
  }
}

TEST_CASE("no text from tasks and workers breaks a line for Prometheus, or makes a series twice", "[metrics]") {
  Status status;
  const std::string bad = "a\"} 1\ncppmw_eels 0 \\ \xff \x1b[31m";
  status.functions = {{.name = bad}, {.name = bad}, {.name = "a\x01"}, {.name = "a\\x01"}, {.name = ""}};
  status.workers = {worker(bad, WorkerState::busy), worker(bad, WorkerState::idle), worker("b\x01", WorkerState::idle),
                    worker("b\\x01", WorkerState::idle)};
  status.interface_name = bad;
  const std::string text = text_of(status);
  CHECK(text.find("\ncppmw_eels") == std::string::npos);
  CHECK(text.find(R"(function="a\"} 1\\ncppmw_eels 0 \\ \\xff \\x1b[31m")") != std::string::npos);
  const auto series = series_in(text);
  CHECK(std::set<std::string>(series.begin(), series.end()).size() == series.size());
}

TEST_CASE("so many workers have series of their own, and all are counted", "[metrics]") {
  Status status;
  for (int i = 0; i < 1'500; ++i) status.workers.push_back(worker("worker " + std::to_string(i), WorkerState::idle));
  const std::string text = text_of(status);
  CHECK(has_line(text, R"(cppmw_workers{state="idle"} 1500)"));
  const auto series = series_in(text);
  const auto is_of_worker = [](const std::string& one) { return one.starts_with("cppmw_worker_tasks_total"); };
  CHECK(static_cast<std::size_t>(std::count_if(series.begin(), series.end(), is_of_worker)) == metrics::most_worker_series);
}
