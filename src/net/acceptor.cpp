#include "net/acceptor.hpp"

#include <ifaddrs.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <vector>

#include <fmt/format.h>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

#include <mw/error.hpp>

#include "process/close_on_exec.hpp"

namespace mw::net {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

/// How long a visitor may take to prove itself.
constexpr std::chrono::seconds patience{60};
constexpr std::chrono::milliseconds pause_after_error{100};

/// This machine's addresses that others may reach.
std::vector<std::string> network_addresses() {
  std::vector<std::string> list;
  ifaddrs* first = nullptr;
  if (::getifaddrs(&first) != 0) return list;
  for (const ifaddrs* one = first; one; one = one->ifa_next) {
    if (!one->ifa_addr || one->ifa_addr->sa_family != AF_INET) continue;
    char text[NI_MAXHOST] = {};
    if (::getnameinfo(one->ifa_addr, sizeof(sockaddr_in), text, sizeof text, nullptr, 0, NI_NUMERICHOST) == 0)
      list.emplace_back(text);
  }
  ::freeifaddrs(first);
  std::stable_partition(list.begin(), list.end(), [](const std::string& address) { return !address.starts_with("127."); });
  return list;
}

bool may_enter(asio::local::stream_protocol::socket& socket, uid_t owner) {
  ucred peer{};
  socklen_t size = sizeof peer;
  return ::getsockopt(socket.native_handle(), SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == owner;
}
/// The key alone says who comes from elsewhere.
bool may_enter(asio::ip::tcp::socket&, uid_t) { return true; }

}  // namespace

struct Acceptor::Visitor {
  explicit Visitor(Socket connected) : socket{std::move(connected)}, timer{socket.get_executor()} {}
  Socket socket;
  asio::steady_timer timer;
  Greeting greeting;
  Challenge challenge;
  Proof proof{};
};

Acceptor::Acceptor(asio::io_context& io, AcceptorOptions options) : options_{std::move(options)}, local_{io}, tcp_{io} {
  try {
    const auto random = make_key();
    name_ = fmt::format("cppmw-{}-{}", ::getpid(), to_text(random).substr(0, 16));
    const asio::local::stream_protocol::endpoint endpoint{std::string{'\0'} + name_};
    local_.open();
    process::close_on_exec(local_.native_handle());
    local_.bind(endpoint);
    local_.listen();
    if (!options_.tcp) return;
    tcp_.open(options_.tcp->protocol());
    process::close_on_exec(tcp_.native_handle());
    tcp_.bind(*options_.tcp);
    tcp_.listen();
  } catch (const boost::system::system_error& e) {
    throw InterfaceError{fmt::format("cannot listen for connections: {}", e.what())};
  }
}

std::string Acceptor::addresses() const {
  std::string text = "unix:" + name_;
  if (!tcp_.is_open()) return text;
  const asio::ip::tcp::endpoint endpoint = tcp_.local_endpoint();
  const auto list =
      endpoint.address().is_unspecified() ? network_addresses() : std::vector<std::string>{endpoint.address().to_string()};
  for (const std::string& address : list) text += fmt::format(" tcp:{}:{}", address, endpoint.port());
  return text;
}

void Acceptor::open(std::function<void(Socket)> came_in) {
  came_in_ = std::move(came_in);
  accept(local_);
  if (tcp_.is_open()) accept(tcp_);
}

void Acceptor::close() {
  error_code ignored;
  local_.close(ignored);
  tcp_.close(ignored);
  came_in_ = nullptr;
  while (!visitors_.empty()) leave(*visitors_.front());
}

template <class Listener>
void Acceptor::accept(Listener& listener) {
  listener.async_accept([self = shared_from_this(), &listener](error_code error, auto socket) {
    if (!listener.is_open()) return;
    if (error) return self->accept_later(listener);
    process::close_on_exec(socket.native_handle());
    if (may_enter(socket, self->options_.owner)) self->greet(std::make_shared<Visitor>(Socket{std::move(socket)}));
    self->accept(listener);
  });
}

/// Most likely this process is out of descriptors, and whoever comes waits: at once, the same would happen again.
template <class Listener>
void Acceptor::accept_later(Listener& listener) {
  if (!visitors_.empty()) leave(*visitors_.front());
  auto timer = std::make_shared<asio::steady_timer>(listener.get_executor(), pause_after_error);
  timer->async_wait([self = shared_from_this(), timer, &listener](error_code) {
    if (listener.is_open()) self->accept(listener);
  });
}

void Acceptor::greet(const std::shared_ptr<Visitor>& visitor) {
  visitors_.push_back(visitor);
  if (visitors_.size() > most_visitors) leave(*visitors_.front());
  visitor->timer.expires_after(patience);
  visitor->timer.async_wait([self = shared_from_this(), visitor](error_code error) {
    if (!error) self->leave(*visitor);
  });
  asio::async_read(
      visitor->socket, asio::buffer(&visitor->greeting, sizeof visitor->greeting),
      [self = shared_from_this(), visitor](error_code error, std::size_t) {
        if (error || visitor->greeting.magic != self->options_.magic) return self->leave(*visitor);
        visitor->challenge.nonce = make_nonce();
        visitor->challenge.proof = prove(self->options_.key, Role::acceptor, visitor->challenge.nonce, visitor->greeting.nonce);
        asio::async_write(visitor->socket, asio::buffer(&visitor->challenge, sizeof visitor->challenge),
                          [visitor](error_code, std::size_t) {});
        asio::async_read(visitor->socket, asio::buffer(visitor->proof), [self, visitor](error_code failed, std::size_t) {
          if (failed ||
              !is_proof(visitor->proof, self->options_.key, Role::dialler, visitor->greeting.nonce, visitor->challenge.nonce))
            return self->leave(*visitor);
          self->let_in(*visitor);
        });
      });
}

void Acceptor::leave(Visitor& visitor) {
  error_code ignored;
  visitor.timer.cancel(ignored);
  visitor.socket.close(ignored);
  std::erase_if(visitors_, [&](const auto& one) { return one.get() == &visitor; });
}

void Acceptor::let_in(Visitor& visitor) {
  Socket socket = std::move(visitor.socket);
  leave(visitor);
  if (!came_in_) return;
  const auto came_in = came_in_;
  if (options_.admits == Admits::one) close();
  came_in(std::move(socket));
}

}  // namespace mw::net
