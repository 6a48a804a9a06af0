#include "boinc/submitter/job_maker.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include <fmt/format.h>

#include "boinc/jobs/bundles.hpp"
#include "boinc/jobs/data_files.hpp"
#include "boinc/policy/work_size.hpp"
#include "boinc/protocol/md5.hpp"
#include "boinc/setup/templates.hpp"
#include "remote/task_messages.hpp"
#include "worker/task_folder.hpp"

namespace mw::boinc {
namespace {

namespace fs = std::filesystem;

// Unless one task alone has more. Over the network, what PHP takes in a file as it comes (upload_max_filesize) is the
// limit.
constexpr std::size_t most_bytes_of_job = 4 * 1024 * 1024, most_uploaded_bytes = 2 * 1024 * 1024 - 64 * 1024;
constexpr std::size_t most_tasks_of_job = 1000;
// A project's volunteers are not ours to count: enough workunits for that many, if there are enough tasks.
constexpr std::size_t assumed_processors = 128;

/// Bytes of output files in one workunit: of the 512 MiB that its answer may have where `mw boinc-setup` says nothing
/// else, its results have the rest.
constexpr std::uint64_t most_outputs = std::uint64_t{384} << 20;

std::uint64_t outputs_limit_of(const TaskRef& task) {
  return task.options().outputs.empty() ? 0 : std::min(task.options().outputs_limit, most_outputs);
}

}  // namespace

JobMaker::JobMaker(const BoincProjectOptions& options, std::string prefix, std::string data_prefix, std::string folder,
                   TrialRun trial)
    : workunit_s_{static_cast<double>(options.workunit_time.count())},
      tasks_per_workunit_{options.tasks_per_workunit},
      stated_s_{std::chrono::duration<double>{options.task_time}.count()},
      most_bytes_{options.folder.empty() ? most_uploaded_bytes : most_bytes_of_job},
      prefix_{std::move(prefix)},
      data_prefix_{std::move(data_prefix)},
      folder_{std::move(folder)},
      trial_{std::move(trial)} {
  fs::create_directories(folder_);
}

/// The project's name for it. A file that is as it was is copied once.
std::string JobMaker::store_file(const std::string& path) {
  struct stat status = {};
  const bool is_there = ::stat(path.c_str(), &status) == 0;
  const Known now{status.st_ino, status.st_size, std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec, {}};
  Known& known = known_files_[path];
  if (is_there && !known.name.empty() && known.inode == now.inode && known.size == now.size && known.changed_ns == now.changed_ns)
    return known.name;
  const std::string incoming = path_of("incoming");
  const CopiedFile copied = copy_file(path, incoming);
  std::string name = fmt::format("{}_data_{}{}", data_prefix_, copied.md5, copied.is_executable ? "x" : "");
  fs::rename(incoming, path_of(name));
  known = now;
  known.name = name;
  return name;
}

bool JobMaker::is_among(const std::string& path, const std::set<std::string>& files) const {
  const auto known = known_files_.find(path);
  return known != known_files_.end() && files.contains(known->second.name);
}

std::string JobMaker::part_among(const TaskRef& task, const std::set<std::string>& files) const {
  for (const DataFile& file : task.options().files)
    if (is_among(file.from, files)) return fmt::format("its data file {}", file.from);
  for (const SharedInput& one : task.shared())
    if (is_among(one.from, files)) return fmt::format("a shared value of {} bytes", one.size);
  return {};
}

std::optional<double> JobMaker::seconds_of(std::uint64_t function, const std::vector<Prepared>& tasks) {
  if (stated_s_ > 0) return stated_s_;
  if (const auto known = seconds_.find(function); known != seconds_.end()) return known->second;
  if (tasks_per_workunit_ > 0 || tasks.size() < 2) return std::nullopt;  // it would change nothing
  constexpr std::size_t most_trials = 3;                                 // one that fails may be the exception
  std::optional<double>& seconds = seconds_[function];
  for (std::size_t i = 0; i < std::min(tasks.size(), most_trials) && !seconds; ++i) {
    std::vector<std::string> files;
    for (const std::string& file : tasks[i].files) files.push_back(path_of(file));
    seconds = trial_.seconds(tasks[i].task, files);
  }
  return seconds;
}

std::size_t JobMaker::size_for(std::optional<double> seconds, std::size_t waiting) const {
  if (tasks_per_workunit_ > 0) return tasks_per_workunit_;
  constexpr double unknown_s = 1;
  return tasks_in_submitted_workunit({.target_s = workunit_s_,
                                      .task_s = seconds.value_or(unknown_s),
                                      .waiting = waiting,
                                      .processors = assumed_processors,
                                      .most = most_tasks_of_job});
}

std::vector<Job> JobMaker::make(const std::vector<TaskRef>& tasks, std::vector<RefusedTask>& refused) {
  // A higher priority first; else in the order of submission.
  std::map<std::pair<std::int64_t, std::uint64_t>, std::vector<Prepared>> groups;
  for (const TaskRef& task : tasks) {
    Prepared prepared{task, {}};
    try {
      const auto& files = task.options().files;
      const std::vector<SharedInput> shared = task.shared();
      if (files.size() + shared.size() > most_data_files)
        throw worker::StagingError{fmt::format(
            "it has {} data files and shared values; over an existing BOINC project it may have {}: pack some of them into one",
            files.size() + shared.size(), most_data_files)};
      for (const DataFile& file : files) prepared.files.push_back(store_file(file.from));
      for (const SharedInput& one : shared) prepared.files.push_back(store_file(one.from));
    } catch (const worker::StagingError& e) {
      refused.push_back({task, worker::staging_failed(e)});
      continue;
    }
    groups[{-std::int64_t{task.options().priority}, task.function_id()}].push_back(std::move(prepared));
  }
  std::vector<Job> jobs;
  for (auto& [key, group] : groups) {
    const std::optional<double> seconds = seconds_of(key.second, group);
    for (std::size_t at = 0; at < group.size();) {
      const std::size_t most = size_for(seconds, group.size() - at);
      std::vector<Prepared> together;
      std::set<std::string> files;
      std::size_t bytes = 0;
      std::uint64_t outputs = 0;
      while (at < group.size() && together.size() < most) {
        Prepared& next = group[at];
        std::set<std::string> all = files;
        all.insert(next.files.begin(), next.files.end());
        bytes += next.task.arguments().size();
        outputs += outputs_limit_of(next.task);
        if (!together.empty() && (all.size() > most_data_files || bytes > most_bytes_ || outputs > most_outputs)) break;
        files = std::move(all);
        together.push_back(std::move(next));
        ++at;
      }
      jobs.push_back(make_job(together));
      jobs.back().seconds = seconds.value_or(0) * static_cast<double>(together.size());
    }
  }
  return jobs;
}

Job JobMaker::make_job(const std::vector<Prepared>& tasks) {
  Job job;
  BundleWriter bundle{tasks.size(), true};
  for (const Prepared& one : tasks) {
    wire::Task message = remote::message_of(one.task);
    message.terms.outputs_limit = outputs_limit_of(one.task);
    message.arguments = one.task.arguments();
    bundle.add(std::move(message), one.files);
    job.tasks.push_back(one.task);
  }
  job.data = bundle.files();
  job.input = bundle.take_bytes();
  job.priority = tasks.front().task.options().priority;
  const std::string md5 = md5_hex(job.input.span());
  job.name = fmt::format("{}_{}_{}", prefix_, md5, ++times_made_[md5]);
  return job;
}

}  // namespace mw::boinc
