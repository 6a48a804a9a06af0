// What is said on stderr, and when it is said again.
#include <catch2/catch.hpp>

#include <chrono>
#include <regex>
#include <string>
#include <thread>
#include <vector>

#include "log/log.hpp"
#include "log/repeated.hpp"
#include "support/captured_stderr.hpp"

using namespace std::chrono_literals;

namespace {

constexpr mw::log::Repeated::Time begin{};

}  // namespace

TEST_CASE("a warning is one line with the time and its weight, whatever is in its text", "[log]") {
  const std::string said = test::stderr_of([] { mw::log::warn("worker {} was\nlost\x1b[31m"); });
  CHECK(std::regex_match(said, std::regex{R"(\[mw \d\d:\d\d:\d\d\.\d\d\d warning\] worker \{\} was\\nlost\\x1b\[31m\n)"}));
}

TEST_CASE("details are not said unless they were asked for", "[log]") {
  CHECK(test::stderr_of([] { mw::log::debug("a detail"); }).empty());
}

TEST_CASE("lines of several threads do not run into each other", "[log]") {
  const std::string said = test::stderr_of([] {
    std::vector<std::thread> threads;
    for (const char name : {'a', 'b', 'c', 'd'})
      threads.emplace_back([name] {
        for (int i = 0; i < 50; ++i) mw::log::warn(std::string(100, name));
      });
    for (auto& thread : threads) thread.join();
  });
  const std::regex line{R"(\[mw [0-9:.]+ warning\] (a{100}|b{100}|c{100}|d{100}))"};
  std::size_t count = 0, whole = 0;
  for (std::size_t at = 0; at < said.size(); ++count) {
    const std::size_t end = said.find('\n', at);
    REQUIRE(end != std::string::npos);
    whole += std::regex_match(said.substr(at, end - at), line) ? 1 : 0;
    at = end + 1;
  }
  CHECK(count == 200);
  CHECK(whole == 200);
}

TEST_CASE("kinds are counted apart, and each begins anew once it was said", "[log]") {
  mw::log::Repeated repeated{10s};
  CHECK(repeated.line("upload", "first upload", begin) == "first upload");
  CHECK(repeated.line("request", "first request", begin) == "first request");
  CHECK_FALSE(repeated.line("upload", "second", begin + 9s));
  CHECK_FALSE(repeated.line("upload", "third", begin + 10s - 1ns));
  CHECK(repeated.line("upload", "fourth", begin + 10s) == "fourth (and 2 more of this kind since the last one that was said)");
  CHECK(repeated.line("request", "later", begin + 10s) == "later");
  CHECK_FALSE(repeated.line("upload", "fifth", begin + 19s));
  CHECK(repeated.line("upload", "sixth", begin + 20s) == "sixth (and 1 more of this kind since the last one that was said)");
  CHECK(repeated.line("upload", "seventh", begin + 60s) == "seventh");
}
