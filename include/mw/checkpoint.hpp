// Checkpoints of a long task.
//
// What:    a task that may be stopped at any moment (a volunteer switches the machine off) saves now and then how far
//          it is, and finds that again when it is started anew on the same machine. Only the boinc interface keeps
//          checkpoints; elsewhere nothing is saved and nothing is found.
// Owner:   copies of what is given.
// Threads: the thread that runs the task.
// Use:
//     auto state = mw::load_checkpoint<State>().value_or(State{});
//     for (; state.step < steps; ++state.step) {
//       mw::save_checkpoint(state);                  // cheap: written as often as the volunteer wants, by default once a minute
//       advance(state);
//     }
#pragma once

#include <optional>

#include <mw/codec.hpp>

namespace mw {

/// Whether save_checkpoint() would write now: the time between two checkpoints, which the volunteer sets, is over.
/// Always false where none are kept. Costs a look at the clock.
bool checkpoint_is_due() noexcept;

namespace detail {
/// Keeps these bytes; see save_checkpoint().
void write_checkpoint(const Bytes& state);
/// What was kept last.
std::optional<Bytes> read_checkpoint();
}  // namespace detail

/// Keeps `state` for this task, in place of what was kept before; does nothing if no checkpoint is due. A checkpoint
/// that cannot be written is skipped without an error: the task goes on, and the one before is still there. Throws
/// std::bad_alloc.
template <class T>
void save_checkpoint(const T& state) {
  if (checkpoint_is_due()) detail::write_checkpoint(encode(state));
}

/// What was kept last; empty in a task that begins for the first time, and if it does not decode to a T.
template <class T>
std::optional<T> load_checkpoint() {
  const auto bytes = detail::read_checkpoint();
  if (!bytes) return std::nullopt;
  try {
    return decode<T>(bytes->span());
  } catch (const CodecError&) {
    return std::nullopt;
  }
}

}  // namespace mw
