#include "net/dialler.hpp"

#include <netdb.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <sstream>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <mw/error.hpp>

namespace mw::net {
namespace {

/// The master may have to share its processors with many others.
constexpr int answer_limit_s = 60;

void set_time_limit(int socket, int seconds) {
  const timeval limit{seconds, 0};
  ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

bool send_all(int socket, const void* bytes, std::size_t size) {
  const char* at = static_cast<const char*>(bytes);
  while (size > 0) {
    const ssize_t sent = ::send(socket, at, size, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    at += sent;
    size -= static_cast<std::size_t>(sent);
  }
  return true;
}

bool receive_all(int socket, void* bytes, std::size_t size) {
  errno = 0;
  return ::recv(socket, bytes, size, MSG_WAITALL) == static_cast<ssize_t>(size);
}

/// Empty if it went well.
std::string prove_key(int socket, const Magic& magic, const Key& key) {
  const Greeting greeting{magic, make_nonce()};
  Challenge challenge;
  if (!send_all(socket, &greeting, sizeof greeting) || !receive_all(socket, &challenge, sizeof challenge))
    return errno == EAGAIN ? fmt::format("no answer within {} s", answer_limit_s) : "it hung up before it had answered";
  if (!is_proof(challenge.proof, key, Role::acceptor, challenge.nonce, greeting.nonce)) return "it does not have the key";
  const Proof proof = prove(key, Role::dialler, greeting.nonce, challenge.nonce);
  return send_all(socket, &proof, sizeof proof) ? "" : "it hung up";
}

process::UniqueFd connect_local(const std::string& name, std::string& error) {
  process::UniqueFd socket{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  sockaddr_un address{};
  if (name.size() >= sizeof address.sun_path) return error = "the name is too long", process::UniqueFd{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path + 1, name.data(), name.size());
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  if (::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), size) == 0) return socket;
  error = std::strerror(errno);
  return {};
}

process::UniqueFd connect_tcp(const std::string& host_and_port, std::string& error) {
  const auto colon = host_and_port.rfind(':');
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int result = ::getaddrinfo(host_and_port.substr(0, colon).c_str(), host_and_port.substr(colon + 1).c_str(), &hints, &found);
  if (result != 0) return error = ::gai_strerror(result), process::UniqueFd{};
  process::UniqueFd socket{::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  set_time_limit(socket.get(), 5);
  const bool connected = ::connect(socket.get(), found->ai_addr, found->ai_addrlen) == 0;
  error = connected ? "" : std::strerror(errno);
  ::freeaddrinfo(found);
  if (!connected) return {};
  const int on = 1;
  ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return socket;
}

/// To "unix:NAME" or "tcp:HOST:PORT".
process::UniqueFd connect(const std::string& address, std::string& error) {
  if (address.starts_with("unix:")) return connect_local(address.substr(5), error);
  if (address.starts_with("tcp:")) return connect_tcp(address.substr(4), error);
  error = "this is no address (unix:NAME, tcp:HOST:PORT)";
  return {};
}

}  // namespace

process::UniqueFd dial(const std::string& addresses, const Magic& magic, const Key& key, int rounds) {
  std::vector<std::string> errors;
  for (int round = 0; round < rounds; ++round) {
    if (round > 0) std::this_thread::sleep_for(std::chrono::seconds{1});
    errors.clear();
    std::istringstream list{addresses};
    for (std::string address; std::getline(list, address, ' ');) {
      std::string error;
      process::UniqueFd socket = connect(address, error);
      if (socket.get() >= 0) {
        set_time_limit(socket.get(), answer_limit_s);
        error = prove_key(socket.get(), magic, key);
        set_time_limit(socket.get(), 0);
        if (error.empty()) return socket;
      }
      errors.push_back(fmt::format("{}: {}", address, error));
    }
  }
  throw InterfaceError{fmt::format("no connection to the master: {}", fmt::join(errors, "; "))};
}

}  // namespace mw::net
