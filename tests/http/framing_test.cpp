// What the head of a request says of its body and of the connection.
#include <catch2/catch.hpp>

#include <string>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>

#include "http/framing.hpp"
#include "http/query.hpp"

using namespace mw::http;
using Catch::Contains;

namespace {

namespace http = boost::beast::http;

Framing framing(const std::string& line, const std::string& fields) {
  http::request_parser<http::empty_body> parser;
  parser.body_limit(boost::none);
  boost::system::error_code error;
  const std::string head = line + "\r\n" + fields + "\r\n";
  parser.put(boost::asio::buffer(head), error);
  if (error && error != http::error::need_more) FAIL(error.message());
  REQUIRE(parser.is_header_done());
  return framing_of(parser.release().base());
}
Framing framing_of_get(const std::string& fields) { return framing("GET / HTTP/1.1", "Host: x\r\n" + fields); }
Framing old(const std::string& fields) { return framing("GET / HTTP/1.0", fields); }

}  // namespace

TEST_CASE("a connection goes on unless one side says otherwise, with HTTP/1.0 only if it says so", "[http]") {
  CHECK(framing_of_get("").keeps_alive);
  CHECK(framing_of_get("Connection: keep-alive\r\n").keeps_alive);
  CHECK_FALSE(framing_of_get("Connection: close\r\n").keeps_alive);
  CHECK_FALSE(framing_of_get("Connection: CLOSE\r\n").keeps_alive);
  CHECK_FALSE(framing_of_get("Connection: upgrade, close\r\n").keeps_alive);
  CHECK(framing_of_get("Connection: closed\r\n").keeps_alive);
  CHECK_FALSE(old("").keeps_alive);
  CHECK(old("Connection: Keep-Alive\r\n").keeps_alive);
  CHECK_FALSE(old("Connection: keep-alive, close\r\n").keeps_alive);
  CHECK_FALSE(old("Connection: close\r\n").keeps_alive);
}

TEST_CASE("several Connection fields are one list, as RFC 9110 has it", "[http]") {
  CHECK_FALSE(framing_of_get("Connection: TE\r\nConnection: close\r\n").keeps_alive);
  CHECK_FALSE(framing_of_get("Connection: keep-alive\r\nX: y\r\nConnection: upgrade, close\r\n").keeps_alive);
  CHECK(old("Connection: TE\r\nConnection: keep-alive\r\n").keeps_alive);
  CHECK_FALSE(old("Connection: keep-alive\r\nConnection: close\r\n").keeps_alive);
}

TEST_CASE("a body is as long as its head says, and there is none where it says nothing", "[http]") {
  CHECK(framing_of_get("").body_size == 0);
  CHECK(framing_of_get("Content-Length: 0\r\n").body_size == 0);
  CHECK(framing_of_get("Content-Length: 17\r\n").body_size == 17);
  CHECK(framing_of_get("Content-Length:   17  \r\n").body_size == 17);
  CHECK(framing_of_get("Content-Length: 18446744073709551614\r\n").body_size == 18446744073709551614u);
}

TEST_CASE("who waits to be asked for a body is asked, with HTTP/1.1, and nothing else can be expected", "[http]") {
  CHECK(framing_of_get("Content-Length: 1\r\nExpect: 100-continue\r\n").expects_continue);
  CHECK(framing_of_get("Content-Length: 1\r\nExpect: 100-Continue\r\n").expects_continue);
  CHECK_FALSE(framing_of_get("Content-Length: 1\r\n").expects_continue);
  CHECK_FALSE(old("Content-Length: 1\r\nExpect: 100-continue\r\n").expects_continue);
  CHECK_FALSE(framing_of_get("Content-Length: 1\r\nExpect:\r\n").expects_continue);
  CHECK(framing_of_get("Content-Length: 1\r\nExpect:\r\nExpect: 100-continue\r\n").expects_continue);
  const Framing other = framing_of_get("Expect: 200-ok\r\n");
  REQUIRE(other.refusal);
  CHECK(other.refusal->status == http::status::expectation_failed);
  const Framing second = framing_of_get("Expect: 100-continue\r\nExpect: 200-ok\r\n");
  REQUIRE(second.refusal);
  CHECK(second.refusal->status == http::status::expectation_failed);
}

TEST_CASE("a head that is refused says nothing else", "[http]") {
  const Framing refused = framing_of_get("Content-Length: 5\r\nHost: y\r\n");
  REQUIRE(refused.refusal);
  CHECK(refused.refusal->why == "A request has one Host.");
  CHECK(refused.body_size == 0);
  CHECK_FALSE(refused.keeps_alive);
  CHECK(framing("GET / HTTP/1.1", "").refusal->why == "A request has one Host.");
  CHECK_FALSE(old("").refusal);
}

TEST_CASE("an address has no byte in it that a terminal or a log would take for something else", "[http]") {
  CHECK_FALSE(framing("GET /a%20b?c=d HTTP/1.1", "Host: x\r\n").refusal);
  CHECK(framing("GET /\xc3\xbc HTTP/1.1", "Host: x\r\n").refusal->why == "This is no address.");
}

TEST_CASE("a code in an address is decoded once, and what is no code is left alone", "[http]") {
  CHECK(percent_decoded("a%20b+c") == "a b c");
  CHECK(percent_decoded("%2525") == "%25");
  CHECK(percent_decoded("%C3%BC") == "\xc3\xbc");
  CHECK(percent_decoded("%00") == std::string(1, '\0'));
  for (const char* text : {"%", "%2", "%g1", "%1g", "%-1", "% 1", "%%", "%0x"}) CHECK(percent_decoded(text) == text);
  CHECK(percent_decoded("").empty());
}

TEST_CASE("a key is a whole one, and the first of its values counts", "[http]") {
  CHECK(parameter("name=a&name=b", "name") == "a");
  CHECK(parameter("xname=a&names=b&name=c", "name") == "c");
  CHECK(parameter("name&name=c", "name") == "c");
  CHECK(parameter("name=", "name").empty());
  CHECK(parameter("&&=x&name=1=2", "name") == "1=2");
  CHECK(parameter("", "name").empty());
}
