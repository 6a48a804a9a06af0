// What a machine has, each worker's share of it, and what its environment says.
#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include <mw/error.hpp>

#include "parse/size.hpp"
#include "resources/machine.hpp"
#include "resources/options.hpp"
#include "resources/shares.hpp"
#include "support/temporary.hpp"

using namespace mw;
using namespace mw::resources;

namespace {

std::vector<std::vector<std::string>> gpus_of(const std::vector<Resources>& shares) {
  std::vector<std::vector<std::string>> lists;
  for (const Resources& share : shares) lists.push_back(share.gpus);
  return lists;
}

using Variables = std::vector<std::pair<std::string, std::string>>;
using Lists = std::vector<std::vector<std::string>>;

}  // namespace

TEST_CASE("a size is a number of bytes, with K, M, G or T", "[parse]") {
  CHECK(parse::size("4096") == 4096);
  CHECK(parse::size("512M") == MiB(512));
  CHECK(parse::size("1.5G") == GiB(3) / 2);
  CHECK(parse::size("2T") == GiB(2048));
  CHECK(parse::size("0") == 0);
  for (const char* text : {"", "G", "4GB", "-1", "nan", "inf", "1e30", "4 G", "9000000000G"}) {
    INFO(text);
    CHECK_FALSE(parse::size(text));
  }
}

TEST_CASE("cores and memory are divided, and each worker has one core at least", "[resources]") {
  const auto shares = shares_of({.cores = 8, .memory = GiB(16)}, {}, 4);
  REQUIRE(shares.size() == 4);
  CHECK(shares[3].cores == 2);
  CHECK(shares[3].memory == GiB(4));
  CHECK(shares_of({.cores = 2}, {}, 4)[0].cores == 1);
  const auto told = shares_of({.cores = 8, .memory = GiB(16)}, {.cores = 5, .memory = GiB(1), .labels = {"big"}}, 4);
  CHECK(told[1] == Resources{.cores = 5, .memory = GiB(1), .labels = {"big"}});
}

TEST_CASE("GPUs are dealt out, neighbours to one worker", "[resources]") {
  CHECK(gpus_of(shares_of({.gpus = {"0", "1"}}, {}, 3)) == Lists{{"0"}, {"1"}, {}});
  CHECK(gpus_of(shares_of({.gpus = {"0", "1", "2", "3"}}, {}, 2)) == Lists{{"0", "1"}, {"2", "3"}});
  CHECK(gpus_of(shares_of({.gpus = {"0", "1", "2"}}, {}, 2)) == Lists{{"0", "1"}, {"2"}});
}

TEST_CASE("a worker's environment says which GPUs are its own, and one without sees none if somebody said how many there are",
          "[resources]") {
  const Resources two{.gpus = {"2", "GPU-7"}};
  CHECK(environment_of(two, false) == Variables{{"CUDA_VISIBLE_DEVICES", "2,GPU-7"}, {"HIP_VISIBLE_DEVICES", "2,GPU-7"}});
  CHECK(environment_of(two, true) == environment_of(two, false));
  CHECK(environment_of({}, true) == Variables{{"CUDA_VISIBLE_DEVICES", ""}, {"HIP_VISIBLE_DEVICES", "-1"}});
  CHECK(environment_of({}, false).empty());
}

TEST_CASE("GPUs are those that are visible, or those that there are files of", "[resources]") {
  const test::TemporaryFolder folder;
  const std::string root = folder.path("root");
  CHECK(available_gpus(root, nullptr).empty());
  std::filesystem::create_directories(root + "/dev");
  for (const char* name : {"nvidia0", "nvidia1", "nvidiactl", "nvidia-uvm"}) std::ofstream{root + "/dev/" + name};
  CHECK(available_gpus(root, nullptr) == std::vector<std::string>{"0", "1"});
  CHECK(available_gpus(root, "3,GPU-5") == std::vector<std::string>{"3", "GPU-5"});
  CHECK(available_gpus(root, "").empty());
  CHECK(available_gpus(root, "1,-1,2") == std::vector<std::string>{"1"});
}

TEST_CASE("memory is the least of the machine's and what its control groups allow", "[resources]") {
  const test::TemporaryFolder folder;
  const std::string root = folder.path("root");
  std::filesystem::create_directories(root + "/proc/self");
  std::filesystem::create_directories(root + "/sys/fs/cgroup/a/b");
  std::ofstream{root + "/proc/self/cgroup"} << "0::/a/b\n";
  CHECK(available_memory(GiB(8), root) == GiB(8));
  std::ofstream{root + "/sys/fs/cgroup/a/b/memory.max"} << "max\n";
  CHECK(available_memory(GiB(8), root) == GiB(8));
  std::ofstream{root + "/sys/fs/cgroup/a/memory.max"} << GiB(2) << '\n';
  CHECK(available_memory(GiB(8), root) == GiB(2));
  CHECK(available_memory(GiB(1), root) == GiB(1));
}

TEST_CASE("options say what workers have, and what makes no sense is refused", "[resources]") {
  struct Options {
    Shares shares;
  };
  spec::Table<Options> table;
  add_rows<&Options::shares>(table);
  const auto read = [&](std::string_view text) {
    Options options;
    spec::read_options(options, text, table, [](const std::string& why) { throw UsageError{why}; });
    return options.shares;
  };
  const Shares shares = read("cores=2&memory=4G&gpus=0&label=big,rack=3");
  CHECK(shares.cores == 2);
  CHECK(shares.memory == GiB(4));
  CHECK(shares.gpus == 0u);
  CHECK(shares.labels == std::vector<std::string>{"big", "rack=3"});
  for (const char* text : {"cores=0", "memory=0", "memory=much", "gpus=-1", "label=a,,b", "label=a b", "gpus=", "gpu=1"}) {
    INFO(text);
    CHECK_THROWS_AS(read(text), UsageError);
  }
  CHECK_THROWS_AS(check({.labels = {"a b"}}, "multicore"), UsageError);
  CHECK_THROWS_AS(check({.gpus = most_gpus + 1}, "multicore"), UsageError);
  CHECK_THROWS_AS(check({.labels = std::vector<std::string>(most_labels + 1, "x")}, "multicore"), UsageError);
}
