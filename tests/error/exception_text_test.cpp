// What an exception says, whoever threw it.
#include <catch2/catch.hpp>

#include <exception>
#include <stdexcept>
#include <string>
#include <vector>

#include <mw/error.hpp>

#include "error/exception_text.hpp"

using mw::detail::exception_text;
using mw::detail::exception_type;

namespace {

struct Heard {
  std::string type;
  std::string text;
};

template <class Throw>
Heard heard(const Throw& throw_it) {
  try {
    throw_it();
  } catch (...) {
    return {exception_type(), exception_text()};
  }
  FAIL("nothing was thrown");
  return {};
}

struct Silent : std::exception {
  const char* what() const noexcept override { return nullptr; }
};
struct Stranger {};

void nest(int depth) {
  if (depth == 0) throw std::runtime_error{"the bottom"};
  try {
    nest(depth - 1);
  } catch (...) {
    std::throw_with_nested(std::logic_error{"level " + std::to_string(depth)});
  }
}

}  // namespace

TEST_CASE("an exception says its type and its text", "[error]") {
  const Heard usual = heard([] { throw std::out_of_range{"no such eel"}; });
  CHECK(usual.type == "std::out_of_range");
  CHECK(usual.text == "no such eel");
  const Heard ours = heard([] { throw mw::InterfaceError{"it is broken"}; });
  CHECK(ours.type == "mw::InterfaceError");
  CHECK(ours.text == "it is broken");
}

TEST_CASE("what is thrown and is no std::exception has a type and a text, too", "[error]") {
  CHECK(heard([] { throw std::string{"a text"}; }).text == "a text");
  CHECK(heard([] { throw std::string{"a text"}; }).type == "std::string");
  CHECK(heard([] { throw "a literal"; }).text == "a literal");
  CHECK(heard([] { throw static_cast<const char*>(nullptr); }).text == "a null pointer");
  CHECK(heard([] { throw 7; }).text == "an exception that is no std::exception");
  CHECK(heard([] { throw 7; }).type == "int");
  CHECK(heard([] { throw Stranger{}; }).text == "an exception that is no std::exception");
  CHECK(heard([] { throw std::vector<std::string>{}; }).type == "std::vector<std::string>");
}

TEST_CASE("an exception whose what() is null says that", "[error]") {
  CHECK(heard([] { throw Silent{}; }).text == "an exception whose what() is null");
}

TEST_CASE("what caused an exception is told behind it, outermost first, and the type is that which was thrown", "[error]") {
  const Heard chain = heard([] { nest(2); });
  CHECK(chain.type == "std::logic_error");
  CHECK(chain.text == "level 2; caused by std::logic_error: level 1; caused by std::runtime_error: the bottom");
  const Heard no_standard = heard([] {
    try {
      throw 3;
    } catch (...) {
      std::throw_with_nested(Stranger{});
    }
  });
  CHECK(no_standard.text == "an exception that is no std::exception; caused by int: an exception that is no std::exception");
  const Heard nothing_nested = heard([] { std::throw_with_nested(std::runtime_error{"alone"}); });
  CHECK(nothing_nested.text == "alone");
}

TEST_CASE("a chain of causes without end is cut, and the text has an end", "[error]") {
  const std::string text = heard([] { nest(500); }).text;
  CHECK(text.starts_with("level 500; caused by std::logic_error: level 499"));
  CHECK(text.find("level 400") == std::string::npos);
  CHECK(text.size() < 4'000);
}

TEST_CASE("where no exception is handled there is no type", "[error]") { CHECK(exception_type().empty()); }

TEST_CASE("the error of a task says which, where, and why, and shows what would move a terminal", "[error]") {
  mw::TaskFacts facts;
  facts.task = 7;
  facts.function = "half(int)";
  facts.attempt = 2;
  facts.worker = "multicore worker 3";
  facts.host = "pi\x1b[2J";
  facts.stderr_tail = "line one\nline two\n";
  mw::Failure failure;
  failure.cause = mw::Cause::exception;
  failure.type = "std::runtime_error";
  failure.message = "odd\nnumber";
  const mw::TaskError error{facts, failure};
  const std::string text = error.what();
  CHECK(text ==
        "task 7 (half(int)) has no result after attempt 2 on multicore worker 3 at pi\\x1b[2J: exception std::runtime_error: "
        "odd\\nnumber\nend of its stderr:\nline one\nline two\n");
}

TEST_CASE("that memory ran out is said once", "[error]") {
  mw::Failure failure;
  failure.cause = mw::Cause::signal;
  failure.out_of_memory = true;
  failure.message = "signal 9 (Killed)";
  CHECK(std::string{mw::TaskError{mw::TaskFacts{}, failure}.what()} == "signal: signal 9 (Killed) (out of memory)");
  failure.message = "signal 9 (Killed), out of memory";
  CHECK(std::string{mw::TaskError{mw::TaskFacts{}, failure}.what()} == "signal: signal 9 (Killed), out of memory");
}

TEST_CASE("every cause has words of its own", "[error]") {
  std::vector<std::string> words;
  for (int cause = 0; cause <= static_cast<int>(mw::last_cause); ++cause)
    words.emplace_back(mw::to_string(static_cast<mw::Cause>(cause)));
  std::sort(words.begin(), words.end());
  CHECK(std::adjacent_find(words.begin(), words.end()) == words.end());
  CHECK(std::find(words.begin(), words.end(), "unknown cause") == words.end());
  CHECK(mw::to_string(static_cast<mw::Cause>(250)) == "unknown cause");
}
