// Who gets through to a dashboard.
#include <catch2/catch.hpp>

#include <chrono>
#include <string>

#include "dashboard/gate.hpp"

using mw::dashboard::Gate;

TEST_CASE("a request must name this machine, not a name that anybody could point here", "[dashboard][S3]") {
  const Gate gate{"key", "frontend"};
  for (const char* host :
       {"localhost", "localhost:8080", "LOCALHOST:1", "127.0.0.1:41217", "[::1]:80", "192.168.0.7:80", "frontend:80", "Frontend"})
    CHECK(gate.refusal_of(host, "") == nullptr);
  for (const char* host :
       {"", "evil.example", "localhost.evil.example", "127.0.0.1.evil.example:80", "frontend.evil.example", "[::1", "2130706433"})
    CHECK(gate.refusal_of(host, "") != nullptr);
}

TEST_CASE("a page from elsewhere gets nothing", "[dashboard][S3]") {
  const Gate gate{"key", "frontend"};
  CHECK(gate.refusal_of("localhost:80", "http://localhost:80") == nullptr);
  CHECK(gate.refusal_of("frontend", "https://frontend") == nullptr);
  for (const char* origin :
       {"http://evil.example", "null", "http://localhost:81", "http://localhost", "file://", "http://127.0.0.1:80"})
    CHECK(gate.refusal_of("localhost:80", origin) != nullptr);
}

TEST_CASE("only the key is the key, and who guesses is not looked at for a while", "[dashboard][S3]") {
  Gate gate{"0123456789abcdef", "frontend"};
  const auto start = std::chrono::steady_clock::now();
  CHECK(gate.has_key("Bearer 0123456789abcdef", "1", start));
  for (const char* field :
       {"", "Bearer ", "0123456789abcdef", "Bearer 0123456789abcdeF", "bearer 0123456789abcdef", "Bearer 0123456789abcdef "})
    CHECK_FALSE(gate.has_key(field, "2", start));
  for (int i = 0; i < 100; ++i) CHECK_FALSE(gate.has_key("Bearer x", "3", start));
  CHECK_FALSE(gate.has_key("Bearer 0123456789abcdef", "3", start));
  CHECK(gate.has_key("Bearer 0123456789abcdef", "3", start + std::chrono::seconds{5}));
  CHECK(gate.has_key("Bearer 0123456789abcdef", "1", start));
}

TEST_CASE("each master has a key of its own", "[dashboard]") {
  const std::string one = mw::dashboard::new_key(), other = mw::dashboard::new_key();
  CHECK(one.size() == 32);
  CHECK(one != other);
  CHECK(one.find_first_not_of("0123456789abcdef") == std::string::npos);
}
