// What has to run in a project's folder after something was written there.
//
// What:    a list that is kept in the folder, so that what was broken off is gone on with: an application in
//          project.xml counts for nothing before bin/xadd has run, and a project that was stopped for a new config.xml
//          has to be started again.
// Owner:   a file in the project's folder.
// Threads: one at a time a project.
// Use:
//     DuePrograms due{folder};
//     due.add({"bin/xadd"});  …  due.run([&](const std::string& program) { run(folder, program); });
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace mw::boinc {

class DuePrograms {
 public:
  /// With what an earlier call has left.
  explicit DuePrograms(const std::string& project);

  /// In the order in which they have to run.
  const std::vector<std::string>& programs() const noexcept { return programs_; }
  /// These, too. It is written down before it returns.
  void add(const std::vector<std::string>& programs);
  /// One after the other; each is forgotten when it has ended well. What `run` throws comes out, and the rest stays. A
  /// project that is stopped is not started, unless it was stopped here: true, if there was one of these.
  bool run(const std::function<void(const std::string&)>& run);

 private:
  void save() const;

  const std::string project_;
  const std::string path_;
  std::vector<std::string> programs_;
};

/// Whether its owner has stopped it (bin/stop), as it says in its run_state_HOST.xml; one that was never started counts
/// as not.
bool is_stopped(const std::string& project);

}  // namespace mw::boinc
