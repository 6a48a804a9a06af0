#include "boinc/server/hold.hpp"

namespace mw::boinc {

std::unordered_set<std::int64_t> Hold::held() {
  std::vector<std::int64_t> workunits = project_.work.in_progress();
  workunits.insert(workunits.end(), comparisons_.under_way().begin(), comparisons_.under_way().end());
  std::unordered_set<std::int64_t> tasks;
  for (const std::int64_t id : workunits)
    if (const auto workunit = project_.work.workunit(id)) tasks.insert(workunit->tasks.begin(), workunit->tasks.end());
  return tasks;
}

std::vector<TaskRef> Hold::take_unheld() {
  std::vector<TaskRef> tasks;
  if (project_.gives_out) return tasks;
  const auto with_hosts = held();
  intake_.for_each_open([&](std::int64_t row, const TaskRef& task) {
    if (!with_hosts.contains(row) && told_.insert(row).second) tasks.push_back(task);
  });
  return tasks;
}

}  // namespace mw::boinc
