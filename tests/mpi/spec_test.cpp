// Where the workers of mpi are to be: lists and files of hosts, in the forms that people have them in.
#include <catch2/catch.hpp>

#include <fstream>

#include <fmt/format.h>

#include "mpi/launch.hpp"
#include "mpi/spec.hpp"
#include "process/place.hpp"
#include "support/errors.hpp"
#include "support/temporary.hpp"

using namespace mw;
using test::usage_error;
using namespace mw::mpi;

namespace {

std::vector<HostSlots> hosts_in(const std::string& text) {
  const test::TemporaryFolder folder;
  std::ofstream{folder.path("hosts")} << text;
  MpiOptions options;
  options.hostfile = folder.path("hosts");
  return hosts_of(options);
}

/// "pi1:4 pi@pi2:1": as one text, to compare.
std::string text_of(const std::vector<HostSlots>& hosts) {
  std::string text;
  for (const HostSlots& host : hosts)
    text += fmt::format("{}{}{}{}:{}", text.empty() ? "" : " ", host.user, host.user.empty() ? "" : "@", host.name, host.slots);
  return text;
}

}  // namespace

TEST_CASE("a host file may have Open MPI's form, users, and hosts that come twice", "[mpi]") {
  CHECK(text_of(hosts_in("pi1:4\n\n# a comment\npi2 # one\n")) == "pi1:4 pi2:1");
  CHECK(text_of(hosts_in("pi1 slots=2\npi2\tslots=3 # three\n")) == "pi1:2 pi2:3");
  CHECK(text_of(hosts_in("pi@pi1:2\npi2 slots=2 user=root\n")) == "pi@pi1:2 root@pi2:2");
  CHECK(text_of(hosts_in("pi1:2\npi2\npi1:3\n")) == "pi1:5 pi2:1");
  CHECK(text_of(hosts_of(options_of("?hosts=pi@pi1:2,192.168.1.7"))) == "pi@pi1:2 192.168.1.7:1");
}

TEST_CASE("what a host file says and nobody understands is refused, with the reason", "[mpi]") {
  const auto why = [](const std::string& text) { return usage_error([&] { hosts_in(text); }); };
  CHECK(why("pi1 max_slots=4\n").find("\"max_slots=4\" is not understood") != std::string::npos);
  CHECK(why("pi1 4\n").find("\"4\" is not understood") != std::string::npos);
  CHECK(why("pi1 slots=none\n").find("\"none\" is not how many workers") != std::string::npos);
  CHECK(why("pi1 slots\n").find("\"\" is not how many workers") != std::string::npos);
  CHECK(why("fe80::1\n").find("IPv6") != std::string::npos);
  CHECK(why("[fe80::1]:4\n").find("IPv6") != std::string::npos);
  CHECK(why("@pi1\n").find("no user") != std::string::npos);
  CHECK(why("a@pi1\nb@pi1\n").find("two users") != std::string::npos);
}

TEST_CASE("a host that is this one needs no ssh, however it is called", "[mpi]") {
  for (const std::string& name : {std::string{"localhost"}, std::string{"127.0.0.1"}, process::host_name()})
    CHECK(is_own_name(name));
  CHECK_FALSE(is_own_name("192.0.2.7"));  // an address that nobody has (RFC 5737)
  CHECK_FALSE(is_own_name("pi1"));
}

TEST_CASE("which host a rank is on follows from the list: the manager's first, then slot by slot, and round again", "[mpi]") {
  Launch launch;
  CHECK(launch.host_of(3).empty());
  launch.hosts = {{"h0", 1}, {"h1", 2}, {"h2", 1}};
  std::string hosts;
  for (std::uint32_t rank = 0; rank < 6; ++rank) hosts += launch.host_of(rank) + " ";
  CHECK(hosts == "h0 h1 h1 h2 h0 h1 ");
}

TEST_CASE("without a host that is gone, there are as many workers less as it had slots", "[mpi]") {
  const std::vector<HostSlots> all{{"h1", 2}, {"h2", 2}, {"h3", 2}};
  const std::vector<HostSlots> rest{{"h1", 2}, {"h2", 2}};
  CHECK(workers_on(rest, all, 6) == 4);
  CHECK(workers_on(rest, all, 3) == 3);
  CHECK(workers_on(rest, all, 12) == 8);
  CHECK(workers_on(all, all, 12) == 12);
  CHECK(workers_on({}, {}, 4) == 4);
}

TEST_CASE("restarts is a number from 0 on", "[mpi]") {
  CHECK(options_of(":2").restarts == 2);
  CHECK(options_of(":2?restarts=0").restarts == 0);
  CHECK(options_of(":2?restarts=7").restarts == 7);
  CHECK_THROWS_AS(options_of(":2?restarts=often"), UsageError);
  CHECK_THROWS_AS(options_of(":2?restarts=-1"), UsageError);
}
