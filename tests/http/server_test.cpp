// The HTTP server, attacked: what it says to requests that are none, and what strangers cost it.
#include <catch2/catch.hpp>

#include <sys/socket.h>

#include <string>
#include <vector>

#include "http/served.hpp"
#include "support/processes.hpp"
#include "support/raw_connection.hpp"

using test::RawConnection;
using test::Served;

namespace {

std::string status_in(const std::string& answer) { return answer.substr(0, answer.find("\r\n")).substr(0, 12); }
std::size_t answers_in(const std::string& text) {
  std::size_t count = 0;
  for (auto at = text.find("HTTP/1.1 "); at != std::string::npos; at = text.find("HTTP/1.1 ", at + 1)) ++count;
  return count;
}
std::string request(const std::string& method, const std::string& target, const std::string& fields = "") {
  return method + " " + target + " HTTP/1.1\r\nHost: x\r\n" + fields + "\r\n";
}
/// The answer to this alone.
std::string ask(const Served& served, const std::string& method, const std::string& target, const std::string& fields = "") {
  RawConnection connection{served.url};
  connection.send(request(method, target, "Connection: close\r\n" + fields));
  return connection.receive_all();
}

}  // namespace

TEST_CASE("a request that two readers could understand differently is refused, and what is behind it is not read", "[http]") {
  Served served;
  const std::string hidden = "GET /text HTTP/1.1\r\nHost: x\r\n\r\n";
  const std::string length = "Content-Length: " + std::to_string(hidden.size()) + "\r\n";
  struct Case {
    std::string head;
    std::string status;
  };
  const auto one = GENERATE_COPY(
      values<Case>({{"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n", "HTTP/1.1 501"},
                    {"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n", "HTTP/1.1 501"},
                    {"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n", "HTTP/1.1 411"},
                    {"POST /echo HTTP/1.1\r\nHost: x\r\n" + length + "Transfer-Encoding: chunked\r\n", "HTTP/1.1 400"},
                    {"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n" + length, "HTTP/1.1 400"},
                    {"POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n", "HTTP/1.1 400"},
                    {"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n" + length, "HTTP/1.1 400"},
                    {"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: +5\r\n", "HTTP/1.1 400"},
                    {"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5, 5\r\n", "HTTP/1.1 400"},
                    {"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length : 5\r\n", "HTTP/1.1 400"},
                    {"POST /echo HTTP/1.1\r\nHost: x\r\nHost: y\r\n", "HTTP/1.1 400"},
                    {"POST /echo HTTP/1.1\r\n", "HTTP/1.1 400"},
                    {"POST /echo HTTP/1.1\r\nHost: x\r\nExpect: the-impossible\r\n" + length, "HTTP/1.1 417"},
                    {"BREW / HTTP/1.1\r\nHost: x\r\n" + length, "HTTP/1.1 501"},
                    {"POST /echo HTTP/1.1\r\nHost: x\r\nX: " + std::string(20'000, 'x') + "\r\n", "HTTP/1.1 431"}}));
  RawConnection connection{served.url};
  connection.send(one.head + "\r\n" + hidden);
  const std::string answer = connection.receive_all();
  INFO(one.head.substr(0, 200));
  CHECK(status_in(answer) == one.status);
  CHECK(answers_in(answer) == 1);
  CHECK(served.pages.refusals == 1);
}

TEST_CASE("requests may come one behind the other, and in pieces", "[http]") {
  Served served;
  RawConnection connection{served.url};
  connection.send("GET /text HTTP/1.1\r\nHost: x\r\n\r\nGET /text HTTP/1.0\r\n\r\n");
  CHECK(answers_in(connection.receive_all()) == 2);  // HTTP/1.0 ends it
  RawConnection slow{served.url};
  for (const char* piece : {"GE", "T /te", "xt HTTP/1.1\r\nHos", "t: x\r\nConnection: close\r", "\n\r\n"}) slow.send(piece);
  CHECK(status_in(slow.receive_all()) == "HTTP/1.1 200");
}

TEST_CASE("HEAD is answered as GET is, without a body, and the connection goes on", "[http]") {
  Served served;
  RawConnection connection{served.url};
  for (const char* path : {"/text", "/file", "/small", "/nothing"}) {
    connection.send(request("HEAD", path));
    const std::string head = connection.receive_answer(false);
    CHECK(head.ends_with("\r\n\r\n"));
    CHECK(answers_in(head) == 1);
  }
  connection.send(request("GET", "/text?a=b", "Connection: close\r\n"));
  CHECK(connection.receive_all().ends_with("\r\n\r\ntext a=b for 127.0.0.1\n"));
}

TEST_CASE("a body comes back as it was sent, also when the client waits to be asked for it", "[http]") {
  Served served;
  RawConnection connection{served.url};
  connection.send(request("POST", "/echo", "Content-Length: 5\r\nExpect: 100-continue\r\n"));
  CHECK(connection.receive_answer(false) == "HTTP/1.1 100 Continue\r\n\r\n");
  connection.send("hello");
  CHECK(connection.receive_answer().ends_with("\r\n\r\nhello"));
  const std::string body(300'000, 'b');
  connection.send(test::post_head("/echo", body.size()) + body);
  CHECK(connection.receive_answer().ends_with("\r\n\r\n" + body));
}

TEST_CASE("what is left of a body is not taken for a request", "[http]") {
  Served served;
  RawConnection connection{served.url};
  connection.send(test::post_head("/text", 1000) + request("GET", "/text"));
  CHECK(answers_in(connection.receive_all()) == 1);
}

TEST_CASE("a file that broke off is sent from there on", "[http]") {
  Served served;
  const std::string rest = ask(served, "GET", "/file", "Range: bytes=3999990-\r\n");
  CHECK(status_in(rest) == "HTTP/1.1 206");
  CHECK(rest.find("Content-Range: bytes 3999990-3999999/4000000\r\n") != std::string::npos);
  CHECK(rest.ends_with("\r\n\r\nxxxxxxend\n"));
  CHECK(ask(served, "GET", "/small", "Range: bytes=2-\r\n").ends_with("\r\n\r\nall"));
  for (const char* range : {"bytes=4000000-", "bytes=-5", "bytes=x-", "bytes=-", "lines=1-"}) {
    const std::string whole = ask(served, "GET", "/file", "Range: " + std::string{range} + "\r\n");
    CHECK(status_in(whole) == "HTTP/1.1 200");
    CHECK(whole.size() > std::size_t{test::Pages::file_size});
  }
}

TEST_CASE("who reads no file that he asked for holds no memory, and who leaves in the middle ends his connection only", "[http]") {
  Served served;
  const std::size_t before = test::allocated_bytes();
  std::vector<RawConnection> silent;
  for (int i = 0; i < 40; ++i) silent.emplace_back(served.url).send(request("GET", "/file"));
  CHECK(test::eventually([&] { return served.ask([](const auto& connections) { return connections.count(); }) == 40; }));
  for (int i = 0; i < 20; ++i) {
    RawConnection leaves{served.url};
    leaves.send(request("GET", "/file"));
    char first;
    CHECK(::recv(leaves.fd(), &first, 1, 0) == 1);
  }
  CHECK(status_in(ask(served, "GET", "/text")) == "HTTP/1.1 200");
  CHECK(test::allocated_bytes() < before + (std::size_t{8} << 20));
}

TEST_CASE("requests that their senders do not end hold so much memory, and a later one is answered", "[http]") {
  constexpr std::size_t most = 1'000'000;
  Served served{{.most_held = most}};
  std::vector<RawConnection> others;
  for (int i = 0; i < 20; ++i) {
    RawConnection& one = others.emplace_back(served.url);
    one.send(test::post_head("/echo", most));
    one.send(std::string(most / 10, 'x'));
  }
  CHECK(test::eventually([&] { return served.ask([](const auto& connections) { return connections.turned_away(); }) > 0; }));
  CHECK(served.ask([](const auto& connections) { return connections.held(); }) <= most);
  RawConnection later{served.url};
  later.send(test::post_head("/echo", 5) + "later");
  CHECK(later.receive_answer().ends_with("later"));
}

TEST_CASE("what a handler throws ends that connection, and is told", "[http]") {
  Served served;
  CHECK(ask(served, "GET", "/throws").empty());
  CHECK(test::eventually(
      [&] { return served.pages.warnings() == std::vector<std::string>{"answer: a request was not answered: no page"}; }));
  CHECK(status_in(ask(served, "GET", "/text")) == "HTTP/1.1 200");
}

TEST_CASE("a server ends with connections open, and its port is free", "[http]") {
  std::string listen;
  std::vector<RawConnection> open;
  {
    Served served;
    listen = served.url.substr(7, served.url.size() - 8);
    for (int i = 0; i < 3; ++i) open.emplace_back(served.url).send("GET /te");
    CHECK(test::eventually([&] { return served.ask([](const auto& connections) { return connections.count(); }) == 3; }));
  }
  CHECK(open.front().receive_all().empty());
  const Served again{{.listen = listen}};
  CHECK(status_in(ask(again, "GET", "/text")) == "HTTP/1.1 200");
  boost::asio::io_context io;
  CHECK_THROWS_WITH((mw::http::Server{io, {.listen = listen}}), Catch::Contains("cannot listen at " + listen));
}

TEST_CASE("a server that ends sends the answers that it owes, and nobody else is waited for", "[http]") {
  Served served;
  RawConnection owed{served.url}, idle{served.url}, half{served.url};
  idle.send(request("GET", "/text"));
  idle.receive_answer();
  half.send(request("POST", "/later", "Content-Length: 5\r\n") + "hel");
  owed.send(request("POST", "/later", "Content-Length: 5\r\n") + "hello");
  REQUIRE(test::eventually([&] { return served.pages.waiting == 1; }));
  const auto done = served.finish(std::chrono::hours{1});
  CHECK(idle.receive_all().empty());
  CHECK(half.receive_all().empty());
  CHECK_THROWS(RawConnection{served.url});
  CHECK(done.wait_for(std::chrono::seconds{0}) == std::future_status::timeout);
  served.pages.goes_on = true;
  const std::string answer = owed.receive_all();
  CHECK(answer.ends_with("\r\n\r\nlater\n"));
  CHECK(answer.find("Connection: close") != std::string::npos);
  CHECK(done.wait_for(std::chrono::seconds{20}) == std::future_status::ready);
}

TEST_CASE("a server that owes nothing ends at once, and one whose answer does not come ends all the same", "[http]") {
  {
    Served served;
    RawConnection idle{served.url};
    CHECK(served.finish(std::chrono::hours{1}).wait_for(std::chrono::seconds{20}) == std::future_status::ready);
  }
  Served served;
  RawConnection owed{served.url};
  owed.send(request("GET", "/later"));
  REQUIRE(test::eventually([&] { return served.pages.waiting == 1; }));
  CHECK(served.finish(std::chrono::milliseconds{10}).wait_for(std::chrono::seconds{20}) == std::future_status::ready);
  CHECK(owed.receive_all().empty());
  served.pages.goes_on = true;
}
