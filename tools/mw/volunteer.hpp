// mw volunteer: takes part in a volunteer project.
#pragma once

#include <optional>
#include <string>

namespace CLI {
class App;
}

namespace mw::tool {

struct VolunteerCommand {
  std::string url;
  std::string key;
  std::string key_file;
  std::string folder;
  std::string name;
  unsigned slots = 0;
  std::optional<double> poll_s;
  double checkpoint_s = 60;
  bool allow_programs = false;
  bool exit_when_idle = false;
  double stop_within_s = 60;
  bool keep_work = false;
  bool leave = false;
  std::string sandbox = "auto";
  std::string platform;
  std::string runner;
  bool quiet = false;
};

void add_volunteer(CLI::App& cli, VolunteerCommand& command);
/// Returns when it was told to end, or is idle if so asked. Throws Error.
void volunteer(const VolunteerCommand& command);

}  // namespace mw::tool
