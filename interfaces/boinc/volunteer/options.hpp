// How a volunteer takes part.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "sandbox/bubblewrap.hpp"

namespace mw::boinc {

struct VolunteerOptions {
  std::string url;               ///< the project's master URL
  std::string key;               ///< the account key
  std::string folder;            ///< where files and state are kept
  std::string name;              ///< the host's, as the project is told; empty: this machine's
  unsigned slots = 1;            ///< workunits that run at a time
  std::optional<double> poll_s;  ///< between requests; empty: as the project wants it
  double checkpoint_s = 60;
  bool allow_programs = false;  ///< tasks may run programs of this machine
  bool exit_when_idle = false;
  double stop_within_s = 60;  ///< that running tasks have when it is told to stop; then they are given back
  bool keep_work = false;     ///< instead: tasks stay for the next start
  sandbox::Choice sandbox = sandbox::Choice::automatic;
  std::string platform;  ///< what it says it is; empty: what it is
  std::string runner;    ///< an emulator that runs programs of that platform, its whole path; empty: they run by themselves
  bool quiet = false;
};

}  // namespace mw::boinc
