// Volunteers of our own, on this machine.
//
// What:    runs `mw volunteer` so many times, each a host of its own, and starts one again that has died.
// Owner:   owns the processes.
// Threads: the master's loop; to be made in the thread that lives as long as the master (Child).
// Use:
//     LocalVolunteers volunteers{io, {url, state}, 4};
//     volunteers.stop([] { … });
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>

namespace mw::boinc {

class LocalVolunteers {
 public:
  struct Place {
    std::string url;
    std::string state;                                ///< the project's folder: its account_key, and the volunteers' own folders
    std::chrono::milliseconds stopped_after{30'000};  ///< so long a volunteer is stopped before that is said
  };
  /// Throws InterfaceError if there is no mw command.
  LocalVolunteers(boost::asio::io_context& io, Place place, std::size_t count);
  ~LocalVolunteers();

  std::size_t running() const noexcept;
  /// Those that a signal has stopped, or what computes for them, for long enough to be said (on stderr, too):
  /// "volunteer-1 (process 7)".
  std::vector<std::string> stopped() const;
  /// Ends them, then calls `stopped`.
  void stop(std::function<void()> stopped);

 private:
  struct One;
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace mw::boinc
