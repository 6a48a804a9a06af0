// A project that cannot be reached, told once.
//
// What:    Trouble counts since when nothing has been answered. When that is longer than its patience, it has a line
//          for who waits, and another one when it is over. Pure.
// Owner:   a value.
// Threads: one.
// Use:
//     trouble.asks(now);  …  trouble.failed(now, e.what());  …  trouble.answered();
//     if (const auto line = trouble.line(now)) tell(*line);            // now and then
#pragma once

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <utility>

namespace mw::boinc {

class Trouble {
 public:
  using Time = std::chrono::steady_clock::time_point;
  static constexpr std::chrono::seconds patience{3};

  /// An answer is expected from `then` on.
  void asks(Time then) noexcept {
    if (!since_) since_ = then;
  }
  void failed(Time now, std::string why) {
    since_ = since_ ? std::min(*since_, now) : now;
    why_ = std::move(why);
  }
  void answered() noexcept {
    since_.reset();
    why_ = "no answer yet";
  }

  /// What is to be said now, if there is something new.
  std::optional<std::string> line(Time now) {
    if (since_ && !is_told_ && now - *since_ >= patience) {
      is_told_ = true;
      return "does not get through, and goes on trying: " + why_;
    }
    if (!since_ && is_told_) {
      is_told_ = false;
      return "gets through again";
    }
    return std::nullopt;
  }

 private:
  std::optional<Time> since_;
  std::string why_ = "no answer yet";
  bool is_told_ = false;
};

}  // namespace mw::boinc
