#include "boinc/submitter/trial_run.hpp"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "boinc/jobs/bundles.hpp"
#include "builds/worker_builds.hpp"
#include "process/file.hpp"
#include "process/job_control.hpp"
#include "process/run_program.hpp"
#include "remote/task_messages.hpp"
#include "wire/bundle.hpp"

namespace mw::boinc {
namespace {

namespace fs = std::filesystem;

/// A slot, as a client makes it.
class Slot {
 public:
  explicit Slot(std::string folder) : folder_{std::move(folder)} {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  ~Slot() {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }
  Slot(const Slot&) = delete;
  Slot& operator=(const Slot&) = delete;
  std::string path(const std::string& name) const { return folder_ + "/" + name; }
  const std::string& folder() const noexcept { return folder_; }

 private:
  const std::string folder_;
};

void fill(const Slot& slot, const TaskRef& task, const std::vector<std::string>& files) {
  wire::Task message = remote::message_of(task);
  message.arguments = task.arguments();
  BundleWriter bundle{1, false};
  bundle.add(std::move(message), files);
  for (std::size_t i = 0; i < bundle.files().size(); ++i) {
    const std::string& from = bundle.files()[i];
    fs::copy_file(from, slot.path(fmt::format("data_{}", i)));
  }
  const Bytes bytes = bundle.take_bytes();
  process::write_new_file(slot.path("in"), {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

}  // namespace

std::string find_own_build(const std::string& workers, const std::string& program) {
  const std::string platform = builds::platform_of_file("/proc/self/exe");
  for (const builds::FoundBuild& build : builds::find_worker_builds(workers, program))
    if (build.platform == platform) return build.path;
  return {};
}

std::optional<double> TrialRun::seconds(const TaskRef& task, const std::vector<std::string>& files,
                                        std::chrono::seconds longest) const {
  if (build_.empty()) return std::nullopt;
  try {
    const Slot slot{folder_};
    fill(slot, task, files);
    process::ProgramTerms terms;
    terms.working_directory = slot.folder();
    terms.own_group = true;
    terms.kill_at = std::chrono::steady_clock::now() - process::time_stopped() + longest;
    const process::ProgramRun run = process::run_program(build_, {}, {}, terms);
    if (run.out_of_time) return static_cast<double>(longest.count());
    if (run.death.signaled || run.death.exit_status != 0) return std::nullopt;
    const Bytes answer = process::read_file(slot.path("out"));
    const std::vector<wire::Ending> endings = wire::parse_answer(answer.span(), 1);
    if (endings.front().failure) return std::nullopt;
    constexpr double shortest_s = 1e-6;
    return std::max(static_cast<double>(endings.front().result.run_ns) * 1e-9, shortest_s);
  } catch (const Error&) {
    return std::nullopt;
  } catch (const fs::filesystem_error&) {
    return std::nullopt;
  }
}

}  // namespace mw::boinc
