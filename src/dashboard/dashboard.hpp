// The dashboard of a master: what a browser shows of it while it works, and the file that it leaves.
//
// What:    a thread beside the master's loop, which puts together what a recorder leaves and what the master says of
//          itself, and an HTTP server in it. Whatever happens there, the loop does not wait.
// Owner:   the master's; what it is given outlives it. finish() ends the thread, while the master's loop still answers;
//          the rest goes when the loop has ended, since calls to it may still be on their way.
// Threads: made, finished and destroyed by one thread; the rest is its own.
// Use:
//     Dashboard dashboard{{.listen = "127.0.0.1:0"}, controls, recorder, directory};   // throws InterfaceError
//     tell(dashboard.url());  …  dashboard.finish(last_status);
#pragma once

#include <memory>
#include <string>

#include "control/controls.hpp"
#include "core/worker_directory.hpp"
#include "watch/recorder.hpp"

namespace mw::dashboard {

struct Options {
  std::string listen = {};  ///< "127.0.0.1:0"; empty: there is no server
  std::string report = {};  ///< a file; empty: none
};

class Dashboard {
 public:
  /// Throws InterfaceError if it cannot listen there, or if the report could not be written there.
  Dashboard(Options options, control::Controls& controls, watch::Recorder& recorder, const detail::WorkerDirectory& directory);
  ~Dashboard();
  Dashboard(const Dashboard&) = delete;
  Dashboard& operator=(const Dashboard&) = delete;

  /// With the key, for a browser: "http://127.0.0.1:4711/#key=…"; empty where there is no server.
  std::string url() const;
  /// The master's last word: who watches hears it, the report is written, and the thread ends. What went wrong with the
  /// report is a warning.
  void finish(control::Now last);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mw::dashboard
