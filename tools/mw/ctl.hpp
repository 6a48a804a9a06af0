// mw ctl: asks a running master, and tells it what to do.
//
// What:    its command line, and what it does.
// Owner:   values.
// Threads: main's.
// Use:     internal; see main.cpp.
#pragma once

#include <cstdint>
#include <string>

namespace CLI {
class App;
}

namespace mw::tool {

struct CtlCommand {
  std::string master;  ///< which; empty: the only one
  bool json = false;
  std::string verb;  ///< "status", "tasks", …
  std::uint64_t id = 0;
  std::uint64_t workers = 0;
  std::string state, function, worker;
  std::uint64_t from = 0, limit = 0;
};

void add_ctl(CLI::App& cli, CtlCommand& command);
/// Throws UsageError, InterfaceError.
void ctl(const CtlCommand& command);

}  // namespace mw::tool
