// A line on the terminal that shows how far something is.
#include <catch2/catch.hpp>

#include <cstdlib>
#include <limits>
#include <optional>
#include <string>

#include "process/terminal_line.hpp"
#include "support/captured_stderr.hpp"

using namespace mw::process;

namespace {

/// A variable of the environment for as long as this lives; null: not there.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_{name} {
    if (const char* before = std::getenv(name)) before_ = before;
    set(value);
  }
  ~Variable() { set(before_ ? before_->c_str() : nullptr); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  void set(const char* value) { value ? ::setenv(name_, value, 1) : ::unsetenv(name_); }
  const char* name_;
  std::optional<std::string> before_;
};

}  // namespace

TEST_CASE("a bar fills from nothing to all, and its line is never wider than it may be", "[process]") {
  CHECK(line_with_bar(0, " none", 25) == "[>                 ] none");
  CHECK(line_with_bar(0.5, " half", 25) == "[=========>        ] half");
  CHECK(line_with_bar(1, " all", 24) == "[==================] all");
  for (std::size_t width = 0; width < 120; ++width)
    for (const double done : {0.0, 0.01, 0.33, 0.999, 1.0}) {
      INFO(width << " " << done);
      CHECK(line_with_bar(done, "  52 of 104 tasks", width).size() <= width);
    }
}

TEST_CASE("where room is scarce the bar goes first, and then the end of the text", "[process]") {
  CHECK(line_with_bar(0.5, "1234567890", 21) == "[====>    ]1234567890");
  CHECK(line_with_bar(0.5, "1234567890", 20) == "1234567890");
  CHECK(line_with_bar(0.5, "1234567890", 4) == "1234");
  CHECK(line_with_bar(0.5, "1234567890", 0).empty());
}

TEST_CASE("a fraction that is none leaves a bar that is one", "[process]") {
  CHECK(line_with_bar(-3, "", 20) == line_with_bar(0, "", 20));
  CHECK(line_with_bar(17, "", 20) == line_with_bar(1, "", 20));
  CHECK(line_with_bar(std::numeric_limits<double>::infinity(), "", 20) == line_with_bar(1, "", 20));
}

TEST_CASE("how long it still takes is said in seconds, later in minutes, and not where nobody can tell", "[process]") {
  CHECK(time_left(0.5, 12) == ", 12 s left");
  CHECK(time_left(0.25, 1) == ", 3 s left");
  CHECK(time_left(0.01, 60) == ", 99 min left");
  CHECK(time_left(0.5, 89) == ", 89 s left");
  CHECK(time_left(0.5, 90) == ", 2 min left");
  CHECK(time_left(0, 10).empty());
  CHECK(time_left(1, 10).empty());
  CHECK(time_left(-1, 10).empty());
  CHECK(time_left(2, 10).empty());
  CHECK(time_left(0.5, 0.4).empty());
  CHECK(text_of_time_left(2 * 3600) == "2.0 h left");
  CHECK(text_of_time_left(200 * 3600) == "8 d left");
}

TEST_CASE("a line is written over itself, and leaves nothing behind", "[process]") {
  const Variable terminal{"TERM", "xterm"};
  const Variable colour{"NO_COLOR", nullptr};
  CHECK(test::stderr_of([] {
          StatusLine line;
          line.show("long text");
          line.show("short");
        }) == "\r\x1b[Klong text\r\x1b[Kshort\r\x1b[K");
  CHECK(test::stderr_of([] { StatusLine line; }).empty());
  CHECK(test::stderr_of([] {
          StatusLine line;
          line.show("x");
          line.clear();
          line.clear();
        }) == "\r\x1b[Kx\r\x1b[K");
}

TEST_CASE("without escape sequences blanks take the rest of a longer line away", "[process]") {
  const Variable terminal{"TERM", GENERATE(as<const char*>{}, "dumb", "", "xterm")};
  const Variable colour{"NO_COLOR", "1"};
  CHECK(test::stderr_of([] {
          StatusLine line;
          line.show("long text");
          line.show("short");
        }) == "\rlong text\rshort    \r     \r");
}

TEST_CASE("a stderr that is no terminal shows no status lines, and is 80 columns wide", "[process]") {
  const Variable terminal{"TERM", "xterm"};
  std::size_t width = 0;
  bool shows = true;
  static_cast<void>(test::stderr_of([&] {
    width = terminal_width();
    shows = shows_status_lines();
  }));
  CHECK(width == 80);
  CHECK_FALSE(shows);
}
