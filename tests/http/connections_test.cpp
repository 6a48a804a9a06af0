// The rules of the HTTP server that need no socket: whom it closes, how often one may try, whom a request comes from.
#include <catch2/catch.hpp>

#include <string>
#include <vector>

#include "http/address.hpp"
#include "http/connections.hpp"
#include "http/pace.hpp"
#include "http/query.hpp"
#include "mw/error.hpp"
#include "net/endpoint.hpp"

using namespace std::chrono_literals;

TEST_CASE("among too many connections the oldest stranger goes first", "[http]") {
  using mw::http::Rank;
  mw::http::Connections connections{3, 1000};
  std::string closed;
  const auto a = connections.add([&] { closed += 'a'; }), b = connections.add([&] { closed += 'b'; }),
             c = connections.add([&] { closed += 'c'; });
  connections.set_rank(a, Rank::permitted);
  connections.set_rank(b, Rank::known);
  const auto d = connections.add([&] { closed += 'd'; });
  CHECK(closed == "c");
  connections.remove(c);
  connections.set_rank(d, Rank::known);
  const auto e = connections.add([&] { closed += 'e'; });
  CHECK(closed == "cb");
  // Memory goes to the younger ones.
  connections.hold(d, 600);
  connections.hold(e, 300);
  CHECK(connections.held() == 900);
  connections.hold(a, 200);
  CHECK(closed == "cbd");
  CHECK(connections.held() == 500);
  connections.expect(a, mw::http::Connections::Time{} + 1s);
  connections.close_late(mw::http::Connections::Time{} + 2s);
  CHECK(closed == "cbda");
  CHECK(connections.count() == 1);
  connections.close_all();
  CHECK(closed == "cbdae");
  for (const auto& place : {a, b, d, e}) connections.remove(place);
  CHECK(connections.held() == 0);
}

TEST_CASE("tries come back with time, and there are so many buckets", "[http]") {
  using mw::http::Pace;
  Pace pace{{.burst = 3, .a_second = 0.5}, 2};
  const Pace::Time start{};
  for (int i = 0; i < 3; ++i) CHECK(pace.take("a", start));
  CHECK_FALSE(pace.take("a", start));
  CHECK_FALSE(pace.may("a", start + 1s));
  CHECK(pace.may("a", start + 2s));
  CHECK(pace.take("a", start + 2s));
  CHECK(pace.take("b", start + 2s));
  // The third key shares what is left for all others, until one of the two is as if it had never come.
  pace.take("c", start + 2s);
  CHECK(pace.take("c", start + 100s));
  CHECK(pace.take("d", start + 100s));
}

TEST_CASE("an IPv6 customer has one network", "[http]") {
  const auto network = [](const char* text) { return mw::http::network_of(boost::asio::ip::make_address(text)); };
  CHECK(network("2001:db8:1:2::1") == network("2001:db8:1:2:ffff:ffff:ffff:ffff"));
  CHECK(network("2001:db8:1:2::1") != network("2001:db8:1:3::1"));
  CHECK(network("::ffff:192.0.2.7") == network("192.0.2.7"));
  CHECK(network("192.0.2.7") != network("192.0.2.8"));
}
TEST_CASE("behind a proxy that is trusted, a request comes from where the proxy says, and nobody else is believed", "[http]") {
  using boost::asio::ip::make_address;
  const std::vector<boost::asio::ip::address> proxies{make_address("127.0.0.1"), make_address("192.0.2.1")};
  const auto client = [&](const char* from, const char* says) {
    boost::beast::http::request_header<> head;
    if (says) head.insert("X-Forwarded-For", says);
    return mw::http::client_of(head, make_address(from), proxies).to_string();
  };
  CHECK(client("127.0.0.1", "203.0.113.7") == "203.0.113.7");
  CHECK(client("127.0.0.1", "198.51.100.9, 203.0.113.7") ==
        "203.0.113.7");  // what the client itself put in front is no word of ours
  CHECK(client("127.0.0.1", "203.0.113.7 , 192.0.2.1") == "203.0.113.7");
  CHECK(client("127.0.0.1", "[2001:db8::1]") == "2001:db8::1");
  CHECK(client("127.0.0.1", nullptr) == "127.0.0.1");
  CHECK(client("127.0.0.1", "nonsense") == "127.0.0.1");
  CHECK(client("127.0.0.1", "203.0.113.7, ") == "127.0.0.1");
  CHECK(client("203.0.113.50", "198.51.100.9") == "203.0.113.50");
}

TEST_CASE("an address to listen at has a port that is one", "[http]") {
  using mw::net::endpoint_of;
  CHECK(mw::http::url_of(endpoint_of("localhost:8080")) == "http://127.0.0.1:8080/");
  CHECK(mw::http::url_of(endpoint_of("0.0.0.0:80")) == "http://127.0.0.1:80/");
  CHECK(mw::http::url_of(endpoint_of("[::1]:0")) == "http://[::1]:0/");
  for (const char* text :
       {"", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:80x", "somewhere:80", ":80"})
    CHECK_THROWS_AS(endpoint_of(text), mw::InterfaceError);
}

TEST_CASE("a parameter is decoded, and what is no code stands for itself", "[http]") {
  using mw::http::parameter;
  CHECK(parameter("a=1&name=J%C3%BCrgen+M&name=2", "name") == "Jürgen M");
  CHECK(parameter("names=1&name", "name").empty());
  CHECK(parameter("a=%41%4", "a") == "A%4");
  CHECK(parameter("a=%&b=%zz%+1%25", "a") == "%");
  CHECK(parameter("a=%&b=%zz%+1%25", "b") == "%zz% 1%");
  CHECK(parameter("", "a").empty());
}
