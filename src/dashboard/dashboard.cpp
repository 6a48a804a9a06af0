#include "dashboard/dashboard.hpp"

#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <exception>
#include <future>
#include <optional>
#include <thread>
#include <utility>

#include <fmt/format.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <mw/error.hpp>

#include "control/board.hpp"
#include "dashboard/announce.hpp"
#include "dashboard/pages.hpp"
#include "dashboard/report.hpp"
#include "http/server.hpp"
#include "log/log.hpp"
#include "process/command_line.hpp"
#include "process/file.hpp"
#include "process/no_write_signals.hpp"
#include "process/place.hpp"
#include "process/shortage.hpp"
#include "process/timer.hpp"

namespace mw::dashboard {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::milliseconds look_interval{100};
constexpr std::chrono::milliseconds status_interval{500};
constexpr std::chrono::milliseconds last_words{300};  ///< that those who watch may take to hear of the end

double unix_time() { return std::chrono::duration<double>{std::chrono::system_clock::now().time_since_epoch()}.count(); }

watch::RunFacts facts_of_this_run() {
  return {process::program_name(),
          process::command_line(),
          process::host_name(),
          static_cast<std::uint32_t>(::getpid()),
          MW_VERSION,
          unix_time()};
}

}  // namespace

class Dashboard::Impl {
 public:
  Impl(Options options, control::Controls& controls, watch::Recorder& recorder, const detail::WorkerDirectory& directory)
      : options_{std::move(options)},
        facts_{facts_of_this_run()},
        picture_{facts_, recorder, directory},
        board_{io_, controls, picture_},
        key_{options_.listen.empty() ? std::string{} : new_key()},
        pages_{board_, Gate{key_, facts_.host}} {
    if (!options_.report.empty()) try_report();
    if (!options_.listen.empty()) {
      server_.emplace(io_, http::ServerOptions{.listen = options_.listen});
      server_->start(pages_);
      announcement_.emplace(Announced{server_->url(), key_, facts_.program, facts_.pid, facts_.started});
    }
    asio::co_spawn(io_, look(), asio::detached);
    thread_ = process::start_thread("the dashboard", [this] {
      const process::NoWriteSignals no_signals;
      io_.run();
    });
  }
  ~Impl() {
    if (thread_.joinable()) finish({});
  }

  std::string url() const { return server_ ? server_->url() + "#key=" + key_ : std::string{}; }

  void finish(control::Now last) {
    announcement_.reset();
    asio::post(io_, [this, last = std::move(last)]() mutable {
      picture_.look();
      board_.end(std::move(last));
      pages_.end();
      has_ended_ = true;
      timer_.cancel();
      if (server_)
        asio::co_spawn(io_, say_goodbye(), asio::detached);
      else
        work_.reset();
    });
    thread_.join();
    if (!options_.report.empty()) write_report();
  }

 private:
  /// Now, not when the run is over.
  void try_report() const {
    if (::access(options_.report.c_str(), F_OK) == 0 && ::access(options_.report.c_str(), W_OK) != 0)
      throw InterfaceError{fmt::format("the report {} cannot be written: {}", options_.report, std::strerror(errno))};
    const auto slash = options_.report.rfind('/');
    const std::string folder = slash == std::string::npos ? "." : options_.report.substr(0, slash + 1);
    if (::access(folder.c_str(), W_OK) != 0)
      throw InterfaceError{fmt::format("the report {} cannot be written: {}: {}", options_.report, folder, std::strerror(errno))};
  }

  void write_report() const {
    try {
      process::write_file(options_.report, report(picture_));
    } catch (const std::exception& e) {
      log::warn(fmt::format("there is no report of this run: {}", e.what()));
    }
  }

  asio::awaitable<void> look() {
    for (auto next_status = std::chrono::steady_clock::now(); !has_ended_;) {
      picture_.look();
      if (std::chrono::steady_clock::now() >= next_status) {
        co_await board_.refresh(status_interval / 2);
        next_status = std::chrono::steady_clock::now() + status_interval;
      }
      if (has_ended_) break;
      timer_.expires_after(look_interval);
      co_await timer_.async_wait(asio::as_tuple(asio::use_awaitable));
    }
  }

  asio::awaitable<void> say_goodbye() {
    for (const auto end = std::chrono::steady_clock::now() + last_words;
         pages_.followers() != 0 && std::chrono::steady_clock::now() < end;) {
      process::Timer pause{io_, std::chrono::milliseconds{5}};
      co_await pause.async_wait(asio::as_tuple(asio::use_awaitable));
    }
    server_->finish(last_words, [this] { work_.reset(); });
  }

  const Options options_;
  const watch::RunFacts facts_;
  asio::io_context io_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_{io_.get_executor()};
  process::Timer timer_{io_};
  watch::Picture picture_;
  control::Board board_;
  const std::string key_;
  Pages pages_;
  std::optional<http::Server> server_;
  std::optional<Announcement> announcement_;
  bool has_ended_ = false;
  std::thread thread_;
};

Dashboard::Dashboard(Options options, control::Controls& controls, watch::Recorder& recorder,
                     const detail::WorkerDirectory& directory)
    : impl_{std::make_unique<Impl>(std::move(options), controls, recorder, directory)} {}
Dashboard::~Dashboard() = default;

std::string Dashboard::url() const { return impl_->url(); }
void Dashboard::finish(control::Now last) { impl_->finish(std::move(last)); }

}  // namespace mw::dashboard
