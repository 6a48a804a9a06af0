// MasterCore: what it says of itself.
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "master/core.hpp"
#include "master/core_helpers.hpp"
#include "process/cores.hpp"

namespace mw::detail {

namespace {

/// What the loop is asked for.
template <class T>
class Answer {
 public:
  /// `make` is quick: whoever waits could not give up meanwhile. It is not called when nobody waits any more.
  template <class Make>
  void give(const Make& make) {
    std::lock_guard lock{mutex_};
    if (is_given_up_) return;
    value_.emplace(make());
    given_.notify_all();
  }
  /// Nothing if the loop does not come to it within 2 s.
  std::optional<T> wait() {
    std::unique_lock lock{mutex_};
    constexpr std::chrono::seconds limit{2};
    is_given_up_ = !given_.wait_for(lock, limit, [this] { return value_.has_value(); });
    return std::move(value_);
  }

 private:
  std::mutex mutex_;
  std::condition_variable given_;
  std::optional<T> value_;
  bool is_given_up_ = false;
};

constexpr const char* no_answer = "no answer within 2 s: the interface blocks the loop";

}  // namespace

Status MasterCore::status() {
  refuse_in_forked_process();
  // Before the counts: what waits to be read is never more than what has ended.
  const std::uint64_t unread = completions_.kept(false).tasks;
  const auto answer = std::make_shared<Answer<Status>>();
  on_loop([this, answer] {
    Status status = counts();
    complete(status);  // it asks the interface, which may take its time
    answer->give([&status] { return std::move(status); });
  });
  auto complete_status = answer->wait();
  Status status = complete_status ? std::move(*complete_status) : counts();
  if (!complete_status) status.interface_error = no_answer;
  status.interface_status = status.interface_error.empty() ? "ok" : "error";
  status.unread = unread;
  return status;
}

std::vector<MeasureStatus> MasterCore::take_measures() {
  refuse_in_forked_process();
  const auto answer = std::make_shared<Answer<std::vector<MeasureStatus>>>();
  on_loop([this, answer] { answer->give([this] { return statistics_.measures().take(); }); });
  auto taken = answer->wait();
  if (!taken) throw InterfaceError{fmt::format("what tasks have measured cannot be taken: {}", no_answer)};
  return std::move(*taken);
}

/// What any thread may read.
Status MasterCore::counts() {
  Status status;
  statistics_.write_to(status);
  status.found = (journal_ ? journal_->found() : 0) + (cache_ ? cache_->found() : 0);
  status.seconds = static_cast<double>(now_ns() - born_ns_) * 1e-9;
  if (const auto ready = statistics_.ready_ns.load(std::memory_order_relaxed))
    status.ready_seconds = static_cast<double>(ready - born_ns_) * 1e-9;
  status.is_paused = is_paused_.load(std::memory_order_relaxed);
  if (chooses_) status.start_up_seconds = statistics_.start_up_seconds(now_ns() - born_ns_);
  status.cores = process::available_cores();
  std::lock_guard lock{name_mutex_};
  status.interface_name = interface_name_;
  return status;
}

/// What only the loop knows, of the same moment as the counts.
void MasterCore::complete(Status& status) {
  std::vector<WorkerReport> reports;
  const char* asked = "get_status";
  try {
    status.interface_error = interface_failure_;
    // One that is being replaced, or that has not started yet, is asked nothing.
    if (machine_.has_interface()) {
      status.interface_error = schema_error(status.interface = interface_->get_status());
      asked = "report_workers";
      reports = interface_->report_workers();
      for (WorkerReport& report : starts_.reports()) reports.push_back(std::move(report));
    }
  } catch (...) {
    status.interface_error = fmt::format("{} threw: {}", asked, current_exception_text());
  }
  if (!status.interface_error.empty()) status.interface.clear();
  status.workers = workers_.statuses(reports, moment());
  status.functions = statistics_.per_function();
  status.measures = statistics_.measures().statuses();
  if (const std::uint32_t cores = workers_.cores()) status.cores = cores;
}

}  // namespace mw::detail
