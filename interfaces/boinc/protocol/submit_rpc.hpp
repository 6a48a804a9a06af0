// The remote submission RPC, message by message.
//
// What:    requests as text, replies parsed: what BOINC's html/user/submit_rpc_handler.php and job_file.php take and
//          give. A reply may have junk before its root element (PHP's notices); an error comes inside HTTP status 200.
// Owner:   values.
// Threads: any.
// Use:
//     const std::int64_t batch = parse_batch_id(post(create_batch_request(key, "pi", "pi_1")), "create_batch");
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "boinc/protocol/xml.hpp"

namespace mw::boinc::submit_rpc {

/// What the project says instead of an answer.
class Refusal : public Error {
 public:
  using Error::Error;
};

/// What answers there died before it had said anything.
class Breakdown : public BadMessage {
 public:
  using BadMessage::BadMessage;
};

/// How BOINC's account keys look: letters, digits and '_', 16 to 255 of them.
bool is_key(std::string_view text) noexcept;

std::string get_templates_request(const std::string& key, const std::string& app);
std::string create_batch_request(const std::string& key, const std::string& app, const std::string& batch);
/// By name.
std::string query_batch_request(const std::string& key, const std::string& batch);
/// What has changed since `since`, as the server has the time; 0: everything.
std::string query_jobs_request(const std::string& key, const std::vector<std::string>& batches, double since);
std::string query_completed_job_request(const std::string& key, const std::string& job);
std::string abort_jobs_request(const std::string& key, const std::vector<std::string>& jobs);
std::string abort_batch_request(const std::string& key, const std::string& batch);
std::string retire_batch_request(const std::string& key, const std::string& batch);

// Neither of the two names a batch: the table in which a project would keep that is not in its standard schema.

/// Which of these files the project does not have.
std::string query_files_request(const std::string& key, const std::vector<std::string>& names);
/// The files themselves come as file_0, file_1, … of the same form. The project may delete them after `delete_time`
/// (seconds since 1970). No later request can put that off: the handler takes the success of its own update for a
/// failure.
std::string upload_files_request(const std::string& key, const std::vector<std::string>& names, std::int64_t delete_time);

struct Job {
  std::string name;
  std::int32_t priority = 0;
  std::vector<std::string> files;  ///< in the order of the template
};
struct Submission {
  std::string app;
  std::int64_t batch = 0;
  std::string input_template;  ///< its file's name in the project's templates
  std::string output_template;
  double operations = 0;           ///< rsc_fpops_est
  double operations_bound = 0;     ///< rsc_fpops_bound
  std::int64_t delay_bound_s = 0;  ///< 0: as the template has it
  std::vector<Job> jobs = {};
};
std::string submit_batch_request(const std::string& key, const Submission& submission);

/// Throws Refusal with the project's words for an error, Breakdown, BadMessage for what is no reply to `request`. It is
/// what parses a reply that holds nothing else of interest.
Document parse_reply(std::string_view text, const char* request);

/// Of create_batch and submit_batch.
std::int64_t parse_batch_id(std::string_view text, const char* request);

struct BatchState {
  std::int64_t id = 0;
  std::int64_t jobs = 0;
  bool is_submitted = false;  ///< jobs were made
};
BatchState parse_query_batch(std::string_view text);

/// Indices into the names of the question, each below `count`.
std::vector<std::size_t> parse_absent_files(std::string_view text, std::size_t count);

enum class JobState : std::uint8_t { unsent, in_progress, done, error };
struct JobStates {
  double server_time = 0;
  std::vector<std::pair<std::string, JobState>> jobs;
};
JobStates parse_query_jobs(std::string_view text);

/// "more copies of it failed than the project allows (error mask 2); exit status 1; stderr ends: …"
std::string parse_completed_job(std::string_view text);

}  // namespace mw::boinc::submit_rpc
