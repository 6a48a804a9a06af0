// The validator: compares what hosts sent back.
//
// What:    reads the outputs of a workunit's successes, finds those that agree, makes one of them canonical, judges the others by
//          it, and remembers what that says of their hosts.
// Owner:   refers to the project.
// Threads: the server's; inside a transaction. A validator of the user's is called here.
// Use:
//     validator.validate(workunit, instances);              // changes both; the caller writes them
#pragma once

#include <variant>
#include <vector>

#include "boinc/server/project.hpp"
#include "boinc/server/work_generator.hpp"
#include "process/mapped_file.hpp"
#include "wire/bundle.hpp"

namespace mw::boinc {

/// A workunit's output, whole and parsed.
struct Answer {
  std::variant<Bytes, process::MappedFile> bytes;
  std::string md5;
  std::vector<wire::Ending> endings;
};

/// Throws wire::ProtocolError if it is no answer, InterfaceError if it can not be read, or is not what was uploaded.
Answer read_answer(Project& project, const InstanceRow& instance, std::size_t tasks);

class ResultValidator {
 public:
  ResultValidator(Project& project, WorkGenerator& generator) : project_{project}, generator_{generator} {}
  void validate(WorkunitRow& workunit, std::vector<InstanceRow>& instances);

 private:
  void check_values(const WorkunitRow& workunit, const Answer& answer) const;
  bool equal(const WorkunitRow& workunit, const Answer& first, const Answer& second) const;
  bool equal_values(const ResultPair& pair) const;
  void judge(InstanceRow& instance, bool is_valid, double credit);
  void learn(const WorkunitRow& workunit, const InstanceRow& canonical, const Answer& answer);

  Project& project_;
  WorkGenerator& generator_;
};

}  // namespace mw::boinc
