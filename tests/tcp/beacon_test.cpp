// What a master tells who asks for it, and what it knows of who has not joined.
#include <catch2/catch.hpp>

#include <optional>
#include <string>

#include "tcp/absent_nodes.hpp"
#include "tcp/beacon.hpp"

using boost::asio::ip::make_address;
using Where = boost::asio::ip::tcp::endpoint;

TEST_CASE("discovery: a master offers the address by which the asker reaches it, or none", "[tcp][discovery]") {
  const auto own = [] { return std::optional{make_address("10.77.0.1")}; };
  const auto place = [&](const char* listens, const char* asker) {
    return mw::tcp::place_for(Where{make_address(listens), 9470}, make_address(asker), own);
  };
  CHECK(place("0.0.0.0", "10.77.0.2") == Where{make_address("10.77.0.1"), 9470});
  CHECK(place("::", "10.77.0.2") == Where{make_address("10.77.0.1"), 9470});
  CHECK(place("192.168.1.7", "10.77.0.2") == Where{make_address("192.168.1.7"), 9470});
  CHECK(place("127.0.0.1", "127.0.0.1") == Where{make_address("127.0.0.1"), 9470});
  CHECK_FALSE(place("127.0.0.1", "10.77.0.2"));
  CHECK_FALSE(place("0.0.0.0", "fe80::2"));
  CHECK_FALSE(mw::tcp::place_for({make_address("::"), 9470}, make_address("fe80::2"), [] { return std::nullopt; }));
}

TEST_CASE("P28: of each node that has not joined the last reason is known, of the latest ones", "[tcp][P28]") {
  mw::tcp::AbsentNodes absent;
  CHECK(absent.is_empty());
  absent.note("the node pi1", "no worker build");
  absent.note("10.0.0.7", "a wrong key");
  absent.note("the node pi1", "its disk is full");
  CHECK(absent.text() == "the node pi1: its disk is full; 10.0.0.7: a wrong key");
  absent.joined("the node pi1");
  CHECK(absent.text() == "10.0.0.7: a wrong key");
  for (std::size_t i = 0; i < mw::tcp::AbsentNodes::most; ++i) absent.note(std::to_string(i), "late");
  CHECK(absent.text().find("10.0.0.7") == std::string::npos);
  CHECK(absent.text().ends_with("63: late; and others before them"));
}
