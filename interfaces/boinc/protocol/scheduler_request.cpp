#include "boinc/protocol/scheduler_request.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "boinc/protocol/xml.hpp"

namespace mw::boinc {
namespace {

constexpr std::size_t most_results = 10'000;  // in a request, of each kind

// What can be, of what a client says of itself. Sums and products of such numbers stay far from what a double holds.
constexpr double most_seconds = 1e9;  // 30 years
constexpr double most_fpops = 1e13;   // of one processor
constexpr double most_bytes = 1e18;
constexpr double most_processors = 4096;

double amount_in(const pugi::xml_node& node, const char* child, double most) {
  return std::clamp(number_in(node, child), 0.0, most);
}

/// What a task wrote to stderr may hold anything, ends of CDATA sections too: it is cut out before the XML is read, and
/// a number left in its place.
std::string cut_out_stderr(std::string_view text, std::vector<std::string>& cut) {
  constexpr std::string_view open = "<stderr_out>", close = "</stderr_out>";
  std::string rest;
  rest.reserve(text.size());
  while (true) {
    const auto begin = text.find(open);
    const auto end = begin == std::string_view::npos ? begin : text.find(close, begin);
    if (end == std::string_view::npos) break;
    rest += text.substr(0, begin);
    rest += fmt::format("<stderr_number>{}</stderr_number>", cut.size());
    cut.emplace_back(text.substr(begin + open.size(), end - begin - open.size()));
    text.remove_prefix(end + close.size());
  }
  rest += text;
  return rest;
}

/// What is between the client's own lines around a task's stderr.
std::string inner_stderr(std::string_view text) {
  constexpr std::string_view cdata_begin = "<![CDATA[", cdata_end = "]]>";
  if (const auto begin = text.find(cdata_begin); begin != std::string_view::npos) text.remove_prefix(begin + cdata_begin.size());
  if (const auto end = text.rfind(cdata_end); end != std::string_view::npos) text = text.substr(0, end);
  return std::string{text};
}

std::string stderr_of(const pugi::xml_node& node, const std::vector<std::string>& cut) {
  if (!node.child("stderr_number")) return {};
  const auto number = static_cast<std::size_t>(integer_in(node, "stderr_number"));
  return number < cut.size() ? inner_stderr(cut[number]) : std::string{};
}

HostInfo parse_host(const pugi::xml_node& node) {
  HostInfo host;
  host.cpid = text_in(node, "host_cpid");
  host.name = text_in(node, "domain_name");
  host.os_name = text_in(node, "os_name");
  host.os_version = text_in(node, "os_version");
  host.cpu_vendor = text_in(node, "p_vendor");
  host.cpu_model = text_in(node, "p_model");
  host.ncpus = std::max<std::int64_t>(1, static_cast<std::int64_t>(amount_in(node, "p_ncpus", most_processors)));
  host.fpops = amount_in(node, "p_fpops", most_fpops);
  host.memory = amount_in(node, "m_nbytes", most_bytes);
  host.disk_free = amount_in(node, "d_free", most_bytes);
  return host;
}

ReportedResult parse_result(const pugi::xml_node& node, const std::vector<std::string>& cut) {
  ReportedResult result;
  result.name = text_in(node, "name");
  result.exit_status = integer_in(node, "exit_status");
  result.state = static_cast<ClientState>(integer_in(node, "state"));
  result.cpu_seconds = amount_in(node, "final_cpu_time", most_seconds);
  result.elapsed_seconds = amount_in(node, "final_elapsed_time", most_seconds);
  result.stderr_text = stderr_of(node, cut);
  for (const pugi::xml_node& file : node.children("file_info"))
    result.files.push_back({text_in(file, "name"), amount_in(file, "nbytes", most_bytes), text_in(file, "md5_cksum")});
  return result;
}

void check_count(std::size_t count, const char* what) {
  if (count > most_results) throw BadMessage{fmt::format("a scheduler request with more than {} {}", most_results, what)};
}

void write_host(pugi::xml_node& request, const HostInfo& host) {
  pugi::xml_node node = add(request, "host_info");
  add(node, "host_cpid", host.cpid);
  add(node, "domain_name", host.name);
  add(node, "p_ncpus", host.ncpus);
  add(node, "p_vendor", host.cpu_vendor);
  add(node, "p_model", host.cpu_model);
  add(node, "p_fpops", host.fpops);
  add(node, "m_nbytes", host.memory);
  add(node, "d_free", host.disk_free);
  add(node, "os_name", host.os_name);
  add(node, "os_version", host.os_version);
}

void write_result(pugi::xml_node& request, const ReportedResult& result) {
  pugi::xml_node node = add(request, "result");
  add(node, "name", result.name);
  add(node, "final_cpu_time", result.cpu_seconds);
  add(node, "final_elapsed_time", result.elapsed_seconds);
  add(node, "exit_status", result.exit_status);
  add(node, "state", static_cast<std::int64_t>(result.state));
  pugi::xml_node error = add(node, "stderr_out");
  error.append_child(pugi::node_cdata).set_value(result.stderr_text.c_str());
  for (const ReportedFile& file : result.files) {
    pugi::xml_node info = add(node, "file_info");
    add(info, "name", file.name);
    add(info, "nbytes", file.nbytes);
    add(info, "md5_cksum", file.md5);
  }
}

void write_version(pugi::xml_node& request, std::string_view version) {
  const char* const names[] = {"core_client_major_version", "core_client_minor_version", "core_client_release"};
  for (const char* name : names) {
    const auto dot = version.find('.');
    add(request, name, version.substr(0, dot));
    version = dot == std::string_view::npos ? std::string_view{"0"} : version.substr(dot + 1);
  }
}

}  // namespace

SchedulerRequest parse_scheduler_request(std::string_view text) {
  std::vector<std::string> cut;
  const Document document = parse_document(cut_out_stderr(text, cut), "scheduler_request");
  const pugi::xml_node& root = document.root;
  SchedulerRequest request;
  request.authenticator = text_in(root, "authenticator");
  request.host_id = integer_in(root, "hostid");
  request.rpc_seqno = integer_in(root, "rpc_seqno");
  request.client_version = fmt::format("{}.{}.{}", integer_in(root, "core_client_major_version"),
                                       integer_in(root, "core_client_minor_version"), integer_in(root, "core_client_release"));
  request.cross_project_id = text_in(root, "cross_project_id");
  request.work_req_seconds = amount_in(root, "work_req_seconds", most_seconds);
  request.cpu_req_seconds = amount_in(root, "cpu_req_secs", most_seconds);
  request.cpu_req_instances = amount_in(root, "cpu_req_instances", most_processors);
  if (std::string own = text_in(root, "platform_name"); !own.empty()) request.platforms.push_back(std::move(own));
  for (const pugi::xml_node& other : root.children("alt_platform")) request.platforms.push_back(text_in(other, "name"));
  request.code_sign_key = text_in(root, "code_sign_key");
  request.host = parse_host(root.child("host_info"));
  for (const pugi::xml_node& node : root.children("result")) {
    request.results.push_back(parse_result(node, cut));
    check_count(request.results.size(), "results");
  }
  request.lists_other_results = static_cast<bool>(root.child("other_results"));
  for (const pugi::xml_node& node : root.child("other_results").children("other_result")) {
    request.other_results.push_back(text_in(node, "name"));
    check_count(request.other_results.size(), "other results");
  }
  for (const pugi::xml_node& node : root.children("msg_from_host")) {
    request.messages.push_back({text_in(node, "result_name"), text_in(node, "variety"), text_in(node, "text")});
    check_count(request.messages.size(), "messages");
  }
  request.wait_s = amount_in(root, "mw_wait", most_seconds);
  request.is_leaving = flag_in(root, "mw_leaving");
  for (const pugi::xml_node& node : root.children("mw_running")) {
    request.running.push_back({text_in(node, "name"), integer_in(node, "position"), amount_in(node, "fraction", 1)});
    check_count(request.running.size(), "running tasks");
  }
  return request;
}

std::string to_text(const SchedulerRequest& request) {
  pugi::xml_document document;
  pugi::xml_node root = document.append_child("scheduler_request");
  add(root, "authenticator", request.authenticator);
  add(root, "hostid", request.host_id);
  add(root, "rpc_seqno", request.rpc_seqno);
  if (!request.cross_project_id.empty()) add(root, "cross_project_id", request.cross_project_id);
  write_version(root, request.client_version);
  add(root, "work_req_seconds", request.work_req_seconds);
  add(root, "cpu_req_secs", request.cpu_req_seconds);
  add(root, "cpu_req_instances", request.cpu_req_instances);
  if (!request.platforms.empty()) add(root, "platform_name", request.platforms.front());
  for (std::size_t i = 1; i < request.platforms.size(); ++i) {
    pugi::xml_node other = add(root, "alt_platform");
    add(other, "name", request.platforms[i]);
  }
  if (!request.code_sign_key.empty()) add(root, "code_sign_key", "\n" + request.code_sign_key);
  write_host(root, request.host);
  for (const ReportedResult& result : request.results) write_result(root, result);
  pugi::xml_node others = add(root, "other_results");
  for (const std::string& name : request.other_results) {
    pugi::xml_node other = add(others, "other_result");
    add(other, "name", name);
  }
  for (const MessageFromHost& message : request.messages) {
    pugi::xml_node node = add(root, "msg_from_host");
    add(node, "result_name", message.result_name);
    add(node, "variety", message.variety);
    add(node, "text", message.text);
  }
  if (request.is_leaving) add_flag(root, "mw_leaving");
  if (request.wait_s > 0) add(root, "mw_wait", request.wait_s);
  for (const RunningTask& task : request.running) {
    pugi::xml_node node = add(root, "mw_running");
    add(node, "name", task.name);
    add(node, "position", task.position);
    add(node, "fraction", task.fraction);
  }
  return to_text(document);
}

}  // namespace mw::boinc
