// Records as text of a trace.
#include <catch2/catch.hpp>

#include <string>

#include "log/escaped.hpp"
#include "trace/events.hpp"
#include "trace/text.hpp"
#include "trace/trace_file.hpp"

using namespace mw::trace;

namespace {

test::TraceEvents read_back(const Events& events) { return test::TraceEvents{"[" + events.text() + "]"}; }

}  // namespace

TEST_CASE("times are microseconds to the nanosecond, and names are JSON whatever is in them", "[trace]") {
  const auto us = [](std::int64_t ns) {
    std::string text;
    put_us(text, ns);
    return text;
  };
  CHECK(us(0) == "0");
  CHECK(us(1'000) == "1");
  CHECK(us(1'234'567) == "1234.567");
  CHECK(us(1'001) == "1.001");
  CHECK(us(-5) == "0");
  CHECK(us(9'007'199'254'740'993) == "9007199254740.993");
  CHECK(mw::log::json_string("f(\"x\")") == "\"f(\\\"x\\\")\"");
  for (const std::string name : {"a\nb", "\x1b[1m", "back\\slash", "\xff\xfe", "ä", "\"", "\\"})
    CHECK(boost::json::parse(mw::log::json_string(name)).is_string());
}

TEST_CASE("an attempt is a slice of its worker's lane, with what it waited for", "[trace]") {
  Names names;
  names.add_worker(7, {"multicore worker 1", "here", 1});
  const auto name = names.tasks.add("f(int)");
  Events events{names, 1'000, "program"};
  events.add({.task = 3,
              .submit_ns = 2'000,
              .assign_ns = 5'000,
              .start_ns = 6'000,
              .end_ns = 20'000,
              .run_ns = 9'000,
              .worker = 7,
              .name = name,
              .attempt = 2,
              .kind = Kind::finished});
  const auto slice = read_back(events).of("X").at(0);
  CHECK(test::word(slice, "name") == "f(int)");
  CHECK(test::word(slice, "cat") == "finished");
  CHECK(test::microseconds(slice, "ts") == 5);
  CHECK(test::microseconds(slice, "dur") == 9);
  const auto args = slice.at("args").as_object();
  CHECK(args.at("task") == 3);
  CHECK(args.at("attempt") == 2);
  CHECK(args.at("queue_us") == 3);
  CHECK(args.at("transfer_us") == 1);
  CHECK(args.at("run_us") == 9);
  CHECK(args.at("return_us") == 5);
  CHECK(read_back(events).lane_names() == std::set<std::string>{"tasks without a worker", "multicore worker 1"});
}

TEST_CASE("what the master hears late, in one go, lies side by side on its worker's lane", "[trace]") {
  Names names;
  names.add_worker(1, {"w", "h", 1});
  const auto name = names.tasks.add("f");
  Events events{names, 0, "p"};
  // Ten that ran for 100 ns each and were heard of at the same time: all but the first began when the one before ended.
  for (std::uint64_t i = 0; i < 10; ++i)
    events.add({.task = i,
                .submit_ns = 1,
                .start_ns = i == 0 ? 1'000 : 5'000,
                .end_ns = 5'000,
                .run_ns = 100,
                .worker = 1,
                .name = name,
                .attempt = 1,
                .kind = Kind::finished});
  const auto back = read_back(events);
  REQUIRE(back.of("X").size() == 10);
  for (const auto& slice : back.of("X")) CHECK(slice.at("args").as_object().at("run_us").to_number<double>() == 0.1);
}

TEST_CASE("a worker with several slots has a lane for each that was in use", "[trace]") {
  Names names;
  names.add_worker(1, {"w", "h", 3});
  const auto name = names.tasks.add("f");
  Events events{names, 0, "p"};
  const auto add = [&](std::int64_t from, std::int64_t to) {
    events.add({.task = 1, .start_ns = from, .end_ns = to, .run_ns = to - from, .worker = 1, .name = name, .kind = Kind::finished});
  };
  add(100, 200);
  add(210, 300);
  add(50, 310);
  add(320, 400);
  CHECK(read_back(events).lane_names() == std::set<std::string>{"tasks without a worker", "w", "w, slot 2"});
}

TEST_CASE("failures, retries and losses are marked, and so is what never ran", "[trace]") {
  Names names;
  names.add_worker(1, {"w", "h", 1});
  const auto name = names.tasks.add("f");
  Events events{names, 0, "p"};
  std::int64_t now = 0;
  for (const Kind kind : {Kind::failed, Kind::retried, Kind::lost, Kind::recalled, Kind::overtaken, Kind::copy, Kind::finished}) {
    events.add({.task = 1, .start_ns = now + 1, .end_ns = now + 10, .worker = 1, .name = name, .kind = kind});
    now += 20;
  }
  for (const Kind kind : {Kind::known, Kind::never_began, Kind::dropped})
    events.add({.task = 2, .end_ns = ++now, .name = name, .kind = kind});
  events.add({.end_ns = ++now, .worker = 1, .kind = Kind::worker_left});
  events.add({.task = 4, .end_ns = ++now, .run_ns = 5, .kind = Kind::counts});
  events.add_missing(12, ++now);
  CHECK(events.records() == 12);
  const auto back = read_back(events);
  CHECK(back.of("X").size() == 7);
  CHECK(back.of("i", "note").size() == 3);
  CHECK(back.of("i", "known").size() == 1);
  CHECK(back.of("i", "never began").size() == 1);
  CHECK(back.of("i", "cancelled").size() == 1);
  CHECK(test::word(back.of("i", "worker").at(0), "name") == "w left");
  CHECK(back.of("C").at(0).at("args").as_object().at("running") == 5);
  CHECK(back.of("i", "missing").at(0).at("args").as_object().at("missing") == 12);
}
