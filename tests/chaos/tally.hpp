// What the checker has seen.
//
// What:    counts, and whatever was wrong, in words.
// Owner:   main(); the rounds and the injector refer to it.
// Threads: any.
#pragma once

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <map>
#include <mutex>
#include <string>

namespace chaos {

class Tally {
 public:
  std::atomic<std::uint64_t> right{0};      ///< results that were what they should be
  std::atomic<std::uint64_t> failed{0};     ///< errors that were due
  std::atomic<std::uint64_t> cancelled{0};  ///< tasks that were cancelled in time
  std::atomic<std::uint64_t> rounds{0};
  std::atomic<std::uint64_t> renewed{0};  ///< interfaces that failed and were replaced

  /// Moves on with every task that ends: for who must know that something goes on.
  std::uint64_t ended() const noexcept { return right + failed + cancelled; }

  void wrong(const std::string& what) {
    if (++wrongs_ > most_said) return;
    std::lock_guard lock{mutex_};
    std::fprintf(stderr, "WRONG: %s\n", what.c_str());
  }
  std::uint64_t wrongs() const noexcept { return wrongs_; }

  void struck(const std::string& what) {
    std::lock_guard lock{mutex_};
    ++strikes_[what];
  }
  std::string strikes() const {
    std::lock_guard lock{mutex_};
    std::string text;
    for (const auto& [what, count] : strikes_) text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + what;
    return text.empty() ? "none" : text;
  }

 private:
  static constexpr std::uint64_t most_said = 50;
  std::atomic<std::uint64_t> wrongs_{0};
  mutable std::mutex mutex_;
  std::map<std::string, std::uint64_t> strikes_;
};

}  // namespace chaos
