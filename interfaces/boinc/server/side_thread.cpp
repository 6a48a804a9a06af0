#include "boinc/server/side_thread.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <memory>
#include <utility>

#include <boost/asio/post.hpp>

#include <mw/error.hpp>

#include "process/shortage.hpp"
#include "process/unique_fd.hpp"

namespace mw::boinc {

namespace asio = boost::asio;

SideThread::~SideThread() {
  stop();
  queue_.stop();
  if (thread_.joinable()) thread_.join();
}

void SideThread::run(std::function<void(const std::stop_token& stop)> job, std::function<void()> then) {
  if (!thread_.joinable()) thread_ = process::start_thread("what takes long in the volunteers' server", [this] { queue_.run(); });
  asio::post(queue_, [this, job = std::move(job), then = std::move(then)] {
    job(stopping_.get_token());
    asio::post(loop_, [stop = stopping_.get_token(), then] {
      if (!stop.stop_requested()) then();
    });
  });
}

void SideThread::remove(const std::string& path) {
  constexpr off_t small_size = 1 << 20;
  struct stat status = {};
  // Who has it open keeps its blocks.
  auto file = std::make_shared<process::UniqueFd>(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  const bool is_large = ::fstat(file->get(), &status) == 0 && S_ISREG(status.st_mode) && status.st_size > small_size;
  ::unlink(path.c_str());
  if (!is_large) return;
  try {
    run([file](const std::stop_token&) { *file = {}; }, [] {});
  } catch (const InterfaceError&) {
    // No thread: it takes long.
  }
}

}  // namespace mw::boinc
