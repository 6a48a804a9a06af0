// A cable between two programs that can be cut: what comes in at one port goes on to another.
//
// It forwards bytes in both directions, and can end all connections, or hold back what comes.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <list>
#include <memory>
#include <thread>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

namespace test {

class Cable {
  using tcp = boost::asio::ip::tcp;

 public:
  explicit Cable(std::uint16_t to) : to_{boost::asio::ip::address_v4::loopback(), to} {
    accept();
    thread_ = std::thread{[this] { io_.run(); }};
  }
  ~Cable() {
    io_.stop();
    thread_.join();
  }
  std::uint16_t port() const { return port_; }
  /// Ends every connection there is now. Others may come.
  void cut() {
    boost::asio::post(io_, [this] {
      for (const auto& line : lines_) line->close();
      lines_.clear();
    });
  }
  /// Nothing goes through, and nobody is told.
  void hold(bool held) { held_ = held; }
  int connections() const { return connections_; }

 private:
  struct Line : std::enable_shared_from_this<Line> {
    explicit Line(boost::asio::io_context& io) : near{io}, far{io} {}
    void close() {
      boost::system::error_code ignored;
      near.close(ignored);
      far.close(ignored);
    }
    tcp::socket near, far;
  };

  void accept() {
    acceptor_.async_accept([this](boost::system::error_code error, tcp::socket socket) {
      if (error) return;
      auto line = std::make_shared<Line>(io_);
      line->near = std::move(socket);
      boost::system::error_code failed;
      line->far.connect(to_, failed);
      if (!failed) {
        ++connections_;
        lines_.push_back(line);
        forward(line, line->near, line->far);
        forward(line, line->far, line->near);
      }
      accept();
    });
  }
  void forward(const std::shared_ptr<Line>& line, tcp::socket& from, tcp::socket& to) {
    auto buffer = std::make_shared<std::vector<char>>(64 * 1024);
    from.async_read_some(boost::asio::buffer(*buffer), [=, this, &from, &to](boost::system::error_code error, std::size_t size) {
      if (error) return line->close();
      pass(line, from, to, buffer, size);
    });
  }
  void pass(const std::shared_ptr<Line>& line, tcp::socket& from, tcp::socket& to, const std::shared_ptr<std::vector<char>>& buffer,
            std::size_t size) {
    if (held_) {
      auto timer = std::make_shared<boost::asio::steady_timer>(io_, std::chrono::milliseconds{10});
      timer->async_wait(
          [=, this, &from, &to](boost::system::error_code) { pass(line, from, to, buffer, size), static_cast<void>(timer); });
      return;
    }
    boost::asio::async_write(to, boost::asio::buffer(buffer->data(), size),
                             [this, line, buffer, &from, &to](boost::system::error_code error, std::size_t) {
                               if (error) return line->close();
                               forward(line, from, to);
                             });
  }

  boost::asio::io_context io_;
  tcp::endpoint to_;
  tcp::acceptor acceptor_{io_, {boost::asio::ip::address_v4::loopback(), 0}};
  std::uint16_t port_ = acceptor_.local_endpoint().port();
  std::list<std::shared_ptr<Line>> lines_;
  std::atomic<bool> held_{false};
  std::atomic<int> connections_{0};
  std::thread thread_;
};

}  // namespace test
