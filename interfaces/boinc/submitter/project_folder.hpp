// The way to a project on this machine: through its folder.
//
// What:    files are staged with bin/stage_file, jobs made with one bin/create_work a batch, and results taken from
//          where sample_assimilator puts them: RESULTS/BATCH/WORKUNIT__file_out, or RESULTS/BATCH/WORKUNIT_error
//          (BOINC, tools/create_work.cpp, tools/stage_file and sched/sample_assimilator.cpp).
// Owner:   a value; what it runs ends with the call.
// Threads: one.
// Use:
//     ProjectFolder project{options, "pi", token};
//     project.submit(batch);
#pragma once

#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <vector>

#include <mw/boinc_project.hpp>

#include "boinc/policy/copies.hpp"
#include "boinc/setup/project_health.hpp"
#include "boinc/submitter/route.hpp"

namespace mw::boinc {

class ProjectFolder final : public Route {
 public:
  /// All batches of a run have one number in the project, made of its token.
  ProjectFolder(const BoincProjectOptions& options, std::string app, const std::string& token);

  void check() override;
  std::string obstacle() override { return what_stands_still(folder_, app_); }
  /// Nobody can tell: each of its jobs is tried.
  bool has(const std::string&) override { return false; }
  void submit(const Batch& batch) override;
  void poll(const std::vector<std::string>& batches, PollSink& sink) override;
  void cancel(const std::vector<std::string>& jobs) override;
  void abandon(const std::string& batch, const std::vector<std::string>& jobs) override;
  std::string how_to_abandon(const std::string& batch, const std::vector<std::string>& jobs) const override;
  void retire(const std::string& batch) override;

 private:
  std::vector<std::string> create_work_arguments(double seconds) const;
  std::string results_folder() const;
  void create(std::span<const Job> jobs, double seconds, bool may_be_there) const;
  void refuse_what_is_fixed(const Copies& there, const std::string& path) const;
  void stage(const std::string& outbox);
  /// What it said. Throws RouteError unless it ends with status 0.
  std::string run(const std::string& tool, const std::vector<std::string>& arguments, const std::string& input = {}) const;

  const BoincProjectOptions options_;
  const std::string folder_;
  const std::string app_;
  const std::uint32_t number_;
  std::set<std::string> staged_;  ///< data files that were seen to be there
};

}  // namespace mw::boinc
