#include "boinc/volunteer/bounds.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include <fmt/format.h>

#include "boinc/protocol/md5.hpp"
#include "boinc/protocol/signing.hpp"
#include "boinc/protocol/xml.hpp"

namespace mw::boinc {
namespace {

double bounded_delay(double seconds) { return std::isnan(seconds) ? 0 : std::clamp(seconds, 0.0, bounds::longest_delay_s); }

/// Names in a slot that are the client's and the worker's own.
bool is_reserved(std::string_view name) {
  constexpr std::array<std::string_view, 4> prefixes{"boinc_", "checkpoint_", "executable_", "tmp"};
  return name == "init_data.xml" || name == "stderr.txt" ||
         std::any_of(prefixes.begin(), prefixes.end(), [&](std::string_view prefix) { return name.starts_with(prefix); });
}

void check_url(const FileInfo& file) {
  if (file.url.empty() || file.url.size() > bounds::longest_url)
    throw BadMessage{fmt::format("the project does not say where {} is", file.name)};
}

/// Of a file that is fetched.
void check_download(const FileInfo& file) {
  check_url(file);
  const bool is_empty_file = file.nbytes == 0 && file.md5 == md5_hex(std::string_view{});
  if ((file.nbytes <= 0 && !is_empty_file) || file.nbytes > bounds::largest_file)
    throw BadMessage{fmt::format("the project says that {} has {} bytes; it takes files of up to {}", file.name, file.nbytes,
                                 bounds::largest_file)};
  if (!is_md5(file.md5) && !(file.is_executable && file.md5.empty()))
    throw BadMessage{fmt::format("the project gives no MD5 for {}", file.name)};
  if (file.signature.size() > bounds::longest_signature) throw BadMessage{fmt::format("the signature of {} is none", file.name)};
}

VolunteerFile described(const SchedulerReply& reply, const FileRef& ref) {
  const auto info =
      std::find_if(reply.files.begin(), reply.files.end(), [&](const FileInfo& file) { return file.name == ref.file_name; });
  if (info == reply.files.end() || !is_file_name(info->name))
    throw BadMessage{
        fmt::format("the project names a file that it does not describe, or that is no file's name: {}", ref.file_name)};
  return {*info, ref.open_name};
}

VolunteerFile program_of(const SchedulerReply& reply, const AppVersion& version) {
  const auto main =
      std::find_if(version.files.begin(), version.files.end(), [](const FileRef& ref) { return ref.is_main_program; });
  VolunteerFile program = described(reply, main == version.files.end() ? version.files.front() : *main);
  if (!program.info.is_executable || program.info.signature.empty())
    throw BadMessage{fmt::format("the program {} is not signed", program.info.name)};
  check_download(program.info);
  return program;
}

VolunteerFile output_of(const SchedulerReply& reply, const FileRef& ref) {
  VolunteerFile output = described(reply, ref);
  check_url(output.info);
  if (!(output.info.max_nbytes > 0)) throw BadMessage{fmt::format("the project takes no output {}", output.info.name)};
  output.info.max_nbytes = std::min(output.info.max_nbytes, static_cast<double>(bounds::largest_file));
  if (output.info.upload_permission.size() > bounds::longest_signature)
    throw BadMessage{fmt::format("the permission to upload {} is none", output.info.name)};
  return output;
}

/// In its slot each file has a name, and no other file has it.
void check_open_names(const VolunteerTask& task) {
  std::set<std::string> names;
  const auto take = [&](const VolunteerFile& file) {
    if (!is_file_name(file.open_name) || is_reserved(file.open_name) || !names.insert(file.open_name).second)
      throw BadMessage{fmt::format("the project calls {} \"{}\" for its task, which cannot be", file.info.name, file.open_name)};
  };
  for (const VolunteerFile& input : task.inputs) take(input);
  take(task.output);
}

}  // namespace

SchedulerReply within_bounds(SchedulerReply reply) {
  reply.request_delay_s = bounded_delay(reply.request_delay_s);
  reply.next_rpc_delay_s = bounded_delay(reply.next_rpc_delay_s);
  reply.host_id = std::max<std::int64_t>(reply.host_id, 0);
  reply.cross_project_id.resize(std::min(reply.cross_project_id.size(), bounds::longest_id));
  if (reply.messages.size() > bounds::most_messages) reply.messages.resize(bounds::most_messages);
  for (auto& message : reply.messages)
    if (message.text.size() > bounds::longest_message) message.text = message.text.substr(0, bounds::longest_message) + " …";
  if (!reply.code_sign_key.empty()) try {
      VerifyingKey{reply.code_sign_key};
    } catch (const Error& e) {
      throw BadMessage{fmt::format("what the project shows as its key is {}", e.what())};
    }
  return reply;
}

VolunteerTask task_of(const InstanceInfo& instance, const SchedulerReply& reply) {
  const auto workunit = std::find_if(reply.workunits.begin(), reply.workunits.end(),
                                     [&](const WorkunitInfo& one) { return one.name == instance.workunit; });
  const auto version = std::find_if(reply.app_versions.begin(), reply.app_versions.end(), [&](const AppVersion& one) {
    return workunit != reply.workunits.end() && one.app_name == workunit->app_name && one.version_num == instance.version_num;
  });
  if (version == reply.app_versions.end() || version->files.empty() || instance.files.empty() || !is_file_name(instance.name))
    throw BadMessage{fmt::format("the project gives out {} without saying what it is", instance.name)};
  if (workunit->files.size() > bounds::most_files)
    throw BadMessage{
        fmt::format("{} needs {} files; a task may have {}", instance.name, workunit->files.size(), bounds::most_files)};
  VolunteerTask task;
  task.name = task.report.name = instance.name;
  task.deadline_s = instance.deadline_s;
  task.program = program_of(reply, *version);
  for (const FileRef& ref : workunit->files) {
    task.inputs.push_back(described(reply, ref));
    check_download(task.inputs.back().info);
  }
  task.output = output_of(reply, instance.files.front());
  check_open_names(task);
  return task;
}

}  // namespace mw::boinc
