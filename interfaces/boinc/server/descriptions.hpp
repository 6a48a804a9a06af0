// What a reply says of the work that it sends: files, workunit, instance, application.
//
// What:    describe() adds it to the reply, with the permission to upload.
// Owner:   nothing.
// Threads: the server's.
// Use:
//     describe(project, build, reply);  describe(project, {instance, workunit, build, host, 600}, reply);
#pragma once

#include "boinc/protocol/scheduler_reply.hpp"
#include "boinc/server/project.hpp"

namespace mw::boinc {

struct SentInstance {
  const InstanceRow& instance;
  const WorkunitRow& workunit;
  const WorkerBuild& build;
  const Host& host;
  double expected_s;  ///< how long it will take there; 0: unknown
};
void describe(Project& project, const SentInstance& sent, SchedulerReply& reply);

/// The application and its worker build, once a reply.
void describe(const Project& project, const WorkerBuild& build, SchedulerReply& reply);

}  // namespace mw::boinc
