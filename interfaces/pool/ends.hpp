// When all members of a pool have stopped.
//
// What:    counts those that were started and have not said that nothing of them runs any more.
// Owner:   shared by the pool and what it gives to its members, who may speak after the pool is gone.
// Threads: any.
// Use:
//     ends->begin();                                  // for each member that is started
//     member.stop(Ends::one_of(ends));
//     ends->when_all_have_come(stopped);              // calls it once; at once, if they have
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>

namespace mw::pool {

class Ends {
 public:
  void begin() {
    std::lock_guard lock{mutex_};
    ++open_;
  }

  void when_all_have_come(std::function<void()> call) {
    {
      std::lock_guard lock{mutex_};
      call_ = std::move(call);
    }
    call_if_all_have_come();
  }

  /// To be called when one of those that have begun ends; called again, it does nothing.
  static std::function<void()> one_of(const std::shared_ptr<Ends>& ends) {
    return [ends, has_come = std::make_shared<std::atomic<bool>>(false)] {
      if (!has_come->exchange(true)) ends->one_has_come();
    };
  }

 private:
  void one_has_come() {
    {
      std::lock_guard lock{mutex_};
      --open_;
    }
    call_if_all_have_come();
  }

  void call_if_all_have_come() {
    std::function<void()> call;
    {
      std::lock_guard lock{mutex_};
      if (open_ == 0) call = std::exchange(call_, nullptr);
    }
    if (call) call();
  }

  std::mutex mutex_;
  std::size_t open_ = 0;
  std::function<void()> call_;
};

}  // namespace mw::pool
