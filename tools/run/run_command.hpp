// The command line of mw run.
#pragma once

#include <string>
#include <vector>

#include "run/runner.hpp"

namespace CLI {
class App;
}

namespace mw::run {

struct RunCommand {
  RunPlan plan;
  std::vector<std::string> argument_files;
  std::string jobs;  ///< empty: not said
  bool null = false;
  std::uint32_t retries = 1;
};

void add_run(CLI::App& cli, RunCommand& command);
/// What is left of the command line: the command, and its inputs behind :::, :::+, :::: and ::::+. Throws UsageError.
int run(RunCommand command, const std::vector<std::string>& words);

}  // namespace mw::run
