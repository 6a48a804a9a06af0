// What an application costs before its first task.
#include "apps/app_run.hpp"

#include <filesystem>
#include <fstream>
#include <sstream>

#include "support/processes.hpp"
#include "support/temporary.hpp"

using namespace test;

namespace {

/// What ld.so says of the files that each process loads, while it starts and later: one text a process.
std::vector<std::string> loads_of(Arguments command) {
  const TemporaryFolder folder;
  command.insert(command.begin(), {"LD_DEBUG=files", "LD_DEBUG_OUTPUT=" + folder.path("loads")});
  const auto run = mw::process::run_program("/usr/bin/env", command, {});
  INFO(run.err);
  REQUIRE(run.death.exit_status == 0);
  std::vector<std::string> loads;
  for (const auto& entry : std::filesystem::directory_iterator{folder.path("")}) loads.push_back(file_text(entry.path()));
  return loads;
}

}  // namespace

TEST_CASE("neither a master nor a worker loads what only other interfaces need", "[apps][start]") {
  const auto loads = loads_of({beside("null_test"), "-i", "multicore:2", "--tasks", "2"});
  CHECK(loads.size() >= 3);
  for (const std::string& text : loads) {
    INFO(text);
    CHECK(text.find("libstdc++") != std::string::npos);
    for (const char* library : {"libsqlite3", "libcurl", "libssl", "libcrypto"}) CHECK(text.find(library) == std::string::npos);
  }
}

#ifdef MW_TEST_APPLICATIONS
TEST_CASE("no application is larger than 3.1 MB", "[apps][start]") {
  constexpr std::uintmax_t largest = 3'100'000;
  std::istringstream applications{MW_TEST_APPLICATIONS};
  std::size_t count = 0;
  for (std::string name; applications >> name; ++count) {
    INFO(name << " has " << std::filesystem::file_size(beside(name)) << " bytes");
    CHECK(std::filesystem::file_size(beside(name)) <= largest);
  }
  CHECK(count > 10);
}
#endif
