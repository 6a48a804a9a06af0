// mw boinc-key: makes a volunteer's own key.
#pragma once

#include <string>

namespace CLI {
class App;
}

namespace mw::tool {

struct BoincKeyCommand {
  std::string state;
  std::string name;
};

void add_boinc_key(CLI::App& cli, BoincKeyCommand& command);
/// Prints the path of the key's file. Throws Error.
void boinc_key(const BoincKeyCommand& command);

}  // namespace mw::tool
