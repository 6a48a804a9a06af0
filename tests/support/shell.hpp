// A command line, run by the shell.
#pragma once

#include <string>

#include "process/run_program.hpp"

namespace test {

inline mw::process::ProgramRun shell(const std::string& command) {
  return mw::process::run_program("/bin/sh", {"-c", command}, {});
}

}  // namespace test
