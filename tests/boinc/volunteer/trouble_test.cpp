// A volunteer that does not get through says so once.
#include <catch2/catch.hpp>

#include "boinc/volunteer/trouble.hpp"

using mw::boinc::Trouble;
using namespace std::chrono_literals;

namespace {
const Trouble::Time begin_of_time{100s};
}

TEST_CASE("P28: a project that does not answer is told once, within 5 s, with the reason", "[boinc][P28]") {
  Trouble trouble;
  trouble.asks(begin_of_time);
  CHECK_FALSE(trouble.line(begin_of_time + 1s));
  trouble.failed(begin_of_time + 1s, "Connection refused");
  trouble.asks(begin_of_time + 2s);
  CHECK_FALSE(trouble.line(begin_of_time + 2s));
  const auto line = trouble.line(begin_of_time + 4s);
  REQUIRE(line);
  CHECK(line->find("Connection refused") != std::string::npos);
  CHECK_FALSE(trouble.line(begin_of_time + 60s));
}

TEST_CASE("P28: silence is told, too, and that it is over", "[boinc][P28]") {
  Trouble trouble;
  trouble.asks(begin_of_time);
  CHECK(trouble.line(begin_of_time + 4s) == "does not get through, and goes on trying: no answer yet");
  trouble.answered();
  CHECK(trouble.line(begin_of_time + 5s) == "gets through again");
  CHECK_FALSE(trouble.line(begin_of_time + 6s));
}

TEST_CASE("an answer that may take a while is no trouble before it is due, unless something fails", "[boinc]") {
  Trouble trouble;
  trouble.asks(begin_of_time + 10s);
  CHECK_FALSE(trouble.line(begin_of_time + 10s));
  CHECK(trouble.line(begin_of_time + 14s));
  Trouble other;
  other.asks(begin_of_time + 10s);
  other.failed(begin_of_time + 1s, "reset");
  CHECK(other.line(begin_of_time + 5s));
  Trouble fine;
  fine.asks(begin_of_time);
  fine.answered();
  CHECK_FALSE(fine.line(begin_of_time + 60s));
}
