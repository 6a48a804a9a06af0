// The sums of files that are looked at again and again.
#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "boinc/volunteer/known_sums.hpp"
#include "support/processes.hpp"
#include "support/temporary.hpp"

using namespace mw::boinc;
using namespace std::chrono_literals;

namespace {

void write(const std::string& path, const std::string& text) { std::ofstream{path} << text; }

/// As it was written last: what was done to the content is not seen by that.
void set_time_of_content(const std::string& path, const struct stat& before) {
  const timespec times[] = {before.st_atim, before.st_mtim};
  REQUIRE(::utimensat(AT_FDCWD, path.c_str(), times, 0) == 0);
}

struct Summed {
  test::TemporaryFolder folder;
  const std::string path = folder.path("program");
  int readings = 0;
  KnownSums sums{[this](const std::string& file) {
    ++readings;
    return md5_of_file(file);
  }};

  Summed() { write(path, "one"); }
  /// Until it is not read any more.
  bool settles() {
    return test::eventually([this] {
      const int before = readings;
      sums.of(path);
      return readings == before;
    });
  }
};

}  // namespace

TEST_CASE("a file that nothing has touched is not read again", "[boinc][volunteer]") {
  Summed summed;
  REQUIRE(summed.settles());
  const int before = summed.readings;
  for (int i = 0; i < 10; ++i) CHECK(summed.sums.of(summed.path) == md5_hex("one"));
  CHECK(summed.readings == before);
  summed.sums.forget(summed.path);
  summed.sums.of(summed.path);
  CHECK(summed.readings == before + 1);
}

TEST_CASE("a file that was touched is read again, whatever it says of the time of its content", "[boinc][volunteer]") {
  Summed summed;
  REQUIRE(summed.settles());
  struct stat before = {};
  REQUIRE(::stat(summed.path.c_str(), &before) == 0);
  SECTION("written over") { write(summed.path, "two"); }
  SECTION("another file in its place") {
    const std::string other = summed.folder.path("other");
    write(other, "two");
    std::filesystem::rename(other, summed.path);
  }
  set_time_of_content(summed.path, before);
  CHECK(summed.sums.of(summed.path) == md5_hex("two"));
}

TEST_CASE("a file that changes again and again is never taken for what it was", "[boinc][volunteer]") {
  Summed summed;
  for (int i = 0; i < 2000; ++i) {
    const std::string text = std::to_string(10'000 + i);
    write(summed.path, text);
    REQUIRE(summed.sums.of(summed.path) == md5_hex(text));
  }
}

TEST_CASE("a file that is not there has no sum", "[boinc][volunteer]") {
  Summed summed;
  REQUIRE(summed.settles());
  std::filesystem::remove(summed.path);
  CHECK_THROWS_AS(summed.sums.of(summed.path), mw::InterfaceError);
}
