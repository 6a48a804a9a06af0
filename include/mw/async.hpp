// Waiting without a thread of one's own: coroutines and futures.
//
// What:    co_await master.get(task) in any coroutine; Async<R>, a coroutine for those who have none;
//          master.future(task), a std::future for code that takes one.
// Owner:   an Async shares its coroutine's result with it. A coroutine that waits ends with its master at the latest:
//          its tasks are cancelled then, and co_await throws their TaskError.
// Threads: a coroutine runs in its caller's thread up to the first co_await that has to wait, and from then on in a
//          thread of its master's, in which all coroutines and futures of that master take turns: what takes long there
//          holds up the others, and belongs into a task.
// Use:
//     mw::Async<double> refined(mw::Master& master, double x) {
//       double rough = co_await master.get(master.submit_task<estimate>(x));
//       co_return co_await master.get(master.submit_task<refine>(x, rough));
//     }
//     std::vector<mw::Async<double>> all;
//     for (double x : inputs) all.push_back(refined(master, x));        // all of them are on their way
//     for (auto& one : all) sum += one.get();
#pragma once

#include <condition_variable>
#include <coroutine>
#include <exception>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <type_traits>
#include <utility>

#include <mw/master.hpp>

namespace mw {

namespace detail {
/// `call` is made in the master's thread of notices when the task is done, or nothing can be done any more. Throws
/// TaskError if it is no task of this master's, InterfaceError if there is no thread to be had.
void when_done(MasterCore& core, const TaskHandle& task, std::function<void()> call);
/// Counts the task, of which when_done() has told, as handed out. Throws InterfaceError if it is not done.
void hand_out(MasterCore& core, const TaskHandle& task);
/// Throws UsageError in a thread of notices, where whoever waits would wait for itself.
void refuse_to_wait_in_notice();
/// Says on stderr that a coroutine has failed and nobody asked for its result.
void note_unread(const std::exception_ptr& error) noexcept;
}  // namespace detail

/// What `co_await master.get(task)` waits for. Throws as get_result(), and InterfaceError if there is no thread for
/// coroutines.
template <class R>
class Awaited {
 public:
  /// Internal: see Master::get().
  Awaited(detail::MasterCore& core, Task<R> task) : core_{core}, task_{std::move(task)} {}

  bool await_ready() const { return task_.valid() && task_.done(); }
  void await_suspend(std::coroutine_handle<> waiting) {
    detail::when_done(core_, task_, [waiting] { waiting.resume(); });
  }
  R await_resume() {
    detail::hand_out(core_, task_);
    return detail::decode_result<R>(*task_.record());
  }

 private:
  detail::MasterCore& core_;
  Task<R> task_;
};

namespace detail {

/// What a coroutine and its Async share.
template <class R>
class AsyncState {
 public:
  using Value = std::conditional_t<std::is_void_v<R>, bool, R>;

  AsyncState() = default;
  AsyncState(const AsyncState&) = delete;
  AsyncState& operator=(const AsyncState&) = delete;
  ~AsyncState() {
    if (error_) note_unread(error_);
  }

  void set(Value value) { value_.emplace(std::move(value)); }
  void set_error(std::exception_ptr error) noexcept { error_ = std::move(error); }
  /// The coroutine is over.
  void end() noexcept {
    std::coroutine_handle<> waiting;
    {
      std::lock_guard lock{mutex_};
      is_over_ = true;
      waiting = std::exchange(waiting_, {});
      over_.notify_all();
    }
    if (waiting) waiting.resume();
  }

  bool is_over() const {
    std::lock_guard lock{mutex_};
    return is_over_;
  }
  /// False if it is over already, and nobody needs to wait.
  bool resume_at_end(std::coroutine_handle<> waiting) {
    std::lock_guard lock{mutex_};
    if (is_over_) return false;
    waiting_ = waiting;
    return true;
  }
  void wait() {
    std::unique_lock lock{mutex_};
    if (!is_over_) refuse_to_wait_in_notice();
    over_.wait(lock, [this] { return is_over_; });
  }
  R take() {
    if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
    if constexpr (!std::is_void_v<R>) {
      if (!value_) throw UsageError{"the result of this mw::Async was taken already"};
      Value value = std::move(*value_);
      value_.reset();
      return value;
    }
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable over_;
  bool is_over_ = false;
  std::coroutine_handle<> waiting_;
  std::optional<Value> value_;
  std::exception_ptr error_;
};

template <class R>
struct AsyncPromiseBase {
  std::shared_ptr<AsyncState<R>> state = std::make_shared<AsyncState<R>>();

  struct AtEnd {
    std::shared_ptr<AsyncState<R>> state;
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> self) noexcept {
      const auto kept = std::move(state);
      self.destroy();  // before anybody hears of the end, and so of what the coroutine held
      kept->end();
    }
    void await_resume() const noexcept {}
  };

  std::suspend_never initial_suspend() const noexcept { return {}; }
  AtEnd final_suspend() noexcept { return {state}; }
  void unhandled_exception() noexcept { state->set_error(std::current_exception()); }
};

template <class R>
struct AsyncPromise : AsyncPromiseBase<R> {
  void return_value(R value) { this->state->set(std::move(value)); }
};
template <>
struct AsyncPromise<void> : AsyncPromiseBase<void> {
  void return_void() { state->set(true); }
};

}  // namespace detail

/// A coroutine that has begun, and its result. One that nobody keeps runs on; if it fails then, a warning on stderr
/// says so. Can be moved.
template <class R = void>
class [[nodiscard]] Async {
 public:
  struct promise_type : detail::AsyncPromise<R> {
    Async get_return_object() { return Async{this->state}; }
  };

  /// Waits for its end, and returns or throws what the coroutine did; once. To be called in a thread of one's own:
  /// throws UsageError in a coroutine that would have to wait, where it is written `co_await std::move(other)`.
  R get() {
    state_->wait();
    return state_->take();
  }
  /// Whether it has ended: get() does not wait then.
  bool done() const { return state_->is_over(); }

  /// In a coroutine: waits for this one's end without holding up others.
  auto operator co_await() && {
    struct Awaiter {
      std::shared_ptr<detail::AsyncState<R>> state;
      bool await_ready() const { return state->is_over(); }
      bool await_suspend(std::coroutine_handle<> waiting) { return state->resume_at_end(waiting); }
      R await_resume() { return state->take(); }
    };
    return Awaiter{state_};
  }

 private:
  explicit Async(std::shared_ptr<detail::AsyncState<R>> state) : state_{std::move(state)} {}
  std::shared_ptr<detail::AsyncState<R>> state_;
};

template <class R>
auto Master::get(const Task<R>& task) {
  return Awaited<R>{*core_, task};
}

template <class R>
auto Master::future(const Task<R>& task) {
  auto promise = std::make_shared<std::promise<R>>();
  std::future<R> future = promise->get_future();
  detail::when_done(*core_, task, [core = core_.get(), task, promise] {
    try {
      detail::hand_out(*core, task);
      if constexpr (std::is_void_v<R>) {
        detail::decode_result<R>(*task.record());
        promise->set_value();
      } else {
        promise->set_value(detail::decode_result<R>(*task.record()));
      }
    } catch (...) {
      promise->set_exception(std::current_exception());
    }
  });
  return future;
}

}  // namespace mw
