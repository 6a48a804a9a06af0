// The ways to a project: what the submitter asks of them.
//
// What:    Route takes batches of jobs to a project and brings back what became of them. project_folder.hpp and
//          remote_project.hpp are the two that there are.
// Owner:   the submitter owns its route.
// Threads: the submitter's. Every call may block.
#pragma once

#include <set>
#include <string>
#include <utility>
#include <vector>

#include <mw/bytes.hpp>
#include <mw/error.hpp>
#include <mw/interface.hpp>

namespace mw::boinc {

/// A workunit to be: several tasks.
struct Job {
  std::string name;               ///< of the workunit; the same tasks have the same one in the next run, if this one is killed
  Bytes input;                    ///< the bundle
  std::vector<std::string> data;  ///< names of data files, as the project is to call them
  std::int32_t priority = 0;
  std::vector<TaskRef> tasks;
  double seconds = 0;  ///< how long it runs, about; 0: unknown

  std::string input_name() const { return name + "_in"; }
};

/// Jobs with one number of data files, and so one template.
struct Batch {
  std::string name;
  std::size_t data_files = 0;
  std::vector<Job> jobs;
  double seconds = 0;     ///< the longest of them, about; 0: unknown
  std::string outbox;     ///< a folder with the files that the project may not have yet, under the names that it is to know them by
  bool is_again = false;  ///< it may be there, all of it or some
};

/// What became of a job.
struct JobEnd {
  std::string name;
  Bytes answer;     ///< its output file; empty where there is an error
  std::string why;  ///< no result: why
};

/// Who is told.
class PollSink {
 public:
  virtual ~PollSink() = default;
  /// Whether anybody still waits for it.
  virtual bool is_open(const std::string& job) const = 0;
  virtual void job_runs(const std::string& job) = 0;
  virtual void job_ended(JobEnd end) = 0;
};

/// The project did not do what it was asked to. It may the next time.
class RouteError : public InterfaceError {
 public:
  using InterfaceError::InterfaceError;
};

/// It answers, and says no.
class RouteRefusal : public RouteError {
 public:
  using RouteError::RouteError;
};

/// It takes these files from nobody, whatever is tried.
class FilesRefused : public RouteRefusal {
 public:
  FilesRefused(std::set<std::string> files, const std::string& why) : RouteRefusal{why}, files_{std::move(files)} {}
  const std::set<std::string>& files() const noexcept { return files_; }

 private:
  std::set<std::string> files_;
};

class Route {
 public:
  virtual ~Route() = default;
  /// Whether the project can be used at all. Throws InterfaceError that says what is to be done; RouteError where it
  /// may be used later.
  virtual void check() = 0;
  /// What is seen to keep it from computing, and what to do about it; empty: nothing.
  virtual std::string obstacle() = 0;
  /// Whether a batch whose submission was interrupted, in an earlier start of this run, has come to be there: all of
  /// it. Throws RouteError.
  virtual bool has(const std::string& batch) = 0;
  /// All of it or, with an exception, nobody knows how much: then once more, with is_again. Throws RouteError;
  /// FilesRefused when nothing but the jobs without these files is worth another try.
  virtual void submit(const Batch& batch) = 0;
  /// Tells what has changed. Throws RouteError.
  virtual void poll(const std::vector<std::string>& batches, PollSink& sink) = 0;
  /// Nobody wants these any more. Throws RouteError.
  virtual void cancel(const std::vector<std::string>& jobs) = 0;
  /// Nobody wants a batch any more, of which these are not done: they are cancelled, and the project may forget it.
  /// Throws RouteError.
  virtual void abandon(const std::string& batch, const std::vector<std::string>& jobs) = 0;
  /// What does the same by hand.
  virtual std::string how_to_abandon(const std::string& batch, const std::vector<std::string>& jobs) const = 0;
  /// The results have been used: the project may forget them. Throws RouteError.
  virtual void retire(const std::string& batch) = 0;
};

}  // namespace mw::boinc
