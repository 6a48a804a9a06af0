// SHA-256, by the examples of its standard.
#include <catch2/catch.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include <mw/error.hpp>

#include "crypto/sha256.hpp"
#include "process/unique_fd.hpp"
#include "support/temporary.hpp"
#include "support/text.hpp"

using mw::crypto::Sha256;
using mw::crypto::to_text;

namespace {

constexpr const char* of_abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
constexpr const char* of_a_million = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";

}  // namespace

TEST_CASE("the sums of FIPS 180-4's examples", "[crypto]") {
  Sha256 sum;
  sum.add(test::bytes_of("a"));
  sum.add(test::bytes_of("bc"));
  CHECK(to_text(sum.digest()) == of_abc);
  CHECK(to_text(Sha256{}.digest()) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST_CASE("the sum of a file is that of its bytes, and its position stays", "[crypto]") {
  const test::TemporaryFolder folder;
  const std::string path = folder.path("file");
  std::ofstream{path} << std::string(1'000'000, 'a');
  const mw::process::UniqueFd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  CHECK(to_text(mw::crypto::sha256_of_file(file.get())) == of_a_million);
  CHECK(::lseek(file.get(), 0, SEEK_CUR) == 0);
  CHECK_THROWS_AS(mw::crypto::sha256_of_file(-1), mw::InterfaceError);
}
