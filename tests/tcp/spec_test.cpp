// How the interface is written, and what is wrong with it.
#include <catch2/catch.hpp>

#include <chrono>
#include <string>

#include <mw/error.hpp>
#include <mw/interface.hpp>
#include <mw/tcp.hpp>

#include "tcp/spec.hpp"

using mw::tcp::checked;
using mw::tcp::options_of;

TEST_CASE("tcp: a number is that of local slots, or of those that are expected", "[tcp]") {
  CHECK(options_of(":3").local_slots == 3);
  CHECK(checked(options_of(":3")).expected == 3);
  const mw::TcpOptions listens = options_of(":listen=0.0.0.0:9470&key=k");
  CHECK(listens.listen == "0.0.0.0:9470");
  CHECK(listens.key == "k");
  CHECK(checked(listens).local_slots == 0);
  CHECK(checked(listens).expected == 16);
  const mw::TcpOptions both = options_of(":8?listen=[::]:0&key=k&local=2&join_within_s=1.5&lost_after_s=3&threads=2&workers=w");
  CHECK(both.expected == 8);
  CHECK(both.local_slots == 2);
  CHECK(both.join_within == std::chrono::milliseconds{1'500});
  CHECK(both.lost_after == std::chrono::seconds{3});
  CHECK(both.threads == 2);
  CHECK(both.workers == "w");
  CHECK(checked(mw::TcpOptions{}).local_slots >= 1);
}

TEST_CASE("tcp: with a key alone it listens at a free port, and is found", "[tcp][discovery]") {
  const auto found = checked(options_of(":8?key=k"));
  CHECK(found.expected == 8);
  CHECK(found.local_slots == 0);
  CHECK(found.listen.ends_with(":0"));
  CHECK(mw::tcp::groups_of(found)->port == 9470);
  CHECK(mw::tcp::groups_of(checked(options_of(":key=k&discovery=9471")))->port == 9471);
  CHECK_FALSE(mw::tcp::groups_of(checked(options_of(":key=k&discovery=no"))));
  CHECK_FALSE(mw::tcp::groups_of(checked(options_of(":2"))));
  CHECK_THROWS_AS(checked(options_of(":key=k&discovery=10.0.0.1:1")), mw::UsageError);
  CHECK_THROWS_AS(checked(options_of(":2?discovery=9471")), mw::UsageError);
  CHECK_THROWS_AS(mw::discover({}), mw::UsageError);
  CHECK_THROWS_AS(mw::discover({.key = "k", .slots = 0}), mw::UsageError);
  CHECK_THROWS_AS(mw::discover({.key = "k", .discovery = "no"}), mw::UsageError);
  CHECK(mw::tcp::options_of(mw::DiscoverOptions{.key = "k", .slots = 5}).expected == 5);
}

TEST_CASE("tcp: what makes no sense is a usage error", "[tcp]") {
  const auto text = GENERATE(as<std::string>{}, ":", ":0", ":x", ":4097", ":2?", ":listen=0.0.0.0:9470", ":2?local=3", ":local=0",
                             ":2?threads=0", ":lost_after_s=0", ":listen=", ":2?nonsense=1", ":2?launch=pi1",
                             ":2?launch=ssh:", ":2x=3", ":launch=slurm:", ":launch=slurm:0", ":launch=slurm:x", ":launch=slurm:4-2",
                             ":launch=slurm:1-", ":launch=slurm:1-4097", ":launch=slurm:-3",
                             ":launch=slurm:1&slurm_options=--comment='x", ":launch=slurm:1&slurm_timeout_s=0");
  INFO(text);
  CHECK_THROWS_AS(options_of(text), mw::UsageError);
}

TEST_CASE("tcp: options that make no sense are refused, too", "[tcp]") {
  CHECK_THROWS_AS(checked({.local_slots = 4'097}), mw::UsageError);
  CHECK_THROWS_AS(checked({.expected = 4'097}), mw::UsageError);
  CHECK_THROWS_AS(checked({.listen = "0.0.0.0:9470"}), mw::UsageError);
  CHECK_THROWS_AS(checked({.lost_after = std::chrono::milliseconds{0}}), mw::UsageError);
  CHECK_THROWS_AS(checked({.threads = 65'537}), mw::UsageError);
}

TEST_CASE("tcp: machines that nodes are started on", "[tcp]") {
  const auto hosts = mw::tcp::hosts_of(options_of(":listen=0.0.0.0:0&key=k&launch=ssh:pi1,ada@pi2.local:4"));
  REQUIRE(hosts.size() == 2);
  CHECK(hosts[0].address == "pi1");
  CHECK(hosts[0].slots == 0);
  CHECK(hosts[1].address == "ada@pi2.local");
  CHECK(hosts[1].slots == 4);
  CHECK(hosts[1].name() == "pi2.local");
  const auto bad =
      GENERATE(as<std::string>{}, "", "-oProxyCommand=x", "a b", "pi1:0", "pi1:x", "@pi1", "ada@", "a@b@c", "-x@pi1", "pi1;ls");
  INFO(bad);
  CHECK_THROWS_AS(checked({.listen = "0.0.0.0:0", .key = "k", .ssh_hosts = {bad}}), mw::UsageError);
  CHECK_THROWS_AS(checked({.ssh_hosts = {"pi1"}}), mw::UsageError);
}

TEST_CASE("S1: nobody listens without a key", "[tcp][S1]") {
  CHECK_THROWS_WITH(mw::interface("tcp:listen=0.0.0.0:9470"), Catch::Contains("mw keygen"));
}

TEST_CASE("tcp: a number of workers from elsewhere joins the options", "[tcp]") {
  CHECK(mw::interface("tcp:listen=127.0.0.1:0&key=k", 6)->expected_slots() == 6);
  CHECK(mw::interface("tcp", 3)->expected_slots() == 3);
  CHECK_THROWS_AS(mw::interface("tcp:2", 3), mw::UsageError);
}

TEST_CASE("tcp: nodes as jobs of Slurm's", "[tcp][slurm]") {
  const auto four = checked(options_of(":launch=slurm:4&slurm_options=--partition=short --time=1:00:00&slurm_idle_s=2.5"));
  CHECK(four.slurm_least == 4);
  CHECK(four.slurm_most == 4);
  CHECK(four.slurm_options == std::vector<std::string>{"--partition=short", "--time=1:00:00"});
  CHECK(four.slurm_idle == std::chrono::milliseconds{2'500});
  CHECK(four.expected == 4);
  CHECK(four.local_slots == 0);
  CHECK(four.listen.ends_with(":0"));
  CHECK_FALSE(mw::tcp::groups_of(four));  // nobody else has the key
  const auto some = checked(options_of(":40?launch=slurm:0-20&listen=10.0.0.1:0"));
  CHECK(some.slurm_least == 0);
  CHECK(some.slurm_most == 20);
  CHECK(some.expected == 40);
  CHECK(mw::tcp::groups_of(checked(options_of(":key=k&launch=slurm:1"))));
  CHECK(mw::tcp::hosts_of(options_of(":key=k&launch=ssh:pi1&launch=slurm:1")).size() == 1);
  CHECK_THROWS_AS(checked(options_of(":launch=slurm:1&launch=ssh:pi1")), mw::UsageError);  // that one needs a key
  CHECK_THROWS_AS(checked(options_of(":launch=slurm:1&slurm_options=--array=0-9")), mw::UsageError);
  CHECK_THROWS_AS(checked(options_of(":launch=slurm:1&slurm_options=--partition short")), mw::UsageError);
  CHECK_THROWS_AS(checked(options_of(":2?slurm_options=--partition=short")), mw::UsageError);
  CHECK_THROWS_AS(checked({.slurm_least = 2, .slurm_most = 1}), mw::UsageError);
}
