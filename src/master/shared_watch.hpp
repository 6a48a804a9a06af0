// Hears of shared values that go, for a master.
//
// What:    passes on the number of each value that its tasks took, when the last handle to it and the last such task
//          are gone.
// Owner:   counted, as a value may outlive the master.
// Threads: any. A value goes in whatever thread gives up the last handle.
// Use:
//     auto watch = std::make_shared<SharedWatch>([](std::uint64_t number) { … });
//     watch->watch(values);  …  watch->end();
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>

#include "memory/shared_file.hpp"

namespace mw::detail {

class SharedWatch final : public memory::SharedListener, public std::enable_shared_from_this<SharedWatch> {
 public:
  explicit SharedWatch(std::function<void(std::uint64_t)> gone) : gone_{std::move(gone)} {}

  void watch(const SharedList& values) {
    // All values of a master were made by share().
    for (const SharedPtr& value : values) static_cast<const memory::SharedFile&>(*value).tell(shared_from_this());
  }

  void shared_value_gone(std::uint64_t number) noexcept override {
    std::lock_guard lock{mutex_};
    try {
      if (gone_) gone_(number);
    } catch (const std::bad_alloc&) {
      // Then workers keep it for longer than they need.
    }
  }

  /// From here on nothing is passed on any more.
  void end() noexcept {
    std::lock_guard lock{mutex_};
    gone_ = nullptr;
  }

 private:
  std::mutex mutex_;
  std::function<void(std::uint64_t)> gone_;
};

}  // namespace mw::detail
