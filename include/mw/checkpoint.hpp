// Checkpoints of a long task.
//
// What:    a task saves now and then how far it is, and finds that again when it is begun anew: after an exception or a
//          limit (TaskOptions::retries), after the loss of its worker, wherever it runs then, and with a journal
//          (MasterOptions::journal) when the whole program is started again. On every interface; on `boinc` on the same
//          volunteer's machine.
//          What is saved goes to the master, which keeps the last one of each task in memory until the task is done;
//          a journal keeps it on the disk for as long. So a checkpoint costs its size in traffic, and should be small:
//          kilobytes rather than megabytes. 64 MiB are the limit.
//          In map() each input has its own; a chunk keeps one, that of the input which saved last, so set `chunk` to 1
//          where an input takes long. Calls by name (mw::Remote) have none. What a task has emitted, printed, and
//          written to files of its own folder is no part of it: an attempt that goes on does not do that again.
//          A journal knows a task by its function and arguments, not by the program's sources: after a change that a
//          state does not survive, save another type, or begin another journal. A checkpoint goes from it when its task
//          has a result; one whose task nobody submits any more stays, also with `mw journal compact`.
// Owner:   copies of what is given.
// Threads: the thread that runs the task.
// Use:
//     auto state = mw::load_checkpoint<State>().value_or(State{});
//     for (; state.step < steps; ++state.step) {
//       mw::save_checkpoint(state);                  // cheap: kept once a second (TaskOptions::checkpoint_interval)
//       advance(state);
//     }
#pragma once

#include <optional>

#include <mw/codec.hpp>

namespace mw {

/// Whether save_checkpoint() would keep one now: the time between two checkpoints is over. That time is
/// TaskOptions::checkpoint_interval; on a volunteer's machine it is the volunteer's, by default a minute. False outside
/// of tasks. Costs a look at the clock.
bool checkpoint_is_due() noexcept;

namespace detail {
/// Keeps these bytes; see save_checkpoint().
void write_checkpoint(Bytes state);
/// What was kept last.
std::optional<Bytes> read_checkpoint();
}  // namespace detail

/// Keeps `state` for this task, in place of what was kept before; does nothing if no checkpoint is due. A checkpoint
/// that cannot be kept, as it is larger than 64 MiB or does not fit on the disk, is skipped without an error: the task
/// goes on, and the one before is still there. (Of the first one that is too large, a process warns.) Throws
/// std::bad_alloc.
template <class T>
void save_checkpoint(const T& state) {
  if (checkpoint_is_due()) detail::write_checkpoint(encode(state));
}

/// What was kept last, by this attempt or one before it; empty in a task that begins for the first time, and if it does
/// not decode to a T.
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
