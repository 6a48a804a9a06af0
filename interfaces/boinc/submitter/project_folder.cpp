#include "boinc/submitter/project_folder.hpp"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "boinc/policy/error_mask.hpp"
#include "boinc/policy/work_size.hpp"
#include "boinc/protocol/xml.hpp"
#include "boinc/setup/download_tree.hpp"
#include "boinc/setup/project_tool.hpp"
#include "boinc/setup/templates.hpp"
#include "parse/number.hpp"
#include "process/file.hpp"
#include "process/run_program.hpp"

namespace mw::boinc {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view output_mark = "__file_out";
constexpr std::string_view error_mark = "_error";
constexpr std::string_view nothing_mark = "_no_output_files";
// create_work says so when a name is there already; it does not say it with its exit status.
constexpr std::string_view duplicate_mark = "Duplicate entry";

/// Far from those that the project's own batches have: they are counted from 1.
std::uint32_t number_of(const std::string& token) {
  const std::uint32_t number = parse::leading_number<std::uint32_t>(token, 16).value_or(0);
  constexpr std::uint32_t first = 1'000'000'000, how_many = 1'000'000'000;
  return first + number % how_many;
}

/// What sample_assimilator has put there.
struct Found {
  std::string job;
  fs::path path;
  enum Kind { output, error, nothing } kind = output;
  fs::file_time_type when{};
};

std::optional<Found> recognise(const fs::path& path) {
  const std::string name = path.filename().string();
  for (const auto& [mark, kind] :
       {std::pair{output_mark, Found::output}, {error_mark, Found::error}, {nothing_mark, Found::nothing}})
    if (name.ends_with(mark)) return Found{name.substr(0, name.size() - mark.size()), path, kind};
  return std::nullopt;
}

}  // namespace

ProjectFolder::ProjectFolder(const BoincProjectOptions& options, std::string app, const std::string& token)
    : options_{options}, folder_{fs::absolute(options.folder).string()}, app_{std::move(app)}, number_{number_of(token)} {}

void ProjectFolder::check() {
  const fs::path folder{folder_};
  const auto need = [&](const fs::path& path, bool is_program) {
    if (::access((folder / path).c_str(), is_program ? X_OK : R_OK) != 0)
      throw InterfaceError{
          fmt::format("boinc: {} is not {} as it has to be for jobs of {}: {} is missing; `mw boinc-setup {} --app {}` says more",
                      folder_, is_program ? "a BOINC project's folder" : "set up", app_, path.string(), folder_, app_)};
  };
  need("bin/stage_file", true);
  need("bin/create_work", true);
  need("config.xml", false);
  need(input_template_path(app_, 0), false);
  need(output_template_path(app_), false);
  const std::string path = folder_ + "/" + input_template_path(app_, 0);
  try {
    const TemplateFacts facts = read_input_template(process::read_text_file(path));
    if (!facts.is_readable)
      throw InterfaceError{
          fmt::format("boinc: {} has a flag that makes BOINC's client throw away every reply of the project; `mw "
                      "boinc-setup {} --app {} --replace` writes it anew",
                      path, folder_, app_)};
    refuse_what_is_fixed(facts.copies, path);
  } catch (const BadMessage& e) {
    throw InterfaceError{fmt::format("boinc: {}: {}", path, e.what())};
  }
}

/// What a template says beats what create_work is told.
void ProjectFolder::refuse_what_is_fixed(const Copies& there, const std::string& path) const {
  const auto check = [&](const char* what, unsigned wanted, unsigned fixed) {
    if (wanted > 0 && fixed > 0 && wanted != fixed)
      throw InterfaceError{fmt::format("boinc: a {} of {} would count for nothing: {} says {}", what, wanted, path, fixed)};
  };
  check("quorum", options_.quorum, there.quorum);
  check("target", options_.target, there.target);
  check("max_error", options_.max_errors, there.max_errors);
  check("max_total", options_.max_total, there.max_total);
  check("max_success", options_.max_success, there.max_success);
}

std::string ProjectFolder::results_folder() const {
  return fmt::format("{}/{}", options_.results.empty() ? folder_ + "/results" : options_.results, number_);
}

std::string ProjectFolder::run(const std::string& tool, const std::vector<std::string>& arguments, const std::string& input) const {
  process::ProgramRun run;
  try {
    run = run_project_tool(folder_, "bin/" + tool, arguments, input);
  } catch (const process::StartError& e) {
    throw RouteRefusal{e.what()};
  }
  if (run.death.signaled || run.death.exit_status != 0) {
    const std::string why =
        fmt::format("{}/bin/{} ended with {}: {}", folder_, tool, process::describe(run.death), last_words(run.out + run.err));
    for (const std::string_view no_database :
         {"error opening database", "can't open database", "Can't connect to", "Lost connection"})
      if (why.find(no_database) != std::string::npos)
        throw RouteError{fmt::format("the project's database is away, and waited for: {}", why)};
    throw RouteRefusal{why};
  }
  return last_words(run.out + run.err);
}

/// bin/stage_file ends with status 0 where it could not make a folder.
void ProjectFolder::stage(const std::string& outbox) {
  const std::string said = run("stage_file", {"--copy", outbox});
  const DownloadTree tree = download_tree(folder_);
  for (const auto& entry : fs::directory_iterator{outbox}) {
    const std::string name = entry.path().filename().string();
    if (staged_.contains(name)) continue;
    if (const std::string fault = staging_fault(tree, name, entry.path().string()); !fault.empty())
      throw RouteRefusal{
          fmt::format("bin/stage_file has not staged {}: {}; it said: {}; `mw boinc-setup {} --app {} --check` says what "
                      "is wrong there",
                      name, fault, said, folder_, app_)};
    if (!name.ends_with("_in")) staged_.insert(name);  // a job's own is needed once
  }
}

std::vector<std::string> ProjectFolder::create_work_arguments(double seconds) const {
  std::vector<std::string> arguments{
      "--appname", app_, "--batch", std::to_string(number_), "--result_template", output_template_path(app_)};
  const auto add = [&arguments](const char* option, auto value) {
    if (value == decltype(value){}) return;
    arguments.push_back(option);
    arguments.push_back(fmt::format("{}", value));
  };
  const Copies copies =
      completed({options_.quorum, options_.target, options_.max_errors, options_.max_total, options_.max_success});
  add("--min_quorum", copies.quorum);
  add("--target_nresults", copies.target);
  add("--max_error_results", copies.max_errors);
  add("--max_total_results", copies.max_total);
  add("--max_success_results", copies.max_success);
  add("--delay_bound", options_.delay_bound.count());
  const Operations operations =
      operations_of(seconds > 0 ? seconds : static_cast<double>(options_.workunit_time.count()), options_.workunit_time);
  add("--rsc_fpops_est", operations.expected);
  add("--rsc_fpops_bound", operations.bound);
  arguments.push_back("--stdin");
  return arguments;
}

void ProjectFolder::create(std::span<const Job> jobs, double seconds, bool may_be_there) const {
  std::string lines;
  for (const Job& job : jobs) {
    lines += fmt::format("--wu_name {} --wu_template {} --priority {} {}", job.name, input_template_path(app_, job.data.size()),
                         job.priority, job.input_name());
    for (const std::string& file : job.data) lines += " " + file;
    lines += "\n";
  }
  try {
    run("create_work", create_work_arguments(seconds), lines);
  } catch (const RouteError& e) {
    if (may_be_there && std::string_view{e.what()}.find(duplicate_mark) != std::string_view::npos) return;
    throw;
  }
}

void ProjectFolder::submit(const Batch& batch) {
  stage(batch.outbox);
  if (!batch.is_again) return create(batch.jobs, batch.seconds, false);
  // One line that is there already makes create_work give up all the others.
  for (const Job& job : batch.jobs) create({&job, 1}, batch.seconds, true);
}

void ProjectFolder::poll(const std::vector<std::string>&, PollSink& sink) {
  const fs::path folder{results_folder()};
  std::error_code error;
  std::vector<Found> found;
  for (fs::directory_iterator entry{folder, error}; !error && entry != fs::directory_iterator{}; entry.increment(error)) {
    auto one = recognise(entry->path());
    if (!one || !sink.is_open(one->job)) continue;
    std::error_code ignored;
    one->when = entry->last_write_time(ignored);
    found.push_back(std::move(*one));
  }
  if (error && error != std::errc::no_such_file_or_directory)
    throw RouteError{fmt::format("the project's results in {} cannot be read: {}", folder.string(), error.message())};
  // In the order in which they came.
  std::sort(found.begin(), found.end(), [](const Found& a, const Found& b) { return a.when < b.when; });
  // One that cannot be read does not hold up the others.
  std::string trouble;
  for (const Found& one : found) {
    JobEnd end{one.job, {}, {}};
    try {
      if (one.kind == Found::output)
        end.answer = process::read_file(one.path.string());
      else
        end.why = one.kind == Found::error ? describe_error_mask(process::read_text_file(one.path.string()))
                                           : "its result has no output file";
    } catch (const InterfaceError& e) {
      trouble = e.what();
      continue;
    }
    sink.job_ended(std::move(end));
  }
  if (!trouble.empty()) throw RouteError{trouble};
}

void ProjectFolder::cancel(const std::vector<std::string>& jobs) {
  std::string trouble;
  for (const std::string& job : jobs) {
    try {
      run("cancel_jobs", {"--name", job});
    } catch (const RouteError& e) {
      trouble = e.what();
    }
  }
  if (!trouble.empty()) throw RouteRefusal{trouble};
}

/// All batches of a run share a folder.
void ProjectFolder::abandon(const std::string& batch, const std::vector<std::string>& jobs) {
  cancel(jobs);
  retire(batch);
}

std::string ProjectFolder::how_to_abandon(const std::string&, const std::vector<std::string>& jobs) const {
  return fmt::format("in {}: for job in {}; do bin/cancel_jobs --name $job; done; rm -r {}", folder_, fmt::join(jobs, " "),
                     results_folder());
}

void ProjectFolder::retire(const std::string&) {
  std::error_code error;
  fs::remove_all(results_folder(), error);
  if (error) throw RouteError{fmt::format("{} cannot be removed: {}", results_folder(), error.message())};
}

}  // namespace mw::boinc
