#include "watch/estimate.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace mw::watch {
namespace {

constexpr double window = 60;  // seconds
constexpr std::size_t parts = 8;

std::uint64_t over(const Point& point) { return point.finished + point.errors + point.cancelled; }

/// Rates of equal parts of the time between the first and the last point.
std::vector<double> rates_of(std::span<const Point> points) {
  const double begin = points.front().seconds, length = (points.back().seconds - begin) / parts;
  std::vector<double> rates;
  std::size_t from = 0;
  for (std::size_t part = 1; part <= parts; ++part) {
    std::size_t to = from;
    while (to + 1 < points.size() && points[to].seconds < begin + length * static_cast<double>(part)) ++to;
    if (to == from) continue;
    rates.push_back(static_cast<double>(over(points[to]) - over(points[from])) / (points[to].seconds - points[from].seconds));
    from = to;
  }
  return rates;
}

}  // namespace

std::optional<Estimate> estimate(std::span<const Point> points) {
  if (points.size() < 3) return std::nullopt;
  const Point& last = points.back();
  const auto first =
      std::find_if(points.begin(), points.end(), [&](const Point& one) { return one.seconds >= last.seconds - window; });
  const std::span<const Point> recent{first, points.end()};
  const std::uint64_t left = last.waiting + last.running;
  if (recent.size() < 3 || left == 0 || over(last) <= over(recent.front())) return std::nullopt;
  // Those that run now may be of another kind than those that have ended: nothing waits, and for longer than all should
  // take nothing has ended.
  const auto last_end = std::find_if(recent.begin(), recent.end(), [&](const Point& one) { return over(one) == over(last); });
  const double still = last.seconds - last_end->seconds;
  Estimate guess;
  guess.rate = static_cast<double>(over(last) - over(recent.front())) / (last.seconds - recent.front().seconds);
  if (last.waiting == 0 && still > 3 * static_cast<double>(left) / guess.rate && still > 1) return std::nullopt;
  const std::vector<double> rates = rates_of(recent);
  double squares = 0;
  for (const double rate : rates) squares += (rate - guess.rate) * (rate - guess.rate);
  const double count = static_cast<double>(rates.size());
  // Of two or three parts nothing reliable can be said: half and double, at least.
  const double error = rates.size() < 4 ? guess.rate / 2 : 2 * std::sqrt(squares / (count - 1) / count);
  const double tasks = static_cast<double>(left);
  guess.left = tasks / guess.rate;
  guess.low = tasks / (guess.rate + error);
  guess.high = tasks / std::max(guess.rate - error, guess.rate / 10);
  return guess;
}

}  // namespace mw::watch
