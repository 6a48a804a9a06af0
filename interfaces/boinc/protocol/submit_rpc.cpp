#include "boinc/protocol/submit_rpc.hpp"

#include <algorithm>
#include <cctype>
#include <optional>

#include <fmt/format.h>

#include "boinc/policy/error_mask.hpp"
#include "boinc/protocol/php_notices.hpp"
#include "parse/number.hpp"

namespace mw::boinc::submit_rpc {
namespace {

/// A request: its root element names it, and the key comes first.
struct Request {
  Request(const char* name, const std::string& key) : root{document.append_child(name)} { add(root, "authenticator", key); }
  std::string text() const { return to_text(document); }

  pugi::xml_document document;
  pugi::xml_node root;
};

std::string one_line(std::string text) {
  constexpr std::size_t most = 500;
  if (text.size() > most) text = text.substr(0, most) + " …";
  for (char& c : text)
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  return text;
}

/// An element with a number that is not 0; without one, it is a notice of PHP's.
void refuse_if_error(const pugi::xml_node& node) {
  for (const pugi::xml_node& error : node.children("error"))
    if (const auto number = integer_in(error, "error_num"); number != 0)
      throw Refusal{fmt::format("{} (error {})", one_line(text_in(error, "error_msg")), number)};
}

/// Messages of tools go into errors as they are, so that a reply with an error may not be XML.
void refuse_if_error_in(std::string_view text) {
  constexpr std::string_view open = "<error_msg>", close = "</error_msg>";
  const auto begin = text.find(open);
  if (begin == std::string_view::npos) return;
  const auto end = text.find(close, begin);
  if (end == std::string_view::npos) return;
  throw Refusal{one_line(std::string{text.substr(begin + open.size(), end - begin - open.size())})};
}

/// abort_jobs says <aborted NAME>, with no end.
std::string without_aborted(std::string_view text) {
  constexpr std::string_view open = "<aborted ";
  std::string rest;
  while (true) {
    const auto begin = text.find(open);
    rest += text.substr(0, begin);
    if (begin == std::string_view::npos) return rest;
    const auto end = text.find('>', begin);
    if (end == std::string_view::npos) return rest;
    text.remove_prefix(end + 1);
  }
}

std::optional<std::int64_t> mask_in_torn(std::string_view text) {
  constexpr std::string_view open = "<error_mask>";
  const auto begin = text.find(open);
  if (begin == std::string_view::npos) return std::nullopt;
  text.remove_prefix(begin + open.size());
  const auto mask = parse::take_number<std::int64_t>(text);
  return text.starts_with("</") ? mask : std::nullopt;
}

}  // namespace

bool is_key(std::string_view text) noexcept {
  constexpr std::size_t shortest = 16, longest = 255;
  return text.size() >= shortest && text.size() <= longest &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; });
}

std::string get_templates_request(const std::string& key, const std::string& app) {
  Request request{"get_templates", key};
  add(request.root, "app_name", app);
  return request.text();
}

std::string create_batch_request(const std::string& key, const std::string& app, const std::string& batch) {
  Request request{"create_batch", key};
  add(request.root, "app_name", app);
  add(request.root, "batch_name", batch);
  add(request.root, "expire_time", std::int64_t{0});
  return request.text();
}

std::string query_batch_request(const std::string& key, const std::string& batch) {
  Request request{"query_batch", key};
  add(request.root, "batch_name", batch);
  return request.text();
}

std::string query_jobs_request(const std::string& key, const std::vector<std::string>& batches, double since) {
  Request request{"query_batch2", key};
  for (const std::string& batch : batches) add(request.root, "batch_name", batch);
  if (since > 0) add(request.root, "min_mod_time", since);
  return request.text();
}

std::string query_completed_job_request(const std::string& key, const std::string& job) {
  Request request{"query_completed_job", key};
  add(request.root, "job_name", job);
  return request.text();
}

std::string abort_jobs_request(const std::string& key, const std::vector<std::string>& jobs) {
  Request request{"abort_jobs", key};
  for (const std::string& job : jobs) add(request.root, "job_name", job);
  return request.text();
}

std::string abort_batch_request(const std::string& key, const std::string& batch) {
  Request request{"abort_batch", key};
  add(request.root, "batch_name", batch);
  return request.text();
}

std::string retire_batch_request(const std::string& key, const std::string& batch) {
  Request request{"retire_batch", key};
  add(request.root, "batch_name", batch);
  return request.text();
}

std::string query_files_request(const std::string& key, const std::vector<std::string>& names) {
  Request request{"query_files", key};
  for (const std::string& name : names) add(request.root, "phys_name", name);
  return request.text();
}

std::string upload_files_request(const std::string& key, const std::vector<std::string>& names, std::int64_t delete_time) {
  Request request{"upload_files", key};
  add(request.root, "delete_time", delete_time);
  for (const std::string& name : names) add(request.root, "phys_name", name);
  return request.text();
}

std::string submit_batch_request(const std::string& key, const Submission& submission) {
  Request request{"submit_batch", key};
  pugi::xml_node batch = add(request.root, "batch");
  add(batch, "app_name", submission.app);
  add(batch, "batch_id", submission.batch);
  // By one the handler counts the input files, by the other it makes the jobs.
  add(batch, "workunit_template_file", submission.input_template);
  add(batch, "input_template_filename", submission.input_template);
  add(batch, "output_template_filename", submission.output_template);
  pugi::xml_node parameters = add(batch, "job_params");
  add(parameters, "rsc_fpops_est", submission.operations);
  add(parameters, "rsc_fpops_bound", submission.operations_bound);
  if (submission.delay_bound_s > 0) add(parameters, "delay_bound", submission.delay_bound_s);
  for (const Job& job : submission.jobs) {
    pugi::xml_node node = add(batch, "job");
    add(node, "name", job.name);
    add(node, "priority", std::int64_t{job.priority});
    for (const std::string& file : job.files) {
      pugi::xml_node input = add(node, "input_file");
      add(input, "mode", "local_staged");
      add(input, "source", file);
    }
  }
  return request.text();
}

Document parse_reply(std::string_view text, const char* request) {
  const PhpAnswer answer = without_notices(text);
  const std::string cleaned = without_aborted(answer.text);
  Document document;
  try {
    document = parse_document(cleaned, request);
  } catch (const BadMessage& e) {
    refuse_if_error_in(cleaned);
    if (!answer.death.empty())
      throw Breakdown{fmt::format("what answers {} there broke down: {}", request, one_line(answer.death))};
    throw BadMessage{fmt::format("{}; it begins: {}", e.what(), one_line(cleaned.substr(0, 200)))};
  }
  refuse_if_error(document.root);
  return document;
}

std::int64_t parse_batch_id(std::string_view text, const char* request) {
  const Document document = parse_reply(text, request);
  const std::int64_t id = integer_in(document.root, "batch_id");
  if (id <= 0) throw BadMessage{fmt::format("the reply to {} has no batch_id", request)};
  return id;
}

BatchState parse_query_batch(std::string_view text) {
  const Document document = parse_reply(text, "query_batch");
  BatchState state{integer_in(document.root, "id"), integer_in(document.root, "njobs"), integer_in(document.root, "state") != 0};
  if (state.id <= 0) throw BadMessage{"the reply to query_batch has no id"};
  return state;
}

std::vector<std::size_t> parse_absent_files(std::string_view text, std::size_t count) {
  const Document document = parse_reply(text, "query_files");
  const pugi::xml_node absent = document.root.child("absent_files");
  if (!absent) throw BadMessage{"the reply to query_files has no absent_files"};
  std::vector<std::size_t> indices;
  for (const pugi::xml_node& file : absent.children("file")) {
    const std::string_view number = file.text().get();
    const auto index = parse::number<std::size_t>(number);
    if (!index || *index >= count)
      throw BadMessage{fmt::format("the reply to query_files names file \"{:.20}\" of {}", number, count)};
    indices.push_back(*index);
  }
  return indices;
}

JobStates parse_query_jobs(std::string_view text) {
  const Document document = parse_reply(text, "query_batch2");
  JobStates states;
  states.server_time = number_in(document.root, "server_time");
  for (const pugi::xml_node& job : document.root.children("job")) {
    const std::string name = text_in(job, "job_name"), status = text_in(job, "status");
    if (name.empty()) throw BadMessage{"a job in the reply to query_batch2 has no name"};
    states.jobs.emplace_back(name, status == "DONE"          ? JobState::done
                                   : status == "ERROR"       ? JobState::error
                                   : status == "IN_PROGRESS" ? JobState::in_progress
                                                             : JobState::unsent);
  }
  return states;
}

std::string parse_completed_job(std::string_view text) {
  Document document;
  try {
    document = parse_reply(text, "query_completed_job");
  } catch (const BadMessage&) {
    // Without a copy that was computed, the handler breaks down after it has said this.
    if (const auto mask = mask_in_torn(text)) return describe_error_mask(*mask);
    throw;
  }
  const pugi::xml_node job = document.root.child("completed_job");
  if (!job) throw BadMessage{"the reply to query_completed_job has no completed_job"};
  std::string story = describe_error_mask(integer_in(job, "error_mask"));
  if (job.child("exit_status")) story += fmt::format("; exit status {}", integer_in(job, "exit_status"));
  const std::string printed = text_in(job, "stderr_out");
  constexpr std::size_t most = 400;
  if (!printed.empty()) story += "; stderr ends: " + one_line(printed.substr(printed.size() - std::min(printed.size(), most)));
  return story;
}

}  // namespace mw::boinc::submit_rpc
