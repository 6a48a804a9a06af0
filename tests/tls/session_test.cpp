// Two ends with the same key understand each other; nobody else gets past the handshake.
#include <catch2/catch.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "support/text.hpp"
#include "tls/session.hpp"

using mw::tls::Identity;
using mw::tls::Key;
using mw::tls::Session;
using mw::tls::TlsError;
using test::bytes_of;

namespace {

Key key_with(unsigned char byte) {
  Key key{};
  key.fill(static_cast<std::byte>(byte));
  return key;
}

Session server_of(const std::string& name, const Key& key) {
  return Session::server([=](std::string_view who) { return who == name ? std::optional{key} : std::nullopt; });
}

std::string read_all(Session& session) {
  std::string text;
  std::byte room[1000];
  while (const std::size_t size = session.read(room)) text.append(reinterpret_cast<const char*>(room), size);
  return text;
}

/// What `from` has for `to`, in pieces of that size; what `to` reads meanwhile.
std::string carry(Session& from, Session& to, std::size_t step = 1'000'000) {
  std::string said;
  while (!from.outgoing().empty()) {
    const auto all = from.outgoing();
    const std::vector<std::byte> piece{all.begin(), all.begin() + static_cast<std::ptrdiff_t>(std::min(step, all.size()))};
    from.sent(piece.size());
    to.receive(piece);
    said += read_all(to);
  }
  return said;
}

void shake_hands(Session& client, Session& server, std::size_t step = 1'000'000) {
  for (int i = 0; i < 4; ++i) {
    carry(client, server, step);
    carry(server, client, step);
  }
}

}  // namespace

TEST_CASE("what one end says, the other reads, however it is cut on its way", "[tls]") {
  const std::size_t step = GENERATE(1u, 7u, 1000u, 1'000'000u);
  Session client = Session::client({"node pi1", key_with(7)});
  Session server = server_of("node pi1", key_with(7));
  CHECK_FALSE(client.is_established());
  shake_hands(client, server, step);
  REQUIRE(client.is_established());
  REQUIRE(server.is_established());
  CHECK(server.identity() == "node pi1");

  std::string text(step == 1 ? 20'000 : 300'000, '\0');
  std::mt19937 random{1};
  for (char& c : text) c = static_cast<char>(random());
  client.write(bytes_of(text));
  CHECK(carry(client, server, step) == text);
  server.write(bytes_of(text));
  CHECK(carry(server, client, step) == text);
}

TEST_CASE("what is said cannot be seen on its way", "[tls][S1]") {
  Session client = Session::client({"node pi1", key_with(7)});
  Session server = server_of("node pi1", key_with(7));
  shake_hands(client, server);
  client.write(bytes_of("the secret of the eels"));
  const std::string on_its_way{reinterpret_cast<const char*>(client.outgoing().data()), client.outgoing().size()};
  CHECK(on_its_way.find("eels") == std::string::npos);
  CHECK(carry(client, server) == "the secret of the eels");
}

TEST_CASE("another key, another name, a role reversed, an echo: each is refused in the handshake", "[tls][S2]") {
  SECTION("another key at who dials") {
    Session client = Session::client({"node pi1", key_with(8)});
    Session server = server_of("node pi1", key_with(7));
    CHECK_THROWS_AS(carry(client, server), TlsError);
    CHECK_FALSE(server.is_established());
    CHECK_THROWS_AS(carry(server, client), TlsError);  // the alert
  }
  SECTION("a name that is nobody's") {
    Session client = Session::client({"node pi2", key_with(7)});
    Session server = server_of("node pi1", key_with(7));
    CHECK_THROWS_AS(carry(client, server), TlsError);
    CHECK_FALSE(server.is_established());
  }
  SECTION("who listens does not have the key either") {
    Session client = Session::client({"node pi1", key_with(7)});
    Session server = Session::server([](std::string_view) { return std::optional{key_with(9)}; });
    CHECK_THROWS_AS(carry(client, server), TlsError);
    CHECK_FALSE(client.is_established());
  }
  SECTION("two that dial") {
    Session one = Session::client({"node pi1", key_with(7)});
    Session other = Session::client({"node pi1", key_with(7)});
    CHECK_THROWS_AS(carry(one, other), TlsError);
  }
  SECTION("an echo") {
    Session client = Session::client({"node pi1", key_with(7)});
    const std::vector<std::byte> own{client.outgoing().begin(), client.outgoing().end()};
    CHECK_THROWS_AS(client.receive(own), TlsError);
    CHECK_FALSE(client.is_established());
  }
  SECTION("no key at all: garbage, and another protocol") {
    for (const std::string& text :
         {std::string(100, 'x'), std::string{"GET / HTTP/1.1\r\nHost: here\r\n\r\n"}, std::string(5000, '\0')}) {
      Session server = server_of("node pi1", key_with(7));
      CHECK_THROWS_AS(server.receive(bytes_of(text)), TlsError);
    }
  }
}

TEST_CASE("a handshake that was recorded opens nothing a second time", "[tls][S2]") {
  Session client = Session::client({"node pi1", key_with(7)});
  Session server = server_of("node pi1", key_with(7));
  std::vector<std::byte> recorded{client.outgoing().begin(), client.outgoing().end()};
  carry(client, server);
  carry(server, client);
  recorded.insert(recorded.end(), client.outgoing().begin(), client.outgoing().end());
  carry(client, server);
  REQUIRE(server.is_established());

  Session later = server_of("node pi1", key_with(7));
  CHECK_THROWS_AS(later.receive(recorded), TlsError);  // its part of the handshake is another one this time
  CHECK_FALSE(later.is_established());
}

TEST_CASE("one bit that was changed on its way ends the connection", "[tls][S2]") {
  Session client = Session::client({"node pi1", key_with(7)});
  Session server = server_of("node pi1", key_with(7));
  shake_hands(client, server);
  client.write(bytes_of("three blind mice"));
  std::vector<std::byte> bytes{client.outgoing().begin(), client.outgoing().end()};
  const std::size_t place = GENERATE(0u, 5u, 12u, 20u);
  bytes[place] ^= std::byte{1};
  CHECK_THROWS_AS((server.receive(bytes), read_all(server)), TlsError);
}

TEST_CASE("nothing is said before the handshake is over, and a name has bounds", "[tls]") {
  Session server = server_of("node pi1", key_with(7));
  CHECK_THROWS_AS(server.write(bytes_of("hello")), TlsError);
  CHECK_THROWS_AS(Session::client({"", key_with(7)}), mw::UsageError);
  CHECK_THROWS_AS(Session::client({std::string(257, 'x'), key_with(7)}), mw::UsageError);
}
