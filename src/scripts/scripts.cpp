#include "scripts/scripts.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <mw/error.hpp>

#include "process/file.hpp"
#include "process/own_programs.hpp"

namespace mw::scripts {
namespace {

namespace fs = std::filesystem;

bool is_python_file(const std::string& program) { return program.ends_with(".py"); }
/// One that python3 runs as it is (zipapp).
bool is_python_archive(const std::string& program) { return program.ends_with(".pyz"); }

std::string python_worker() {
  const auto places = process::places_of_own_data("cppmw_worker.py", MW_PYTHON_WORKER);
  for (const std::string& place : places)
    if (::access(place.c_str(), R_OK) == 0) return place;
  throw InterfaceError{fmt::format(
      "cppmw_worker.py, which Python workers need, is in none of these places: {}. Install CppMW, or copy it beside this program",
      fmt::join(places, ", "))};
}

/// As Python writes bytes; lines stay lines.
std::string python_bytes(const std::string& bytes) {
  std::string text = "b\"";
  for (const char c : bytes) {
    if (c == '\n')
      text += "\\n\\\n";
    else if (c == '"' || c == '\\')
      (text += '\\') += c;
    else if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) > 0x7e)
      fmt::format_to(std::back_inserter(text), "\\x{:02x}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    else
      text += c;
  }
  return text + '"';
}

}  // namespace

void check(const std::string& program) {
  struct stat status = {};
  if (::stat(program.c_str(), &status) != 0)
    throw UsageError{fmt::format("worker={}: there is no such file here ({})", program, fs::absolute(program).string())};
  if (!S_ISREG(status.st_mode)) throw UsageError{fmt::format("worker={} is no regular file", program)};
  if (::access(program.c_str(), R_OK) != 0) throw UsageError{fmt::format("worker={} cannot be read by this user", program)};
  if (is_python_file(program) || is_python_archive(program) || ::access(program.c_str(), X_OK) == 0) return;
  throw UsageError{fmt::format(
      "worker={} is no program: neither a Python file (.py, .pyz) nor executable (chmod +x, with a first line #!…)", program)};
}

Start start_of(const std::string& program) {
  const std::string path = fs::absolute(program).string();
  if (is_python_archive(program)) return {"python3", {path}};
  if (is_python_file(program)) return {"python3", {python_worker(), path}};
  return {path, {"(worker)"}};
}

bool is_for_every_platform(const std::string& program) {
  if (is_python_file(program)) return true;
  char mark[2] = {};
  std::ifstream{program, std::ios::binary}.read(mark, sizeof mark);
  return mark[0] == '#' && mark[1] == '!';
}

std::string file_of(const std::string& program) {
  std::string own = process::read_text_file(program);
  if (!is_python_file(program)) return own;
  return fmt::format("#!/usr/bin/env python3\n_EMBEDDED = ({}.decode(), {})\n{}",
                     python_bytes(fs::path{program}.filename().string()), python_bytes(own),
                     process::read_text_file(python_worker()));
}

}  // namespace mw::scripts
