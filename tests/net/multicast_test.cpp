// Datagrams to a group, on this machine's own loopback.
#include <catch2/catch.hpp>

#include <unistd.h>

#include <chrono>
#include <memory>
#include <vector>

#include <boost/asio/io_context.hpp>

#include <mw/error.hpp>

#include "net/multicast.hpp"

using namespace mw::net;
using namespace std::chrono_literals;

namespace {

Groups groups_of_this_test() {
  Groups groups = usual_groups();
  groups.port = static_cast<std::uint16_t>(20'000 + ::getpid() % 20'000);
  return groups;
}

std::vector<Network> only_loopback() {
  auto networks = networks_now();
  std::erase_if(networks, [](const Network& one) { return !one.is_loopback; });
  return networks;
}

}  // namespace

TEST_CASE("discovery: groups as people write them", "[net][discovery]") {
  CHECK(groups_of("9471").port == 9471);
  CHECK(groups_of("9471").v4 == usual_groups().v4);
  CHECK(groups_of("239.1.2.3:17").v4->to_string() == "239.1.2.3");
  CHECK_FALSE(groups_of("239.1.2.3:17").v6);
  CHECK(groups_of("[ff12::7]:17").v6->to_string() == "ff12::7");
  CHECK_FALSE(groups_of("[ff12::7]:17").v4);
  CHECK(text_of(usual_groups()) == "239.255.77.87 and ff12::4d57, port 9470");
  const auto bad =
      GENERATE(as<std::string>{}, "", "no", "0", "65536", "10.0.0.1:17", "[fe80::1]:17", "239.1.2.3", "239.1.2.3:", "lab:17");
  INFO(bad);
  CHECK_THROWS_AS(groups_of(bad), mw::UsageError);
}

TEST_CASE("discovery: two that hear on one machine hear the same question, and the asker their answers", "[net][discovery]") {
  boost::asio::io_context io;
  const Groups groups = groups_of_this_test();
  const std::byte question[] = {std::byte{1}, std::byte{2}}, answer[] = {std::byte{3}};
  std::vector<std::shared_ptr<MulticastPort>> hearers;
  for (int i = 0; i < 2; ++i) {
    auto& port = hearers.emplace_back(std::make_shared<MulticastPort>(io, groups, MulticastPort::Side::hears));
    port->open([&, raw = port.get()](auto bytes, const auto& from) {
      CHECK(std::equal(bytes.begin(), bytes.end(), std::begin(question), std::end(question)));
      raw->send_to(answer, from);
    });
    REQUIRE(port->trouble() == "");
    port->join(only_loopback());
    port->join(only_loopback());  // it may be said again
  }
  int answers = 0;
  const auto asker = std::make_shared<MulticastPort>(io, groups, MulticastPort::Side::asks);
  asker->open([&](auto bytes, const auto&) { answers += bytes.size() == 1 ? 1 : 0; });
  const auto sent = asker->send(question, only_loopback());
  CHECK(sent.near == 1);
  CHECK(sent.far == 0);
  const auto end = std::chrono::steady_clock::now() + 2s;
  while (answers < 2 && std::chrono::steady_clock::now() < end) io.run_one_for(50ms);
  CHECK(answers == 2);
  for (const auto& port : hearers) port->close();
  asker->close();
  io.run_for(1s);  // and nothing is left to wait for
  CHECK(io.stopped());
}

TEST_CASE("S7: of a flood of datagrams a few are looked at", "[net][discovery][S7]") {
  boost::asio::io_context io;
  Groups groups = groups_of_this_test();
  groups.v6.reset();
  int heard = 0;
  const auto hearer = std::make_shared<MulticastPort>(io, groups, MulticastPort::Side::hears);
  hearer->open([&](auto, const auto&) { ++heard; });
  hearer->join(only_loopback());
  const auto asker = std::make_shared<MulticastPort>(io, groups, MulticastPort::Side::asks);
  asker->open([](auto, const auto&) {});
  const auto networks = only_loopback();
  const std::vector<std::byte> large(1'400);
  int sent = 0;
  const auto end = std::chrono::steady_clock::now() + 200ms;
  while (std::chrono::steady_clock::now() < end) {
    for (int i = 0; i < 50; ++i, ++sent) static_cast<void>(asker->send(large, networks));
    io.poll();
    io.restart();
  }
  INFO(sent << " sent, " << heard << " heard");
  CHECK(heard > 0);
  CHECK(heard <= 128 * 6);
  CHECK(sent > 2 * heard);
  hearer->close();
  asker->close();
  io.poll();
}
