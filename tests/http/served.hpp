// A server with a few addresses, in this process.
#pragma once

#include <fcntl.h>

#include <atomic>
#include <fstream>
#include <future>
#include <iomanip>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "http/handler.hpp"
#include "http/server.hpp"
#include "process/no_write_signals.hpp"
#include "support/temporary.hpp"

namespace test {

namespace http = mw::http;

/// /text: a text, and what it is asked with; /later: a text, when `goes_on` is set; /echo: the body comes back; /file:
/// as long as `file_size`; /key: what the head says of one; /away?URL: a redirection; /throws: a fault of the handler.
class Pages final : public http::Handler {
 public:
  static constexpr int file_size = 4'000'000;
  static constexpr std::size_t longest_body = 1'000'000;

  Pages() { std::ofstream{folder_.path("file")} << std::setfill('x') << std::setw(file_size) << "end\n"; }

  boost::asio::awaitable<void> answer(http::Request& request, http::Answer& answer) override {
    if (request.path() == "/echo") {
      std::string body;
      co_await request.read_to(body, longest_body);
      answer.set(http::Status::ok, "text/plain", std::move(body));
    } else if (request.path() == "/file") {
      const http::Content content{
          file_size, std::make_shared<const mw::process::UniqueFd>(::open(folder_.path("file").c_str(), O_RDONLY | O_CLOEXEC))};
      co_await answer.send_content(content, request);
      co_return;
    } else if (request.path() == "/small") {
      const http::Content content{5, nullptr, "small"};
      co_await answer.send_content(content, request);
      co_return;
    } else if (request.path() == "/later") {
      // Once it may.
      std::string body;
      co_await request.read_to(body, longest_body);
      ++waiting;
      while (!goes_on && request.is_open()) co_await boost::asio::post(boost::asio::use_awaitable);
      answer.set(http::Status::ok, "text/plain", "later\n");
    } else if (request.path() == "/key") {
      const auto given = request.field(boost::beast::http::field::authorization);
      answer.set(http::Status::ok, "text/plain", "key " + std::string{given});
    } else if (request.path() == "/away") {
      answer.add("Location", request.query());
      answer.set(http::Status::found, "text/plain", "away\n");
    } else if (request.path() == "/throws") {
      throw std::runtime_error{"no page"};
    } else if (request.name() == "text") {
      answer.set(http::Status::ok, "text/plain", "text " + request.query() + " for " + request.address().to_string() + "\n");
    } else {
      answer.set(http::Status::not_found, "text/plain", "nothing\n");
    }
    co_await answer.send();
  }
  void refused() override { ++refusals; }
  void warn(std::string_view kind, const std::string& text) override {
    std::lock_guard lock{mutex_};
    warnings_.push_back(std::string{kind} + ": " + text);
  }

  std::vector<std::string> warnings() const {
    std::lock_guard lock{mutex_};
    return warnings_;
  }
  std::atomic<int> refusals{0};
  std::atomic<int> waiting{0};  ///< requests for /later that are not answered yet
  std::atomic<bool> goes_on{false};

 private:
  TemporaryFolder folder_;
  mutable std::mutex mutex_;
  std::vector<std::string> warnings_;
};

/// `Handler` answers; it is made with the server.
template <class Handler>
class ServedBy {
 public:
  explicit ServedBy(http::ServerOptions options = {}) : server_{io_, std::move(options)}, url{server_.url()} {
    server_.start(pages);
    thread_ = std::thread{[this] {
      const mw::process::NoWriteSignals no_signals;
      io_.run();
    }};
  }
  ~ServedBy() {
    boost::asio::post(io_, [this] { server_.close(); });
    thread_.join();
  }
  ServedBy(const ServedBy&) = delete;
  ServedBy& operator=(const ServedBy&) = delete;

  /// As Server::finish. When it is done.
  std::future<void> finish(std::chrono::milliseconds limit) {
    const auto done = std::make_shared<std::promise<void>>();
    boost::asio::post(io_, [this, limit, done] { server_.finish(limit, [done] { done->set_value(); }); });
    return done->get_future();
  }
  /// What `call` makes of the open connections, in the server's thread.
  template <class Call>
  auto ask(const Call& call) {
    std::promise<decltype(call(std::declval<const http::Connections&>()))> answer;
    boost::asio::post(io_, [&] { answer.set_value(call(server_.connections())); });
    return answer.get_future().get();
  }

  Handler pages;

 private:
  boost::asio::io_context io_;
  http::Server server_;
  std::thread thread_;

 public:
  const std::string url;
};
using Served = ServedBy<Pages>;

}  // namespace test
