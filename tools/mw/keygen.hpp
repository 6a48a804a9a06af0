// mw keygen: keys for masters and nodes of the interface tcp.
//
// What:    writes a master's key, or a node's, which follows from it.
// Owner:   values.
// Threads: one.
// Use:     internal; see main.cpp.
#pragma once

#include <string>

namespace CLI {
class App;
}

namespace mw::tool {

struct KeygenCommand {
  std::string file;
  std::string node;
  std::string of;
};

void add_keygen(CLI::App& cli, KeygenCommand& command);
/// Throws Error.
void keygen(const KeygenCommand& command);

}  // namespace mw::tool
