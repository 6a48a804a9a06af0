// MasterCore: how it pauses and goes on, and how many workers its interface is to have.
#include <string>

#include <fmt/format.h>

#include "master/core.hpp"
#include "master/core_helpers.hpp"

namespace mw::detail {

/// Not in the middle of a round, nor inside what an interface says.
void MasterCore::pause() {
  refuse_in_forked_process();
  if (loop_.is_here()) return loop_.post([this] { begin_pause(); });
  loop_.call([this] { begin_pause(); });
}

void MasterCore::resume() {
  refuse_in_forked_process();
  if (loop_.is_here()) return loop_.post([this] { end_pause(); });
  loop_.call([this] { end_pause(); });
}

void MasterCore::begin_pause() {
  if (machine_.is_ending()) return;
  take_submitted();
  is_paused_ = true;
  const auto unbegun = machine_.pause();
  nothing_is_given_out();
  take_back(unbegun);
  settle();
}

void MasterCore::end_pause() {
  is_paused_ = false;
  machine_.resume();
}

/// No round follows in which who waits, and for whom, would be looked at anew.
void MasterCore::nothing_is_given_out() {
  choice_watch_.look(false, core::Time{0});
  absence_watch_.look(false, core::Time{0});
  absence_look_at_.reset();
  absent_.clear();
  if (chooses_ && machine_.has_interface()) interface_->tasks_wait(0, any_worker);
}

void MasterCore::scale(std::uint32_t workers) {
  refuse_in_forked_process();
  if (workers == 0) throw UsageError{"scale: an interface has at least 1 worker; Master::pause() keeps tasks from beginning"};
  if (loop_.is_here()) throw UsageError{"scale was called in scheduler_func, or by an interface"};
  loop_.call_in_thread([this, workers] { scale_here(workers); });
}

/// In the loop's own thread, which children are tied to.
void MasterCore::scale_here(std::uint32_t workers) {
  if (machine_.is_ending() || is_stopping_) throw Stopped{"scale: this master was asked to stop"};
  if (!machine_.has_interface()) throw InterfaceError{fmt::format("scale: {}", interface_failure_)};
  interface_->scale(workers);
  statistics_.expect(interface_->expected_slots());
  machine_.want_round();
}

}  // namespace mw::detail
