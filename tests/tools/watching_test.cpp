// What mw ctl and mw top say of a master.
#include <catch2/catch.hpp>

#include <algorithm>
#include <string>

#include <boost/json.hpp>

#include "watching/columns.hpp"
#include "watching/fields.hpp"
#include "watching/words.hpp"

using namespace mw::tool;

namespace {

namespace json = boost::json;

std::size_t width_of(const std::string& line) {
  return static_cast<std::size_t>(
      std::count_if(line.begin(), line.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

json::object some_status() {
  json::array workers;
  for (int i = 1; i <= 30; ++i)
    workers.push_back({{"name", "multicore worker " + std::to_string(i)},
                       {"host", "lab"},
                       {"state", i == 1 ? "busy" : "idle"},
                       {"done", i},
                       {"lost", 0},
                       {"busy_seconds", 1.5},
                       {"running", i == 1 ? json::array{{{"id", 7}, {"name", "f(int)"}, {"seconds", 0.25}}} : json::array{}}});
  return {{"tasks", 200},
          {"submitted", 140},
          {"running", 1},
          {"finished", 50},
          {"errors", 3},
          {"cancelled", 6},
          {"seconds", 10.0},
          {"functions",
           {{{"name", "quick"}, {"finished", 40}, {"total_seconds", 1.0}},
            {{"name", "slow"}, {"finished", 10}, {"errors", 3}, {"p50_seconds", 0.9}, {"p99_seconds", 2}, {"total_seconds", 9.0}}}},
          {"workers", workers}};
}

json::object some_picture() {
  return {{"program", "monte_pi"},
          {"pid", 4711},
          {"host", "lab"},
          {"state", "running"},
          {"interface", "multicore"},
          {"status", some_status()},
          {"estimate", {{"rate", 5.0}, {"left", 30.0}, {"low", 25}, {"high", 40}}},
          {"slowest", {{{"id", 9}, {"name", "slow"}, {"worker", "multicore worker 2"}, {"seconds", 2.0}, {"state", "finished"}}}}};
}

bool has(const TextLines& lines, const std::string& text) {
  return std::any_of(lines.begin(), lines.end(), [&](const std::string& line) { return line.find(text) != line.npos; });
}

}  // namespace

TEST_CASE("columns stand under each other, and the widest is cut where there is no room", "[tools][watching]") {
  CHECK(columns({{"name", "n"}, {"f", "12"}}, "lr", 80) == std::vector<std::string>{"name   n", "f     12"});
  CHECK(columns({{"a name that is long", "12"}}, "lr", 14) == std::vector<std::string>{"a name th…  12"});
  CHECK(fitted("äöü", 3) == "äöü");
  CHECK(fitted("äöüß", 3) == "äö…");
  CHECK(fitted("abc", 0).empty());
}

TEST_CASE("what is no member, or another kind of one, is empty, and text cannot move a terminal", "[tools][watching]") {
  const json::object one{{"a", 1}, {"b", -1}, {"t", "x\x1b[2J"}, {"l", {1, json::object{{"k", 2}}}}};
  CHECK(text(one, "a").empty());
  CHECK(text(one, "t") == "x\\x1b[2J");
  CHECK(count(one, "a") == 1);
  CHECK(count(one, "b") == 0);
  CHECK(count(one, "none") == 0);
  CHECK(number(one, "t") == 0);
  CHECK(object(one, "a").empty());
  CHECK(objects(one, "l").size() == 1);
  CHECK_FALSE(is_true(one, "a"));
}

TEST_CASE("mw ctl says how a master, its workers and its functions fare", "[tools][watching]") {
  json::object status = some_status();
  for (const auto& [key, value] : some_picture())
    if (key != "status") status[key] = value;
  CHECK(has(status_lines(status), "monte_pi (process 4711) on lab: running"));
  CHECK(has(status_lines(status), "59 of 200 tasks, 1 run, 3 failed, 6 cancelled, 5.0/s, 30 s left"));
  CHECK(has(status_lines(status), "30 workers: 1 busy, 29 idle"));
  CHECK(has(worker_lines(status), "f(int) (7, 250 ms)"));
  const TextLines stats = stats_lines(
      {{"functions", status["functions"]}, {"measures", {{{"name", "hits"}, {"kind", "count"}, {"count", 4}, {"sum", 10}}}}});
  CHECK(stats.at(1).find("slow") == 0);  // the one that took longest in all
  CHECK(has(stats, "hits"));
  CHECK(has(task_lines({{"tasks", {{{"id", 3}, {"name", "f"}, {"state", "waiting"}}}}, {"more", true}}), "there are more"));
  CHECK(status_lines({}).size() > 3);  // of another version, say
}

TEST_CASE("the screen of mw top fits its terminal, whatever that is", "[tools][watching]") {
  const json::object picture = some_picture();
  for (const std::size_t width : {1u, 20u, 40u, 80u, 200u})
    for (const std::size_t height : {1u, 3u, 5u, 10u, 24u, 60u}) {
      INFO(width << " x " << height);
      const TextLines lines = screen(picture, width, height);
      CHECK(lines.size() <= height);
      for (const std::string& line : lines) CHECK(width_of(line) <= width);
    }
  const TextLines lines = screen(picture, 100, 24);
  CHECK(lines.at(0) == "monte_pi (process 4711) on lab: running");
  CHECK(has(lines, "30 %"));
  CHECK(has(lines, "140 wait; 30 workers: 1 busy, 29 idle; 10 s on multicore"));
  CHECK(has(lines, "slow"));
  CHECK(has(lines, "multicore worker 1"));
  CHECK(has(lines, "… "));
  CHECK(has(lines, "slowest"));
  CHECK_NOTHROW(screen({}, 80, 24));
}

TEST_CASE("without a terminal, mw top says in a line how far it is", "[tools][watching]") {
  CHECK(progress_line(some_picture()) == "running: 59 of 200 tasks, 1 run, 3 failed, 6 cancelled, 5.0/s, 30 s left");
}
