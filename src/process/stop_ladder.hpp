// How to stop a process, gently first: reproc's ladder, as data.
//
// What:    close its input, wait, SIGTERM, wait, SIGKILL.
// Owner:   plain values; the caller has the clock and does the steps.
// Threads: one at a time.
// Use:
//     StopSequence sequence{ladder, now};
//     while (auto step = sequence.due(now)) take(*step);
//     if (auto when = sequence.next_deadline()) wake_me_at(*when);
#pragma once

#include <chrono>
#include <optional>

namespace mw::process {

struct StopLadder {
  std::chrono::milliseconds after_close{500};
  std::chrono::milliseconds after_terminate{500};
};

class StopSequence {
 public:
  enum class Step { close_input, terminate, kill };
  using Time = std::chrono::nanoseconds;

  StopSequence(StopLadder ladder, Time now)
      : deadlines_{now, now + ladder.after_close, now + ladder.after_close + ladder.after_terminate} {}

  /// The next step whose time has come, each once, in order.
  std::optional<Step> due(Time now) {
    if (next_ == 3 || now < deadlines_[next_]) return std::nullopt;
    return static_cast<Step>(next_++);
  }

  /// When the next step is due; nothing after the last.
  std::optional<Time> next_deadline() const { return next_ == 3 ? std::nullopt : std::optional{deadlines_[next_]}; }

 private:
  Time deadlines_[3];
  unsigned next_ = 0;
};

}  // namespace mw::process
