// How a run went on: counts over time, in bounded memory.
//
// What:    points in the order of time. When there are too many, each second one is dropped, and from then on points
//          come half as often: a long run is as long a list as a short one, only coarser.
// Owner:   a value.
// Threads: as a value.
// Use:
//     Series series;
//     if (series.is_due(seconds)) series.add({.seconds = seconds, .finished = 12});
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace mw::watch {

struct Point {
  double seconds = 0;  ///< since the master was made
  std::uint64_t waiting = 0, running = 0, finished = 0, errors = 0, cancelled = 0;
  std::uint64_t workers = 0;  ///< that are ready
};

class Series {
 public:
  static constexpr std::size_t most = 2000;

  /// Whether the last point is so old that another one is wanted.
  bool is_due(double seconds) const noexcept { return points_.empty() || seconds - points_.back().seconds >= interval_; }

  void add(const Point& point) {
    if (points_.size() >= most) {
      std::size_t kept = 0;
      for (std::size_t i = 0; i < points_.size(); i += 2) points_[kept++] = points_[i];
      points_.resize(kept);
      interval_ *= 2;
      ++thinned_;
    }
    points_.push_back(point);
  }

  const std::vector<Point>& points() const noexcept { return points_; }
  /// How often points were dropped: whoever has read some must read all again when this has changed.
  std::uint64_t thinned() const noexcept { return thinned_; }

 private:
  std::vector<Point> points_;
  double interval_ = 0.25;
  std::uint64_t thinned_ = 0;
};

}  // namespace mw::watch
