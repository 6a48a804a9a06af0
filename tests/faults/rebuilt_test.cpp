// A program that is built anew while it runs: all results are of one build.
#include <catch2/catch.hpp>

#include <sys/stat.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "support/program.hpp"
#include "support/temporary.hpp"

namespace {

namespace fs = std::filesystem;

/// What a command says.
std::string words_of(const std::string& command) {
  std::string words;
  std::FILE* const pipe = ::popen((command + " 2>&1").c_str(), "r");
  char buffer[4096];
  while (const std::size_t got = std::fread(buffer, 1, sizeof buffer, pipe)) words.append(buffer, got);
  ::pclose(pipe);
  return words;
}

}  // namespace

TEST_CASE("when the program is built anew while it runs, its workers go on with the old file", "[faults][rebuilt]") {
#ifdef MW_HAVE_MPI
  const auto spec = GENERATE(as<std::string>{}, "multicore:2", "mpi:2", "mpi:2?memory=off");
#else
  const std::string spec = "multicore:2";
#endif
  INFO(spec);
  const test::TemporaryFolder folder;
  fs::copy_file(test::beside("rebuilt_app_1"), folder.path("app"));
  fs::copy_file(test::beside("rebuilt_app_2"), folder.path("new"));
  const std::string words = words_of(folder.path("app") + " '" + spec + "' " + folder.path("new"));
  INFO(words);
  CHECK(words.find("build 1: 80, build 2: 0") != std::string::npos);
}

#ifdef MW_HAVE_MPI
TEST_CASE("workers of another build than the master's are refused, and the reason says so", "[faults][mpi][rebuilt]") {
  const test::TemporaryFolder folder;
  fs::copy_file(test::beside("rebuilt_app_1"), folder.path("app"));
  fs::copy_file(test::beside("rebuilt_app_2"), folder.path("new"));
  // Between the start of the master and that of the ranks.
  std::ofstream{folder.path("mpiexec")} << "#!/bin/sh\nmv " << folder.path("new") << ' ' << folder.path("app")
                                        << "\nexec mpiexec.mpich \"$@\"\n";
  ::chmod(folder.path("mpiexec").c_str(), 0700);
  const std::string words =
      words_of(folder.path("app") + " 'mpi:2?memory=off&mpiexec=" + folder.path("mpiexec") + "' " + folder.path("new"));
  INFO(words);
  CHECK(words.find("another build of this program") != std::string::npos);
  CHECK(words.find("build 1: 0, build 2: 0") != std::string::npos);
}
#endif
