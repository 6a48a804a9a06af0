// Which network leads to the other hosts, and which host an ssh is for.
#include <catch2/catch.hpp>

#include <filesystem>

#include "mpi/rank/network.hpp"
#include "mpi/rank/remote_shell.hpp"
#include "process/place.hpp"
#include "process/route.hpp"
#include "support/temporary.hpp"

using namespace mw;
using namespace mw::mpi;

TEST_CASE("MPI gets the networks that lead to other hosts, where there are others, and and InfiniBand in any case", "[mpi]") {
  CHECK(devices_for({"eth0"}, {"docker0", "eth0"}, {}) == "eth0");
  CHECK(devices_for({"eth0", "eth0", "wlan0"}, {"docker0", "eth0", "wlan0"}, {}) == "eth0,wlan0");
  CHECK(devices_for({"eth0"}, {"docker0", "eth0"}, {"mlx5_0:1", "mlx5_1:1"}) == "eth0,mlx5_0:1,mlx5_1:1");
  CHECK(devices_for({"eth0"}, {"eth0"}, {"mlx5_0:1"}).empty());
  CHECK(devices_for({}, {"docker0", "eth0"}, {}).empty());
}

TEST_CASE("ports of InfiniBand are found where the system lists them", "[mpi]") {
  const test::TemporaryFolder folder;
  CHECK(infiniband_ports(folder.path("none")).empty());
  std::filesystem::create_directories(folder.path("mlx5_0/ports/1"));
  std::filesystem::create_directories(folder.path("mlx5_0/ports/2"));
  CHECK(infiniband_ports(folder.path("")) == std::vector<std::string>{"mlx5_0:1", "mlx5_0:2"});
}

TEST_CASE("no network leads to this machine itself, nor to a name that nobody has", "[mpi]") {
  CHECK_FALSE(process::network_towards("127.0.0.1"));
  CHECK_FALSE(process::network_towards(std::string(300, 'x')));  // longer than a name may be: nobody is asked
  CHECK(process::is_own_address("127.0.0.1"));
  CHECK_FALSE(process::is_own_address("192.0.2.7"));
  CHECK_FALSE(process::is_own_address("localhost"));
  for (const std::string& network : process::networks()) CHECK(network != "lo");
}

TEST_CASE("the host among ssh's arguments is the first that is no option", "[mpi]") {
  CHECK(host_among({"-x", "pi1", "/usr/bin/hydra_pmi_proxy", "--control-port", "h0:1"}) == "pi1");
  CHECK(host_among({"-x", "-l", "pi", "pi1", "x"}) == "pi1");
  CHECK(host_among({"-x"}) == "?");
}
