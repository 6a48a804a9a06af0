// mw node: lends this machine's slots to masters.
//
// What:    its command line; the node itself is interfaces/tcp/node.
// Owner:   values.
// Threads: one.
// Use:     internal; see main.cpp.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace mw::tool {

struct NodeCommand {
  std::vector<std::string> masters;
  std::string discovery;
  std::string key_file;
  std::string name;
  std::string folder;
  std::string platform;
  std::string runner;
  std::string sandbox = "none";
  unsigned slots = 0;
  unsigned cores = 0;
  std::string memory;
  std::optional<unsigned> gpus;
  std::vector<std::string> labels;
  double idle_exit_s = 0;
  bool once = false;
  bool quiet = false;
};

void add_node(CLI::App& cli, NodeCommand& command);
/// Returns when the node has ended. Throws Error.
void node(const NodeCommand& command);

}  // namespace mw::tool
