// A light BOINC client: for boards that have no other, and for trying a project out on this machine.
//
// What:    attaches to one project, keeps its slots busy, reports, and goes on where it was when it is started again.
//          It speaks BOINC's protocol, checks the project's signature on what it runs, and asks no more often than the
//          project wants. The project is not trusted: see docs/threat-model.md.
// Owner:   owns its folder, in which nobody else may work.
// Threads: the calling one.
// Use:
//     Volunteer volunteer{options};                         // throws InterfaceError, http::TransferError
//     volunteer.run();                                      // until SIGTERM, SIGINT, or idle if so asked
//     volunteer.leave();                                    // … or not to take part any more
#pragma once

#include <memory>

#include "boinc/volunteer/options.hpp"

namespace mw::boinc {

class Volunteer {
 public:
  explicit Volunteer(VolunteerOptions options);
  ~Volunteer();
  /// Stopped by a signal, it gives back what it has; see VolunteerOptions. A second signal stops it at once.
  void run();
  /// Gives back all that it has, tells the project so, and removes its folder. Throws InterfaceError if the project
  /// does not hear it.
  void leave();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mw::boinc
