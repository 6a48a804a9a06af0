// What becomes rarer the longer it lasts.
//
// What:    when to try again what has failed (tries_of), when to look for what keeps a project from computing
//          (Patience), and whether to say once more what was said already (Complaints). Pure: the caller has the clock.
// Owner:   values.
// Threads: one at a time.
// Use:
//     if (patience.is_due(now)) patience.looked(now, !(obstacle = route.obstacle()).empty());
//     if (complaints.is_due("submit", text, now)) log::warn(text);
#pragma once

#include <algorithm>
#include <chrono>
#include <map>
#include <string>
#include <string_view>

#include "process/back_off.hpp"

namespace mw::boinc {

inline constexpr std::chrono::milliseconds longest_pause{300'000};

/// Of a project that did not answer, or did not take something: from its poll on, but from a second at most.
inline process::BackOff tries_of(std::chrono::milliseconds poll) {
  return {std::min(poll, std::chrono::milliseconds{1000}), longest_pause};
}

/// At once; then when nothing has moved for `first`, and with pauses that double. What was found is looked at every
/// `first`, until it is gone.
class Patience {
 public:
  using Time = std::chrono::steady_clock::time_point;

  explicit Patience(std::chrono::milliseconds first) : first_{first}, pause_{first} {}

  bool is_due(Time now) const noexcept { return now >= due_; }
  void looked(Time now, bool found) noexcept {
    found_ = found;
    due_ = now + pause_;
    pause_ = found ? first_ : std::min(2 * pause_, std::max(first_, longest));
  }
  void moved(Time now) noexcept {
    pause_ = first_;
    if (!found_) due_ = now + first_;
  }

 private:
  static constexpr std::chrono::milliseconds longest{600'000};

  std::chrono::milliseconds first_, pause_;
  Time due_{};
  bool found_ = false;
};

/// The same words of one kind are said at once, after a minute, after two more, four, …, and at last every hour; others
/// of that kind at once.
class Complaints {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// There are a few kinds, and they are the caller's own words.
  bool is_due(std::string_view kind, std::string_view text, Time now) {
    const auto place = kinds_.try_emplace(std::string{kind}).first;
    Kind& known = place->second;
    if (known.text == text && now < known.said + known.pause) return false;
    known.pause = known.text == text ? std::min(2 * known.pause, longest) : first;
    known.text = text;
    known.said = now;
    return true;
  }
  /// There is nothing to complain of any more: the next time it is news.
  void over(std::string_view kind) {
    if (const auto place = kinds_.find(kind); place != kinds_.end()) kinds_.erase(place);
  }

 private:
  static constexpr std::chrono::seconds first{60}, longest{3600};
  struct Kind {
    std::string text;
    Time said{};
    std::chrono::seconds pause = first;
  };
  std::map<std::string, Kind, std::less<>> kinds_;
};

}  // namespace mw::boinc
