// What a rank's helper says when a rank or a host is gone.
#include <catch2/catch.hpp>

#include "mpi/death_notice.hpp"

using namespace mw::mpi;

TEST_CASE("a notice of a death is read as it was written, and nothing else is one", "[mpi]") {
  const DeathNotice notice{3, 77, 9, 0};
  const auto read = DeathNotice::of("[host] " + notice.to_text());
  REQUIRE(read);
  CHECK(read->rank == 3);
  CHECK(read->pid == 77);
  CHECK(read->signal == 9);
  CHECK(read->exit_status == 0);
  for (const char* line :
       {"", "@cppmw-rank-ended", "@cppmw-rank-ended 1 2 3", "@cppmw-rank-ended 1 2 x 4", "@cppmw-rank-ended 99999999999 1 1 1"})
    CHECK_FALSE(DeathNotice::of(line));
}

TEST_CASE("a notice that a host cannot be reached is read as it was written, and nothing else is one", "[mpi]") {
  const auto read = HostNotice::of("[h1] " + HostNotice{"pi2.local", 255}.to_text());
  REQUIRE(read);
  CHECK(read->host == "pi2.local");
  CHECK(read->exit_status == 255);
  for (const char* line : {"", "@cppmw-host-ended", "@cppmw-host-ended 1", "@cppmw-host-ended 1 ", "@cppmw-host-ended x pi2"})
    CHECK_FALSE(HostNotice::of(line));
}
