// Applications as a person runs them.
#pragma once

#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include <boost/json.hpp>

#include "process/run_program.hpp"

namespace test {

using Arguments = std::vector<std::string>;

inline std::string beside(const std::string& name) { return std::filesystem::read_symlink("/proc/self/exe").parent_path() / name; }

inline mw::process::ProgramRun run_app(const std::string& program, const Arguments& arguments) {
  mw::process::ProgramRun run = mw::process::run_program(beside(program), arguments, {});
  CHECK_FALSE(run.death.signaled);
  return run;
}

inline boost::json::object json_of(const mw::process::ProgramRun& run) {
  INFO(run.out << run.err);
  REQUIRE(run.death.exit_status == 0);
  REQUIRE(std::count(run.out.begin(), run.out.end(), '\n') == 1);  // one object, one line
  return boost::json::parse(run.out).as_object();
}

inline boost::json::object result_of(const mw::process::ProgramRun& run) { return json_of(run).at("result").as_object(); }

inline void check_usage_error(const mw::process::ProgramRun& run) {
  INFO(run.out << run.err);
  CHECK(run.death.exit_status == 2);
  CHECK(run.out.empty());
  CHECK(std::count(run.err.begin(), run.err.end(), '\n') == 1);
  CHECK(run.err.size() > 20);
}

}  // namespace test
