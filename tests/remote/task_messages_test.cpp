// Tasks and outcomes as messages.
#include <catch2/catch.hpp>

#include <chrono>
#include <memory>
#include <string>

#include "remote/task_messages.hpp"
#include "support/task_refs.hpp"
#include "support/text.hpp"

using namespace mw;
using namespace mw::remote;
using namespace std::chrono_literals;

using test::bytes_of;
using test::text_of;

namespace {

double message_function(double x) { return x; }

}  // namespace

TEST_CASE("a task's message has its number, attempt, function and terms, and no arguments", "[remote]") {
  test::TaskMaker maker{detail::Registered<message_function>::checked()};
  const TaskRef task =
      maker.make(Bytes{bytes_of("arguments")}, {.soft_limit = 1ns, .hard_limit = 2h, .memory_limit = 3, .files = {{"/a", "b"}}}, 9);
  const wire::Task message = message_of(task);
  CHECK(message.id == 1);
  CHECK(message.attempt == 9);
  CHECK(message.function == detail::Registered<message_function>::entry.id());
  CHECK(message.terms.soft_limit_ns == 1);
  CHECK(message.terms.hard_limit_ns == 7'200'000'000'000);
  CHECK(message.terms.memory_limit == 3);
  REQUIRE(message.terms.files.size() == 1);
  CHECK(message.terms.files[0].from == "/a");
  CHECK(message.arguments.empty());
  CHECK(message_of(maker.make({})).terms.empty());
}

TEST_CASE("a task is called by the name that its user gave it, else by its function's", "[remote]") {
  test::TaskMaker maker{detail::Registered<message_function>::checked()};
  CHECK(remote::text_of(maker.make({})) == "task 1 ((anonymous namespace)::message_function(double))");
  CHECK(remote::text_of(maker.make({}, {.name = "the eels"})) == "task 2 (the eels)");
}

TEST_CASE("a payload keeps its task, and with it the bytes, alive", "[remote]") {
  test::TaskMaker maker{detail::Registered<message_function>::checked()};
  wire::Payload payload;
  const void* tag = nullptr;
  {
    const TaskRef task = maker.make(Bytes{bytes_of("a text that does not fit into an object of its own, surely")});
    payload = payload_of(task);
    tag = tag_of(task);
  }
  CHECK(text_of(payload.bytes) == "a text that does not fit into an object of its own, surely");
  CHECK(payload.tag == tag);
}

TEST_CASE("outcomes share nothing with the frame that they came in", "[remote]") {
  std::string value = "value", out = "out", err = "err";
  wire::Result result{.id = 1, .attempt = 1, .run_ns = 11, .out = bytes_of(out), .err = bytes_of(err), .value = bytes_of(value)};
  const Outcome outcome = outcome_of(result);
  const Outcome whole = outcome_of(wire::Ending{.result = result, .failure = std::nullopt});
  Failure signal_9;
  signal_9.signal = 9;
  const Outcome failed = outcome_of(wire::FailureMessage{1, 1, 12, bytes_of(out), bytes_of(err), signal_9});
  value.assign("xxxxx"), out.assign("xxx"), err.assign("xxx");
  CHECK(outcome.out == "out");
  CHECK(outcome.err == "err");
  CHECK(outcome.run_time == 11ns);
  CHECK(outcome.value.empty());  // the caller decides whether it is copied
  CHECK(text_of(whole.value.span()) == "value");
  CHECK_FALSE(whole.failure);
  REQUIRE(failed.failure);
  CHECK(failed.failure->signal == 9);
  CHECK(failed.out == "out");
  CHECK(failed.run_time == 12ns);
}

TEST_CASE("an ending that is a failure is a failure's outcome", "[remote]") {
  wire::Ending ending;
  ending.failure.emplace().cause = Cause::time_limit;
  ending.is_gone = true;
  const Outcome outcome = outcome_of(std::move(ending));
  REQUIRE(outcome.failure);
  CHECK(outcome.failure->cause == Cause::time_limit);
  CHECK(outcome.value.empty());
}

TEST_CASE("a run time beyond all measure is cut, and is never below 0", "[remote][S4]") {
  const std::uint64_t run_ns = GENERATE(std::uint64_t{1} << 63, ~std::uint64_t{0}, (~std::uint64_t{0}) >> 1);
  const Outcome result = outcome_of(wire::Result{.id = 1, .attempt = 1, .run_ns = run_ns, .out = {}, .err = {}, .value = {}});
  CHECK(result.run_time > std::chrono::hours{24 * 365});
  const Outcome failure =
      outcome_of(wire::FailureMessage{.id = 1, .attempt = 1, .run_ns = run_ns, .out = {}, .err = {}, .failure = {}});
  CHECK(failure.run_time == result.run_time);
}
