// mw boinc-setup: makes an existing BOINC project ready for an application.
#pragma once

#include <string>

namespace CLI {
class App;
}

namespace mw::tool {

struct BoincSetupCommand {
  std::string folder;
  std::string app;
  std::string program;
  std::string workers;
  unsigned quorum = 0;
  unsigned target = 0;
  unsigned max_error = 0;
  unsigned max_total = 0;
  unsigned max_success = 0;
  unsigned max_apps = 10;
  unsigned max_output_mb = 512;
  bool remote = false;
  bool check = false;
  bool replace = false;
  bool apply = false;
};

void add_boinc_setup(CLI::App& cli, BoincSetupCommand& command);
/// Whether nothing is missing or wrong. Throws Error.
bool boinc_setup(const BoincSetupCommand& command);

}  // namespace mw::tool
