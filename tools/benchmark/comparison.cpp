#include "benchmark/comparison.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <boost/json.hpp>

#include <mw/error.hpp>

#include "mw/run_program.hpp"
#include "parse/number.hpp"
#include "process/standard_streams.hpp"
#include "process/terminal_line.hpp"

namespace mw::benchmark {
namespace {

/// How a workload is measured and read.
struct Workload {
  const char* name;
  const char* what;
  const char* unit;
  std::uint64_t tasks;
  bool more_is_better;
  int digits;
  std::vector<std::string> peers;
};

/// Who can do what; the order is that of the table.
const std::vector<std::string> toolkits{"multicore", "mpi", "tcp", "pool", "mpi4py"};
const std::vector<std::string> ours_and_pool{"multicore", "mpi", "tcp", "pool"};
const std::vector<std::string> with_farm{"multicore", "mpi", "tcp", "sock", "pool", "mpi4py"};
const std::vector<std::string> with_farms{"multicore", "mpi", "tcp", "sock", "tcpfarm", "pool", "mpi4py"};
const std::vector<std::string> everybody{"multicore", "mpi",  "tcp",    "sock", "tcpfarm",
                                         "tlsfarm",   "pool", "mpi4py", "dask", "pyro4"};
const std::vector<std::string> all_but_tls{"multicore", "mpi", "tcp", "sock", "tcpfarm", "pool", "mpi4py", "dask", "pyro4"};

const std::vector<Workload>& workloads() {
  static const std::vector<Workload> list{
      {"W1a", "no-op tasks, one at a time for each worker", "tasks/s", 20'000, true, 0, with_farms},
      {"W1p", "no-op tasks, submitted all, then collected", "tasks/s", 100'000, true, 0, all_but_tls},
      {"W1b", "no-op calls, best batching", "calls/s", 1'000'000, true, 0, with_farm},
      {"W2", "1 MiB in, 1 MiB out", "MiB/s", 1'000, true, 0, everybody},
      {"W4", "process start to first result", "ms", 1, false, 1, with_farm},
      {"W5", "master's memory a queued no-op task", "B", 1'000'000, false, 0, toolkits},
      {"W6", "one no-op task, there and back, median", "us", 2'000, false, 1, everybody},
      {"W7", "1,000 tasks that read one table of 40 MB, given once", "ms", 1'000, false, 0, toolkits},
      {"W8", "4 tasks that read a table of 40 MB, sent with each", "ms", 4, false, 0, toolkits},
      {"W9", "5,000 tasks of 0.1 ms, then 3 of another function that take 0.8 s", "x best", 5'000, false, 2, ours_and_pool},
      {"W10", "map over 5,000 inputs of 0.1 ms, the last 50 of which take 50 ms", "x best", 5'000, false, 2, ours_and_pool},
  };
  return list;
}

bool wanted(const std::vector<std::string>& list, const std::string& name) {
  return list.empty() || std::find(list.begin(), list.end(), name) != list.end();
}

std::string own_path() { return std::filesystem::read_symlink("/proc/self/exe"); }

std::int64_t now_ns() { return std::chrono::steady_clock::now().time_since_epoch().count(); }

/// Python programs print what ours print. mpi4py.futures wants to be started by mpiexec, with one rank more than it has
/// workers.
std::string output_of(const std::string& peer, const std::string& workload, unsigned workers, std::uint64_t tasks) {
  const std::string count = fmt::format("{}", tasks);
  const std::string width = fmt::format("{}", workers);
  if (peer == "pool") return tool::run_for_output("python3", {MW_POOL_SCRIPT, workload, width, count});
  if (peer == "dask" || peer == "pyro4")
    return tool::run_for_output("/usr/bin/python3", {MW_NETWORK_SCRIPT, peer, workload, width, count});
  if (peer != "mpi4py") return tool::run_for_output(own_path(), {"measure", workload, peer, width, count});
  return tool::run_for_output(
      "mpiexec.openmpi", {"--allow-run-as-root", "--oversubscribe", "-n", fmt::format("{}", workers + 1), "/usr/bin/python3", "-m",
                          "mpi4py.futures", MW_MPI4PY_SCRIPT, workload, width, count});
}

double run_once(const Workload& workload, const std::string& peer, unsigned workers, std::uint64_t tasks) {
  const std::int64_t start = now_ns();
  const std::string output = output_of(peer, workload.name, workers, tasks);
  const double value = parse::leading_number<double>(output).value_or(0);
  // W4's programs print when the result came, on the clock that all processes share.
  return std::string{workload.name} == "W4" ? (value - static_cast<double>(start)) * 1e-6 : value;
}

struct Sample {
  std::vector<double> values;
  double median() const {
    auto sorted = values;
    std::sort(sorted.begin(), sorted.end());
    const std::size_t half = sorted.size() / 2;
    return sorted.size() % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
  }
  double least() const { return *std::min_element(values.begin(), values.end()); }
  double most() const { return *std::max_element(values.begin(), values.end()); }
};

using Samples = std::map<std::string, std::map<std::string, Sample>>;  // workload, peer

/// Ours against another's, so that more is better.
double ratio(const Workload& workload, double ours, double theirs) {
  return workload.more_is_better ? ours / theirs : theirs / ours;
}

std::string cell(const Workload& workload, const std::map<std::string, Sample>& row, const std::string& peer) {
  const auto place = row.find(peer);
  if (place == row.end()) return "–";
  const Sample& sample = place->second;
  return fmt::format("{:.{}f} ({:.{}f} to {:.{}f})", sample.median(), workload.digits, sample.least(), workload.digits,
                     sample.most(), workload.digits);
}

std::string ratio_cell(const Workload& workload, const std::map<std::string, Sample>& row, const std::string& first,
                       const std::string& peer) {
  if (!row.contains(peer) || !row.contains(first)) return "–";
  return fmt::format("{:.2f}", ratio(workload, row.at(first).median(), row.at(peer).median()));
}

std::string title_of(const std::string& peer) {
  static const std::map<std::string, std::string> titles{{"multicore", "CppMW multicore"},
                                                         {"mpi", "CppMW mpi"},
                                                         {"tcp", "CppMW tcp"},
                                                         {"sock", "socket-pair farm"},
                                                         {"tcpfarm", "bare TCP farm"},
                                                         {"tlsfarm", "bare TLS farm"},
                                                         {"pool", "multiprocessing.Pool"},
                                                         {"mpi4py", "mpi4py.futures"},
                                                         {"dask", "Dask"},
                                                         {"pyro4", "Pyro4"}};
  return titles.at(peer);
}

void print_table(const Plan& plan, const Samples& samples) {
  const std::string& first = plan.peers.front();
  process::print(fmt::format("{} workers, medians of {} runs in turn (least to most); a ratio above 1 is in favour of {}\n\n",
                             plan.workers, plan.runs, title_of(first)));
  std::string head = "| workload | unit |", line = "| --- | --- |";
  for (const auto& peer : plan.peers) head += fmt::format(" {} |", title_of(peer)), line += " ---: |";
  for (const auto& peer : plan.peers)
    if (peer != first) head += fmt::format(" × {} |", title_of(peer)), line += " ---: |";
  process::print(fmt::format("{}\n{}\n", head, line));
  for (const Workload& workload : workloads()) {
    const auto place = samples.find(workload.name);
    if (place == samples.end()) continue;
    std::string text = fmt::format("| {}: {} | {} |", workload.name, workload.what, workload.unit);
    for (const auto& peer : plan.peers) text += fmt::format(" {} |", cell(workload, place->second, peer));
    for (const auto& peer : plan.peers)
      if (peer != first) text += fmt::format(" {} |", ratio_cell(workload, place->second, first, peer));
    process::print(fmt::format("{}\n", text));
  }
}

void print_json(const Plan& plan, const Samples& samples) {
  const std::string& first = plan.peers.front();
  boost::json::object all{{"workers", plan.workers}, {"runs", plan.runs}, {"compared", first}};
  auto& list = all["workloads"].emplace_object();
  for (const Workload& workload : workloads()) {
    const auto place = samples.find(workload.name);
    if (place == samples.end()) continue;
    auto& entry = list[workload.name].emplace_object();
    entry["unit"] = workload.unit;
    entry["tasks"] = workload.tasks;
    for (const auto& [peer, sample] : place->second) {
      auto& values = entry[peer].emplace_object();
      values["median"] = sample.median();
      values["values"] = boost::json::value_from(sample.values);
      if (peer != first && place->second.contains(first))
        values["ratio"] = ratio(workload, place->second.at(first).median(), sample.median());
    }
  }
  process::print(fmt::format("{}\n", boost::json::serialize(all)));
}

const Workload& find_workload(const std::string& name) {
  for (const Workload& workload : workloads())
    if (name == workload.name) return workload;
  throw UsageError{fmt::format("there is no workload \"{}\"; there are W1a, W1p, W1b, W2, W4, W5, W6, W7, W8, W9 and W10", name)};
}

}  // namespace

int compare(const Plan& plan) {
  for (const auto& name : plan.workloads) find_workload(name);
  for (const auto& peer : plan.peers)
    if (!wanted(everybody, peer))
      throw UsageError{fmt::format("there is no peer \"{}\"; there are {}", peer, fmt::join(everybody, ", "))};
  Samples samples;
  mw::process::StatusLine line;
  for (unsigned run = 1; run <= plan.runs; ++run)
    for (const Workload& workload : workloads()) {
      if (!wanted(plan.workloads, workload.name)) continue;
      for (const auto& peer : plan.peers) {
        if (!wanted(workload.peers, peer)) continue;
        line.show(fmt::format("run {} of {}: {} on {}", run, plan.runs, workload.name, peer));
        samples[workload.name][peer].values.push_back(run_once(workload, peer, plan.workers, workload.tasks));
      }
    }
  line.clear();
  if (plan.json)
    print_json(plan, samples);
  else
    print_table(plan, samples);
  return 0;
}

int show_growth(const Plan& plan) {
  const Workload& workload = find_workload("W1p");
  std::vector<std::uint64_t> counts;
  for (std::uint64_t count = 1'000; count <= plan.growth_to; count *= 10) counts.push_back(count);
  std::map<std::uint64_t, Sample> samples;
  mw::process::StatusLine line;
  for (unsigned run = 1; run <= plan.runs; ++run)
    for (const std::uint64_t count : counts) {
      line.show(fmt::format("run {} of {}: {} tasks", run, plan.runs, count));
      samples[count].values.push_back(1e6 / run_once(workload, plan.peers.front(), plan.workers, count));
    }
  line.clear();
  if (plan.json) {
    boost::json::object all{{"workers", plan.workers}, {"runs", plan.runs}};
    for (const auto& [count, sample] : samples) all[fmt::format("{}", count)] = boost::json::value_from(sample.values);
    process::print(fmt::format("{}\n", boost::json::serialize(all)));
    return 0;
  }
  process::print(fmt::format(
      "| tasks | microseconds a task, median of {} (least to most) | seconds in all |\n| ---: | ---: | ---: |\n", plan.runs));
  for (const auto& [count, sample] : samples)
    process::print(fmt::format("| {} | {:.2f} ({:.2f} to {:.2f}) | {:.3f} |\n", count, sample.median(), sample.least(),
                               sample.most(), sample.median() * static_cast<double>(count) * 1e-6));
  return 0;
}

}  // namespace mw::benchmark
