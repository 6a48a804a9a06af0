// A volunteer's host in a test: it says to the server what the test wants said.
#pragma once

#include <mw/mw.hpp>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "boinc/protocol/md5.hpp"
#include "boinc/protocol/scheduler_reply.hpp"
#include "boinc/protocol/scheduler_request.hpp"
#include "boinc/protocol/upload.hpp"
#include "http/transfer.hpp"
#include "registry/registry.hpp"
#include "support/temporary.hpp"
#include "support/text.hpp"
#include "wire/bundle.hpp"
#include "worker/execute.hpp"

namespace test {

/// What a worker answers to a bundle.
inline mw::Bytes answer_to(std::span<const std::byte> input) {
  mw::Bytes answer;
  for (const mw::wire::Task& task : mw::wire::parse_bundle(input).tasks) {
    mw::Outcome outcome = mw::worker::execute(*mw::registry::find(task.function), task.arguments);
    const auto run_ns = static_cast<std::uint64_t>(outcome.run_time.count());
    if (outcome.failure)
      mw::wire::append(answer, mw::wire::FailureMessage{task.id, task.attempt, run_ns, {}, {}, *outcome.failure});
    else
      mw::wire::append(answer, mw::wire::Result{task.id, task.attempt, run_ns, {}, {}, outcome.value.span()});
  }
  mw::wire::append(answer, mw::wire::Bye{});
  return answer;
}

class EmulatedVolunteer {
 public:
  EmulatedVolunteer(std::string url, std::string key, std::string name) : url_{std::move(url)}, transfer_{[] { return true; }} {
    request.authenticator = std::move(key);
    request.client_version = "7.20.5";
    request.platforms = {"x86_64-pc-linux-gnu"};
    request.host.name = name;
    request.host.cpid = mw::boinc::md5_hex(name);
    request.host.os_name = "Linux";
    request.host.cpu_vendor = "AuthenticAMD";
    request.host.fpops = 1e9;
    request.lists_other_results = true;
  }

  mw::boinc::SchedulerReply send() {
    ++request.rpc_seqno;
    const auto reply = mw::boinc::parse_scheduler_reply(transfer_.post(url_ + "scheduler", mw::boinc::to_text(request)));
    if (reply.host_id != 0) {
      request.host_id = reply.host_id;
      request.rpc_seqno = 0;
    }
    if (!reply.cross_project_id.empty()) request.cross_project_id = reply.cross_project_id;
    // What is not acknowledged is reported again.
    std::erase_if(request.results, [&](const mw::boinc::ReportedResult& result) {
      return std::find(reply.acknowledged.begin(), reply.acknowledged.end(), result.name) != reply.acknowledged.end();
    });
    return reply;
  }
  mw::boinc::SchedulerReply ask_for_work(double seconds = 1) {
    request.work_req_seconds = request.cpu_req_seconds = seconds;
    auto reply = send();
    request.work_req_seconds = request.cpu_req_seconds = 0;
    for (const auto& instance : reply.instances) request.other_results.push_back(instance.name);
    return reply;
  }

  std::string get(const std::string& path) { return transfer_.get(url_ + path); }

  static const mw::boinc::FileInfo& file_in(const mw::boinc::SchedulerReply& reply, const std::string& name) {
    for (const auto& file : reply.files)
      if (file.name == name) return file;
    throw std::runtime_error{"the reply does not describe " + name};
  }
  /// The output of the reply's instance of this index.
  static const mw::boinc::FileInfo& output_of(const mw::boinc::SchedulerReply& reply, std::size_t index = 0) {
    return file_in(reply, reply.instances.at(index).files.at(0).file_name);
  }
  mw::Bytes input_of(const mw::boinc::SchedulerReply& reply, std::size_t index = 0) {
    for (const auto& workunit : reply.workunits)
      if (workunit.name == reply.instances.at(index).workunit) {
        const std::string text = transfer_.get(file_in(reply, workunit.files.at(0).file_name).url, std::size_t{1} << 30);
        return mw::Bytes{std::as_bytes(std::span{text})};
      }
    throw std::runtime_error{"the reply does not describe the workunit"};
  }

  static mw::boinc::UploadHead head_of(const mw::boinc::FileInfo& file, const std::string& content) {
    return {.name = file.name,
            .permission = file.upload_permission,
            .max_nbytes = file.max_nbytes,
            .nbytes = static_cast<std::int64_t>(content.size()),
            .md5 = mw::boinc::md5_hex(content),
            .offset = 0};
  }
  mw::boinc::UploadReply upload(const mw::boinc::UploadHead& head, const std::string& bytes) {
    return mw::boinc::parse_upload_reply(transfer_.post(url_ + "file_upload_handler", mw::boinc::to_text(head) + bytes));
  }

  /// The next request reports the instance as done, with this output.
  void finish(const mw::boinc::SchedulerReply& reply, std::size_t index, const std::string& content) {
    const auto& file = output_of(reply, index);
    mw::boinc::ReportedResult result;
    result.name = reply.instances.at(index).name;
    result.state = mw::boinc::ClientState::uploaded;
    result.elapsed_seconds = result.cpu_seconds = 1;
    result.files.push_back({file.name, static_cast<double>(content.size()), mw::boinc::md5_hex(content)});
    request.results.push_back(std::move(result));
    std::erase(request.other_results, reply.instances.at(index).name);
  }
  void fail(const mw::boinc::SchedulerReply& reply, std::size_t index, std::int64_t exit_status) {
    mw::boinc::ReportedResult result;
    result.name = reply.instances.at(index).name;
    result.state = mw::boinc::ClientState::compute_error;
    result.exit_status = exit_status;
    result.stderr_text = "it went wrong";
    request.results.push_back(std::move(result));
    std::erase(request.other_results, reply.instances.at(index).name);
  }
  /// Computes all that the reply holds, uploads, reports. Returns how many.
  std::size_t work(const mw::boinc::SchedulerReply& reply) {
    for (std::size_t i = 0; i < reply.instances.size(); ++i) {
      const std::string content = text_of(answer_to(input_of(reply, i).span()));
      if (upload(head_of(output_of(reply, i), content), content).status != mw::boinc::UploadStatus::done)
        throw std::runtime_error{"an upload was refused"};
      finish(reply, i, content);
    }
    if (!request.results.empty()) send();
    return reply.instances.size();
  }
  std::size_t work() { return work(ask_for_work()); }

  mw::boinc::SchedulerRequest request;

 private:
  std::string url_;
  mw::http::Transfer transfer_;
};

/// A project's folder, and one with a worker build that the server can give out; emulated volunteers do not run it.
class ProjectFolders {
 public:
  ProjectFolders() {
    namespace fs = std::filesystem;
    const fs::path self = fs::read_symlink("/proc/self/exe");
    fs::create_directories(folder_.path("workers/x"));
    fs::copy_file("/bin/true", folder_.path("workers/x/") + self.filename().string());
  }
  /// All hosts come from one address here: each has a vote, unless `more` says otherwise.
  std::string spec(const std::string& more = "") const {
    return "boinc:?listen=127.0.0.1:0&tasks_per_workunit=1&one_vote=host&state=" + folder_.path("state") +
           "&workers=" + folder_.path("workers") + more;
  }
  std::string key() const {
    std::string key;
    std::ifstream{folder_.path("state/account_key")} >> key;
    return key;
  }
  std::string path(const std::string& name) const { return folder_.path(name); }

 private:
  TemporaryFolder folder_;
};

}  // namespace test
