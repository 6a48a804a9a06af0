// The tasks of a volunteer, from their files to their outputs.
//
// What:    fetches what they need, runs them in slots, uploads what they made. A task that is over stays until the
//          project has heard of it.
// Owner:   owns the processes and the files; the tasks themselves are the session's.
// Threads: one: where the io_context runs. Transfers block.
// Use:
//     Workshop workshop{io, session};
//     workshop.take(task);
//     while (…) workshop.fetch_files(), workshop.start_tasks(), workshop.upload_outputs();
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "boinc/protocol/scheduler_request.hpp"
#include "boinc/volunteer/file_store.hpp"
#include "boinc/volunteer/request_times.hpp"
#include "boinc/volunteer/session.hpp"
#include "boinc/volunteer/slot_run.hpp"
#include "boinc/volunteer/trouble.hpp"
#include "process/back_off.hpp"

namespace mw::boinc {

class Workshop {
 public:
  Workshop(boost::asio::io_context& io, Session& session);
  ~Workshop();

  /// As the options want it, and says so. Throws InterfaceError if it is to be there and cannot.
  void open_sandbox();

  /// Of one task; true if it fetched them all, and there may be more to fetch.
  bool fetch_files();
  void start_tasks();
  void upload_outputs();

  bool has(const std::string& name) { return find(name) != nullptr; }
  void take(VolunteerTask task);
  /// What could not be taken, and why: the project hears of it.
  void refuse(const std::string& name, const std::string& why);
  /// The project has heard how these ended.
  void forget(const std::vector<std::string>& names);
  /// The project does not need it any more.
  void abort(const std::string& name);

  /// The project is to give them to others: what is not running yet; what is running, too.
  void give_back_waiting();
  void give_back_running();
  /// Ends what is running, so that it goes on where it was when it is started again.
  void quit();
  void kill() { running_.clear(); }

  std::size_t running() const noexcept { return running_.size(); }
  std::size_t unfinished() const;
  bool has_uploads() const;
  bool has_reports() const;
  std::vector<RunningTask> positions() const;

  Trouble trouble;  ///< with transfers

 private:
  VolunteerTask* find(const std::string& name);
  void fetch(VolunteerTask& task);
  void start(VolunteerTask& task);
  void upload(const VolunteerTask& task);
  void ended(const std::string& name, SlotEnd end);
  void finish(VolunteerTask& task);
  void end(VolunteerTask& task, ClientState state, std::int64_t status, const std::string& why);
  void fail(VolunteerTask& task, std::int64_t status, const std::string& why);
  void give_back(VolunteerTask& task);
  void put_transfers_off(const std::string& name, const std::exception& error);
  void put_starts_off(VolunteerTask& task, const std::exception& error);
  sandbox::Limits limits() const;
  std::filesystem::path slot_of(const VolunteerTask& task) const;

  using Clock = std::chrono::steady_clock;
  static Clock::time_point after(std::chrono::nanoseconds time);

  boost::asio::io_context& io_;
  Session& session_;
  FileStore files_;
  std::optional<sandbox::Bubblewrap> sandbox_;
  std::map<std::string, std::unique_ptr<SlotRun>> running_;
  std::map<std::string, std::int64_t> ordered_;  ///< that are ending because they were told to, and with what exit status
  bool is_quitting_ = false;
  process::BackOff back_off_{std::chrono::seconds{1}, std::chrono::hours{1}};
  Clock::time_point next_transfer_;
  process::BackOff starts_back_off_{std::chrono::seconds{1}, std::chrono::hours{1}};
  Clock::time_point next_start_;
};

}  // namespace mw::boinc
