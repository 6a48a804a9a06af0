// Programs that masters have sent: continued, checked, kept.
#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include <mw/error.hpp>

#include "support/temporary.hpp"
#include "support/text.hpp"
#include "tcp/node/build_store.hpp"

using mw::tcp::BuildStore;
using mw::tcp::Delivery;
using test::bytes_of;

namespace {

mw::crypto::Digest sum_of(const std::string& text) {
  mw::crypto::Sha256 sum;
  sum.add(bytes_of(text));
  return sum.digest();
}

std::string content_of(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream{path}.rdbuf();
  return text.str();
}

const std::string program = "#!/bin/sh\nexit 0\n";

}  // namespace

TEST_CASE("a program comes in pieces, is checked, and is there the next time", "[tcp]") {
  const test::TemporaryFolder folder;
  const BuildStore store{folder.path("builds")};
  Delivery delivery = store.begin(sum_of(program), program.size());
  CHECK(delivery.offset() == 0);
  delivery.add(bytes_of(program.substr(0, 5)));
  CHECK_FALSE(delivery.is_whole());
  delivery.add(bytes_of(program.substr(5)));
  REQUIRE(delivery.is_whole());
  const std::string path = delivery.finish();
  CHECK(content_of(path) == program);
  CHECK(::access(path.c_str(), X_OK) == 0);

  Delivery again = store.begin(sum_of(program), program.size());
  CHECK(again.is_whole());
  CHECK(again.finish() == path);
}

TEST_CASE("a program that came in part goes on where it was", "[tcp]") {
  const test::TemporaryFolder folder;
  const BuildStore store{folder.path("builds")};
  { store.begin(sum_of(program), program.size()).add(bytes_of(program.substr(0, 5))); }
  Delivery delivery = store.begin(sum_of(program), program.size());
  CHECK(delivery.offset() == 5);
  delivery.add(bytes_of(program.substr(5)));
  CHECK(content_of(delivery.finish()) == program);
}

TEST_CASE("what is not the program that was promised never runs, and comes anew", "[tcp]") {
  const test::TemporaryFolder folder;
  const BuildStore store{folder.path("builds")};
  std::string other = program;
  other.back() = ' ';
  {
    Delivery delivery = store.begin(sum_of(program), program.size());
    delivery.add(bytes_of(other));
    CHECK_THROWS_AS(delivery.finish(), mw::InterfaceError);
  }
  Delivery anew = store.begin(sum_of(program), program.size());
  CHECK(anew.offset() == 0);
  CHECK_THROWS_AS(anew.add(bytes_of(program + "more")), mw::InterfaceError);
  anew.add(bytes_of(program));
  const std::string path = anew.finish();

  ::chmod(path.c_str(), 0700);
  std::ofstream{path} << "something else";  // by whoever may write there
  Delivery mended = store.begin(sum_of(program), program.size());
  CHECK_FALSE(mended.is_whole());
}

TEST_CASE("two nodes that have one folder take the same program in at a time", "[tcp]") {
  const test::TemporaryFolder folder;
  const BuildStore store{folder.path("builds")};
  Delivery one = store.begin(sum_of(program), program.size());
  Delivery other = store.begin(sum_of(program), program.size());
  one.add(bytes_of(program.substr(0, 5)));
  other.add(bytes_of(program));
  CHECK(content_of(other.finish()) == program);
  one.add(bytes_of(program.substr(5)));
  CHECK(content_of(one.finish()) == program);
}

TEST_CASE("a folder of programs is this user's alone, and does not grow for ever", "[tcp]") {
  const test::TemporaryFolder folder;
  const std::string path = folder.path("builds");
  const BuildStore store{path};
  struct stat status = {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0700);
  for (int i = 0; i < 40; ++i) {
    const std::string text = program + std::to_string(i);
    Delivery delivery = store.begin(sum_of(text), text.size());
    delivery.add(bytes_of(text));
    delivery.finish();
  }
  const auto count = std::distance(std::filesystem::directory_iterator{path}, std::filesystem::directory_iterator{});
  CHECK(count <= 32);
  CHECK_THROWS_AS(store.begin({}, 0), mw::InterfaceError);
  CHECK_THROWS_AS(store.begin({}, mw::tcp::largest_build + 1), mw::InterfaceError);
  std::ofstream{folder.path("file")} << "x";
  CHECK_THROWS_AS(BuildStore{folder.path("file")}, mw::InterfaceError);
}
