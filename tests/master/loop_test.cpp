// One loop, run by whoever waits.
#include <catch2/catch.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

#include "master/loop.hpp"
#include "support/processes.hpp"

using namespace mw::detail;
using namespace std::chrono_literals;

namespace {

struct Flag final : Condition {
  std::atomic<bool> set{false};
  bool is_met() override { return set; }
};

}  // namespace

TEST_CASE("what is posted runs, in the loop's own thread when nobody drives", "[loop]") {
  Loop loop;
  std::promise<bool> here;
  loop.post([&] { here.set_value(loop.is_here()); });
  CHECK(here.get_future().get());
  CHECK_FALSE(loop.is_here());
}

TEST_CASE("a thread that drives runs the handlers itself, one driver at a time", "[loop]") {
  Loop loop;
  Flag over;
  std::atomic<bool> ran_here{false};
  const auto me = std::this_thread::get_id();
  std::thread other{[&] {
    std::this_thread::sleep_for(50ms);
    Flag met;
    met.set = true;
    CHECK_FALSE(loop.drive(met));  // somebody does already
    loop.post([&] {
      ran_here = std::this_thread::get_id() == me && loop.is_here();
      over.set = true;
    });
  }};
  CHECK(loop.drive(over));
  other.join();
  CHECK(ran_here);
  CHECK_FALSE(loop.is_here());
}

TEST_CASE("when a driver has left, the loop's own thread goes on", "[loop]") {
  Loop loop;
  const auto length = GENERATE(0ms, 30ms);  // shorter than the grace, and longer
  Flag over;
  std::thread other{[&] {
    std::this_thread::sleep_for(length);
    loop.post([&] { over.set = true; });
  }};
  loop.drive(over);
  other.join();
  std::promise<std::thread::id> runner;
  loop.call_at(std::chrono::steady_clock::now() + 5ms, [] {});
  loop.call([&] { loop.call_at(std::chrono::steady_clock::now() + 5ms, [&] { runner.set_value(std::this_thread::get_id()); }); });
  auto future = runner.get_future();
  REQUIRE(future.wait_for(2s) == std::future_status::ready);
  CHECK(future.get() != std::this_thread::get_id());
}

TEST_CASE("calls into the loop are exclusive, whoever drives", "[loop]") {
  std::atomic<int> after{0};
  Loop loop{[&] { ++after; }};
  int count = 0;  // guarded by the loop
  std::atomic<bool> is_inside{false};
  const auto work = [&] {
    REQUIRE_FALSE(is_inside.exchange(true));
    ++count;
    is_inside = false;
  };
  Flag over;
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 300; ++i) {
        if (t == 0)
          loop.call(work);
        else if (t == 1)
          loop.call_in_thread(work);
        else
          loop.post(work);
      }
    });
  std::thread driver{[&] { loop.drive(over); }};
  for (auto& thread : threads) thread.join();
  CHECK(test::eventually([&] {
    int seen = 0;
    loop.call([&] { seen = count; });
    return seen == 900;
  }));
  loop.post([&] { over.set = true; });
  driver.join();
  CHECK(after >= 900);
}

TEST_CASE("an exception of a call comes out of it, and the loop lives on", "[loop]") {
  Loop loop;
  CHECK_THROWS_AS(loop.call([] { throw std::runtime_error{"x"}; }), std::runtime_error);
  CHECK_THROWS_AS(loop.call_in_thread([] { throw std::runtime_error{"x"}; }), std::runtime_error);
  int called = 0;
  loop.call([&] { ++called; });
  CHECK(called == 1);
}

TEST_CASE("an exception of a handler comes out of the driver, and others can drive after it", "[loop]") {
  Loop loop;
  Flag never;
  const auto driver = std::this_thread::get_id();
  std::function<void()> in_the_driver = [&] {
    if (std::this_thread::get_id() == driver) throw std::runtime_error{"x"};
    loop.post(in_the_driver);
  };
  loop.post(in_the_driver);
  CHECK_THROWS_AS(loop.drive(never), std::runtime_error);
  Flag over;
  loop.call([&] { loop.post([&] { over.set = true; }); });
  Flag met;
  met.set = true;
  CHECK(loop.drive(met));
  CHECK(test::eventually([&] { return over.set.load(); }));
}

TEST_CASE("a loop ends although a timer is set far ahead", "[loop]") {
  const auto start = std::chrono::steady_clock::now();
  {
    Loop loop;
    loop.call([&] { loop.call_at(start + 1h, [] {}); });
  }
  CHECK(std::chrono::steady_clock::now() - start < 10s);
}

TEST_CASE("whoever posts the last call may still be in it when the loop has ended", "[loop]") {
  for (int round = 0; round < 300; ++round) {
    auto loop = std::make_unique<Loop>();
    std::promise<void> was_last;
    Loop* const shared = loop.get();
    std::thread poster{[&, shared] {
      if (round % 2 == 0)
        shared->post([&] { was_last.set_value(); });
      else
        shared->post_to_thread([&] { was_last.set_value(); });
    }};
    was_last.get_future().wait();
    loop.reset();
    poster.join();
  }
}
