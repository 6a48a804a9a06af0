// The table of a cache: what is found, and what goes.
#include <catch2/catch.hpp>

#include <string>

#include "journal/cache_file.hpp"
#include "support/temporary.hpp"

using namespace mw::journal;
using namespace std::chrono_literals;

namespace {

CachedCall call(std::uint64_t number, const std::string& value, std::uint64_t build = 1) {
  CachedCall made{
      .digest = {number, ~number}, .build = build, .function = number % 2 ? "odd" : "even", .value = {}, .out = "out", .err = {}};
  made.value = std::as_bytes(std::span{value});
  return made;
}

}  // namespace

TEST_CASE("a cache finds what the same build has kept", "[journal]") {
  const test::TemporaryFolder folder;
  CacheFile file{folder.path("results.mwc")};
  file.keep(call(1, "value"));
  const auto kept = file.find({1, ~1ull}, 1);
  REQUIRE(kept);
  CHECK(kept->outcome.value.size() == 5);
  CHECK(kept->outcome.out == "out");
  CHECK_FALSE(kept->is_old);
  CHECK_FALSE(file.find({1, ~1ull}, 2));
  CHECK_FALSE(file.find({2, ~2ull}, 1));
  file.keep(call(1, "of another build", 2));
  CHECK(file.find({1, ~1ull}, 2));
  CHECK(file.count() == 1);
}

TEST_CASE("a damaged result of a cache is not found", "[journal]") {
  const test::TemporaryFolder folder;
  CacheFile file{folder.path("results.mwc")};
  file.keep(call(1, "value"));
  file.file().database().execute("UPDATE cached SET value = CAST('valve' AS BLOB)");
  CHECK_FALSE(file.find({1, ~1ull}, 1));
}

TEST_CASE("a cache that is over its limits loses what was used longest ago", "[journal]") {
  const test::TemporaryFolder folder;
  CacheFile file{folder.path("results.mwc")};
  for (std::uint64_t i = 1; i <= 10; ++i) file.keep(call(i, std::string(97, 'x')));
  CHECK(file.bytes() == 1'000);
  file.file().database().execute(
      "UPDATE cached SET used = used - 1000 + number; UPDATE cached SET used = used + 500 WHERE number = 1");
  CHECK(file.find({1, ~1ull}, 1));
  CHECK(file.prune(CacheLimits{.bytes = 350}) == 7);
  CHECK(file.find({1, ~1ull}, 1));  // it was used later than the others
  CHECK(file.find({9, ~9ull}, 1));
  CHECK_FALSE(file.find({8, ~8ull}, 1));
  CHECK(file.prune(CacheLimits{.age = 700s}) == 2);
  CHECK(file.prune("odd") == 1);
  CHECK(file.count() == 0);
}

TEST_CASE("a use that is long ago is written down when the result is found again", "[journal]") {
  const test::TemporaryFolder folder;
  CacheFile file{folder.path("results.mwc")};
  file.keep(call(1, "value"));
  file.file().database().execute("UPDATE cached SET used = used - 7200");
  CHECK(file.find({1, ~1ull}, 1)->is_old);
  file.used({1, ~1ull});
  CHECK_FALSE(file.find({1, ~1ull}, 1)->is_old);
}
