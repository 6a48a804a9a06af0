#include "boinc/server/work_generator.hpp"

#include <algorithm>
#include <sstream>

#include <fmt/format.h>

#include "boinc/jobs/bundles.hpp"
#include "boinc/policy/work_size.hpp"
#include "boinc/protocol/md5.hpp"
#include "boinc/server/preparation.hpp"
#include "registry/registry.hpp"

namespace mw::boinc {
namespace {

constexpr std::size_t most_input_bytes = 4 * 1024 * 1024;  // unless one task alone has more
constexpr std::size_t most_tasks = 1000;
constexpr std::chrono::hours active_within{1};

std::vector<std::string> words_of(const std::string& text) {
  std::istringstream stream{text};
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

/// As many of them, from the front and at least one, as may bring `most` bytes of output files together.
void keep_what_fits(std::vector<WaitingTask>& tasks, std::uint64_t most) {
  if (tasks.front().input_nbytes > 0) return;  // it is alone
  std::uint64_t left = most;
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    const std::uint64_t limit = wire::parse_task(tasks[i].message.span().subspan(wire::header_size)).terms.outputs_limit;
    if (i > 0 && limit > left) return tasks.resize(i);
    left -= std::min(limit, left);
  }
}

}  // namespace

WorkGenerator::WorkGenerator(Project& project)
    : project_{project},
      find_function_{project.database.prepare("SELECT operations FROM function WHERE id = ?")},
      set_function_{project.database.prepare("INSERT OR REPLACE INTO function(id, operations) VALUES (?, ?)")} {}

Estimate& WorkGenerator::estimate_of(std::uint64_t function) {
  const auto [place, is_new] = operations_.try_emplace(function);
  if (is_new && find_function_.bind(static_cast<std::int64_t>(function)).step()) {
    place->second = Estimate{find_function_.real(0)};
    find_function_.reset();
  }
  return place->second;
}

void WorkGenerator::learn(std::uint64_t function, std::string_view voter, double operations) {
  Estimate& estimate = estimate_of(function);
  const double before = estimate.value();
  estimate.learn(voter, operations);
  const double known = estimate.value();
  // Written when it is news; a start with an old figure does no harm.
  if (before <= 0 || known > before * 1.25 || known < before * 0.8) set_function_.run(static_cast<std::int64_t>(function), known);
}

std::size_t WorkGenerator::size_for(const Host& host, double operations) const {
  const Settings& settings = project_.settings;
  if (settings.tasks_per_workunit > 0) return settings.tasks_per_workunit;
  return tasks_in_workunit({.target_s = settings.workunit_s,
                            .task_s = operations / host.fpops(),
                            .waiting = project_.tasks.waiting_count(),
                            .processors = project_.hosts.active_processors(project_.now() - active_within),
                            .most = most_tasks});
}

std::optional<WorkunitRow> WorkGenerator::make(const Host& host) {
  if (project_.tasks.waiting_count() == 0) return std::nullopt;
  // How many depends on the function, which the first of them tells: mostly it is that of the last time.
  std::vector<WaitingTask> tasks = project_.tasks.next(size_for(host, operations_of(last_function_)), most_input_bytes);
  if (tasks.empty()) return std::nullopt;
  if (tasks.front().function != last_function_) {
    last_function_ = tasks.front().function;
    tasks = project_.tasks.next(size_for(host, operations_of(last_function_)), most_input_bytes);
  }

  if (!registry::find(last_function_)) keep_what_fits(tasks, outputs_limit(project_.settings));

  WorkunitRow workunit;
  workunit.state = project_.settings.limits;
  workunit.function = last_function_;
  workunit.operations = operations_of(last_function_) * static_cast<double>(tasks.size());
  for (const WaitingTask& task : tasks) workunit.tasks.push_back(task.id);
  if (const WaitingTask& first = tasks.front(); first.input_nbytes > 0) {
    workunit.input_nbytes = first.input_nbytes;
    workunit.input_md5 = first.input_md5;
    workunit.files = first.files;
    project_.work.add(workunit);
  } else {
    const Bytes input = write_input(tasks, workunit);
    workunit.input_nbytes = static_cast<std::int64_t>(input.size());
    workunit.input_md5 = md5_hex(input.span());
    project_.work.add(workunit);
    project_.work.add_input(workunit.id, input.span());
  }
  for (std::size_t i = 0; i < tasks.size(); ++i) project_.tasks.put(tasks[i].id, workunit.id, i);
  ++project_.counts.workunits;
  return workunit;
}

Bytes WorkGenerator::write_input(const std::vector<WaitingTask>& tasks, WorkunitRow& workunit) const {
  BundleWriter bundle{tasks.size(), false};  // the validator here compares endings, not bytes
  for (const WaitingTask& task : tasks)
    bundle.add(wire::parse_task(task.message.span().subspan(wire::header_size)), words_of(task.files));
  for (const std::string& file : bundle.files()) workunit.files += file + " ";
  return bundle.take_bytes();
}

}  // namespace mw::boinc
