// How far a measurement is.
//
// What:    a line with a bar, what is being run, and the time that is left if it goes on like this; on stderr, over
//          itself.
// Owner:   the measurement's loop; takes the line away when it ends.
// Threads: main's.
// Use:
//     Progress progress{true, 40};  progress.show("multicore, 2 workers");  …  progress.advance();
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include "process/terminal_line.hpp"

namespace mw::tool {

/// "[====>      ]  run 3 of 8: multicore, 2 workers, 12 s left", at most so wide; the bar goes first where room is
/// scarce.
std::string measuring_line(std::size_t done, std::size_t all, double seconds, const std::string& what, std::size_t width);

class Progress {
 public:
  Progress(bool is_shown, std::size_t runs) : is_shown_{is_shown}, all_{runs} {}

  void show(const std::string& what);
  void advance() noexcept { ++done_; }

 private:
  const bool is_shown_;
  process::StatusLine line_;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  const std::size_t all_;
  std::size_t done_ = 0;
};

}  // namespace mw::tool
