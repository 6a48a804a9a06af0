// The validator: judges what hosts sent back.
//
// What:    says which outputs of a workunit are to be compared, and makes of how they compare what counts: one of them
//          becomes canonical, the others are judged by it, and what that says of their hosts is remembered.
// Owner:   refers to the project.
// Threads: the server's; inside a transaction.
// Use:
//     const Question question = validator.question(workunit, instances);
//     validator.judge(workunit, instances, question, compare(question, {}));  // both change rows; the caller writes them
#pragma once

#include <vector>

#include "boinc/server/comparison.hpp"
#include "boinc/server/project.hpp"
#include "boinc/server/work_generator.hpp"

namespace mw::boinc {

/// What the instance has uploaded, to be read.
StoredOutput stored_output(Project& project, const InstanceRow& instance);

class ResultValidator {
 public:
  ResultValidator(Project& project, WorkGenerator& generator) : project_{project}, generator_{generator} {}
  Question question(const WorkunitRow& workunit, std::vector<InstanceRow>& instances);
  void judge(WorkunitRow& workunit, std::vector<InstanceRow>& instances, const Question& question, const Verdict& verdict);

 private:
  void judge_unreadable(InstanceRow& instance, const std::string& why, const std::vector<InstanceRow>& all);
  void judge(InstanceRow& instance, bool is_valid, double credit);
  void learn(const WorkunitRow& workunit, const InstanceRow& canonical, const std::vector<TaskOutcome>& outcomes);

  Project& project_;
  WorkGenerator& generator_;
};

}  // namespace mw::boinc
