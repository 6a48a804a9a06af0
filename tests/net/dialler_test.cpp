// Who dials, and whom: ends that do not have the key, that hang up, or that are nobody.
#include <catch2/catch.hpp>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <mw/error.hpp>

#include <array>
#include <cstddef>
#include <cstring>
#include <functional>
#include <string>
#include <thread>

#include <fmt/format.h>

#include "net/dialler.hpp"
#include "process/unique_fd.hpp"

using namespace mw::net;
using Catch::Contains;
using mw::process::UniqueFd;

namespace {

constexpr Magic dialled_magic{'C', 'P', 'M', 'W', 'D', 'I', 'A', 'L'};

/// Listens where dial() looks, and answers one visitor as it was told to.
class Listener {
 public:
  explicit Listener(std::function<void(int)> answer) : socket_{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
    static int number = 0;
    name_ = fmt::format("cppmw-dialler-test-{}-{}", ::getpid(), ++number);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path + 1, name_.data(), name_.size());
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name_.size());
    REQUIRE(::bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), size) == 0);
    REQUIRE(::listen(socket_.get(), 4) == 0);
    thread_ = std::thread{[this, answer = std::move(answer)] {
      const UniqueFd visitor{::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC)};
      if (visitor.get() >= 0) answer(visitor.get());
    }};
  }
  ~Listener() {
    ::shutdown(socket_.get(), SHUT_RDWR);
    thread_.join();
  }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  std::string address() const { return "unix:" + name_; }

 private:
  UniqueFd socket_;
  std::string name_;
  std::thread thread_;
};

template <class T>
bool receive(int socket, T& words) {
  return ::recv(socket, &words, sizeof words, MSG_WAITALL) == sizeof words;
}
template <class T>
void send(int socket, const T& words) {
  static_cast<void>(::send(socket, &words, sizeof words, MSG_NOSIGNAL));
}

/// As one who has this key listens; true if the visitor proved that he has it, too.
bool listen_well(int socket, const Key& key) {
  Greeting greeting;
  if (!receive(socket, greeting) || greeting.magic != dialled_magic) return false;
  const Nonce nonce = make_nonce();
  send(socket, Challenge{nonce, prove(key, Role::acceptor, nonce, greeting.nonce)});
  Proof proof;
  return receive(socket, proof) && is_proof(proof, key, Role::dialler, greeting.nonce, nonce);
}

std::string refusal(const std::string& addresses, const Key& key) {
  try {
    static_cast<void>(dial(addresses, dialled_magic, key, 1));
  } catch (const mw::InterfaceError& e) {
    return e.what();
  }
  return {};
}

}  // namespace

TEST_CASE("who dials proves the key to who has proved it, and then has the connection", "[net]") {
  const Key key = make_key();
  bool was_proved = false;
  {
    const Listener listener{[&](int socket) {
      was_proved = listen_well(socket, key);
      send(socket, 'x');
    }};
    const UniqueFd connection = dial(listener.address(), dialled_magic, key, 1);
    char word = 0;
    REQUIRE(receive(connection.get(), word));
    CHECK(word == 'x');
  }
  CHECK(was_proved);
}

TEST_CASE("S2: who listens without the key gets no proof, whatever he sends", "[net][S2]") {
  const Key key = make_key();
  const int way = GENERATE(0, 1, 2);
  bool got_proof = true;
  {
    const Listener listener{[&](int socket) {
      Greeting greeting;
      if (!receive(socket, greeting)) return;
      const Nonce nonce = make_nonce();
      Challenge challenge{nonce, prove(make_key(), Role::acceptor, nonce, greeting.nonce)};  // another key
      if (way == 1) challenge.proof = prove(key, Role::dialler, nonce, greeting.nonce);      // the wrong role
      if (way == 2) challenge.proof = prove(key, Role::acceptor, greeting.nonce, nonce);     // the nonces changed places
      send(socket, challenge);
      Proof proof;
      got_proof = receive(socket, proof);
    }};
    CHECK_THAT(refusal(listener.address(), key), Contains(listener.address() + ": it does not have the key"));
  }
  CHECK_FALSE(got_proof);
}

TEST_CASE("who listens and hangs up, before or in the middle of his answer, is named", "[net]") {
  const bool says_something = GENERATE(true, false);
  const Listener listener{[&](int socket) {
    Greeting greeting;
    receive(socket, greeting);
    if (says_something) send(socket, std::array<char, 10>{});
  }};
  CHECK_THAT(refusal(listener.address(), make_key()), Contains("it hung up before it had answered"));
}

TEST_CASE("all addresses are tried in their order, and each says why it was no good", "[net]") {
  const Key key = make_key();
  const Listener stranger{[](int socket) { static_cast<void>(listen_well(socket, make_key())); }};
  const Listener good{[&](int socket) { static_cast<void>(listen_well(socket, key)); }};
  const std::string nobody = fmt::format("unix:cppmw-nobody-{}", ::getpid());
  CHECK(dial(nobody + " " + stranger.address() + " " + good.address(), dialled_magic, key, 1).get() >= 0);
  const std::string long_name = "unix:" + std::string(200, 'n');
  CHECK(refusal(nobody + " " + long_name, key) ==
        "no connection to the master: " + nobody + ": Connection refused; " + long_name + ": the name is too long");
  CHECK(refusal("x", key) == "no connection to the master: x: this is no address (unix:NAME, tcp:HOST:PORT)");
}
