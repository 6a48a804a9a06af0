// MasterCore: how it stops in good order.
//
// The task machine gives nothing out any more, and says when nothing is left anywhere; what workers have not begun is
// asked back. Then, or when the patience is over, whoever waits hears of it.
#include <algorithm>
#include <string>

#include <fmt/format.h>

#include "log/log.hpp"
#include "master/core.hpp"
#include "master/core_helpers.hpp"
#include "process/standard_streams.hpp"
#include "process/terminal_line.hpp"

namespace mw::detail {
namespace {

/// More is for ever.
constexpr Timeout longest_patience{30.0 * 365 * 24 * 3600};

std::optional<core::Time> end_of(const Timeout& patience, core::Time now) {
  if (!(patience <= longest_patience)) return std::nullopt;
  return now + std::chrono::ceil<core::Time>(std::max(patience, Timeout{0}));
}

}  // namespace

std::optional<process::InterruptWatch> MasterCore::follow_signals() {
  if (!options_.stop_on_signals) return std::nullopt;
  return std::optional<process::InterruptWatch>{std::in_place,
                                                [this](int signal) {
                                                  if (is_asked_to_stop_.exchange(true)) return false;
                                                  is_stopping_ = true;
                                                  loop_.post([this, signal] { begin_stop({*options_.stop_on_signals, signal}); });
                                                  return true;
                                                },
                                                process::InterruptWatch::BeforeEnd{}};
}

void MasterCore::stop(const StopOrder& order) {
  refuse_in_forked_process();
  static_cast<void>(deadline_after(order.patience));
  is_asked_to_stop_ = true;
  // Not in the middle of a round (scheduler_func), nor inside what an interface says.
  if (loop_.is_here()) return loop_.post([this, order] { begin_stop(order); });
  loop_.call([this, &order] { begin_stop(order); });
}

void MasterCore::begin_stop(const StopOrder& order) {
  if (machine_.is_ending() || has_stopped_) return;
  const core::Moment now = moment();
  const auto end = end_of(order.patience, now.time);
  if (std::exchange(stop_order_, stop_order_.value_or(order))) {
    if (end && (!stop_at_ || *end < *stop_at_)) stop_at_ = end;
    return;
  }
  stop_at_ = end;
  is_stopping_ = true;
  take_submitted();
  const auto unbegun = machine_.stop();
  try {
    interface_->begin_no_more();
  } catch (...) {
    log::warn(fmt::format("the interface \"{}\" goes on giving out tasks: {}", interface_name_, current_exception_text()));
  }
  nothing_is_given_out();
  take_back(unbegun);
  settle();
  if (order.signal != 0 && !machine_.has_stopped()) tell_of_stop();
}

/// Once: whoever has pressed Ctrl-C is waiting.
void MasterCore::tell_of_stop() const {
  const std::uint64_t running = statistics_.running;
  std::string text = running == 0   ? std::string{"what runs may finish"}
                     : running == 1 ? std::string{"1 task that runs may finish"}
                                    : fmt::format("{} tasks that run may finish", running);
  if (stop_at_) text += fmt::format(" ({:.3g} s at most)", std::max(stop_order_->patience.count(), 0.0));
  // Behind what is on the terminal's line: a bar, or "^C".
  process::tell(fmt::format("{}stopping: {}; Ctrl-C {}stops now\n", process::shows_status_lines() ? "\n" : "", text,
                            stop_order_->signal == SIGINT ? "again " : ""));
}

/// Has it come to rest, or is the time over?
void MasterCore::look_at_stop() {
  if (!stop_order_ || has_stopped_ || machine_.is_ending()) return;
  const bool is_at_rest = machine_.has_stopped();
  if (!is_at_rest && !(stop_at_ && moment().time >= *stop_at_)) return;
  const std::uint64_t tasks = statistics_.accepted, done = statistics_.finished + statistics_.errors;
  std::string text = stop_order_->signal == 0
                         ? std::string{"the master was stopped"}
                         : fmt::format("the master was stopped by {}", process::name_of_interrupt(stop_order_->signal));
  text += fmt::format(": {} of its {} tasks {} done", done, tasks, done == 1 ? "is" : "are");
  if (!is_at_rest) text += "; what ran has not finished in the time given";
  has_stopped_ = true;
  completions_.stop(Stopped{text, stop_order_->signal});
  notices_.fail();
}

void MasterCore::refuse_after_stop() const {
  if (has_stopped_.load(std::memory_order_relaxed)) completions_.refuse_after_stop();
}

}  // namespace mw::detail
