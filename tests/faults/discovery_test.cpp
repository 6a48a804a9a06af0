// Nodes that find their masters by themselves.
#include <catch2/catch.hpp>

#include <chrono>
#include <optional>
#include <string>

#include <mw/tcp.hpp>

#include "contract/functions.hpp"
#include "support/captured_stderr.hpp"
#include "support/lan.hpp"

using namespace test::lan;

namespace {

std::int64_t doubled_there(std::int64_t number) { return 2 * number; }

/// No other test's nodes ask there.
std::uint16_t discovery_port() {
  static std::uint16_t last = 0;
  return static_cast<std::uint16_t>(20'000 + ::getpid() % 10'000 * 4 + ++last % 4);
}

std::string by(std::uint16_t port) { return "&discovery=" + std::to_string(port); }

}  // namespace

TEST_CASE("discovery: a node finds a master that starts later, the next one, and two at a time", "[faults][tcp][discovery]") {
  const Lan lan;
  const std::uint16_t port = discovery_port();
  const auto node = lan.searching_node(port, "n", {"--slots", "2", "--quiet"});
  std::this_thread::sleep_for(300ms);
  std::optional<mw::Master> first{std::in_place, mw::interface(lan.spec(by(port)))};
  REQUIRE(has_slots(*first, 2));
  CHECK(first->get_result(first->submit_task<doubled_there>(1)) == 2);
  mw::Master second{mw::interface(lan.spec(by(port)))};
  REQUIRE(has_slots(second, 2));
  CHECK(second.get_result(second.submit_task<doubled_there>(2)) == 4);
  CHECK(first->get_result(first->submit_task<doubled_there>(3)) == 6);
  first.reset();
  first.emplace(mw::interface(lan.spec(by(port))));
  REQUIRE(has_slots(*first, 2));
  CHECK(first->get_result(first->submit_task<doubled_there>(4)) == 8);
  CHECK(count_of(second, "nodes_joined") == 1);
}

TEST_CASE("discovery: mw::discover() has the nodes of its key, with a key of their own, too, and names who has another",
          "[faults][tcp][discovery][P28]") {
  const Lan lan;
  const std::uint16_t port = discovery_port();
  lan.write_node_key("pi1.key", "pi1");
  const auto node = lan.searching_node(port, "pi1", {"--slots", "2", "--quiet"}, "pi1.key");
  const auto stranger = lan.searching_node(port, "stranger", {"--slots", "9", "--quiet"}, "wrong");
  const std::string at = std::to_string(port);
  mw::Master found{mw::discover({.key = lan.path("key"), .slots = 2, .within = slow_by * 10s, .discovery = at})};
  CHECK(found.get_result(found.submit_task<doubled_there>(1)) == 2);
  CHECK(has_slots(found, 2));
  mw::Master greedy{mw::discover({.key = lan.path("key"), .slots = 12, .within = slow_by * 2s, .discovery = at})};
  // A task keeps it waiting for more slots than there are.
  CHECK(test::eventually([&] { return greedy.get_status().interface_status == "error"; }, slow_by * 10s));
  const auto task = greedy.submit_task<doubled_there>(1);
  try {
    static_cast<void>(greedy.get_result(task));
    FAIL("it had all slots");
  } catch (const mw::InterfaceError& e) {
    const std::string what = e.what();
    INFO(what);
    CHECK(what.find("12 slots were to be there within") != std::string::npos);
    CHECK(what.find("2 are") != std::string::npos);
    CHECK(what.find("a node that calls itself stranger: it asks for masters with another key") != std::string::npos);
  }
  greedy.cancel(task);
}

TEST_CASE("discovery: a master that is killed is forgotten, and its node is there for the next one", "[faults][tcp][discovery]") {
  const Lan lan;
  const std::uint16_t port = discovery_port();
  const auto node = lan.searching_node(port, "n", {"--slots", "3", "--quiet"});
  const test::TemporaryFolder folder;
  const std::string tag = "CPPMW_TEST_TAG=" + std::to_string(::getpid()) + "-discovered";
  test::Program killed{test::beside("long_run"), {folder.path("ready"), lan.spec(by(port))}, tag};
  REQUIRE(test::eventually([&] { return !test::file_text(folder.path("ready")).empty(); }, slow_by * 20s));
  killed.kill();
  killed.wait();
  mw::Master next{mw::interface(lan.spec(by(port)))};
  CHECK(has_slots(next, 3));
  CHECK(next.get_result(next.submit_task<doubled_there>(1)) == 2);
}

TEST_CASE("discovery: discovery=no is not found, nor is who hears at another port", "[faults][tcp][discovery]") {
  const Lan lan;
  const std::uint16_t port = discovery_port(), other = discovery_port();
  const auto node = lan.searching_node(port, "n", {"--slots", "1", "--quiet"});
  mw::Master silent{mw::interface(lan.spec("&discovery=no"))};
  mw::Master elsewhere{mw::interface(lan.spec(by(other)))};
  mw::Master here{mw::interface(lan.spec(by(port)))};
  REQUIRE(has_slots(here, 1));
  CHECK(count_of(silent, "nodes_joined") == 0);
  CHECK(count_of(elsewhere, "nodes_joined") == 0);
}
