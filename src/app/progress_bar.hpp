// A line on the terminal that shows how far the work is.
//
// What:    ProgressBar draws on stderr, ten times a second, from a master's status. Where stderr is no terminal, it
//          writes a line of text now and then.
// Owner:   owns its thread; the master must outlive it.
// Threads: its own.
// Use:
//     ProgressBar bar{master};          // … erased when it goes
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include <mw/master.hpp>

namespace mw::app {

/// How fast tasks end, and how long the others will take at that pace; nothing while nobody can tell.
struct Pace {
  std::optional<double> per_second = {};
  std::optional<double> seconds_left = {};
};

/// Told a status now and then, it says what the pace is: of the last seconds if many tasks ended in them, else of all
/// the time since workers were ready.
class PaceWatch {
 public:
  Pace note(const Status& status);

 private:
  std::deque<std::pair<double, std::uint64_t>> seen_;  ///< when, and how many tasks were over
};

/// At most `width` columns: " 52 %  52 of 100 tasks, 1 failed, 2 run on 2 workers, 4.3/s, 12 s left". Where room is
/// scarce, what matters least is left out.
std::string progress_text(const Status& status, const Pace& pace, std::size_t width);
/// The same, with a bar in front of it if there is room.
std::string bar_line(const Status& status, const Pace& pace, std::size_t width);

class ProgressBar {
 public:
  explicit ProgressBar(const Master& master);
  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

 private:
  void run();

  const Master& master_;
  std::mutex mutex_;
  std::condition_variable woken_;
  bool over_ = false;
  std::thread thread_;
};

}  // namespace mw::app
