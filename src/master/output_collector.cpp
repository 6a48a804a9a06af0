#include "master/output_collector.hpp"

#include <sys/stat.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <new>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include <mw/detail/task_access.hpp>

#include "process/shortage.hpp"
#include "worker/find_outputs.hpp"
#include "worker/task_folder.hpp"

namespace mw::detail {
namespace {

void fail_for_want_of_files(Outcome& outcome, const std::string& why) {
  outcome.value = Bytes{};
  outcome.failure.emplace();
  outcome.failure->cause = Cause::output_file;
  outcome.failure->message = why;
}

void remove_all(const std::string& path) noexcept {
  std::error_code ignored;
  if (!path.empty()) std::filesystem::remove_all(path, ignored);
}

void place(Collected& result) {
  const TaskOptions& options = result.task.options();
  const std::string folder = TaskAccess::outputs_folder(result.task);
  try {
    result.files = place_outputs(options.outputs, options.outputs_limit, folder, result.outcome.value.span());
    Bytes value{result.files.value()};
    result.outcome.value = std::move(value);
  } catch (const worker::OutputError& e) {
    fail_for_want_of_files(result.outcome, e.what());
  } catch (const std::exception& e) {
    fail_for_want_of_files(result.outcome, fmt::format("its output files cannot be put into their places: {}", e.what()));
  }
  remove_all(folder);
}

}  // namespace

void Collected::commit() noexcept {
  try {
    files.commit();
  } catch (const std::exception& e) {
    fail_for_want_of_files(outcome, e.what());
  }
}

OutputCollector::~OutputCollector() {
  stop();
  if (folder_.empty()) return;
  remove_all(folder_);
  worker::remove_empty_own_folder();
}

const std::string& OutputCollector::folder() {
  static std::atomic<std::uint64_t> last{0};
  std::lock_guard lock{mutex_};
  if (!folder_.empty()) return folder_;
  std::string path = fmt::format("{}/outputs-{}", worker::own_folder(), ++last);
  if (::mkdir(path.c_str(), 0700) != 0)
    throw Error{fmt::format("the folder {} for output files cannot be made: {}", path, std::strerror(errno))};
  return folder_ = std::move(path);
}

void OutputCollector::collect(const TaskRef& task, Outcome outcome, Then then) {
  auto result = std::make_shared<Collected>(Collected{task, std::move(outcome), {}});
  std::unique_lock lock{mutex_};
  if (is_stopped_) return;
  try {
    if (!thread_.joinable()) thread_ = process::start_thread("output files", [this] { run(); });
  } catch (const Error&) {
    lock.unlock();
    place(*result);
    return then(std::move(result));
  }
  jobs_.push_back({std::move(result), std::move(then)});
  woken_.notify_one();
}

void OutputCollector::drop(const TaskRef& task) noexcept {
  try {
    remove_all(TaskAccess::outputs_folder(task));
  } catch (const std::bad_alloc&) {
    // It goes with folder_.
  }
}

void OutputCollector::stop() noexcept {
  {
    std::lock_guard lock{mutex_};
    is_stopped_ = true;
    jobs_.clear();
    woken_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
}

void OutputCollector::run() {
  std::unique_lock lock{mutex_};
  while (true) {
    woken_.wait(lock, [this] { return is_stopped_ || !jobs_.empty(); });
    if (is_stopped_) return;
    Job job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    place(*job.result);
    job.then(std::move(job.result));
    lock.lock();
  }
}

}  // namespace mw::detail
