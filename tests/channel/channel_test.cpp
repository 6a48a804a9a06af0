// Frames through an encrypted connection: they come as they were sent, and its end is told once.
#include <catch2/catch.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "channel/channel.hpp"
#include "support/text.hpp"
#include "wire/messages.hpp"
#include "wire/mux.hpp"

using namespace std::chrono_literals;
using boost::asio::ip::tcp;
using mw::channel::Channel;
using mw::channel::ChannelUser;
using mw::channel::Times;
using mw::tls::Key;
using mw::tls::Session;
using test::bytes_of;

namespace {

struct User : ChannelUser {
  void established() override { is_established = true; }
  void frame(const mw::wire::Frame& frame) override {
    if (frame.type != mw::wire::FrameType::relay) throw mw::wire::ProtocolError{"only relays are expected here"};
    got += test::text_of(mw::wire::parse_relay(frame.payload).bytes);
  }
  void has_room() override { ++times_with_room; }
  void closed(const std::string& why) override { ends.push_back(why); }

  bool is_established = false;
  std::string got;
  int times_with_room = 0;
  std::vector<std::string> ends;
};

struct Pair {
  explicit Pair(Times times = {}, unsigned char servers_key = 1) {
    tcp::acceptor acceptor{io, {boost::asio::ip::address_v4::loopback(), 0}};
    tcp::socket near{io}, far{io};
    near.connect(acceptor.local_endpoint());
    acceptor.accept(far);
    Key key{}, other{};
    key.fill(std::byte{1});
    other.fill(std::byte{servers_key});
    client = std::make_shared<Channel>(std::move(near), Session::client({"node a", key}), client_user, times);
    server = std::make_shared<Channel>(std::move(far), Session::server([other](std::string_view) { return std::optional{other}; }),
                                       server_user, times);
  }
  ~Pair() {
    client->close();
    server->close();
    io.restart();
    io.poll();
  }
  void start() {
    client->start();
    server->start();
  }
  bool run_until(const std::function<bool()>& is_so, std::chrono::milliseconds limit = 10s) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!is_so() && std::chrono::steady_clock::now() < end) io.run_one_for(10ms);
    return is_so();
  }
  static void say(Channel& channel, const std::string& text) {
    mw::wire::append(channel.outgoing().tail(), mw::wire::Relay{1, bytes_of(text)});
    channel.flush();
  }

  boost::asio::io_context io;
  User client_user, server_user;
  std::shared_ptr<Channel> client, server;
};

}  // namespace

TEST_CASE("frames go both ways, also those that wait for the handshake", "[channel]") {
  Pair pair;
  Pair::say(*pair.client, "early ");
  pair.start();
  REQUIRE(pair.run_until([&] { return pair.client_user.is_established && pair.server_user.is_established; }));
  CHECK(pair.server->identity() == "node a");
  CHECK(pair.server->address().starts_with("127.0.0.1:"));
  Pair::say(*pair.client, "there");
  Pair::say(*pair.server, "and back");
  CHECK(pair.run_until([&] { return pair.server_user.got == "early there" && pair.client_user.got == "and back"; }));
}

TEST_CASE("what is larger than the network takes at a time comes whole, and its sender hears of the room", "[channel]") {
  Pair pair;
  pair.start();
  std::string text(30'000'000, 'x');
  for (std::size_t i = 0; i < text.size(); i += 997) text[i] = static_cast<char>('a' + i % 26);
  REQUIRE(pair.run_until([&] { return pair.client_user.is_established; }));
  Pair::say(*pair.client, text);
  CHECK(pair.client->unsent() > 0);
  CHECK(pair.run_until([&] { return pair.server_user.got.size() == text.size(); }, 60s));
  CHECK(pair.server_user.got == text);
  CHECK(pair.client->unsent() == 0);
  CHECK(pair.client_user.times_with_room > 0);
}

TEST_CASE("an end that closes is gone for the other, once, and hears nothing of it itself", "[channel]") {
  Pair pair;
  pair.start();
  REQUIRE(pair.run_until([&] { return pair.client_user.is_established && pair.server_user.is_established; }));
  Pair::say(*pair.client, "last words");
  pair.client->close();
  pair.client->close();
  CHECK(pair.run_until([&] { return !pair.server_user.ends.empty(); }));
  CHECK(pair.server_user.got == "last words");
  pair.io.run_for(50ms);
  CHECK(pair.server_user.ends.size() == 1);
  CHECK(pair.client_user.ends.empty());
}

TEST_CASE("P36: an end that says nothing is alive as long as its heart beats, and lost when it does not", "[channel][P36]") {
  const Times times{.handshake = 5s, .lost_after = 200ms};
  Pair pair{times};
  pair.start();
  REQUIRE(pair.run_until([&] { return pair.client_user.is_established && pair.server_user.is_established; }));
  pair.io.run_for(600ms);
  CHECK(pair.client_user.ends.empty());
  CHECK(pair.server_user.ends.empty());
}

TEST_CASE("one that falls silent is lost after its time", "[channel]") {
  const Times quick{.handshake = 5s, .lost_after = 200ms};
  Pair pair{quick};
  pair.start();
  REQUIRE(pair.run_until([&] { return pair.client_user.is_established && pair.server_user.is_established; }));
  pair.client->set_silence(1h);  // it believes that it may be silent
  REQUIRE(pair.run_until([&] { return !pair.server_user.ends.empty(); }));
  CHECK_THAT(pair.server_user.ends[0], Catch::Contains("nothing was heard of it for"));
}

TEST_CASE("a loop that stood still itself blames nobody for the silence", "[channel]") {
  const Times quick{.handshake = 5s, .lost_after = 200ms};
  Pair pair{quick};
  pair.start();
  REQUIRE(pair.run_until([&] { return pair.client_user.is_established && pair.server_user.is_established; }));
  std::this_thread::sleep_for(500ms);
  pair.io.poll();
  CHECK(pair.server_user.ends.empty());
  CHECK(pair.client_user.ends.empty());
}

TEST_CASE("nonsense ends the connection with a word of why", "[channel]") {
  Pair pair;
  pair.start();
  REQUIRE(pair.run_until([&] { return pair.client_user.is_established; }));
  mw::wire::append(pair.client->outgoing().tail(), mw::wire::Bye{});
  pair.client->flush();
  REQUIRE(pair.run_until([&] { return !pair.server_user.ends.empty(); }));
  CHECK(pair.server_user.ends[0] == "it broke the protocol: only relays are expected here");
  CHECK(pair.run_until([&] { return !pair.client_user.ends.empty(); }));
}

TEST_CASE("S2: ends with different keys never get to speak", "[channel][S2]") {
  Pair pair{{}, 2};
  Pair::say(*pair.client, "secret");
  pair.start();
  REQUIRE(pair.run_until([&] { return !pair.server_user.ends.empty() && !pair.client_user.ends.empty(); }));
  CHECK_FALSE(pair.server_user.is_established);
  CHECK_FALSE(pair.client_user.is_established);
  CHECK(pair.server_user.got.empty());
  CHECK_THAT(pair.server_user.ends[0], Catch::Contains("the same key"));
}

TEST_CASE("S7: who does not shake hands in time has to go", "[channel][S7]") {
  Pair pair{{.handshake = 100ms, .lost_after = 500ms}};
  pair.server->start();  // and nobody speaks
  REQUIRE(pair.run_until([&] { return !pair.server_user.ends.empty(); }));
  CHECK_THAT(pair.server_user.ends[0], Catch::Contains("did not shake hands"));
}
