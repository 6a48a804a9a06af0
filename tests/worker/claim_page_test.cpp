// Work sent ahead, claimed from both sides at once.
#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <thread>
#include <vector>

#include <mw/error.hpp>

#include "worker/claim_page.hpp"

using mw::process::UniqueFd;
using mw::worker::ClaimPage;

TEST_CASE("a task is begun or taken back, never both, never twice", "[worker]") {
  auto page = ClaimPage::create();
  auto other = ClaimPage::attach(UniqueFd{::fcntl(page.fd(), F_DUPFD_CLOEXEC, 3)});
  CHECK_FALSE(other.begin(0));  // nothing is on offer
  page.offer(0);
  page.offer(1);
  CHECK(other.begin(0));
  CHECK_FALSE(other.begin(0));
  CHECK_FALSE(page.take_back(0));
  CHECK(page.take_back(1));
  CHECK_FALSE(other.begin(1));
  page.offer(256);  // in the place of 0
  CHECK_FALSE(other.begin(0));
  CHECK(other.begin(256));
}

TEST_CASE("two threads that claim the same tasks share them without a rest", "[worker]") {
  auto page = ClaimPage::create();
  auto other = ClaimPage::attach(UniqueFd{::fcntl(page.fd(), F_DUPFD_CLOEXEC, 3)});
  for (std::uint64_t base = 0; base < 200 * ClaimPage::places; base += ClaimPage::places) {
    for (std::uint64_t i = 0; i < ClaimPage::places; ++i) page.offer(base + i);
    std::atomic<int> begun{0};
    std::thread worker{[&] {
      for (std::uint64_t i = 0; i < ClaimPage::places; ++i) begun += other.begin(base + i);
    }};
    int taken = 0;
    for (std::uint64_t i = ClaimPage::places; i-- > 0;) taken += page.take_back(base + i);
    worker.join();
    REQUIRE(begun + taken == static_cast<int>(ClaimPage::places));
  }
}

TEST_CASE("a descriptor that is no page is refused", "[worker]") {
  CHECK_THROWS_AS(ClaimPage::attach(UniqueFd{::open("/dev/null", O_RDWR)}), mw::InterfaceError);
  CHECK_THROWS_AS(ClaimPage::attach(UniqueFd{}), mw::InterfaceError);
}
