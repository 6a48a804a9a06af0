// One connection, from the server's side: heads, bodies and answers, over a real socket whose other end is played by
// hand.
#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <exception>
#include <fstream>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>

#include "http/answer.hpp"
#include "http/client_stream.hpp"
#include "http/request.hpp"
#include "support/temporary.hpp"

using namespace mw::http;
using mw::process::UniqueFd;
namespace asio = boost::asio;
using asio::awaitable;
using asio::ip::tcp;

namespace {

/// A stream, and its client.
class Bench {
 public:
  explicit Bench(std::size_t most_held = 1'000'000) : connections{10, most_held} {
    tcp::acceptor acceptor{io, {asio::ip::address_v4::loopback(), 0}};
    client.connect(acceptor.local_endpoint());
    stream.emplace(acceptor.accept(), connections);
  }

  void say(std::string_view text) {
    boost::system::error_code gone;
    asio::write(client, asio::buffer(text), gone);
  }
  bool has_heard_something() { return client.available() > 0; }
  /// What the stream says, up to this end; waits for it.
  std::string heard(std::string_view end) {
    std::string all;
    char buffer[16 * 1024];
    while (!all.ends_with(end)) all.append(buffer, client.read_some(asio::buffer(buffer)));
    return all;
  }
  /// Runs it until it waits or is done; says whether it is done. What it throws comes out.
  bool go_on() {
    io.restart();
    while (io.poll_one() != 0) continue;
    if (failure) std::rethrow_exception(std::exchange(failure, nullptr));
    return !is_running;
  }
  bool run(std::function<awaitable<void>()> what) {
    begun.push_back(std::make_unique<std::function<awaitable<void>()>>(std::move(what)));
    is_running = true;
    asio::co_spawn(io, *begun.back(), [this](std::exception_ptr thrown) {
      is_running = false;
      failure = thrown;
    });
    return go_on();
  }
  /// The next head, all of which has come.
  Head head() {
    std::optional<Head> got;
    static_cast<void>(run([&]() -> awaitable<void> { got = co_await stream->read_head(); }));
    until_done();
    REQUIRE(got);
    return *got;
  }
  Request request() { return Request{*stream, framing_of(stream->head()), {}}; }
  void until_done() {
    while (!go_on()) io.run_one();
  }

  asio::io_context io;
  Connections connections;
  tcp::socket client{io};
  std::optional<ClientStream> stream;
  std::vector<std::unique_ptr<std::function<awaitable<void>()>>> begun;
  bool is_running = false;
  std::exception_ptr failure;
};

const std::string get = "GET /a/b?c=d&e HTTP/1.1\r\nHost: x\r\nRange: bytes=3-\r\n\r\n";

std::string post(std::size_t size, const std::string& fields = "") {
  return "POST /p HTTP/1.1\r\nHost: x\r\n" + fields + "Content-Length: " + std::to_string(size) + "\r\n\r\n";
}

}  // namespace

TEST_CASE("a head is whole when its last byte has come, however it comes, and a request is what it says", "[http]") {
  Bench bench;
  std::optional<Head> got;
  static_cast<void>(bench.run([&]() -> awaitable<void> { got = co_await bench.stream->read_head(); }));
  for (const char byte : get) {
    CHECK_FALSE(got);
    bench.say({&byte, 1});
    static_cast<void>(bench.go_on());
  }
  bench.until_done();
  REQUIRE(got == Head::whole);
  const Request request = bench.request();
  CHECK(request.path() == "/a/b");
  CHECK(request.query() == "c=d&e");
  CHECK(request.name() == "b");
  CHECK(request.is_get());
  CHECK_FALSE(request.is_head());
  CHECK_FALSE(request.is_post());
  CHECK(request.field(boost::beast::http::field::range) == "bytes=3-");
  CHECK(request.field(boost::beast::http::field::cookie).empty());
  CHECK(request.address().is_loopback());
  CHECK(request.body_left() == 0);
}

TEST_CASE("heads that come together are read one after the other", "[http]") {
  Bench bench;
  bench.say(get + post(2) + "hi" + get);
  CHECK(bench.head() == Head::whole);
  CHECK(bench.request().is_get());
  CHECK(bench.head() == Head::whole);
  Request second = bench.request();
  CHECK(second.is_post());
  std::string body;
  CHECK(bench.run([&]() -> awaitable<void> { co_await second.read_to(body, 100); }));
  CHECK(body == "hi");
  CHECK(bench.head() == Head::whole);
  CHECK(bench.request().path() == "/a/b");
}

TEST_CASE("what is no head is told apart: none, malformed, too long", "[http]") {
  struct Case {
    std::string said;
    Head head;
  };
  const auto one = GENERATE(values<Case>({{"", Head::none},
                                          {"GET / HT", Head::none},
                                          {"HELLO\r\n\r\n", Head::malformed},
                                          {std::string("\0\x01\x02\x03\r\n\r\n", 8), Head::malformed},
                                          {"GET / HTTP/1.1\r\n: x\r\n\r\n", Head::malformed},
                                          {"GET / HTTP/1.1\r\nX: " + std::string(9'000, 'x'), Head::too_long},
                                          {"GET /" + std::string(20'000, 'x'), Head::too_long}}));
  Bench bench;
  bench.say(one.said);
  bench.client.shutdown(tcp::socket::shutdown_send);
  std::optional<Head> got;
  static_cast<void>(bench.run([&]() -> awaitable<void> { got = co_await bench.stream->read_head(); }));
  bench.until_done();
  CHECK(got == one.head);
}

TEST_CASE("a body is read as far as its head says, and what follows is left", "[http]") {
  Bench bench;
  const std::string body(200'000, 'b');
  bench.say(post(body.size()) + body.substr(0, 10));
  REQUIRE(bench.head() == Head::whole);
  Request request = bench.request();
  CHECK(request.body_left() == body.size());
  std::string read;
  CHECK_FALSE(bench.run([&]() -> awaitable<void> { co_await request.read_to(read, 1'000'000); }));
  bench.say(body.substr(10) + "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  bench.until_done();
  CHECK(read == body);
  CHECK(bench.connections.held() >= body.size());  // in memory: who reads so says so
  CHECK(request.body_left() == 0);
  CHECK(bench.head() == Head::whole);
  CHECK(bench.request().path() == "/");
}

TEST_CASE("a reader gets what it asked for and no more than a piece, the rest can be forgotten", "[http]") {
  Bench bench;
  bench.say(post(100'000) + std::string(100'000, 'x') + get);
  REQUIRE(bench.head() == Head::whole);
  Request request = bench.request();
  std::string read;
  static_cast<void>(bench.run([&]() -> awaitable<void> {
    co_await request.read_to(read, 5);
    co_await request.drain(1'000'000);
  }));
  bench.until_done();
  CHECK(read.size() >= 5);
  CHECK(read.size() <= 64 * 1024);
  CHECK(request.body_left() == 0);
  CHECK(bench.head() == Head::whole);
}

TEST_CASE("a client that waits to be asked is asked once, and only when somebody reads", "[http]") {
  Bench bench;
  bench.say(post(4, "Expect: 100-continue\r\n"));
  REQUIRE(bench.head() == Head::whole);
  Request request = bench.request();
  CHECK_FALSE(bench.has_heard_something());
  std::string body;
  CHECK_FALSE(bench.run([&]() -> awaitable<void> { co_await request.read_to(body, 4); }));
  CHECK(bench.heard("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
  bench.say("ab");
  static_cast<void>(bench.go_on());
  bench.say("cd");
  bench.until_done();
  CHECK(body == "abcd");
  CHECK_FALSE(bench.has_heard_something());
}

TEST_CASE("a client that leaves in the middle of a body, or of an answer, hangs up", "[http]") {
  Bench bench;
  bench.say(post(100) + "some");
  REQUIRE(bench.head() == Head::whole);
  Request request = bench.request();
  std::string body;
  bench.client.close();
  CHECK_THROWS_AS(
      [&] {
        static_cast<void>(bench.run([&]() -> awaitable<void> { co_await request.read_to(body, 100); }));
        bench.until_done();
      }(),
      HangUp);
  Bench other;
  other.say(get);
  REQUIRE(other.head() == Head::whole);
  const std::string much(32'000'000, 'x');
  CHECK_FALSE(other.run([&]() -> awaitable<void> { co_await other.stream->write(much); }));  // nobody reads it
  other.client.set_option(asio::socket_base::linger{true, 0});
  other.client.close();
  CHECK_THROWS_AS(other.until_done(), HangUp);
}

TEST_CASE("an answer says what it is, how long, and whether the connection goes on", "[http]") {
  struct Case {
    Status status;
    bool is_to_head, keeps_alive;
    std::string expected;
  };
  const auto one = GENERATE(values<Case>(
      {{Status::ok, false, true,
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\nServer: CppMW\r\nCache-Control: "
        "no-store\r\n\r\nHere."},
       {Status::ok, true, true,
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\nServer: CppMW\r\nCache-Control: no-store\r\n\r\n"},
       {Status::method_not_allowed, false, true,
        "HTTP/1.1 405 Method Not Allowed\r\nContent-Type: text/plain\r\nContent-Length: 5\r\nServer: CppMW\r\nAllow: GET, HEAD, "
        "POST\r\nCache-Control: no-store\r\n\r\nHere."},
       {Status::too_many_requests, false, true,
        "HTTP/1.1 429 Too Many Requests\r\nContent-Type: text/plain\r\nContent-Length: 5\r\nServer: CppMW\r\nRetry-After: "
        "60\r\nCache-Control: no-store\r\n\r\nHere."}}));
  Bench bench;
  bench.say(get);
  REQUIRE(bench.head() == Head::whole);
  const Request request = bench.request();
  Answer answer{*bench.stream, one.is_to_head, one.keeps_alive};
  answer.set(one.status, "text/plain", "Here.");
  CHECK(bench.run([&]() -> awaitable<void> { co_await answer.send(); }));
  CHECK(bench.heard(one.is_to_head ? "\r\n\r\n" : "Here.") == one.expected);
  CHECK(answer.keeps_alive());
}

TEST_CASE("with HTTP/1.0 an answer says that the connection goes on", "[http]") {
  Bench bench;
  bench.say("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  REQUIRE(bench.head() == Head::whole);
  const Request request = bench.request();
  CHECK(request.is_1_0());
  Answer answer{*bench.stream, false, true};
  answer.set(Status::ok, "text/plain", "x");
  CHECK(bench.run([&]() -> awaitable<void> { co_await answer.send(); }));
  CHECK(bench.heard("\r\n\r\nx").find("\r\nConnection: keep-alive\r\n") != std::string::npos);
}

TEST_CASE("an answer ends the connection when a part of the body was not read, and when it was told to", "[http]") {
  const bool is_body_left = GENERATE(true, false);
  Bench bench;
  bench.say(is_body_left ? post(1'000) + "x" : get);
  REQUIRE(bench.head() == Head::whole);
  const Request request = bench.request();
  Answer answer{*bench.stream, false, true};
  if (!is_body_left) answer.end_connection();
  answer.set(Status::ok, "text/plain", "x");
  // It lingers, so that the client can read.
  CHECK_FALSE(bench.run([&]() -> awaitable<void> { co_await answer.send(); }));
  CHECK_FALSE(answer.keeps_alive());
  CHECK(bench.heard("\r\n\r\nx").find("\r\nConnection: close\r\n") != std::string::npos);
  bench.client.close();
  bench.until_done();
}

TEST_CASE("a file is sent from where the client has it not, and one that became shorter ends the connection", "[http]") {
  const test::TemporaryFolder folder;
  std::ofstream{folder.path("file")} << "0123456789";
  const auto file = std::make_shared<const UniqueFd>(::open(folder.path("file").c_str(), O_RDONLY | O_CLOEXEC));
  Bench bench;
  bench.say(get);
  REQUIRE(bench.head() == Head::whole);
  const Request request = bench.request();
  Answer answer{*bench.stream, false, true};
  const Content content{10, file};
  static_cast<void>(bench.run([&]() -> awaitable<void> { co_await answer.send_content(content, request); }));
  bench.until_done();
  const std::string sent = bench.heard("6789");
  CHECK(sent.starts_with("HTTP/1.1 206 Partial Content\r\n"));
  CHECK(sent.find("Content-Length: 7\r\n") != std::string::npos);
  CHECK(sent.find("Content-Range: bytes 3-9/10\r\n") != std::string::npos);
  CHECK(sent.ends_with("\r\n\r\n3456789"));
  const Content longer{1'000, file};
  CHECK_THROWS_AS(
      [&] {
        static_cast<void>(bench.run([&]() -> awaitable<void> { co_await answer.send_content(longer, request); }));
        bench.until_done();
      }(),
      HangUp);
}

TEST_CASE("a stream gives its place and its memory back when it goes", "[http]") {
  Bench bench;
  CHECK(bench.connections.count() == 1);
  bench.stream->hold(1'000);
  CHECK(bench.connections.held() == 1'000);
  bench.stream.reset();
  CHECK(bench.connections.count() == 0);
  CHECK(bench.connections.held() == 0);
}
