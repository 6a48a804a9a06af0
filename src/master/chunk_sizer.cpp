#include <mw/detail/chunk_sizer.hpp>

#include <algorithm>
#include <cmath>

namespace mw::detail {
namespace {

/// A moving average that follows its last few values.
void follow(double& average, double value) noexcept { average = average == 0 ? value : average + (value - average) / 2; }

/// At the end of the range, chunks get shorter so that all workers end together, but not so short that they cost more
/// than they do.
constexpr double shortest_ns = 200'000;

}  // namespace

std::size_t ChunkSizer::next(std::size_t slots) const noexcept {
  if (fixed_ != 0) return fixed_;
  const auto limit = [](double value) { return static_cast<std::size_t>(std::clamp(value, 1.0, static_cast<double>(largest))); };
  const double each = std::max(ns_each_, 0.5);
  std::size_t size = ns_each_ == 0 ? first_guess_ : limit(static_cast<double>(target.count()) / each);
  if (left_) {
    const double share = std::ceil(static_cast<double>(*left_) / static_cast<double>(2 * slots));
    const double least = ns_each_ == 0 ? 1 : shortest_ns / each;
    size = std::min(size, limit(std::max(share, least)));
  }
  // Two chunks a slot, in and out, are to fit into the window.
  if (bytes_each_ > 0)
    size = std::min(size, limit(static_cast<double>(bytes_in_all_) / static_cast<double>(2 * slots) / bytes_each_));
  return size;
}

void ChunkSizer::taken(std::size_t inputs) noexcept {
  if (left_) *left_ -= std::min<std::uint64_t>(*left_, inputs);
}

void ChunkSizer::measured(std::size_t done, Time run_time, std::uint64_t bytes) noexcept {
  if (done == 0) return;
  follow(ns_each_, std::max(static_cast<double>(run_time.count()), 1.0) / static_cast<double>(done));
  follow(bytes_each_, static_cast<double>(bytes) / static_cast<double>(done));
}

void ChunkSizer::seen_to_last(std::size_t begun, Time so_far) noexcept {
  if (begun == 0) return;
  ns_each_ = std::max(ns_each_, static_cast<double>(so_far.count()) / static_cast<double>(begun));
}

}  // namespace mw::detail
