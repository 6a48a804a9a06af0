// mw_bench: the workloads W1a to W8 on CppMW, on a bare socket-pair farm, and on Python's multiprocessing.Pool and
// mpi4py.futures, in turn.
#include <mw/mw.hpp>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "benchmark/comparison.hpp"
#include "benchmark/measure.hpp"
#include "process/standard_streams.hpp"

using namespace mw::benchmark;

namespace {

int usage_error(const char* what) {
  mw::process::tell(fmt::format("mw_bench: {}\n", what));
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  mw::init(argc, argv);

  Plan plan;
  CLI::App app{
      "Measures CppMW beside bare farms, Python's multiprocessing.Pool, mpi4py.futures, Dask and Pyro4, in turn, in one run."};
  app.require_subcommand(0, 1);
  app.add_option("--runs", plan.runs, "how often each is measured")->check(CLI::Range(1, 1000))->capture_default_str();
  app.add_option("--workers", plan.workers, "workers of each")->check(CLI::Range(1, 1024))->capture_default_str();
  app.add_option("--only", plan.workloads, "some workloads only: W1a, W1p, W1b, W2, W4, W5, W6, W7, W8, W9, W10")->delimiter(',');
  app.add_option("--peers", plan.peers,
                 "the first is compared with the others: multicore, mpi, tcp, sock, tcpfarm, tlsfarm, pool, mpi4py, dask, pyro4")
      ->delimiter(',')
      ->capture_default_str();
  app.add_option("--growth", plan.growth_to, "instead: the cost of a task from 10^3 up to this many tasks");
  app.add_flag("--json", plan.json, "one JSON object instead of a Markdown table");

  Request request;
  auto* measure_one = app.add_subcommand("measure", "one measurement; prints one number");
  measure_one->group("");
  measure_one->add_option("workload", request.workload)->required();
  measure_one->add_option("peer", request.peer)->required();
  measure_one->add_option("workers", request.workers)->required();
  measure_one->add_option("tasks", request.tasks)->required();

  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& e) {
    return app.exit(e);
  } catch (const CLI::Error& e) {
    return usage_error(e.what());
  }
  try {
    if (*measure_one) {
      mw::process::print(fmt::format("{:.6f}\n", measure(request)));
      return 0;
    }
    return plan.growth_to ? show_growth(plan) : compare(plan);
  } catch (const mw::UsageError& e) {
    return usage_error(e.what());
  } catch (const std::exception& e) {
    mw::process::tell(fmt::format("mw_bench: {}\n", e.what()));
    return 1;
  }
}
