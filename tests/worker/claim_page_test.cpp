// Work sent ahead, claimed from both sides at once.
#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <optional>
#include <thread>
#include <vector>

#include <mw/error.hpp>

#include "support/amount.hpp"
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

TEST_CASE("inputs of a chunk are claimed until it is split, and the worker keeps those", "[worker][split]") {
  auto page = ClaimPage::create();
  auto worker = ClaimPage::attach(UniqueFd{::fcntl(page.fd(), F_DUPFD_CLOEXEC, 3)});
  CHECK_FALSE(page.split_chunk(0));  // no chunk runs
  worker.begin_chunk(5);
  CHECK_FALSE(page.split_chunk(5));  // it has begun nothing: it would be left with nothing
  CHECK(worker.claim_inputs(1));
  CHECK(worker.claim_inputs(6));
  CHECK_FALSE(page.split_chunk(4));
  CHECK(page.split_chunk(5) == 7u);
  CHECK_FALSE(page.split_chunk(5));
  CHECK_FALSE(worker.claim_inputs(1));
  CHECK_FALSE(worker.claim_inputs(1));
  worker.begin_chunk(6);
  CHECK(worker.claim_inputs(3));
  CHECK_FALSE(page.split_chunk(5));
  CHECK(page.split_chunk(6) == 3u);
}

TEST_CASE("a chunk that is split while its worker claims has each input on one side", "[worker][split]") {
  auto page = ClaimPage::create();
  auto other = ClaimPage::attach(UniqueFd{::fcntl(page.fd(), F_DUPFD_CLOEXEC, 3)});
  for (std::uint64_t number = 1; number < test::amount(2'000u, 300u); ++number) {
    std::atomic<bool> begun{false};
    std::uint32_t claimed = 0;
    std::thread worker{[&] {
      other.begin_chunk(number);
      begun = true;
      while (claimed < 100'000 && other.claim_inputs(1)) ++claimed;
    }};
    while (!begun) std::this_thread::yield();
    std::optional<std::uint32_t> kept;
    while (!kept) kept = page.split_chunk(number);
    worker.join();
    REQUIRE(claimed == *kept);
  }
}

TEST_CASE("a descriptor that is no page is refused", "[worker]") {
  CHECK_THROWS_AS(ClaimPage::attach(UniqueFd{::open("/dev/null", O_RDWR)}), mw::InterfaceError);
  CHECK_THROWS_AS(ClaimPage::attach(UniqueFd{}), mw::InterfaceError);
}
