// When a volunteer asks its project again.
//
// What:    RequestTimes follows what the project wants, and backs off where it has no work or does not answer: somewhat
//          at random, so that a thousand clients do not come back together. A volunteer with a pace of its own keeps to
//          that, but for the project's delay.
//          Pure: time and chance come from outside.
// Owner:   a value.
// Threads: one.
// Use:
//     RequestTimes times{options.poll_s};
//     times.answered(now, {reply.request_delay_s, reply.next_rpc_delay_s}, Outcome::no_work, draw());
//     if (now >= times.next_request()) …
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>

#include "process/back_off.hpp"

namespace mw::boinc {

class RequestTimes {
 public:
  using Clock = std::chrono::steady_clock;
  using Time = Clock::time_point;
  enum class Outcome { no_work_wanted, no_work, work };
  /// What a reply says of time, within bounds.
  struct Wishes {
    double request_delay_s = 0;   ///< no request earlier
    double next_rpc_delay_s = 0;  ///< a request at the latest then; 0: not said
  };

  explicit RequestTimes(std::optional<double> poll_s) : poll_s_{poll_s} {}

  void answered(Time now, const Wishes& wishes, Outcome outcome, double chance) {
    failures_.reset();
    const double contact = wishes.next_rpc_delay_s > 0 ? wishes.next_rpc_delay_s : longest_silence_s;
    if (poll_s_) return wait(now, std::max(*poll_s_, wishes.request_delay_s), 0);
    double pause = shortest_pause_s;
    if (outcome == Outcome::work) no_work_.reset();
    if (outcome == Outcome::no_work) pause = std::max(pause, std::min(seconds_of(no_work_.next(chance)), contact));
    wait(now, std::max(pause, wishes.request_delay_s), contact);
  }

  /// Returns the pause, in seconds.
  double failed(Time now, double chance) {
    const double pause = poll_s_ ? std::max(*poll_s_, shortest_own_pause_s) : seconds_of(failures_.next(chance));
    wait(now, pause, 0);
    return pause;
  }

  /// For a request that something depends on, and for one that only tells that the volunteer lives.
  Time next_request() const noexcept { return next_request_; }
  Time next_contact() const noexcept { return next_contact_; }

 private:
  static constexpr double shortest_pause_s = 5;  // where nobody says otherwise
  static constexpr double shortest_own_pause_s = 0.1;
  static constexpr double longest_silence_s = 3600;

  static double seconds_of(std::chrono::nanoseconds time) { return std::chrono::duration<double>{time}.count(); }

  void wait(Time now, double request_s, double contact_s) {
    const auto after = [now](double seconds) {
      return now + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>{seconds});
    };
    next_request_ = after(request_s);
    next_contact_ = after(std::max(contact_s, request_s));
  }

  std::optional<double> poll_s_;
  process::BackOff no_work_{std::chrono::minutes{1}, std::chrono::hours{1}};
  process::BackOff failures_{std::chrono::seconds{1}, std::chrono::hours{1}};
  Time next_request_, next_contact_;
};

}  // namespace mw::boinc
