// The transitioner: carries out what the policy says a workunit needs.
//
// What:    run after every event of a workunit, and when its time has come. The file deleter is part of it: what nobody
//          will read again goes.
// Owner:   refers to the project.
// Threads: the server's; inside a transaction.
// Use:
//     transitioner.run(workunit_id);                        // large outputs are compared elsewhere: run(workunit_id, &compared) then
//     for (const auto id : transitioner.due(100)) transitioner.run(id);  timer.expires_at(*transitioner.next_due());
#pragma once

#include <optional>

#include "boinc/server/comparisons.hpp"
#include "boinc/server/validator.hpp"

namespace mw::boinc {

class Transitioner {
 public:
  Transitioner(Project& project, ResultValidator& validator, Comparisons& comparisons, SideThread& side)
      : project_{project}, validator_{validator}, comparisons_{comparisons}, side_{side} {}

  /// `compared`: how its outputs compare, if that has just become known. Throws what kept it from becoming known.
  void run(std::int64_t workunit, Comparison* compared = nullptr);
  /// Those whose time has come, `most` at a time.
  std::vector<std::int64_t> due(std::size_t most) { return project_.work.due(project_.now(), most); }
  /// To be looked at again in a while.
  void put_off(std::int64_t workunit);
  std::optional<Time> next_due() { return project_.work.next_due(); }
  /// The instance will not come back: another host gets a copy.
  void give_up(InstanceRow& instance);
  /// Nobody wants its tasks any more.
  void cancel(std::int64_t workunit);

 private:
  void run(WorkunitRow& workunit, Comparison* compared);
  std::optional<Verdict> validate(WorkunitRow& workunit, std::vector<InstanceRow>& instances, Comparison* compared);
  void end_instance(InstanceRow& instance, InstanceOutcome outcome, const std::vector<InstanceRow>& all);
  void delete_files(const WorkunitRow& workunit, const std::vector<InstanceRow>& instances);

  Project& project_;
  ResultValidator& validator_;
  Comparisons& comparisons_;
  SideThread& side_;
};

}  // namespace mw::boinc
