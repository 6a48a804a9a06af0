// A connection on which a test says what no well-behaved client would.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "process/unique_fd.hpp"

namespace test {

class RawConnection {
 public:
  /// To a server on loopback, by its URL.
  explicit RawConnection(const std::string& url) : socket_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1))));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
      throw std::runtime_error{"no connection to " + url};
    const timeval limit{60, 0};  // a server that says nothing is a failed test, not one that never ends
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  }

  /// False if the server has gone.
  bool send(std::string_view text) {
    while (!text.empty()) {
      const ssize_t put = ::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL);
      if (put <= 0) return false;
      text.remove_prefix(static_cast<std::size_t>(put));
    }
    return true;
  }
  /// All that comes until the server closes.
  std::string receive_all() {
    std::string all;
    char buffer[16 * 1024];
    while (true) {
      const ssize_t got = ::recv(socket_.get(), buffer, sizeof buffer, 0);
      if (got <= 0) return all;
      all.append(buffer, static_cast<std::size_t>(got));
    }
  }
  /// One answer, as far as its Content-Length says; what has come if the server closes.
  std::string receive_answer(bool has_body = true) {
    while (true) {
      const auto head = received_.find("\r\n\r\n");
      if (head != std::string::npos) {
        const auto length = received_.find("Content-Length: ");
        const std::size_t body = has_body && length < head ? std::stoul(received_.substr(length + 16)) : 0;
        if (received_.size() >= head + 4 + body) {
          std::string answer = received_.substr(0, head + 4 + body);
          received_.erase(0, answer.size());
          return answer;
        }
      }
      char buffer[16 * 1024];
      const ssize_t got = ::recv(socket_.get(), buffer, sizeof buffer, 0);
      if (got <= 0) return std::exchange(received_, {});
      received_.append(buffer, static_cast<std::size_t>(got));
    }
  }
  int fd() const noexcept { return socket_.get(); }

 private:
  mw::process::UniqueFd socket_;
  std::string received_;
};

inline std::string post_head(std::string_view path, std::size_t length) {
  return "POST " + std::string{path} + " HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(length) + "\r\n\r\n";
}

}  // namespace test
