// Values on their way from one thread to another.
#include <catch2/catch.hpp>

#include <thread>

#include "process/ring.hpp"

using mw::process::Ring;

TEST_CASE("what is put into a ring comes out in order, and a full one takes nothing", "[process]") {
  Ring<int> ring{4};
  CHECK(ring.front().empty());
  for (int i = 0; i < 4; ++i) CHECK(ring.push(i));
  CHECK_FALSE(ring.push(4));
  CHECK(ring.front().size() == 4);
  ring.pop(3);
  CHECK(ring.push(5));
  CHECK(ring.front().front() == 3);
  CHECK(ring.front().size() == 1);  // the next one is at the other end
  ring.pop(1);
  CHECK(ring.front().front() == 5);
}

TEST_CASE("one thread puts into a ring while another takes: each value that was taken once, in order", "[process]") {
  Ring<int> ring{64};
  constexpr int values = 20'000;
  std::thread puts{[&] {
    for (int i = 0; i < values;)
      if (ring.push(i))
        ++i;
      else
        std::this_thread::yield();
  }};
  int next = 0;
  bool is_in_order = true;
  while (next < values)
    if (const auto some = ring.front(); !some.empty()) {
      for (const int value : some) is_in_order = is_in_order && value == next++;
      ring.pop(some.size());
    }
  puts.join();
  CHECK(is_in_order);
}
