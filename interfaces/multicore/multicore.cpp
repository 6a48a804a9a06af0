#include <mw/multicore.hpp>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <map>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>
#include <boost/asio/io_context.hpp>

#include "log/log.hpp"
#include "multicore/spec.hpp"
#include "multicore/worker.hpp"
#include "process/back_off.hpp"
#include "process/cores.hpp"
#include "process/origin.hpp"
#include "process/place.hpp"
#include "process/shortage.hpp"
#include "process/timer.hpp"
#include "resources/machine.hpp"
#include "resources/shares.hpp"
#include "worker/start.hpp"

namespace mw {
namespace {

/// The worker processes, one a slot; a slot whose process ended gets a new one.
class Pool final : public Interface, public multicore::WorkerOwner {
 public:
  explicit Pool(MulticoreOptions options)
      : options_{multicore::checked(std::move(options))}, told_threads_{options_.threads}, wanted_{options_.workers} {}

  Scheduling scheduling() const override { return Scheduling::by_master; }
  std::string name() const override { return "multicore"; }
  /// Slots for workers: as many as were asked for, or as could be started.
  std::uint32_t expected_slots() const noexcept override { return wanted_; }

  void start() override {
    if (options_.worker.empty() && !worker::init_was_called())
      throw InterfaceError{
          "multicore starts this program again as its workers, so main() must call mw::init(argc, argv) before it makes a "
          "mw::Master"};
    origin_ = process::Origin::now();
    start_workers();
  }

  void execute_task(const TaskRef& task, WorkerId worker) override {
    auto* const process = find(worker);
    if (!process || process->leaves())
      throw UnknownWorker{
          fmt::format("multicore: task {} came for worker number {}, which is none of the {} processes that are ready", task.id(),
                      index_of(worker), ready_.size())};
    process->send(task);
  }

  void forget_shared(std::uint64_t number) override {
    for (auto& [id, worker] : ready_) worker->forget_shared(number);
  }

  void flush() override {
    for (const WorkerId worker : unsent_)
      if (auto* process = find(worker)) process->flush();
    unsent_.clear();
  }

  bool revoke_task(const TaskRef& task, WorkerId worker) override {
    auto* process = find(worker);
    return process && process->take_back(task);
  }

  void split_task(const TaskRef& task, WorkerId worker) override {
    if (auto* process = find(worker)) process->split(task);
  }

  void abort_task(const TaskRef& task, WorkerId worker) override {
    if (auto* process = find(worker)) process->abort(task);
  }

  bool can_scale() const noexcept override { return true; }

  /// The last ones leave. The successor of one that leaves, if there is to be one again, is started when it has left.
  void scale(std::uint32_t workers) override {
    if (workers > MulticoreInterface::max_workers)
      throw UsageError{fmt::format("multicore: {} workers are more than {}", workers, MulticoreInterface::max_workers)};
    const unsigned before = wanted_;
    wanted_ = workers > before ? std::max(before, possible_workers(workers)) : workers;
    if (wanted_ < workers)
      log::warn(
          fmt::format("multicore: {} of {} workers will be there, not more: {}", wanted_, workers, process::shortage(EMFILE)));
    if (slots_.size() < wanted_) slots_.resize(wanted_);
    divide(wanted_);
    not_started_.erase(not_started_.lower_bound(wanted_), not_started_.end());
    for (std::size_t slot = slots_.size(); slot-- > wanted_;)
      if (const auto worker = slots_[slot]) worker->leave();
    for (unsigned slot = before; slot < wanted_; ++slot) replace(slot);
  }

  void stop(std::function<void()> stopped) override {
    stopped_ = std::move(stopped);
    for (auto& timer : respawns_) timer->cancel();
    for (auto& worker : slots_)
      if (worker) worker->stop();
    say_if_stopped();
  }

  std::vector<WorkerReport> report_workers() override {
    std::vector<WorkerReport> list;
    for (unsigned slot = 0; slot < slots_.size(); ++slot) {
      const auto& worker = slots_[slot];
      if (!worker && slot >= wanted_) continue;
      WorkerReport report{.name = multicore::worker_name(slot + 1), .host = process::host_name()};
      if (worker && worker->was_ready() && worker->is_stopped() && worker->is_busy()) {
        report.state = WorkerState::stopped;
        report.note = "stopped in " + worker->doing();
      } else if (const auto failed = not_started_.find(slot); failed != not_started_.end()) {
        report.state = WorkerState::not_started;
        report.note = failed->second;
      } else if (worker && worker->was_ready()) {
        continue;
      }
      list.push_back(std::move(report));
    }
    return list;
  }

  // WorkerOwner
  InterfaceHost& host() const noexcept override { return Interface::host(); }
  const MulticoreOptions& options() const noexcept override { return options_; }
  const std::shared_ptr<const process::Origin>& origin() const noexcept override { return origin_; }
  const Resources& share_of(unsigned slot) const noexcept override { return shares_[slot - 1]; }

  void worker_ready(multicore::Worker& worker) override {
    starts_.reset();
    was_ever_ready_ = true;
    not_started_.erase(worker.slot() - 1);
    ready_[index_of(worker.id())] = &worker;
  }

  void worker_has_output(multicore::Worker& worker) override {
    if (unsent_.empty() || unsent_.back() != worker.id()) unsent_.push_back(worker.id());
  }

  void worker_stopped(multicore::Worker& worker) override {
    if (worker.is_stopped())
      log::warn(fmt::format("{} is stopped in {}, which waits until it goes on (kill -CONT {}) or is ended", worker.text(),
                            worker.doing(), worker.pid()));
    else
      log::warn(fmt::format("{} goes on", worker.text()));
  }

  void worker_ended(multicore::Worker& worker, const std::string& why) override {
    const auto keep = slots_[worker.slot() - 1];
    ready_.erase(index_of(worker.id()));
    slots_[worker.slot() - 1] = nullptr;
    if (stopped_) {
      say_if_stopped();
      return;
    }
    log::info(fmt::format("multicore worker {}: {}", worker.slot(), why));
    if (worker.slot() > wanted_) return;
    if (worker.leaves() || worker.was_ready())
      replace(worker.slot() - 1);
    else
      start_failed(worker.slot() - 1, why);
  }

 private:
  /// In a row, with no worker alive. A program whose workers never got ready is wrong; one whose workers did is
  /// unlucky.
  static constexpr unsigned most_failed_first_starts = 3;
  static constexpr unsigned most_failed_starts = 30;

  multicore::Worker* find(WorkerId worker) const {
    const auto place = ready_.find(index_of(worker));
    return place == ready_.end() ? nullptr : place->second;
  }

  /// Each worker takes so many descriptors here …
  static constexpr unsigned descriptors_each = 7;
  /// … and so many are left for everything else.
  static constexpr unsigned descriptors_besides = 16;
  /// … which the program itself opens, if the limit can be raised that far.
  static constexpr std::size_t descriptors_spare = 256;

  /// As many workers as the limit on open files leaves room for; 1 is tried in any case.
  unsigned possible_workers(unsigned workers) const {
    const auto there =
        static_cast<std::size_t>(std::count_if(slots_.begin(), slots_.end(), [](const auto& worker) { return worker != nullptr; }));
    process::allow_descriptors(process::descriptors().open + descriptors_each * (workers - std::min<std::size_t>(there, workers)) +
                               descriptors_spare);
    const process::Descriptors now = process::descriptors();
    const std::size_t taken = now.open + descriptors_besides;
    const std::size_t room = now.limit > taken ? (now.limit - taken) / descriptors_each : 0;
    return static_cast<unsigned>(std::clamp<std::size_t>(there + room, 1, workers));
  }

  /// What each of so many workers has. A device stays with the slot that it was dealt to in the beginning, whose worker
  /// may have it open; what else a worker has been told of, its successor will be told anew.
  void divide(unsigned workers) {
    options_.threads = process::threads_of_worker(told_threads_, workers, machine_.cores);
    auto shares = resources::shares_of(machine_, options_.shares, workers);
    if (!shares_.empty())
      for (unsigned slot = 0; slot < workers; ++slot)
        shares[slot].gpus = slot < shares_.size() ? shares_[slot].gpus : std::vector<std::string>{};
    for (std::size_t slot = workers; slot < shares_.size(); ++slot) shares.push_back(shares_[slot]);
    shares_ = std::move(shares);
  }

  /// Where a limit is in the way, fewer than were asked for. Throws InterfaceError if not even one can be started.
  void start_workers() {
    wanted_ = possible_workers(options_.workers);
    std::string why = wanted_ < options_.workers ? process::shortage(EMFILE) : std::string{};
    slots_.resize(wanted_);
    machine_ = resources::machine_here(options_.shares.gpus);
    divide(wanted_);
    for (unsigned slot = 0; slot < wanted_; ++slot) {
      try {
        start_worker(slot);
      } catch (const InterfaceError& e) {
        if (slot == 0) throw;
        why = e.what();
        wanted_ = slot;
        slots_.resize(slot);
      }
    }
    if (wanted_ < options_.workers)
      log::warn(fmt::format("multicore: {} of {} workers are there, not more: {}", wanted_, options_.workers, why));
  }

  void start_worker(unsigned slot) {
    auto worker = std::make_shared<multicore::Worker>(*this, slot + 1);
    worker->start();
    slots_[slot] = std::move(worker);
  }

  /// In the thread that lives as long as the master: its end is what ends the workers if nothing else does.
  void replace(unsigned slot) {
    host().post_to_thread([this, slot] {
      if (stopped_ || slot >= wanted_ || slots_[slot]) return;
      try {
        start_worker(slot);
      } catch (const Error& e) {
        start_failed(slot, e.what());
      }
    });
  }

  /// Tries again, a little later each time, and says so once; when none ever gets ready, no task can run.
  void start_failed(unsigned slot, const std::string& why) {
    if (slot >= wanted_) return;
    const std::chrono::nanoseconds delay = starts_.next();
    if (starts_.failures() >= (was_ever_ready_ ? most_failed_starts : most_failed_first_starts) && ready_.empty()) {
      host().no_worker_possible(fmt::format("multicore: no worker process gets ready; the last one: {}", why));
      return;
    }
    const std::string text = fmt::format("multicore worker {} did not start, and is tried again: {}", slot + 1, why);
    if (not_started_.insert_or_assign(slot, why).second)
      log::warn(text);
    else
      log::debug(text);
    auto timer = std::make_shared<process::Timer>(host().io());
    timer->expires_after(delay);
    timer->async_wait([this, slot, timer](boost::system::error_code error) {
      std::erase(respawns_, timer);
      if (!error && !stopped_) replace(slot);
    });
    respawns_.push_back(timer);
  }

  void say_if_stopped() {
    const bool all_gone = std::all_of(slots_.begin(), slots_.end(), [](const auto& worker) { return !worker; });
    if (all_gone && stopped_ && !said_stopped_) {
      said_stopped_ = true;
      stopped_();
    }
  }

  MulticoreOptions options_;
  unsigned told_threads_;
  unsigned wanted_;  ///< slots for workers; one beyond has a worker that leaves, or none
  resources::Machine machine_;
  std::shared_ptr<const process::Origin> origin_;
  std::vector<Resources> shares_;  ///< by slot
  std::vector<std::shared_ptr<multicore::Worker>> slots_;
  std::unordered_map<std::uint32_t, multicore::Worker*> ready_;
  std::map<unsigned, std::string> not_started_;  ///< slots whose last start failed, and why
  std::vector<WorkerId> unsent_;                 ///< workers that have something to send since the last flush
  std::vector<std::shared_ptr<process::Timer>> respawns_;
  std::function<void()> stopped_;
  bool said_stopped_ = false;
  process::BackOff starts_ = process::worker_starts;
  bool was_ever_ready_ = false;
};

}  // namespace

MulticoreInterface::MulticoreInterface(unsigned workers) : MulticoreInterface{MulticoreOptions{.workers = workers}} {}
MulticoreInterface::MulticoreInterface(MulticoreOptions options) : InterfaceHandle{std::make_unique<Pool>(std::move(options))} {}

MulticoreInterface MulticoreInterface::from_text(std::string_view text) { return MulticoreInterface{multicore::options_of(text)}; }

}  // namespace mw
