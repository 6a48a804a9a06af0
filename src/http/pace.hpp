// How often somebody may try.
//
// What:    a bucket of tries for each key (an address, say): so many at once, and so many a second after that. Pure:
//          time is stepped. There are at most so many buckets; whoever comes when all are in use shares one with the
//          others.
// Owner:   values.
// Threads: one at a time.
// Use:
//     Pace wrong_keys{{.burst = 100, .a_second = 1}};
//     if (!wrong_keys.take(address, Clock::now())) …too many…
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>

namespace mw::http {

struct Allowance {
  double burst = 100;
  double a_second = 1;
};

class Pace {
 public:
  using Time = std::chrono::steady_clock::time_point;

  explicit Pace(Allowance allowance, std::size_t most_keys = 10'000) : allowance_{allowance}, most_keys_{most_keys} {}

  /// One more try of this key: false if it has to wait.
  bool take(std::string_view key, Time now) {
    Bucket& bucket = bucket_of(key, now);
    const double left = left_in(bucket, now);
    bucket = {left < 1 ? left : left - 1, now};
    return left >= 1;
  }
  /// Whether a try would be allowed; it does not count.
  bool may(std::string_view key, Time now) const {
    const auto place = buckets_.find(std::string{key});
    if (place != buckets_.end()) return left_in(place->second, now) >= 1;
    return buckets_.size() < most_keys_ || left_in(shared_, now) >= 1;
  }

 private:
  struct Bucket {
    double left = 0;
    Time filled{};
  };

  double left_in(const Bucket& bucket, Time now) const {
    const double seconds = std::max(std::chrono::duration<double>{now - bucket.filled}.count(), 0.0);
    return std::min(bucket.left + seconds * allowance_.a_second, allowance_.burst);
  }

  Bucket& bucket_of(std::string_view key, Time now) {
    if (const auto place = buckets_.find(std::string{key}); place != buckets_.end()) return place->second;
    if (buckets_.size() >= most_keys_ && now - looked_ >= std::chrono::seconds{1}) {
      looked_ = now;
      std::erase_if(buckets_, [&](const auto& entry) { return left_in(entry.second, now) >= allowance_.burst; });
    }
    if (buckets_.size() >= most_keys_) return shared_;
    return buckets_[std::string{key}] = {allowance_.burst, now};
  }

  const Allowance allowance_;
  const std::size_t most_keys_;
  std::unordered_map<std::string, Bucket> buckets_;
  Bucket shared_{};
  Time looked_{};
};

}  // namespace mw::http
