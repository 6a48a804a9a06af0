// Work that takes so long that the server's loop does something else meanwhile.
//
// What:    runs jobs one after the other in a thread of its own, which is started with the first. What follows from one
//          happens on the loop.
// Owner:   owns the thread; refers to the io_context. Its end waits for the job that is under way, and drops the
//          others.
// Threads: the loop's. Jobs run in the thread.
// Use:
//     SideThread side{io};
//     side.run([=](const std::stop_token& stop) { …long… }, [=] { …on the loop… });
//     side.remove(path);
#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <thread>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

namespace mw::boinc {

class SideThread {
 public:
  explicit SideThread(boost::asio::io_context& loop) : loop_{loop} {}
  ~SideThread();

  /// `then` is not called any more after stop(). Throws InterfaceError if there is no thread.
  void run(std::function<void(const std::stop_token& stop)> job, std::function<void()> then);
  /// Removes the file, if it is there, at once; its blocks are given back in the thread, since that takes long for
  /// many.
  void remove(const std::string& path);
  /// The job that is under way is asked to end, and nothing more follows from any.
  void stop() { stopping_.request_stop(); }

 private:
  boost::asio::io_context& loop_;
  boost::asio::io_context queue_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_{queue_.get_executor()};
  std::stop_source stopping_;
  std::thread thread_;
};

}  // namespace mw::boinc
