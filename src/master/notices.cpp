#include "master/notices.hpp"

#include "process/shortage.hpp"

namespace mw::detail {
namespace {

thread_local bool makes_calls = false;

}  // namespace

bool Notices::is_here() noexcept { return makes_calls; }

void Notices::when_done(RecordPtr record, Call call) {
  start();
  if (is_done(record->state.load(std::memory_order_acquire))) return push(std::move(call));
  auto& [kept, calls] = waiting_[record.get()];
  kept = std::move(record);
  calls.push_back(std::move(call));
}

void Notices::at_once(Call call) {
  start();
  push(std::move(call));
}

/// Now, since who leaves a call can be told that there is no thread; when a task ends, nobody can.
void Notices::start() {
  if (!thread_.joinable()) thread_ = process::start_thread("coroutines and futures", [this] { run(); });
}

void Notices::push(Call call) {
  std::lock_guard lock{mutex_};
  calls_.push_back(std::move(call));
  due_.notify_one();
}

void Notices::ended(const TaskRecord* record) {
  const auto place = waiting_.find(record);
  if (place == waiting_.end()) return;
  auto [kept, calls] = std::move(place->second);
  waiting_.erase(place);
  for (Call& call : calls) push(std::move(call));
}

void Notices::fail() {
  for (auto& [record, waiting] : std::exchange(waiting_, {}))
    for (Call& call : waiting.second) push(std::move(call));
}

void Notices::run() {
  makes_calls = true;
  std::unique_lock lock{mutex_};
  while (true) {
    due_.wait(lock, [this] { return is_ending_ || !calls_.empty(); });
    if (calls_.empty()) return;
    {
      const Call call = std::move(calls_.front());
      calls_.pop_front();
      lock.unlock();
      call();
    }
    lock.lock();
  }
}

void Notices::finish() {
  {
    std::lock_guard lock{mutex_};
    is_ending_ = true;
    due_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
}

}  // namespace mw::detail
