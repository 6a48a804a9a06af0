// One of two workers never starts.
#include <catch2/catch.hpp>

#include <cstdlib>
#include <string>

#include "contract/functions.hpp"
#include "support/processes.hpp"
#include "support/program.hpp"
#include "support/temporary.hpp"

TEST_CASE("a worker that does not start is named once, and does not count as one", "[faults][limping]") {
  const auto spec = GENERATE(from_range(contract::specs_with_lasting_workers()));
  const test::TemporaryFolder folder;
  const std::string only_one = spec.starts_with("mpi") ? "" : "CPPMW_TEST_ONE_ONLY=" + folder.path("one") + " ";
  const std::string command =
      only_one + test::beside("limping_app") + " -i " + spec + " --json >" + folder.path("out") + " 2>" + folder.path("err");
  CHECK(std::system(command.c_str()) == 0);
  const std::string out = test::file_text(folder.path("out")), err = test::file_text(folder.path("err"));
  INFO(spec << ": " << out << err);
  CHECK(out.find("\"workers\":1,") != std::string::npos);
  const auto first = err.find("did not start");
  REQUIRE(first != std::string::npos);
  CHECK(err.find("exit status 3") != std::string::npos);
  CHECK(err.find("did not start", first + 1) == std::string::npos);
}
