#include <mw/boinc.hpp>

#include <filesystem>
#include <map>
#include <optional>
#include <thread>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "boinc/local_volunteers.hpp"
#include "boinc/policy/work_size.hpp"
#include "boinc/round.hpp"
#include "boinc/server/pages.hpp"
#include "boinc/server/server.hpp"
#include "boinc/spec.hpp"
#include "boinc/state_folder.hpp"
#include "process/file.hpp"
#include "process/no_write_signals.hpp"
#include "process/standard_streams.hpp"

namespace mw {
namespace fs = std::filesystem;

namespace {

class Pool final : public Interface, public boinc::ServerSink {
 public:
  explicit Pool(BoincOptions options) : options_{std::move(options)}, settings_{boinc::settings_of(options_)} {}
  ~Pool() override {
    if (stopper_.joinable()) stopper_.join();
  }

  std::string name() const override { return "boinc"; }
  void scale(std::uint32_t) override {
    throw UsageError{"boinc: how many volunteers there are, and when they compute, is up to them"};
  }

  void start() override {
    const process::NoWriteSignals no_signals;
    folder_.emplace(options_.state, "boinc/" + settings_.title);
    settings_.state = folder_->path();
    const std::string workers =
        options_.workers.empty() ? (fs::read_symlink("/proc/self/exe").parent_path() / "workers").string() : options_.workers;
    try {
      server_.emplace(settings_, boinc::ServerPlace{options_.listen, workers}, *this);
    } catch (const fs::filesystem_error& e) {
      throw InterfaceError{fmt::format("boinc: the project's folder cannot be used: {}", e.what())};
    }
    if (options_.local_volunteers > 0)
      volunteers_.emplace(host().io(), boinc::LocalVolunteers::Place{server_->url(), settings_.state}, options_.local_volunteers);
    else
      tell_volunteers();
  }

  void stop(std::function<void()> stopped) override {
    // The server's thread may take a while to end; the loop must not wait for it.
    auto end_server = [this, stopped = std::move(stopped)]() mutable {
      stopper_ = std::thread{[this, stopped = std::move(stopped)] {
        if (server_) server_->stop();
        stopped();
      }};
    };
    if (!volunteers_) return end_server();
    volunteers_->stop([end = std::make_shared<decltype(end_server)>(std::move(end_server))] { (*end)(); });
  }

  /// It finds a volunteer itself.
  void execute_task(const TaskRef& task, WorkerId worker) override {
    if (worker != any_worker)
      throw UnknownWorker{
          fmt::format("boinc: task {} came for worker number {}; which volunteer gets a task is decided when one asks", task.id(),
                      index_of(worker))};
    round_.submit(task);
  }
  bool revoke_task(const TaskRef& task, WorkerId) override {
    round_.drop(task);
    flush();
    return true;
  }
  void abort_task(const TaskRef& task, WorkerId) override { round_.drop(task); }
  void begin_no_more() override {
    flush();
    server_->hold();
  }
  void flush() override { round_.flush(*server_); }

  std::uint32_t expected_slots() const noexcept override {
    return options_.local_volunteers > 0 ? options_.local_volunteers : boinc::unknown_pool_slots;
  }

  StatusMap get_status() override {
    StatusMap map = server_->status();
    map["volunteers_here"] = static_cast<std::int64_t>(volunteers_ ? volunteers_->running() : 0);
    const std::vector<std::string> stopped = volunteers_ ? volunteers_->stopped() : std::vector<std::string>{};
    map["volunteers_stopped"] = static_cast<std::int64_t>(stopped.size());
    if (!stopped.empty()) map["stopped_volunteers"] = fmt::format("{}", fmt::join(stopped, ", "));
    return map;
  }

  // ServerSink, in the server's thread
  void host_appeared(std::int64_t id, const std::string& name, const std::string& platform, std::int64_t processors) override {
    WorkerInfo info;
    info.name = fmt::format("boinc worker {}", id);
    info.host = name;
    info.slots = static_cast<std::uint32_t>(processors);
    info.platform = platform;
    workers_[id] = host().worker_joined(std::move(info));
  }
  void task_runs(const TaskRef& task, std::int64_t id, double fraction) override {
    host().task_started(task, worker_of(id));
    if (fraction > 0) host().task_progress(task, fraction);
  }
  void task_ended(const TaskRef& task, std::int64_t id, Outcome outcome, bool is_lost) override {
    if (id != 0) host().task_started(task, worker_of(id));  // it did, if nobody said so
    boinc::tell_end(host(), task, std::move(outcome), is_lost);
  }
  void task_returned(const TaskRef& task) override { host().task_returned(task); }
  void server_failed(const std::string& why) override { host().interface_failed(why); }

 private:
  /// Where the key is, not the key: stderr is kept in logs, and arguments are for everybody to see.
  void tell_volunteers() const {
    if (settings_.keys_for_each)
      return process::tell(
          fmt::format("volunteers: mw volunteer {} --key-file {}/keys/NAME, a key for each: mw boinc-key {} NAME\n", server_->url(),
                      settings_.state, settings_.state));
    const std::string account = fmt::format("{}/account_{}.xml", settings_.state, settings_.app);
    process::write_file(account, boinc::account_file(server_->url(), server_->account_key()), 0600);
    process::tell(
        fmt::format("volunteers: mw volunteer {} --key-file {}/account_key\n"
                    "volunteers with boinc-client: put {} into its folder (/var/lib/boinc-client), and start it anew\n",
                    server_->url(), settings_.state, account));
  }

  WorkerId worker_of(std::int64_t id) const {
    const auto place = workers_.find(id);
    return place == workers_.end() ? any_worker : place->second;
  }

  const BoincOptions options_;
  boinc::Settings settings_;
  std::optional<boinc::StateFolder> folder_;
  std::optional<boinc::Server> server_;
  std::optional<boinc::LocalVolunteers> volunteers_;
  boinc::Round round_;
  std::map<std::int64_t, WorkerId> workers_;  ///< the server's thread's
  std::thread stopper_;
};

}  // namespace

BoincInterface::BoincInterface(BoincOptions options) : InterfaceHandle{std::make_unique<Pool>(std::move(options))} {}
BoincInterface BoincInterface::from_text(std::string_view text) { return BoincInterface{boinc::parse_spec(text)}; }

}  // namespace mw
