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
#include "boinc/round.hpp"
#include "boinc/state_folder.hpp"
#include "boinc/submitter/spec.hpp"
#include "boinc/submitter/submitter.hpp"
#include "process/interrupt_watch.hpp"

namespace mw {

namespace {

class Client final : public Interface, public boinc::SubmitterSink {
 public:
  explicit Client(BoincProjectOptions options) : options_{std::move(options)} {
    boinc::check_options(options_);
    if (options_.app.empty()) options_.app = boinc::app_name();
  }
  ~Client() override {
    if (stopper_.joinable()) stopper_.join();
  }

  std::string name() const override { return "boinc"; }
  void scale(std::uint32_t) override {
    throw UsageError{"boinc: how many volunteers there are, and when they compute, is up to them"};
  }
  std::uint32_t expected_slots() const noexcept override { return boinc::unknown_pool_slots; }

  void start() override {
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

  void stop(std::function<void()> stopped) override {
    // The submitter's thread may be in the middle of a request; the loop must not wait for it.
    stopper_ = std::thread{[this, stopped = std::move(stopped)] {
      stop_submitter();
      stopped();
    }};
  }

  void execute_task(const TaskRef& task, WorkerId) override { round_.submit(task); }
  bool revoke_task(const TaskRef& task, WorkerId) override {
    round_.drop(task);
    flush();
    return true;
  }
  void abort_task(const TaskRef& task, WorkerId) override { round_.drop(task); }
  void begin_no_more() override {
    flush();
    submitter_->hold();
  }
  void flush() override { round_.flush(*submitter_); }
  StatusMap get_status() override { return submitter_->status(); }

  // SubmitterSink, in the submitter's thread
  void task_runs(const TaskRef& task) override { host().task_started(task, volunteers_); }
  void task_ended(const TaskRef& task, Outcome outcome, bool is_lost) override {
    if (!outcome.failure || outcome.failure->cause != Cause::interface_error)
      host().task_started(task, volunteers_);  // it did, if nobody said so
    boinc::tell_end(host(), task, std::move(outcome), is_lost);
  }
  void task_returned(const TaskRef& task) override { host().task_returned(task); }
  void submitter_failed(const std::string& why) override { host().interface_failed("boinc: " + why); }

 private:
  void stop_submitter() {
    const std::lock_guard lock{stopping_};
    if (submitter_) submitter_->stop();
  }

  BoincProjectOptions options_;
  std::optional<boinc::StateFolder> folder_;
  std::optional<boinc::Submitter> submitter_;
  std::atomic<WorkerId> volunteers_ = any_worker;
  boinc::Round round_;
  std::mutex stopping_;
  std::optional<process::InterruptWatch> interrupts_;
  std::thread stopper_;
};

}  // namespace

BoincProjectInterface::BoincProjectInterface(BoincProjectOptions options)
    : InterfaceHandle{std::make_unique<Client>(std::move(options))} {}
bool BoincProjectInterface::is_meant(std::string_view text) { return boinc::is_project_spec(text); }
BoincProjectInterface BoincProjectInterface::from_text(std::string_view text) {
  return BoincProjectInterface{boinc::parse_project_spec(text)};
}

}  // namespace mw
