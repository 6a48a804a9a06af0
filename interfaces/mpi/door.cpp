#include "mpi/door.hpp"

#include <ifaddrs.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

#include <fmt/format.h>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

#include <mw/error.hpp>

namespace mw::mpi {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

/// How long a visitor may take to prove itself.
constexpr std::chrono::seconds patience{60};

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

struct Door::Visitor {
  explicit Visitor(Socket connected) : socket{std::move(connected)}, timer{socket.get_executor()} {}
  Socket socket;
  asio::steady_timer timer;
  Greeting greeting;
  Answer answer;
  auth::Proof proof{};
};

Door::Door(asio::io_context& io, const auth::Key& key, Reach reach, uid_t owner) : key_{key}, owner_{owner}, local_{io}, tcp_{io} {
  try {
    const auto random = auth::make_key();
    name_ = fmt::format("cppmw-{}-{}", ::getpid(), auth::to_text(random).substr(0, 16));
    const asio::local::stream_protocol::endpoint endpoint{std::string{'\0'} + name_};
    local_.open();
    local_.bind(endpoint);
    local_.listen();
    if (reach == Reach::this_machine) return;
    tcp_.open(asio::ip::tcp::v4());
    tcp_.bind({asio::ip::address_v4::any(), 0});
    tcp_.listen();
  } catch (const boost::system::system_error& e) {
    throw InterfaceError{fmt::format("mpi: the master can not listen for its manager: {}", e.what())};
  }
}

std::string Door::addresses() const {
  std::string text = "unix:" + name_;
  if (!tcp_.is_open()) return text;
  for (const std::string& address : network_addresses()) text += fmt::format(" tcp:{}:{}", address, tcp_.local_endpoint().port());
  return text;
}

void Door::open(std::function<void(Socket)> came_in) {
  came_in_ = std::move(came_in);
  accept(local_);
  if (tcp_.is_open()) accept(tcp_);
}

void Door::close() {
  error_code ignored;
  local_.close(ignored);
  tcp_.close(ignored);
  came_in_ = nullptr;
  while (!visitors_.empty()) leave(*visitors_.front());
}

template <class Acceptor>
void Door::accept(Acceptor& acceptor) {
  acceptor.async_accept([self = shared_from_this(), &acceptor](error_code error, auto socket) {
    if (!acceptor.is_open()) return;
    if (!error && may_enter(socket, self->owner_)) self->greet(std::make_shared<Visitor>(Socket{std::move(socket)}));
    self->accept(acceptor);
  });
}

void Door::greet(const std::shared_ptr<Visitor>& visitor) {
  visitors_.push_back(visitor);
  if (visitors_.size() > most_visitors) leave(*visitors_.front());
  visitor->timer.expires_after(patience);
  visitor->timer.async_wait([self = shared_from_this(), visitor](error_code error) {
    if (!error) self->leave(*visitor);
  });
  asio::async_read(
      visitor->socket, asio::buffer(&visitor->greeting, sizeof visitor->greeting),
      [self = shared_from_this(), visitor](error_code error, std::size_t) {
        if (error || visitor->greeting.magic != Greeting{}.magic) return self->leave(*visitor);
        visitor->answer.nonce = auth::make_nonce();
        visitor->answer.proof = auth::prove(self->key_, auth::Role::master, visitor->answer.nonce, visitor->greeting.nonce);
        asio::async_write(visitor->socket, asio::buffer(&visitor->answer, sizeof visitor->answer),
                          [visitor](error_code, std::size_t) {});
        asio::async_read(visitor->socket, asio::buffer(visitor->proof), [self, visitor](error_code failed, std::size_t) {
          if (failed ||
              !auth::is_proof(visitor->proof, self->key_, auth::Role::manager, visitor->greeting.nonce, visitor->answer.nonce))
            return self->leave(*visitor);
          self->let_in(*visitor);
        });
      });
}

void Door::leave(Visitor& visitor) {
  error_code ignored;
  visitor.timer.cancel(ignored);
  visitor.socket.close(ignored);
  std::erase_if(visitors_, [&](const auto& one) { return one.get() == &visitor; });
}

void Door::let_in(Visitor& visitor) {
  Socket socket = std::move(visitor.socket);
  leave(visitor);
  if (!came_in_) return;
  const auto came_in = std::move(came_in_);
  close();
  came_in(std::move(socket));
}

}  // namespace mw::mpi
