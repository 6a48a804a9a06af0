#include "mpi/rank/start.hpp"

#include <fcntl.h>

#include <cstdlib>
#include <sstream>

#include <fmt/format.h>

#include <mw/error.hpp>

#include "mpi/environment.hpp"
#include "parse/number.hpp"
#include "process/place.hpp"

namespace mw::mpi {
namespace {

std::string take_variable(const char* name) {
  const char* value = std::getenv(name);
  if (!value) throw InterfaceError{"this program is a part of CppMW's mpi interface; a master starts it with mpiexec"};
  std::string copy = value;
  ::unsetenv(name);
  return copy;
}

}  // namespace

Start read_start() {
  Start start;
  start.addresses = take_variable(variable_addresses);
  const auto key = net::key_of(take_variable(variable_key));
  if (!key) throw InterfaceError{"the master's key is none"};
  start.key = *key;
  start.place = take_variable(variable_place);
  start.probe = take_variable(variable_probe);
  start.program = take_variable(variable_program);
  start.name = take_variable(variable_name);
  start.folder = take_variable(variable_folder);
  start.peers = take_variable(variable_peers);
  start.threads = parse::number<unsigned>(take_variable(variable_threads)).value_or(0);
  start.lost_after = std::chrono::milliseconds{parse::number<std::int64_t>(take_variable(variable_lost_after)).value_or(0)};
  return start;
}

bool shares_memory(const Start& start) {
  const std::string own = process::own_place();
  if (own.empty() || own != start.place) return false;
  process::ForeignFile file;
  std::istringstream{start.probe} >> file.pid >> file.descriptor >> file.inode;
  try {
    process::open_descriptor(file);
    return true;
  } catch (const InterfaceError&) {
    return false;
  }
}

process::UniqueFd open_program(const Start& start, bool shares_memory) {
  process::ForeignFile probe;
  if (shares_memory) std::istringstream{start.probe} >> probe.pid;
  const std::string path = shares_memory ? fmt::format("/proc/{}/exe", probe.pid) : start.program;
  return process::UniqueFd{::open(path.c_str(), O_PATH | O_CLOEXEC)};
}

}  // namespace mw::mpi
