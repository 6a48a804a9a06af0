// How many inputs go into a task of map().
//
// What:    pure arithmetic: what was measured goes in, a number comes out.
// Owner:   a plain value.
// Threads: one at a time.
// Use:
//     ChunkSizer sizer{0, 64, size_of_range, bytes};
//     std::size_t count = sizer.next(slots);  …  sizer.measured(inputs, run_time, bytes);
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace mw::detail {

class ChunkSizer {
 public:
  using Time = std::chrono::nanoseconds;

  /// How long a chunk should take: long compared with what a task costs (some microseconds, and a wake-up of up to 90),
  /// short for a person.
  static constexpr Time target = std::chrono::milliseconds{2};
  /// After how long a worker stops and gives the rest of a chunk back: the guess was wrong.
  static constexpr Time budget = std::chrono::milliseconds{10};
  /// How long a chunk may run while other workers have nothing to do, before its worker is asked for what it has not
  /// begun.
  static constexpr Time patience = std::chrono::milliseconds{2};
  /// The longest time from one look at chunks that run to the next one.
  static constexpr Time longest_pause = std::chrono::milliseconds{100};
  /// The most inputs that a chunk gets.
  static constexpr std::size_t largest = std::size_t{1} << 20;

  /// Sizes are in inputs. `fixed` is the user's own, 0 for none; `first_guess` counts as long as nothing was measured;
  /// `total` is the range's size, empty where that is not known; `bytes_in_all` is what all chunks on their way may
  /// have together.
  ChunkSizer(std::size_t fixed, std::size_t first_guess, std::optional<std::uint64_t> total, std::uint64_t bytes_in_all) noexcept
      : fixed_{fixed}, first_guess_{first_guess}, left_{total}, bytes_in_all_{bytes_in_all} {}

  /// How many inputs the next chunk should have, at least 1, for this many slots.
  std::size_t next(std::size_t slots) const noexcept;
  /// The caller has taken that many from the range.
  void taken(std::size_t inputs) noexcept;
  /// A chunk came back: how many of its inputs were done, in what time, and how many bytes travelled for them, both
  /// ways.
  void measured(std::size_t done, Time run_time, std::uint64_t bytes) noexcept;
  /// A chunk was split after this time, when so many of its inputs were begun: they take at least that long.
  void seen_to_last(std::size_t begun, Time so_far) noexcept;

  /// Whether the user chose the size.
  bool is_fixed() const noexcept { return fixed_ != 0; }

 private:
  std::size_t fixed_;
  std::size_t first_guess_;
  std::optional<std::uint64_t> left_;
  std::uint64_t bytes_in_all_;
  double ns_each_ = 0;     ///< 0: not measured
  double bytes_each_ = 0;  ///< 0: not measured
};

}  // namespace mw::detail
