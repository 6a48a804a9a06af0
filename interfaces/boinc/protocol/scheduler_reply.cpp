#include "boinc/protocol/scheduler_reply.hpp"

#include "boinc/protocol/xml.hpp"

namespace mw::boinc {
namespace {

constexpr std::int64_t scheduler_version = 705;

void write(pugi::xml_node& root, const FileInfo& file) {
  pugi::xml_node node = add(root, "file_info");
  add(node, "name", file.name);
  if (file.is_upload) {
    add_flag(node, "generated_locally");
    add_flag(node, "upload_when_present");
    add(node, "max_nbytes", file.max_nbytes);
    add(node, "upload_url", file.url);
    add(node, "xml_signature", "\n" + file.upload_permission);
    return;
  }
  add(node, "url", file.url);
  if (file.is_executable) {
    add_flag(node, "executable");
    add(node, "file_signature", "\n" + file.signature);
  }
  if (file.is_sticky) add_flag(node, "sticky");
  add(node, "nbytes", file.nbytes);
  add(node, "md5_cksum", file.md5);
}

void write(pugi::xml_node& node, const std::vector<FileRef>& files) {
  for (const FileRef& file : files) {
    pugi::xml_node ref = add(node, "file_ref");
    add(ref, "file_name", file.file_name);
    if (!file.open_name.empty()) add(ref, "open_name", file.open_name);
    if (file.is_main_program) add_flag(ref, "main_program");
  }
}

void write(pugi::xml_node& root, const AppVersion& version) {
  pugi::xml_node node = add(root, "app_version");
  add(node, "app_name", version.app_name);
  add(node, "version_num", version.version_num);
  add(node, "platform", version.platform);
  add(node, "api_version", api_version);
  add(node, "avg_ncpus", 1.0);
  add(node, "flops", version.flops);
  write(node, version.files);
}

void write(pugi::xml_node& root, const WorkunitInfo& workunit) {
  pugi::xml_node node = add(root, "workunit");
  add(node, "name", workunit.name);
  add(node, "app_name", workunit.app_name);
  add(node, "rsc_fpops_est", workunit.fpops_est);
  add(node, "rsc_fpops_bound", workunit.fpops_bound);
  add(node, "rsc_memory_bound", workunit.memory_bound);
  add(node, "rsc_disk_bound", workunit.disk_bound);
  if (!workunit.command_line.empty()) add(node, "command_line", workunit.command_line);
  write(node, workunit.files);
}

void write(pugi::xml_node& root, const InstanceInfo& instance) {
  pugi::xml_node node = add(root, "result");
  add(node, "name", instance.name);
  add(node, "wu_name", instance.workunit);
  add(node, "report_deadline", instance.deadline_s);
  add(node, "platform", instance.platform);
  add(node, "version_num", instance.version_num);
  add_flag(node, "report_immediately");
  write(node, instance.files);
}

void write(pugi::xml_node& root, const SchedulerReply::User& user) {
  add(root, "user_name", user.name);
  add(root, "user_total_credit", user.total_credit);
  add(root, "user_expavg_credit", user.average_credit);
  add(root, "user_create_time", user.created_s);
  add(root, "host_total_credit", user.host_total_credit);
  add(root, "host_expavg_credit", user.host_average_credit);
  add(root, "host_create_time", user.host_created_s);
}

SchedulerReply::User parse_user(const pugi::xml_node& root) {
  return {text_in(root, "user_name"),           integer_in(root, "user_create_time"),
          number_in(root, "user_total_credit"), number_in(root, "user_expavg_credit"),
          number_in(root, "host_total_credit"), number_in(root, "host_expavg_credit"),
          integer_in(root, "host_create_time")};
}

std::vector<FileRef> parse_refs(const pugi::xml_node& node) {
  std::vector<FileRef> refs;
  for (const pugi::xml_node& ref : node.children("file_ref"))
    refs.push_back({text_in(ref, "file_name"), text_in(ref, "open_name"), flag_in(ref, "main_program")});
  return refs;
}

FileInfo parse_file(const pugi::xml_node& node) {
  FileInfo file;
  file.name = text_in(node, "name");
  file.is_upload = flag_in(node, "generated_locally") || node.child("upload_url");
  file.url = text_in(node, node.child("upload_url") ? "upload_url" : "url");
  file.nbytes = integer_in(node, "nbytes");
  file.md5 = text_in(node, "md5_cksum");
  file.is_executable = flag_in(node, "executable");
  file.signature = text_in(node, "file_signature");
  file.max_nbytes = number_in(node, "max_nbytes");
  file.upload_permission = text_in(node, "xml_signature");
  file.is_sticky = flag_in(node, "sticky");
  return file;
}

AppVersion parse_app_version(const pugi::xml_node& node) {
  return {text_in(node, "app_name"), integer_in(node, "version_num"), text_in(node, "platform"), number_in(node, "flops", 1e9),
          parse_refs(node)};
}

WorkunitInfo parse_workunit(const pugi::xml_node& node) {
  WorkunitInfo workunit;
  workunit.name = text_in(node, "name");
  workunit.app_name = text_in(node, "app_name");
  workunit.fpops_est = number_in(node, "rsc_fpops_est");
  workunit.fpops_bound = number_in(node, "rsc_fpops_bound");
  workunit.memory_bound = number_in(node, "rsc_memory_bound");
  workunit.disk_bound = number_in(node, "rsc_disk_bound");
  workunit.command_line = text_in(node, "command_line");
  workunit.files = parse_refs(node);
  return workunit;
}

InstanceInfo parse_instance(const pugi::xml_node& node) {
  return {text_in(node, "name"),     text_in(node, "wu_name"),        integer_in(node, "report_deadline"),
          text_in(node, "platform"), integer_in(node, "version_num"), parse_refs(node)};
}

void add_named(pugi::xml_node& root, const char* element, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    pugi::xml_node node = add(root, element);
    add(node, "name", name);
  }
}

std::vector<std::string> names_in(const pugi::xml_node& root, const char* element) {
  std::vector<std::string> names;
  for (const pugi::xml_node& node : root.children(element)) names.push_back(text_in(node, "name"));
  return names;
}

}  // namespace

std::string to_text(const SchedulerReply& reply) {
  pugi::xml_document document;
  pugi::xml_node root = document.append_child("scheduler_reply");
  add(root, "scheduler_version", scheduler_version);
  add(root, "master_url", reply.master_url);
  add(root, "project_name", reply.project_name);
  if (reply.request_delay_s > 0) add(root, "request_delay", reply.request_delay_s);
  if (reply.next_rpc_delay_s > 0) add(root, "next_rpc_delay", reply.next_rpc_delay_s);
  if (reply.knows_wait) add_flag(root, "mw_wait");
  if (reply.host_id != 0) add(root, "hostid", reply.host_id);
  if (!reply.email_hash.empty()) add(root, "email_hash", reply.email_hash);
  if (!reply.cross_project_id.empty()) add(root, "cross_project_id", reply.cross_project_id);
  if (!reply.user.name.empty()) write(root, reply.user);
  for (const SchedulerReply::Message& message : reply.messages) {
    pugi::xml_node node = add(root, "message");
    node.append_attribute("priority").set_value(message.is_notice ? "notice" : "low");
    node.text().set(message.text.c_str());
  }
  if (!reply.code_sign_key.empty()) add(root, "code_sign_key", "\n" + reply.code_sign_key);
  add_named(root, "result_ack", reply.acknowledged);
  add_named(root, "result_abort", reply.aborted);
  if (reply.acknowledges_messages) add_flag(root, "message_ack");
  if (!reply.app_versions.empty()) {
    pugi::xml_node app = add(root, "app");
    add(app, "name", reply.app_name);
    add(app, "user_friendly_name", reply.app_title);
  }
  for (const FileInfo& file : reply.files) write(root, file);
  for (const AppVersion& version : reply.app_versions) write(root, version);
  for (const WorkunitInfo& workunit : reply.workunits) write(root, workunit);
  for (const InstanceInfo& instance : reply.instances) write(root, instance);
  return to_text(document);
}

SchedulerReply parse_scheduler_reply(std::string_view text) {
  const Document document = parse_document(text, "scheduler_reply");
  const pugi::xml_node& root = document.root;
  SchedulerReply reply;
  reply.master_url = text_in(root, "master_url");
  reply.project_name = text_in(root, "project_name");
  reply.host_id = integer_in(root, "hostid");
  reply.email_hash = text_in(root, "email_hash");
  reply.cross_project_id = text_in(root, "cross_project_id");
  reply.user = parse_user(root);
  reply.request_delay_s = number_in(root, "request_delay");
  reply.next_rpc_delay_s = number_in(root, "next_rpc_delay");
  reply.knows_wait = flag_in(root, "mw_wait");
  reply.code_sign_key = text_in(root, "code_sign_key");
  reply.app_name = text_in(root.child("app"), "name");
  reply.app_title = text_in(root.child("app"), "user_friendly_name");
  for (const pugi::xml_node& node : root.children("file_info")) reply.files.push_back(parse_file(node));
  for (const pugi::xml_node& node : root.children("app_version")) reply.app_versions.push_back(parse_app_version(node));
  for (const pugi::xml_node& node : root.children("workunit")) reply.workunits.push_back(parse_workunit(node));
  for (const pugi::xml_node& node : root.children("result")) reply.instances.push_back(parse_instance(node));
  reply.acknowledged = names_in(root, "result_ack");
  reply.acknowledges_messages = flag_in(root, "message_ack");
  reply.aborted = names_in(root, "result_abort");
  for (const pugi::xml_node& node : root.children("message"))
    reply.messages.push_back({node.text().get(), std::string_view{node.attribute("priority").value()} == "notice"});
  return reply;
}

}  // namespace mw::boinc
