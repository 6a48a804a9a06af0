// How map() cuts and sends its input.
//
// What:    MapOptions: sizes of chunks and of what may be on its way, and the order of results.
// Owner:   a plain value.
// Threads: any.
// Use:
//     for (Hits hits : master.map<monte_pi>(seeds, {.chunk = 100, .ordered = false})) total += hits;
#pragma once

#include <cstddef>
#include <cstdint>

#include <mw/task_options.hpp>

namespace mw {

/// How map() and map_reduce() cut and send their input.
struct MapOptions {
  /// How many inputs a task has. 0: as many as take about 2 ms, measured as it goes; a worker that has run for 10 ms
  /// gives the rest of its chunk back, so that a wrong guess costs little, and one that runs for more than 2 ms while
  /// others have nothing to do shares with them what it has not begun.
  std::size_t chunk = 0;
  bool ordered = true;  ///< results in the order of the inputs; else as they come. map_reduce() always keeps the order
  /// How many inputs may be on their way, or done and not yet read. 0: as many as keep all workers busy, however long
  /// the way to them is; at least four chunks for each slot.
  std::size_t window = 0;
  /// Bytes of encoded inputs and results that may be on their way, or done and not yet read. One chunk always may.
  std::uint64_t window_bytes = std::uint64_t{256} << 20;
  /// For each chunk. A limit applies to the whole chunk: set `chunk` to 1 for a limit of each input. `retries` counts
  /// for each input of map(); map_reduce() ignores it.
  TaskOptions task = {};
};

}  // namespace mw
