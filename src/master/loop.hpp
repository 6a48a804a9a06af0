// The event loop of a master: one thread, one io_context.
//
// What:    runs what is posted, and the handlers of sockets and timers.
// Owner:   owns the thread; finish() ends it.
// Threads: post() from any thread; io() is for the loop thread and for starting up.
// Use:
//     loop.post([] { … });
#pragma once

#include <functional>
#include <memory>

namespace boost::asio {
class io_context;
}

namespace mw::detail {

class Loop {
 public:
  Loop();
  ~Loop();

  boost::asio::io_context& io() noexcept;
  void post(std::function<void()> call);
  bool is_this_thread() const noexcept;
  /// Runs `call` on the loop and waits for its end; an exception of it comes out here.
  void run(const std::function<void()>& call);
  /// Lets the thread end when the loop has nothing left to do, and waits for it.
  void finish();

 private:
  struct Inside;
  std::unique_ptr<Inside> inside_;
};

}  // namespace mw::detail
