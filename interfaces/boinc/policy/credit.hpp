// Credit: what a host's work is worth, in cobblestones.
//
// What:    200 a day on a processor of 10^9 floating-point operations a second; the recent average halves in a week
//          (BOINC, sched/credit.cpp). Pure.
// Owner:   values.
// Threads: any.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>

#include "boinc/policy/states.hpp"

namespace mw::boinc {

inline constexpr double credit_a_day = 200;
inline constexpr double seconds_a_day = 86'400;

/// What `seconds` on a processor of `fpops` operations a second are worth.
inline double credit_of(double seconds, double fpops) noexcept {
  return std::max(seconds, 0.0) * std::max(fpops, 0.0) * credit_a_day / (seconds_a_day * 1e9);
}

struct Credit {
  double total = 0;
  double average = 0;  ///< a day
  Time average_time{};

  void grant(double credit, Time now) noexcept {
    const double days = std::chrono::duration<double>(now - average_time).count() / seconds_a_day;
    constexpr double half_life_days = 7;
    const double rate = std::log(2.0) / half_life_days;
    if (average_time == Time{} || days <= 0) {
      average += credit * rate;
    } else {
      const double weight = std::exp(-days * rate);
      average = average * weight + (1 - weight) * (credit / days);
    }
    average_time = now;
    total += credit;
  }
};

}  // namespace mw::boinc
