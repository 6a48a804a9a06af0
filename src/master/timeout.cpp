#include <mw/timeout.hpp>

#include <cmath>

#include <mw/error.hpp>

namespace mw::detail {

Deadline deadline_after(Timeout timeout) {
  using Clock = std::chrono::steady_clock;
  constexpr Timeout longest{30.0 * 365 * 24 * 3600};
  if (std::isnan(timeout.count())) throw UsageError{"a timeout is not a number: it is a number of seconds"};
  if (timeout <= Timeout::zero()) return Clock::time_point::min();  // without a look at the clock
  if (timeout > longest) return std::nullopt;
  return Clock::now() + std::chrono::ceil<Clock::duration>(timeout);
}

}  // namespace mw::detail
