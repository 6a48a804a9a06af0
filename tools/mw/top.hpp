// mw top: a running master on a terminal, live.
//
// What:    its command line, and what it does.
// Owner:   values.
// Threads: main's.
// Use:     internal; see main.cpp.
#pragma once

#include <string>

namespace CLI {
class App;
}

namespace mw::tool {

struct TopCommand {
  std::string master;  ///< which; empty: the only one
  double interval = 1;
  bool plain = false;
};

void add_top(CLI::App& cli, TopCommand& command);
/// Until the master ends, q or a signal. Throws UsageError, InterfaceError.
void top(const TopCommand& command);

}  // namespace mw::tool
