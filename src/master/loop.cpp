#include "master/loop.hpp"

#include <sys/prctl.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <future>
#include <mutex>
#include <thread>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "process/cache_line.hpp"
#include "process/shortage.hpp"
#include "process/timer.hpp"

namespace mw::detail {
namespace {

/// How long the loop's own thread leaves the loop to users' threads that come and go, and so how long the loop may lie
/// idle when they went to do something else. Workers hold about as much work ahead.
constexpr std::chrono::milliseconds grace{1};

}  // namespace

/// Whoever holds `baton` runs the loop. The loop's own thread lets go of it when a user's thread wants to drive, and
/// parks: until nobody has driven for a grace, or until it is woken. A user's thread that drove for longer than a grace
/// wakes it on leaving.
struct Loop::Impl {
  explicit Impl(std::function<void()> after) : after_each{std::move(after)} {}

  boost::asio::io_context io{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{io.get_executor()};
  process::Timer timer{io};
  const std::function<void()> after_each;

  alignas(process::cache_line) std::mutex baton;  ///< those who submit try to lock it
  /// Who holds the baton. Asked for with every message of a worker.
  alignas(process::cache_line) std::atomic<std::thread::id> runner{};
  std::atomic<bool> has_driver{false};     ///< a user's thread drives, or waits for the baton to do so
  std::atomic<unsigned> callers{0};        ///< users' threads that wait for the baton to make a call
  std::atomic<std::uint64_t> sessions{0};  ///< times that somebody drove
  std::atomic<bool> wake_at_end{false};    ///< the driver shall wake the thread when it leaves

  std::mutex park_mutex;  ///< guards what follows
  std::condition_variable woken;
  bool must_run = false;
  std::deque<std::function<void()>> thread_calls;
  std::atomic<bool> has_thread_calls{false};

  std::thread thread;

  /// The baton, held by this thread.
  class Turn {
   public:
    explicit Turn(Impl& inside) : impl_{inside} { impl_.runner = std::this_thread::get_id(); }
    ~Turn() {
      impl_.runner = std::thread::id{};
      impl_.baton.unlock();
    }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

   private:
    Impl& impl_;
  };

  /// A user's thread is the driver, until this goes, whatever a handler throws.
  class Session {
   public:
    explicit Session(Impl& inside) : impl_{inside} {}
    ~Session() {
      impl_.has_driver = false;
      ++impl_.sessions;
      if (impl_.wake_at_end.exchange(false)) impl_.wake_thread();
    }
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

   private:
    Impl& impl_;
  };

  void after() const {
    if (after_each) after_each();
  }

  /// Somebody who cannot drive wants the baton for a moment.
  bool others_are_waiting() const { return has_thread_calls || callers > 0; }

  /// Locks the baton; whoever holds it is asked to come out of its wait.
  void take_baton() {
    if (baton.try_lock()) return;
    boost::asio::post(io, [] {});
    baton.lock();
  }

  void run_thread() {
    while (true) {
      {
        baton.lock();
        const Turn turn{*this};
        run_thread_calls();
        while (!has_driver && callers == 0) {
          if (io.run_one() == 0) return;
          after();
          if (has_thread_calls) run_thread_calls();
        }
      }
      park();
    }
  }

  void park() {
    std::unique_lock lock{park_mutex};
    std::uint64_t seen = sessions;
    while (!must_run) {
      if (woken.wait_for(lock, grace, [this] { return must_run; })) break;
      const std::uint64_t now = sessions;
      if (now != seen) {
        seen = now;
        continue;
      }
      if (!has_driver) break;
      wake_at_end = true;
      if (!has_driver || sessions != seen) continue;  // it has just left, and may not have seen the wish
      woken.wait(lock, [this] { return must_run; });
    }
    must_run = false;
  }

  void wake_thread() {
    std::lock_guard lock{park_mutex};
    must_run = true;
    woken.notify_one();
  }

  void run_thread_calls() {
    std::unique_lock lock{park_mutex};
    while (!thread_calls.empty()) {
      auto call = std::move(thread_calls.front());
      thread_calls.pop_front();
      lock.unlock();
      call();
      after();
      lock.lock();
    }
    has_thread_calls = false;
  }

  void run(const std::function<void()>& call) {
    call();
    after();
  }
};

Loop::Loop(std::function<void()> after_each) : impl_{std::make_shared<Impl>(std::move(after_each))} {
  impl_->thread = process::start_thread("the master", [this] {
    ::prctl(PR_SET_NAME, "mw-loop");
    impl_->run_thread();
  });
}

Loop::~Loop() { finish(); }

boost::asio::io_context& Loop::io() noexcept { return impl_->io; }

/// The call may be the last one, after which the loop ends, before this has returned.
void Loop::post(std::function<void()> call) {
  const std::shared_ptr<Impl> impl = impl_;
  boost::asio::post(impl->io, std::move(call));
  if (impl->runner.load() == std::thread::id{}) impl->wake_thread();
}

void Loop::post_to_thread(std::function<void()> call) {
  const std::shared_ptr<Impl> impl = impl_;
  {
    std::lock_guard lock{impl->park_mutex};
    impl->thread_calls.push_back(std::move(call));
    impl->has_thread_calls = true;
    impl->must_run = true;
    impl->woken.notify_one();
  }
  boost::asio::post(impl->io, [] {});  // whoever runs the loop comes out of its wait
}

void Loop::call(const std::function<void()>& call) {
  if (is_here()) return impl_->run(call);
  ++impl_->callers;
  impl_->take_baton();
  {
    const Impl::Turn turn{*impl_};
    --impl_->callers;
    try {
      impl_->run(call);
    } catch (...) {
      impl_->wake_thread();
      throw;
    }
  }
  if (!impl_->has_driver) impl_->wake_thread();
}

bool Loop::try_call(const std::function<void()>& call) {
  if (is_here() || !impl_->baton.try_lock()) return false;
  const Impl::Turn turn{*impl_};
  impl_->run(call);
  return true;
}

void Loop::call_in_thread(const std::function<void()>& call) {
  std::packaged_task<void()> task{call};
  auto done = task.get_future();
  post_to_thread([&task] { task(); });
  done.get();
}

void Loop::call_at(std::chrono::steady_clock::time_point when, std::function<void()> call) {
  impl_->timer.expires_at(when);
  impl_->timer.async_wait([call = std::move(call)](boost::system::error_code error) {
    if (!error) call();
  });
}

bool Loop::is_here() const noexcept { return impl_->runner.load(std::memory_order_relaxed) == std::this_thread::get_id(); }

bool Loop::drive(Condition& condition, const Deadline& deadline) {
  Impl& inside = *impl_;
  if (inside.has_driver.exchange(true)) return false;
  const Impl::Session session{inside};
  bool is_over = false;
  while (!is_over) {
    while (inside.others_are_waiting()) std::this_thread::yield();
    inside.take_baton();
    const Impl::Turn turn{inside};
    while (!(is_over = condition.is_met()) && !inside.others_are_waiting()) {
      // None ran: the time is up, or the loop has ended.
      if ((is_over = (deadline ? inside.io.run_one_until(*deadline) : inside.io.run_one()) == 0)) break;
      inside.after();
    }
  }
  return true;
}

void Loop::wake_thread() { impl_->wake_thread(); }

void Loop::finish() {
  boost::asio::post(impl_->io, [this] { impl_->timer.cancel(); });
  impl_->work.reset();
  impl_->wake_thread();
  if (impl_->thread.joinable()) impl_->thread.join();
}

}  // namespace mw::detail
