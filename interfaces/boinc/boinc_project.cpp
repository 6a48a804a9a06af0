#include <mw/boinc_project.hpp>

#include <atomic>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "boinc/policy/work_size.hpp"
#include "boinc/program_name.hpp"
#include "boinc/state_folder.hpp"
#include "boinc/submitter/spec.hpp"
#include "boinc/submitter/submitter.hpp"
#include "process/interrupt_watch.hpp"

namespace mw {

class BoincProjectInterface::Client final : public boinc::SubmitterSink {
 public:
  Client(BoincProjectInterface& owner, BoincProjectOptions options) : owner_{&owner}, options_{std::move(options)} {
    boinc::check_options(options_);
    if (options_.app.empty()) options_.app = boinc::app_name();
  }
  ~Client() override {
    if (stopper_.joinable()) stopper_.join();
  }
  void set_owner(BoincProjectInterface& owner) noexcept { owner_ = &owner; }

  void start() {
    folder_.emplace(options_.state, "boinc-project/" + boinc::program_name());
    submitter_.emplace(options_, options_.app, folder_->path(), *this);
    WorkerInfo info;  // which of its volunteers computes what, a project does not say
    info.host = options_.folder.empty() ? options_.url : options_.folder;
    info.name = fmt::format("volunteers of {}", info.host);
    info.slots = boinc::unknown_pool_slots;
    volunteers_ = host().worker_joined(std::move(info));
    // What a temporary state knows of the project's workunits is lost with it.
    if (options_.state == "temporary") interrupts_.emplace([this] { stop_submitter(); });
  }

  void stop(std::function<void()> stopped) {
    // The submitter's thread may be in the middle of a request; the loop must not wait for it.
    stopper_ = std::thread{[this, stopped = std::move(stopped)] {
      stop_submitter();
      stopped();
    }};
  }

  void submit(const TaskRef& task) { submitted_.push_back(task); }
  void drop(const TaskRef& task) { dropped_.push_back(task); }
  void flush() {
    if (!submitted_.empty()) submitter_->submit(std::exchange(submitted_, {}));
    if (!dropped_.empty()) submitter_->drop(std::exchange(dropped_, {}));
  }
  StatusMap status() const { return submitter_->status(); }

  // SubmitterSink, in the submitter's thread
  void task_runs(const TaskRef& task) override { host().task_started(task, volunteers_); }
  void task_ended(const TaskRef& task, Outcome outcome, bool is_lost) override {
    if (!outcome.failure || outcome.failure->cause != Cause::interface_error)
      host().task_started(task, volunteers_);  // it did, if nobody said so
    if (is_lost)
      host().task_lost(task, std::move(outcome));
    else
      host().task_finished(task, std::move(outcome));
  }
  void submitter_failed(const std::string& why) override { host().interface_failed("boinc: " + why); }

 private:
  InterfaceHost& host() const { return owner_->host(); }
  void stop_submitter() {
    const std::lock_guard lock{stopping_};
    if (submitter_) submitter_->stop();
  }

  BoincProjectInterface* owner_;
  BoincProjectOptions options_;
  std::optional<boinc::StateFolder> folder_;
  std::optional<boinc::Submitter> submitter_;
  std::atomic<WorkerId> volunteers_ = any_worker;
  std::vector<TaskRef> submitted_;
  std::vector<TaskRef> dropped_;
  std::mutex stopping_;
  std::optional<process::InterruptWatch> interrupts_;
  std::thread stopper_;
};

BoincProjectInterface::BoincProjectInterface(BoincProjectOptions options)
    : client_{std::make_unique<Client>(*this, std::move(options))} {}
bool BoincProjectInterface::is_meant(std::string_view text) { return boinc::is_project_spec(text); }
BoincProjectInterface BoincProjectInterface::from_text(std::string_view text) {
  return BoincProjectInterface{boinc::parse_project_spec(text)};
}
BoincProjectInterface::BoincProjectInterface(BoincProjectInterface&& other) noexcept
    : Interface{other}, client_{std::move(other.client_)} {
  client_->set_owner(*this);
}
BoincProjectInterface::~BoincProjectInterface() = default;

void BoincProjectInterface::start() { client_->start(); }
void BoincProjectInterface::stop(std::function<void()> stopped) { client_->stop(std::move(stopped)); }
void BoincProjectInterface::execute_task(const TaskRef& task, WorkerId) { client_->submit(task); }

/// No volunteer's work on it counts any more, whether one has begun or not.
bool BoincProjectInterface::revoke_task(const TaskRef& task, WorkerId) {
  client_->drop(task);
  client_->flush();
  return true;
}

void BoincProjectInterface::abort_task(const TaskRef& task, WorkerId) { client_->drop(task); }
void BoincProjectInterface::flush() { client_->flush(); }
std::uint32_t BoincProjectInterface::expected_slots() const noexcept { return boinc::unknown_pool_slots; }
StatusMap BoincProjectInterface::get_status() { return client_->status(); }

}  // namespace mw
