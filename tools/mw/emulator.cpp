#include "mw/emulator.hpp"

#include <filesystem>

#include <fmt/format.h>

#include <mw/error.hpp>

#include "process/launch.hpp"

namespace mw::tool {

std::string emulator_path(const std::string& runner) {
  if (runner.empty()) return {};
  const std::string found = process::find_program(runner);
  if (found.empty()) throw UsageError{fmt::format("--runner {}: there is no such program that you may run", runner)};
  return std::filesystem::absolute(found).string();
}

}  // namespace mw::tool
