// The submitter: the master's tasks on their way to a project and back.
//
// What:    puts what is submitted together into jobs, sends them in batches, asks what became of them, and hands the
//          ends of their tasks to the master; tries again, with growing pauses, while the project cannot be reached.
// Owner:   owns its route, its record and a thread.
// Threads: submit(), drop(), hold() and status() from any; the sink is called in the submitter's thread.
// Use:
//     Submitter submitter{options, "pi", folder, sink};       // throws InterfaceError if the project cannot be used
//     submitter.submit(std::move(tasks));
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <mw/boinc_project.hpp>

namespace mw::boinc {

class SubmitterSink {
 public:
  virtual ~SubmitterSink() = default;
  virtual void task_runs(const TaskRef& task) = 0;
  /// After hold(): it is not known to run, and not waited for in this run.
  virtual void task_returned(const TaskRef&) {}
  virtual void task_ended(const TaskRef& task, Outcome outcome, bool is_lost) = 0;
  /// Nothing more will come of this submitter.
  virtual void submitter_failed(const std::string& why) = 0;
};

class Submitter {
 public:
  /// `folder` is for the record of this run and for files on their way.
  Submitter(const BoincProjectOptions& options, const std::string& app, const std::string& folder, SubmitterSink& sink);
  ~Submitter();
  Submitter(const Submitter&) = delete;
  Submitter& operator=(const Submitter&) = delete;

  void submit(std::vector<TaskRef> tasks);
  /// Nobody wants them any more.
  void drop(std::vector<TaskRef> tasks);
  /// Nothing more is submitted, and what does not run is given back; jobs that the project has stay there.
  void hold();
  StatusMap status() const;

  /// Returns when the thread has ended. If tasks are still open, their jobs stay in the project, for the next run of
  /// the program.
  void stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mw::boinc
