// Results while a task runs.
//
// What:    emit(), called inside a task's function, hands a value to the master at once; Master::parts_of() reads them.
// Owner:   emit() keeps nothing.
// Threads: emit(): any thread of the task's in a worker process, or the one that runs the task. A Parts: one at a time.
// Use:
//     double anneal(int seed) { … mw::emit(best); … return best; }                       // in the task
//     for (const auto& part : master.parts_of<double>(task)) plot(part.value);           // meanwhile, in the master
//     master.get_result(task);
//
// (PyMW's pymw_emit_result.) A worker process and its master speak at any time, so parts come as they are emitted. On
// `boinc`, where a host speaks to the project when its work is done, they come with the result, and where a quorum is
// asked for and there is no validator of one's own, they must be the same on each host, as results must.
//
// With TaskOptions::emit_stdout, what a task prints is emitted, as std::string: whole lines.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <utility>

#include <mw/bytes.hpp>
#include <mw/codec.hpp>
#include <mw/detail/record_ptr.hpp>
#include <mw/timeout.hpp>

namespace mw {

namespace detail {
class MasterCore;

/// To the master of the task that this thread, or this process, runs; else nowhere.
void emit_bytes(Bytes value);

struct PartBytes {
  Bytes value;
  std::uint32_t attempt = 0;
  bool has_failed = false;
};
/// Waits for the next one; empty when the task is done and none is left. Throws InterfaceError if the interface has
/// failed, and TimeoutError if the deadline comes first.
std::optional<PartBytes> next_part(MasterCore& core, TaskRecord& record, const Deadline& deadline);
}  // namespace detail

/// Hands a value to the master, while the task goes on. Any number of them, in order; each is sent at once, and kept in
/// the master's memory, up to MasterOptions::most_unread_parts, until somebody reads it or the task is forgotten.
/// Outside a task nothing happens. Throws CodecError if the value cannot be encoded.
template <class T>
void emit(const T& value) {
  detail::emit_bytes(encode(value));
}

/// A value that a task has emitted.
template <class T>
struct Part {
  T value;
  std::uint32_t attempt = 1;  ///< which attempt at the task emitted it, from 1
  bool has_failed = false;    ///< that attempt came to nothing: the task runs again, or has ended without a result
};

/// What a task emits, in order, each once; the range ends when the task has ended and everything was read. It must not
/// outlive the master.
template <class T>
class Parts {
 public:
  /// An input iterator. `++` waits for the next one; it throws InterfaceError if the interface has failed,
  /// TimeoutError if the time that was given is over, CodecError if the task emitted something else than a T, and
  /// UsageError in place of what was not kept.
  class iterator {
   public:
    using value_type = Part<T>;
    using difference_type = std::ptrdiff_t;
    using iterator_concept = std::input_iterator_tag;

    const Part<T>& operator*() const { return *owner_->current_; }
    const Part<T>* operator->() const { return &*owner_->current_; }
    iterator& operator++() {
      owner_->read();
      return *this;
    }
    void operator++(int) { owner_->read(); }
    bool operator==(std::default_sentinel_t) const noexcept { return !owner_->current_; }

   private:
    friend class Parts;
    explicit iterator(Parts& owner) : owner_{&owner} {}
    Parts* owner_;
  };

  Parts(detail::MasterCore& core, RecordPtr record, detail::Deadline deadline)
      : core_{&core}, record_{std::move(record)}, deadline_{deadline} {}

  /// Waits for the first one; throws as ++.
  iterator begin() {
    read();
    return iterator{*this};
  }
  std::default_sentinel_t end() const noexcept { return {}; }

 private:
  void read() {
    current_.reset();
    if (auto part = detail::next_part(*core_, *record_, deadline_))
      current_.emplace(Part<T>{decode<T>(part->value.span()), part->attempt, part->has_failed});
  }

  detail::MasterCore* core_;
  RecordPtr record_;
  detail::Deadline deadline_;
  std::optional<Part<T>> current_;
};

}  // namespace mw
