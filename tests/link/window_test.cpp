// What a worker holds: places, order, what is asked back, and who is to blame.
#include <catch2/catch.hpp>

#include <cstdint>
#include <set>
#include <vector>

#include "link/window.hpp"

using mw::link::Window;

namespace {

struct Given {
  std::uint64_t number = 0;
  std::uint32_t attempt_number = 1;
  std::uint64_t id() const noexcept { return number; }
  std::uint32_t attempt() const noexcept { return attempt_number; }
};

/// A worker that has begun the places that stand here.
struct Begun {
  std::set<std::uint64_t> places;
  bool operator()(std::uint64_t place) const { return !places.contains(place); }
};

std::vector<std::uint64_t> put_all(Window<Given>& window) {
  std::vector<std::uint64_t> places;
  while (const auto* one = window.put_next()) places.push_back(one->number);
  return places;
}

}  // namespace

TEST_CASE("a place is used again only when the task that had it is over", "[link][window]") {
  Window<Given> window{2};
  for (std::uint64_t id = 1; id <= 4; ++id) window.hold({id});
  CHECK(put_all(window) == std::vector<std::uint64_t>{0, 1});
  const auto* const second = window.find({2});
  REQUIRE(second);
  window.remove(*second);  // it came back before it began; the first one's place still bounds what may be sent
  CHECK(put_all(window).empty());
  CHECK(window.finish(1, 1).id() == 1);
  CHECK(put_all(window) == std::vector<std::uint64_t>{2, 3});
  CHECK_THROWS_AS(window.put({5}), mw::wire::ProtocolError);
}

TEST_CASE("a worker is done with its tasks in the order in which it was given them", "[link][window]") {
  Window<Given> window{4};
  window.hold({1});
  window.hold({2});
  put_all(window);
  CHECK_THROWS_AS(window.finish(2, 1), mw::wire::ProtocolError);
  CHECK_THROWS_AS(window.finish(1, 2), mw::wire::ProtocolError);
  CHECK(window.finish(1, 1).id() == 1);
  CHECK(window.front().id() == 2);
  CHECK(window.finish(2, 1).id() == 2);
  CHECK_THROWS_AS(window.finish(2, 1), mw::wire::ProtocolError);
}

TEST_CASE("a task that has not gone out is taken back at once", "[link][window]") {
  Window<Given> window{1};
  window.hold({1});
  window.hold({2});
  put_all(window);
  CHECK_FALSE(window.drop_held({1}));
  CHECK_FALSE(window.drop_held({2, 7}));
  CHECK(window.drop_held({2}));
  CHECK_FALSE(window.drop_held({2}));
}

TEST_CASE("what is unwanted goes as it comes to the front, or ends the worker if it has begun", "[link][window]") {
  Window<Given> window{8};
  for (std::uint64_t id = 1; id <= 4; ++id) window.put({id});
  window.find({2})->is_unwanted = window.find({3})->is_unwanted = true;
  std::vector<std::uint64_t> back;
  const auto given_back = [&](const Given& task) { back.push_back(task.id()); };
  CHECK_FALSE(window.front_is_to_be_ended(Begun{{0}}, given_back));
  CHECK(back.empty());
  window.finish(1, 1);
  SECTION("neither has begun") {
    CHECK_FALSE(window.front_is_to_be_ended(Begun{}, given_back));
    CHECK(back == std::vector<std::uint64_t>{2, 3});
    CHECK(window.front().id() == 4);
    CHECK_FALSE(window.was_aborted());
  }
  SECTION("the second one has") {
    CHECK(window.front_is_to_be_ended(Begun{{2}}, given_back));
    CHECK(back == std::vector<std::uint64_t>{2});
    CHECK(window.front().id() == 3);
    CHECK(window.was_aborted());
  }
}

TEST_CASE("of a worker that died, the task is to blame that it was in, and no other", "[link][window]") {
  Window<Given> window{8};
  for (std::uint64_t id = 1; id <= 3; ++id) window.put({id});
  SECTION("the last that had begun: those before it were done") {
    const auto culprit = window.blame(Begun{{0, 1}}, true);
    REQUIRE(culprit);
    CHECK(culprit->id() == 2);
  }
  SECTION("none had begun, and it broke down by itself: the next one may be why") {
    const auto culprit = window.blame(Begun{}, true);
    REQUIRE(culprit);
    CHECK(culprit->id() == 1);
  }
  SECTION("none had begun, and it was killed") { CHECK_FALSE(window.blame(Begun{}, false)); }
  SECTION("its end was asked for, to end the one that it was in") {
    window.note_abort({1});
    CHECK(window.blame(Begun{{0}}, false)->id() == 1);
  }
  SECTION("its end was asked for, and meanwhile it had gone on to the next one") {
    window.note_abort({1});
    CHECK_FALSE(window.blame(Begun{{0, 1}}, false));
  }
  SECTION("its end was asked for before it had begun anything") {
    window.note_abort({1});
    CHECK_FALSE(window.blame(Begun{}, true));
  }
  window.reset();
  CHECK(window.is_empty());
  CHECK_FALSE(window.was_aborted());
  CHECK(window.put({9}).number == 0);
}
