#include "boinc/server/descriptions.hpp"

#include <algorithm>
#include <sstream>

#include <fmt/format.h>

#include "boinc/protocol/md5.hpp"
#include "parse/number.hpp"

namespace mw::boinc {
namespace {

constexpr double unknown_run_time_s = 3600;   // of a workunit, for a client's own estimates
constexpr double bound_over_estimate = 1000;  // a task may be that much slower than expected before its client ends it
constexpr double memory_bound = 2e9;
constexpr double disk_bound = 8e9;

}  // namespace

void describe(Project& project, const SentInstance& sent, SchedulerReply& reply) {
  const auto& [instance, workunit, build, host, expected_s] = sent;
  const Names& names = project.names;
  const std::string& url = project.settings.url;
  const std::string input = names.input(workunit.id), output = names.output({instance.workunit, instance.number});

  WorkunitInfo info;
  info.name = names.workunit(workunit.id);
  info.app_name = project.settings.app;
  info.fpops_est = (expected_s > 0 ? expected_s : unknown_run_time_s) * host.fpops();
  info.fpops_bound = std::max(info.fpops_est, unknown_run_time_s * host.fpops()) * bound_over_estimate;
  info.memory_bound = memory_bound;
  info.disk_bound = disk_bound;
  info.files.push_back({input, "in", false});
  reply.files.push_back(
      {.name = input, .url = url + "download/" + input, .nbytes = workunit.input_nbytes, .md5 = workunit.input_md5});
  std::istringstream files{workunit.files};
  std::size_t number = 0;
  for (std::string word; files >> word; ++number) {
    const std::int64_t id = parse::leading_number<std::int64_t>(word).value();  // ours: digits, and perhaps an 'x'
    sqlite::Statement find_file = project.database.prepare("SELECT md5, nbytes FROM file WHERE id = ?");
    if (!find_file.bind(id).step()) continue;
    const std::string md5{find_file.text(0)};
    const std::string name = names.data_file(id, md5);
    reply.files.push_back({.name = name, .url = url + "download/" + name, .nbytes = find_file.integer(1), .md5 = md5});
    info.files.push_back({name, fmt::format("data_{}", number), false});
  }

  FileInfo upload;
  upload.name = output;
  upload.is_upload = true;
  upload.url = url + "file_upload_handler";
  upload.max_nbytes = static_cast<double>(project.settings.max_output);
  upload.upload_permission = project.keys.upload.sign(md5_hex(upload_permission_text(output, upload.max_nbytes)));
  reply.files.push_back(std::move(upload));

  InstanceInfo instance_info;
  instance_info.name = names.instance({instance.workunit, instance.number});
  instance_info.workunit = info.name;
  instance_info.deadline_s = to_ms(instance.state.deadline) / 1000;
  instance_info.platform = build.platform;
  instance_info.version_num = build.version_num;
  instance_info.files.push_back({output, "out", false});
  reply.workunits.push_back(std::move(info));
  reply.instances.push_back(std::move(instance_info));
}

void describe(const Project& project, const WorkerBuild& build, SchedulerReply& reply) {
  if (!reply.app_versions.empty()) return;
  reply.app_name = project.settings.app;
  reply.app_title = project.settings.title;
  reply.files.insert(reply.files.begin(), {.name = build.file_name,
                                           .url = project.settings.url + "download/" + build.file_name,
                                           .nbytes = build.nbytes,
                                           .md5 = build.md5,
                                           .is_executable = true,
                                           .signature = build.signature});
  reply.app_versions.push_back({project.settings.app, build.version_num, build.platform, 1e9, {{build.file_name, "", true}}});
}

}  // namespace mw::boinc
