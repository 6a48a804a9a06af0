// What would be said again and again, said once and counted.
//
// What:    the first of a kind is said; those that follow within a while are counted, and the next one that is said
//          after it says how many there were. Pure: the caller has the clock and the log.
// Owner:   values; of one thread.
// Threads: one at a time.
// Use:
//     if (const auto line = repeated.line("refused upload", text, Clock::now())) log::warn(*line);
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include <fmt/format.h>

namespace mw::log {

class Repeated {
 public:
  using Time = std::chrono::steady_clock::time_point;

  explicit Repeated(std::chrono::seconds interval = std::chrono::seconds{60}) : interval_{interval} {}

  /// What to say now; nothing if it is only counted. There are a few kinds, and they are the caller's own words.
  std::optional<std::string> line(std::string_view kind, std::string_view text, Time now) {
    const auto place = kinds_.find(kind);
    if (place == kinds_.end()) {
      kinds_.emplace(kind, Kind{now, 0});
      return std::string{text};
    }
    Kind& known = place->second;
    if (now - known.said < interval_) {
      ++known.silent;
      return std::nullopt;
    }
    const std::uint64_t silent = known.silent;
    known = {now, 0};
    return silent == 0 ? std::string{text}
                       : fmt::format("{} (and {} more of this kind since the last one that was said)", text, silent);
  }

 private:
  struct Kind {
    Time said;
    std::uint64_t silent = 0;
  };
  std::chrono::seconds interval_;
  std::map<std::string, Kind, std::less<>> kinds_;
};

}  // namespace mw::log
