// What a master makes of those who have a node's key, and say what no node should.
#include <catch2/catch.hpp>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <mw/master.hpp>
#include <mw/tcp.hpp>

#include "builds/worker_builds.hpp"
#include "channel/channel.hpp"
#include "net/endpoint.hpp"
#include "net/key_file.hpp"
#include "support/temporary.hpp"
#include "support/text.hpp"
#include "wire/mux.hpp"
#include "wire/node_messages.hpp"

using namespace std::chrono_literals;
using namespace mw::wire;
using mw::channel::Channel;

namespace {

const std::string own_platform = mw::builds::platform_of_file("/proc/self/exe");

/// A master that listens, and its key.
class Listening {
 public:
  Listening() {
    const std::string path = folder_.path("key");
    std::ofstream{path} << mw::net::to_text(key_);
    std::filesystem::permissions(path, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    mw::TcpOptions options;
    options.listen = "127.0.0.1:0";
    options.key = path;
    master = std::make_unique<mw::Master>(mw::TcpInterface{options});
  }
  std::string text(const std::string& key) const {
    const auto status = master->get_status();
    const auto place = status.interface.find(key);
    return place == status.interface.end() ? "" : std::get<std::string>(place->second);
  }
  mw::tls::Key key_of(const std::string& node) const { return key_.key_for(node); }

  std::unique_ptr<mw::Master> master;

 private:
  test::TemporaryFolder folder_;
  mw::net::KeyFile key_{mw::net::make_key(), {}};
};

/// Has the key of a node, and says what the test wants.
class Visitor final : public mw::channel::ChannelUser {
 public:
  Visitor(const Listening& there, const std::string& name) {
    boost::asio::ip::tcp::socket socket{io_};
    socket.connect(mw::net::endpoint_of(there.text("listens_at")));
    channel_ =
        std::make_shared<Channel>(std::move(socket), mw::tls::Session::client({mw::net::node_identity(name), there.key_of(name)}),
                                  *this, mw::channel::Times{});
    channel_->start();
    REQUIRE(run_until([&] { return is_established_; }));
  }
  ~Visitor() override { channel_->close(); }

  template <class Message>
  void say(const Message& message) {
    append(channel_->outgoing().tail(), message);
    channel_->flush();
  }
  bool run_until(const std::function<bool()>& is_so) {
    const auto end = std::chrono::steady_clock::now() + 20s;
    while (!is_so() && std::chrono::steady_clock::now() < end) io_.run_one_for(10ms);
    return is_so();
  }
  bool was_closed() {
    return run_until([&] { return is_closed_; });
  }

  std::string refusal;
  std::unique_ptr<NodeWelcome> welcome;
  std::string program;

 private:
  void established() override { is_established_ = true; }
  void frame(const Frame& frame) override {
    if (frame.type == FrameType::refuse) refusal = parse_refuse(frame.payload).reason;
    if (frame.type == FrameType::node_welcome) welcome = std::make_unique<NodeWelcome>(parse_node_welcome(frame.payload));
    if (frame.type == FrameType::build_piece) program += test::text_of(parse_build_piece(frame.payload).bytes);
  }
  void closed(const std::string&) override { is_closed_ = true; }

  boost::asio::io_context io_;
  std::shared_ptr<Channel> channel_;
  bool is_established_ = false;
  bool is_closed_ = false;
};

NodeHello good_hello() { return {.slots = 1, .name = "pi1", .host = "here", .platform = own_platform}; }

}  // namespace

TEST_CASE("P35: a node of another version is refused, and both sides know why", "[tcp][P35]") {
  const Listening there;
  Visitor node{there, "pi1"};
  NodeHello hello = good_hello();
  hello.version = protocol_version + 1;
  node.say(hello);
  REQUIRE(node.was_closed());
  CHECK_THAT(node.refusal, Catch::Contains("version") && Catch::Contains("update the master"));
  CHECK_THAT(there.text("last_refusal"), Catch::Contains("version"));
}

TEST_CASE("P28: a node whose kind of machine has no worker build is refused, and both sides know why", "[tcp][P28]") {
  const Listening there;
  Visitor node{there, "pi1"};
  NodeHello hello = good_hello();
  hello.platform = "vax-dec-ultrix";
  node.say(hello);
  REQUIRE(node.was_closed());
  CHECK_THAT(node.refusal, Catch::Contains("no worker build") && Catch::Contains("vax-dec-ultrix"));
  CHECK_THAT(there.text("last_refusal"), Catch::Contains("vax-dec-ultrix"));
}

TEST_CASE("P28: a node that cannot run the program says why, and so does the master's status", "[tcp][P28]") {
  const Listening there;
  Visitor node{there, "pi1"};
  node.say(good_hello());
  REQUIRE(node.run_until([&] { return node.welcome != nullptr; }));
  node.say(Refuse{"No space left on device"});
  REQUIRE(node.was_closed());
  CHECK_THAT(there.text("last_refusal"), Catch::Contains("pi1") && Catch::Contains("No space left"));
}

TEST_CASE("S2: a node is called as its key says, not as it says itself", "[tcp][S2]") {
  const Listening there;
  Visitor node{there, "pi1"};
  NodeHello hello = good_hello();
  hello.name = "pi2";
  node.say(hello);
  REQUIRE(node.run_until([&] { return node.welcome != nullptr; }));
  CHECK(there.text("node_names") == "pi1");
  Visitor second{there, "pi1"};
  second.say(good_hello());
  REQUIRE(second.run_until([&] { return second.welcome != nullptr; }));
  CHECK(there.text("node_names") == "pi1 pi1-2");
}

TEST_CASE("a node gets the program that it was promised, from wherever it says", "[tcp]") {
  const Listening there;
  Visitor node{there, "pi1"};
  node.say(good_hello());
  REQUIRE(node.run_until([&] { return node.welcome != nullptr; }));
  const auto size = node.welcome->size;
  REQUIRE(size == std::filesystem::file_size("/proc/self/exe"));  // there is no worker build of this program
  const std::uint64_t from = GENERATE_COPY(std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{700'001}, size - 1);
  node.say(BuildWanted{from});
  // Not all of it: with sanitizers this program has hundreds of megabytes.
  const auto enough = static_cast<std::size_t>(std::min<std::uint64_t>(size - from, 3'000'000));
  REQUIRE(node.run_until([&] { return node.program.size() >= enough; }));
  std::ifstream file{"/proc/self/exe", std::ios::binary};
  file.seekg(static_cast<std::streamoff>(from));
  std::string expected(enough, '\0');
  file.read(expected.data(), static_cast<std::streamsize>(enough));
  CHECK(node.program.substr(0, enough) == expected);
}

TEST_CASE("P27: what no node says ends its connection, and nothing else", "[tcp][P27]") {
  const Listening there;
  Visitor node{there, "pi1"};
  SECTION("words of a worker before a hello") { node.say(Relay{1, test::bytes_of("hello")}); }
  SECTION("a wish for a program that it was not offered") { node.say(BuildWanted{0}); }
  SECTION("a refusal of what it was not offered") { node.say(Refuse{"no"}); }
  SECTION("what only a master says") { node.say(NodeWelcome{}); }
  SECTION("a hello without slots") {
    NodeHello hello = good_hello();
    hello.slots = 0;
    node.say(hello);
  }
  SECTION("with a hello") {
    node.say(good_hello());
    REQUIRE(node.run_until([&] { return node.welcome != nullptr; }));
    SECTION("a second one") { node.say(good_hello()); }
    SECTION("more of a program than there is") { node.say(BuildWanted{node.welcome->size + 1}); }
    SECTION("with workers") {
      node.say(BuildWanted{node.welcome->size});
      SECTION("words of a slot that is none") { node.say(Relay{2, test::bytes_of("hello")}); }
      SECTION("words of the slot 0") { node.say(Relay{0, test::bytes_of("hello")}); }
      SECTION("credit for a slot that is none") { node.say(Credit{7, 1}); }
      SECTION("a program again") { node.say(BuildWanted{0}); }
      SECTION("words that no agent says") { node.say(Relay{1, test::bytes_of("these are no frames, and more than eight bytes")}); }
    }
  }
  CHECK(node.was_closed());
  Visitor next{there, "pi1"};
  next.say(good_hello());
  CHECK(next.run_until([&] { return next.welcome != nullptr; }));
}
