// The work generator: tasks become workunits.
//
// What:    puts waiting tasks together when a host asks for work, since only then it is known how long they take and
//          how many hosts share them; learns how long tasks of a function take.
// Owner:   refers to the project.
// Threads: the server's; inside a transaction.
// Use:
//     if (auto workunit = generator.make(host)) …           // with its instances, unsent
#pragma once

#include <chrono>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "boinc/policy/estimate.hpp"
#include "boinc/server/project.hpp"

namespace mw::boinc {

class WorkGenerator {
 public:
  explicit WorkGenerator(Project& project);

  /// A workunit of the next waiting tasks, sized for this host; nothing if none waits.
  std::optional<WorkunitRow> make(const Host& host);
  /// A task of this function took that many operations, says this voter.
  void learn(std::uint64_t function, std::string_view voter, double operations);
  /// Seconds that the workunit will take there; 0: unknown.
  double expected_s(const WorkunitRow& workunit, const Host& host) const noexcept { return workunit.operations / host.fpops(); }

 private:
  Estimate& estimate_of(std::uint64_t function);
  double operations_of(std::uint64_t function) { return estimate_of(function).value(); }
  std::size_t size_for(const Host& host, double operations) const;
  Bytes write_input(const std::vector<WaitingTask>& tasks, WorkunitRow& workunit) const;

  Project& project_;
  sqlite::Statement find_function_, set_function_;
  std::unordered_map<std::uint64_t, Estimate> operations_;
  std::uint64_t last_function_ = 0;
};

}  // namespace mw::boinc
