// The project's server: a thread with all its rooms in it.
//
// What:    takes tasks from the master's side, serves volunteers over HTTP, and tells how tasks end.
// Owner:   owns the project, its thread and its sockets.
// Threads: submit(), drop(), hold() and status() may be called from any thread. Events come in the server's thread,
//          after what they stand on is committed; the sink outlives the server.
// Use:
//     Server server{settings, {.listen = "127.0.0.1:0"}, sink};      // throws InterfaceError
//     server.submit({task});
//     server.stop();
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <mw/interface.hpp>

#include "boinc/server/project.hpp"

namespace mw::boinc {

/// What the server tells. Tasks as they were submitted.
class ServerSink {
 public:
  virtual ~ServerSink() = default;
  virtual void host_appeared(std::int64_t host, const std::string& name, const std::string& platform, std::int64_t processors) = 0;
  virtual void task_runs(const TaskRef& task, std::int64_t host, double fraction) = 0;
  virtual void task_ended(const TaskRef& task, std::int64_t host, Outcome outcome, bool is_lost) = 0;
  /// After hold(): no host has it, or will be given it in this run.
  virtual void task_returned(const TaskRef&) {}
  /// Nothing more will come of this server.
  virtual void server_failed(const std::string& why) = 0;
};

struct ServerPlace {
  std::string listen = "127.0.0.1:0";
  std::string workers;  ///< the folder of the worker builds
};

class Server {
 public:
  Server(Settings settings, const ServerPlace& place, ServerSink& sink);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Copies arguments and data files into the project.
  void submit(std::vector<TaskRef> tasks);
  /// Nobody wants them any more.
  void drop(std::vector<TaskRef> tasks);
  /// No host is given anything more. Tasks that hosts have may come back.
  void hold();
  StatusMap status() const;
  /// What volunteers attach to, and with which key.
  const std::string& url() const noexcept;
  const std::string& account_key() const noexcept;

  /// Returns when the thread has ended. If tasks are still open, what is known of them is kept for the next run of the
  /// program.
  void stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mw::boinc
