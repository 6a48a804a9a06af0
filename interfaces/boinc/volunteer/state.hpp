// What a volunteer must not forget when it is switched off.
//
// What:    who it is to the project, and the tasks that it has: a JSON file in its folder, replaced whole. Nobody else
//          may read it.
// Owner:   a value.
// Threads: one.
// Use:
//     VolunteerState state = VolunteerState::load(path);  …  state.save(path);
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "boinc/protocol/scheduler_reply.hpp"
#include "boinc/protocol/scheduler_request.hpp"

namespace mw::boinc {

enum class Stage : std::int64_t {
  fetching,   ///< its files are being fetched
  ready,      ///< to be run, or run on
  uploading,  ///< it ran well; its output is to be uploaded
  ended       ///< to be reported
};

struct VolunteerFile {
  FileInfo info;
  std::string open_name;  ///< empty for the program
};

struct VolunteerTask {
  std::string name;
  std::int64_t deadline_s = 0;
  Stage stage = Stage::fetching;
  VolunteerFile program;
  std::vector<VolunteerFile> inputs;
  VolunteerFile output;
  ReportedResult report;
  std::int64_t starts = 0;  ///< how often it ended without a word, and was started again
};

struct VolunteerState {
  std::string url;  ///< the project's
  std::int64_t host_id = 0;
  std::int64_t rpc_seqno = 0;
  std::string cross_project_id;  ///< what the server told with the host's number: the proof that this is that host
  std::string cpid;
  double fpops = 0;
  std::string code_sign_key;  ///< the first that the project showed
  std::string scheduler_url;
  std::vector<VolunteerTask> tasks;

  /// A fresh one if there is no file. Throws InterfaceError if there is one that cannot be read.
  static VolunteerState load(const std::string& path);
  void save(const std::string& path) const;
};

}  // namespace mw::boinc
