// An existing BOINC project as the backend: for those who have outgrown the server that BoincInterface brings along.
//
// What:    tasks go as workunits to a project that exists already, and its volunteers compute them. This works either
//          on the project's own host, through its folder (bin/stage_file, bin/create_work, and the folder in which its
//          assimilator puts results), or from anywhere, through its remote submission RPC. `mw boinc-setup` prepares
//          the project: the application, its templates, and what validates and assimilates its results.
// Owner:   the master that it is given to.
// Threads: the master's loop. What waits for the project has a thread of its own.
// Use:
//     mw::Master master{mw::interface("boinc:project=/home/boincadm/projects/pi")};
//     mw::Master master{mw::interface("boinc:url=https://pi.example.org/pi/&auth=authenticator")};
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include <mw/interface.hpp>

namespace mw {

/// What a BoincProjectInterface is told: `folder`, or `url` and `key_file`; all else may be left out.
struct BoincProjectOptions {
  /// The project's folder on this machine.
  std::string folder = {};
  /// The project's master URL.
  std::string url = {};
  /// A file, readable by its owner only, with the account key of a user who may submit jobs.
  std::string key_file = {};
  /// What the project calls this application; empty: the name of this program.
  std::string app = {};
  /// The folder in which it is noted what was submitted, so that a run that was killed can continue. Empty:
  /// ~/.local/state/cppmw/boinc-project/NAME of this program. "temporary": a new one, removed at the end.
  std::string state = {};
  /// With `folder`: where the project's assimilator puts results (sample_assimilator's --outdir); empty:
  /// FOLDER/results.
  std::string results = {};
  // With `folder`, as create_work has them, 0 to 100; what the project's templates say takes precedence.
  unsigned quorum = 0;       ///< min_quorum; 0: 1
  unsigned target = 0;       ///< target_nresults; 0: the quorum
  unsigned max_errors = 0;   ///< max_error_results; 0: 3
  unsigned max_total = 0;    ///< max_total_results; 0: 10, or more where the quorum needs them
  unsigned max_success = 0;  ///< max_success_results; 0: 6, or more
  /// With `folder`: how long a host may keep a workunit; 0: what the project's templates say.
  std::chrono::seconds delay_bound{0};
  /// How long a workunit should run, about: so many tasks are put into one.
  std::chrono::seconds workunit_time{600};
  /// How long a task runs, about; 0: one of them is run on this machine, for at most 5 s, to learn it.
  std::chrono::nanoseconds task_time{0};
  /// How many tasks a workunit carries; 0: as many as workunit_time asks for.
  unsigned tasks_per_workunit = 0;
  /// How often the project is asked for results; 0: every second in a folder, every 15 s over the network.
  std::chrono::milliseconds poll{0};
};

/// The project is asked from start() on, which throws InterfaceError if it cannot be used: no such folder, application
/// or template, no connection, a wrong key. It counts as 16 slots: how much other people's computers do at a time,
/// nobody knows. See interfaces/boinc/README.md for what it needs, and what can fail.
class BoincProjectInterface : public InterfaceHandle {
 public:
  /// Throws UsageError for options that make no sense.
  explicit BoincProjectInterface(BoincProjectOptions options);
  /// Whether what follows "boinc" in an interface's name means an existing project: it has project=, or auth=.
  static bool is_meant(std::string_view text);
  /// From "project=DIR" or "url=URL&auth=FILE", and more: keys are listed in interfaces/boinc/README.md. Throws
  /// UsageError, which says what would be right.
  static BoincProjectInterface from_text(std::string_view text);
};

}  // namespace mw
