// Addresses as people write them.
#include <catch2/catch.hpp>

#include <string>

#include <mw/error.hpp>

#include "net/endpoint.hpp"

using mw::net::endpoint_of;
using mw::net::host_and_port_of;

TEST_CASE("where to listen, there and back", "[net]") {
  for (const char* text : {"127.0.0.1:9470", "0.0.0.0:0", "[::1]:80", "[::]:9470"})
    CHECK(mw::net::text_of(endpoint_of(text)) == text);
  CHECK(mw::net::text_of(endpoint_of("localhost:1")) == "127.0.0.1:1");
  for (const char* text : {"", "9470", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:70000", "pi1:80", ":80"})
    CHECK_THROWS_AS(endpoint_of(text), mw::InterfaceError);
}

TEST_CASE("where a master is", "[net]") {
  CHECK(host_and_port_of("pi1.local:9470").host == "pi1.local");
  CHECK(host_and_port_of("pi1.local:9470").port == 9470);
  CHECK(host_and_port_of("[fe80::1]:9470").host == "fe80::1");
  for (const char* text : {"", "pi1", "pi1:", ":9470", "pi1:0", "pi1:70000", "pi1:http", "fe80::1:9470", "[]:80"})
    CHECK_THROWS_AS(host_and_port_of(text), mw::UsageError);
}
