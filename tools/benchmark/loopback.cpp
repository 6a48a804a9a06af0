#include "benchmark/loopback.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>

namespace mw::benchmark {

void connect_loopback(int (&ends)[2]) {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const at = reinterpret_cast<sockaddr*>(&address);
  ends[0] = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (::bind(listener, at, size) != 0 || ::listen(listener, 1) != 0 || ::getsockname(listener, at, &size) != 0 ||
      ::connect(ends[0], at, size) != 0 || (ends[1] = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC)) < 0)
    throw std::runtime_error{"no TCP connection over loopback"};
  const int on = 1;
  for (const int end : ends) ::setsockopt(end, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::close(listener);
}

}  // namespace mw::benchmark
