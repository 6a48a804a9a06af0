// Where a process is in the tree of control groups, as /proc says it in its several ways.
#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "process/cgroup.hpp"
#include "support/temporary.hpp"

using mw::process::cgroup_folders;

namespace {

/// A root whose /proc/self/cgroup says this; the folders are told without it.
std::vector<std::string> folders(const std::string& said, const std::string& controller = "cpu") {
  const test::TemporaryFolder root;
  std::filesystem::create_directories(root.path("proc/self"));
  std::ofstream{root.path("proc/self/cgroup")} << said;
  auto found = cgroup_folders(root.path("."), controller);
  for (std::string& one : found) one.erase(0, root.path("./").size());
  return found;
}
using List = std::vector<std::string>;

}  // namespace

TEST_CASE("version 2 has one tree, at either of its places, nearest group first", "[process]") {
  CHECK(folders("0::/user.slice/me\n") == List{"sys/fs/cgroup/user.slice/me", "sys/fs/cgroup/user.slice", "sys/fs/cgroup",
                                               "sys/fs/cgroup/unified/user.slice/me", "sys/fs/cgroup/unified/user.slice",
                                               "sys/fs/cgroup/unified"});
  CHECK(folders("0::/\n") == List{"sys/fs/cgroup", "sys/fs/cgroup/unified"});
}

TEST_CASE("version 1 has a tree for each controller, and only the one that was asked for counts", "[process]") {
  const std::string said = "4:cpu,cpuacct:/docker/a\n3:cpuset:/other\n2:memory:/m\n";
  CHECK(folders(said) == List{"sys/fs/cgroup/cpu,cpuacct/docker/a", "sys/fs/cgroup/cpu,cpuacct/docker", "sys/fs/cgroup/cpu,cpuacct",
                              "sys/fs/cgroup/cpu/docker/a", "sys/fs/cgroup/cpu/docker", "sys/fs/cgroup/cpu"});
  CHECK(folders(said, "memory").front() == "sys/fs/cgroup/memory/m");
  CHECK(folders(said, "cpuacct").front() == "sys/fs/cgroup/cpu,cpuacct/docker/a");
  CHECK(folders(said, "pids").empty());
  CHECK(folders("1:cpuset,xcpu:/a\n").empty());
}

TEST_CASE("a path may have colons in it, and a line that is none is passed over", "[process]") {
  CHECK(folders("0::/a:b\n").front() == "sys/fs/cgroup/a:b");
  CHECK(folders("\n:\n0\n0:\n0::\n0::relative\nnonsense\n").empty());
  CHECK(folders("rubbish\n0::/x").front() == "sys/fs/cgroup/x");
}

TEST_CASE("where /proc says nothing there are no groups", "[process]") { CHECK(cgroup_folders("/nonexistent", "cpu").empty()); }
