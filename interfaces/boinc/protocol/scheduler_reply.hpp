// The scheduler reply: what a client is told, and given to do.
//
// What:    SchedulerReply, written as and read from BOINC's <scheduler_reply>.
// Owner:   a value.
// Threads: a value.
// Use:
//     send(to_text(reply));
//     const SchedulerReply reply = parse_scheduler_reply(body);           // throws BadMessage
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mw::boinc {

/// That a worker build keeps to: from 6.0 on, the client talks to the application through a mapped file.
inline constexpr const char* api_version = "7.20.5";

/// A file that the client fetches, or one that it makes and uploads.
struct FileInfo {
  std::string name = {};
  std::string url = {};
  std::int64_t nbytes = 0;
  std::string md5 = {};
  bool is_executable = false;
  std::string signature = {};          ///< of the file's MD5, by the code-signing key: for what is executed
  bool is_upload = false;              ///< made by the client; `url` is the upload handler's
  double max_nbytes = 0;               ///< of an upload
  std::string upload_permission = {};  ///< signature of upload_permission_text()
  bool is_sticky = false;              ///< kept by the client when no task needs it
};

struct FileRef {
  std::string file_name;
  std::string open_name;  ///< what the task calls it; empty for the main program
  bool is_main_program = false;
};

struct AppVersion {
  std::string app_name;
  std::int64_t version_num = 0;
  std::string platform;
  double flops = 1e9;
  std::vector<FileRef> files;
};

struct WorkunitInfo {
  std::string name = {};
  std::string app_name;
  double fpops_est = 0;
  double fpops_bound = 0;
  double memory_bound = 0;  ///< bytes
  double disk_bound = 0;    ///< bytes
  std::string command_line;
  std::vector<FileRef> files;
};

/// A copy of a workunit for one host: BOINC's <result>.
struct InstanceInfo {
  std::string name = {};
  std::string workunit;
  std::int64_t deadline_s = 0;  ///< since 1970
  std::string platform;
  std::int64_t version_num = 0;
  std::vector<FileRef> files;
};

struct SchedulerReply {
  std::string master_url;
  std::string project_name;
  std::int64_t host_id = 0;  ///< of a new host; else 0
  /// To a new host: what it is to say in each request (see SchedulerRequest::cross_project_id), and the account's
  /// e-mail address, hashed: by it a client that is attached to several projects tells which of their ids to send, so
  /// each host has one of its own.
  std::string cross_project_id;
  std::string email_hash;
  /// For the person, in the client's manager; a name that is empty is not sent, nor is any of this.
  struct User {
    std::string name;
    std::int64_t created_s = 0;  ///< since 1970
    double total_credit = 0, average_credit = 0;
    double host_total_credit = 0, host_average_credit = 0;
    std::int64_t host_created_s = 0;
  };
  User user;
  double request_delay_s = 0;   ///< no request earlier than that
  double next_rpc_delay_s = 0;  ///< a request at the latest then; 0: not said
  bool knows_wait = false;      ///< a request may wait for work (see SchedulerRequest::wait_s): <mw_wait>, ours
  std::string code_sign_key;
  std::string app_name;
  std::string app_title;
  std::vector<FileInfo> files;
  std::vector<AppVersion> app_versions;
  std::vector<WorkunitInfo> workunits;
  std::vector<InstanceInfo> instances;
  std::vector<std::string> acknowledged;  ///< results
  bool acknowledges_messages = false;
  std::vector<std::string> aborted;  ///< instances that nobody needs any more, started or not
  struct Message {
    std::string text;
    bool is_notice = false;  ///< for the person, not just for the log
  };
  std::vector<Message> messages;
};

std::string to_text(const SchedulerReply& reply);
SchedulerReply parse_scheduler_reply(std::string_view text);

}  // namespace mw::boinc
