#include "master/loop.hpp"

#include <sys/prctl.h>

#include <future>
#include <thread>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

namespace mw::detail {

struct Loop::Inside {
  boost::asio::io_context io{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{io.get_executor()};
  std::thread thread;
};

Loop::Loop() : inside_{std::make_unique<Inside>()} {
  inside_->thread = std::thread{[&io = inside_->io] {
    ::prctl(PR_SET_NAME, "mw-loop");
    io.run();
  }};
}

Loop::~Loop() { finish(); }

boost::asio::io_context& Loop::io() noexcept { return inside_->io; }

void Loop::post(std::function<void()> call) { boost::asio::post(inside_->io, std::move(call)); }

bool Loop::is_this_thread() const noexcept { return inside_->thread.get_id() == std::this_thread::get_id(); }

void Loop::run(const std::function<void()>& call) {
  std::packaged_task<void()> task{call};
  auto done = task.get_future();
  boost::asio::post(inside_->io, [&task] { task(); });
  done.get();
}

void Loop::finish() {
  inside_->work.reset();
  if (inside_->thread.joinable()) inside_->thread.join();
}

}  // namespace mw::detail
