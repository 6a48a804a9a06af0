// What the outside says, on its way to a terminal.
#include <catch2/catch.hpp>

#include <mw/error.hpp>

#include "log/escaped.hpp"
#include "log/repeated.hpp"

using namespace std::chrono_literals;
using mw::log::escaped;
using mw::log::escaped_lines;

TEST_CASE("what would move a terminal is shown instead", "[log]") {
  CHECK(escaped("plain text, 100 %") == "plain text, 100 %");
  CHECK(escaped("Grüße, 世界 🙂") == "Grüße, 世界 🙂");
  CHECK(escaped("a\x1b]0;title\x07") == "a\\x1b]0;title\\x07");
  CHECK(escaped("one\ntwo\r\tthree") == "one\\ntwo\\r\\tthree");
  CHECK(escaped(std::string_view{"\0\x7f", 2}) == "\\x00\\x7f");
  CHECK(escaped("\xc2\x9b"
                "31m") == "\\x9b31m");  // a control sequence in one character
  CHECK(escaped("\xe2\x80\xae"
                "txt.exe") == "\\u202etxt.exe");  // turns the direction of writing
  CHECK(escaped("\xff\xc3") == "\\xff\\xc3");     // no UTF-8
  CHECK(escaped("\xc0\x9b|\xe0\x80\x9b|\xed\xa0\x80|\xf4\x90\x80\x80").find_first_not_of("\\x0123456789abcdef|") ==
        std::string::npos);
  CHECK(escaped(escaped("\x1b[2J\n")) == escaped("\x1b[2J\n"));
  CHECK(escaped_lines("one\n\ttwo\x1b[1A\r") == "one\n\ttwo\\x1b[1A\\r");
}

TEST_CASE("errors show what the outside put into them", "[log]") {
  CHECK(std::string{mw::InterfaceError{"the server said \x1b[2J"}.what()} == "the server said \\x1b[2J");
  mw::TaskFacts facts;
  facts.task = 7;
  facts.function = "f()";
  facts.host = "host\n[mw 12:00:00.000 warning] a lie";
  facts.stderr_tail = "first\nsecond\x1b[31m";
  mw::Failure failure;
  failure.cause = mw::Cause::exception;
  failure.message = "\x1b[1A\x1b[2Kgone\n";
  const mw::TaskError error{facts, failure};
  CHECK(std::string{error.what()} ==
        "task 7 (f()) has no result at host\\n[mw 12:00:00.000 warning] a lie: exception: \\x1b[1A\\x1b[2Kgone\\n\nend of its "
        "stderr:\nfirst\nsecond\\x1b[31m");
  CHECK(error.message() == failure.message);  // the facts are as they came
}

TEST_CASE("what comes again is counted, and said with the count", "[log]") {
  mw::log::Repeated repeated{60s};
  const mw::log::Repeated::Time start{};
  CHECK(repeated.line("upload", "upload 1", start) == "upload 1");
  for (int i = 0; i < 10; ++i) CHECK_FALSE(repeated.line("upload", "upload n", start + 1s));
  CHECK(repeated.line("request", "request 1", start + 1s) == "request 1");
  const auto line = repeated.line("upload", "upload 12", start + 61s);
  REQUIRE(line);
  CHECK(line->find("upload 12 (and 10 more") == 0);
  CHECK(repeated.line("upload", "upload 13", start + 200s) == "upload 13");
}
