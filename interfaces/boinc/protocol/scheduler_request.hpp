// The scheduler request: what a client says to the scheduler.
//
// What:    SchedulerRequest, read from and written as BOINC's <scheduler_request>. What it means is the scheduler's
//          business.
// Owner:   a value.
// Threads: a value.
// Use:
//     const SchedulerRequest request = parse_scheduler_request(body);     // throws BadMessage
//     post(url, to_text(request));
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mw::boinc {

struct HostInfo {
  std::string cpid;  ///< by which a host is known across projects
  std::string name;
  std::string os_name;
  std::string os_version;
  std::string cpu_vendor;
  std::string cpu_model;
  std::int64_t ncpus = 1;
  double fpops = 0;      ///< floating-point operations a second, of one processor
  double memory = 0;     ///< bytes
  double disk_free = 0;  ///< bytes
};

/// A file that a client has uploaded, as it says; the stored file is what counts.
struct ReportedFile {
  std::string name;
  double nbytes = 0;
  std::string md5;
};

/// A client's states of a task (BOINC: RESULT::state).
enum class ClientState : std::int64_t {
  is_new = 0,
  downloading = 1,
  downloaded = 2,
  compute_error = 3,
  uploading = 4,
  uploaded = 5,
  aborted = 6,
  upload_failed = 7
};

namespace exit_status {
inline constexpr std::int64_t aborted_by_user = 203;
inline constexpr std::int64_t aborted_by_project = 202;
inline constexpr std::int64_t signal = 193;
inline constexpr std::int64_t download_failed = -186;
}  // namespace exit_status

/// A task that has ended on its host.
struct ReportedResult {
  std::string name;
  std::int64_t exit_status = 0;
  ClientState state = ClientState::is_new;
  double cpu_seconds = 0;
  double elapsed_seconds = 0;
  std::string stderr_text;
  std::vector<ReportedFile> files;
};

struct MessageFromHost {
  std::string result_name;
  std::string variety;
  std::string text;
};

/// How far a task is on its host: an element of ours, <mw_running>, that BOINC's scheduler passes over.
struct RunningTask {
  std::string name;            ///< of the instance
  std::int64_t position = -1;  ///< of the task in its workunit that runs now, from 0
  double fraction = 0;         ///< of that task
};

struct SchedulerRequest {
  std::string authenticator;
  std::int64_t host_id = 0;
  std::string cross_project_id;  ///< what the server told this host when it made its number: who knows it is that host
  std::int64_t rpc_seqno = 0;
  std::string client_version;  ///< "7.20.5"
  double work_req_seconds = 0;
  double cpu_req_seconds = 0;
  double cpu_req_instances = 0;
  std::vector<std::string> platforms;  ///< the first is its own
  std::string code_sign_key;           ///< the project's, as it knows it
  HostInfo host;
  std::vector<ReportedResult> results;
  std::vector<std::string> other_results;  ///< names of all others that it has
  bool lists_other_results = false;        ///< an old client does not
  std::vector<MessageFromHost> messages;
  std::vector<RunningTask> running;
  bool is_leaving = false;  ///< the host has nothing of this project any more but what it lists: <mw_leaving>, ours
  double wait_s = 0;        ///< how long the client would wait for work, rather than hear that there is none: <mw_wait>, ours

  bool wants_work() const noexcept { return work_req_seconds > 0 || cpu_req_seconds > 0 || cpu_req_instances > 0; }
};

/// Numbers are finite, and within what can be: what a client says beyond that is cut. Throws BadMessage.
SchedulerRequest parse_scheduler_request(std::string_view text);
std::string to_text(const SchedulerRequest& request);

}  // namespace mw::boinc
