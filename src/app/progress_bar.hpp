// A line on the terminal that shows how far the work is.
//
// What:    ProgressBar draws on stderr, ten times a second, from a master's status.
// Owner:   owns its thread; the master must outlive it.
// Threads: its own.
// Use:
//     ProgressBar bar{master};          // … erased when it goes
#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include <mw/master.hpp>

namespace mw::app {

/// One line of `width` columns at most: "[=====>    ]  52 %  52 of 100 tasks, 2 run, 12 s left".
std::string bar_line(const Status& status, std::size_t width);

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
