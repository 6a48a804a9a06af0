// Files as memory, and as bytes: what is read, and what is refused.
#include <catch2/catch.hpp>

#include <sys/stat.h>
#include <unistd.h>
#include <mw/error.hpp>

#include <fcntl.h>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <string>

#include "process/file.hpp"
#include "process/mapped_file.hpp"
#include "support/forked.hpp"
#include "support/temporary.hpp"
#include "support/text.hpp"

using namespace mw;
using namespace mw::process;
using Catch::Contains;

using test::text_of;

namespace {

/// Whether this call, in a process of its own, comes to an InterfaceError that says so. A pipe without a writer must
/// not make it wait: then the process is ended by its alarm, and the status is -1.
template <class Call>
int refuses(const std::string& why, const Call& call) {
  return test::exit_status_of([&] {
    ::alarm(5);
    try {
      call();
    } catch (const InterfaceError& e) {
      return std::string{e.what()}.find(why) != std::string::npos ? 0 : 2;
    }
    return 1;
  });
}

}  // namespace

TEST_CASE("a mapped file is what the file holds, and moves with its owner", "[process]") {
  const test::TemporaryFolder folder;
  std::ofstream{folder.path("file")} << "some bytes";
  std::ofstream{folder.path("other")} << "other";
  std::ofstream{folder.path("empty")};
  MappedFile file{folder.path("file")};
  CHECK(text_of(file.span()) == "some bytes");
  MappedFile moved{std::move(file)};
  CHECK(file.span().empty());  // NOLINT(bugprone-use-after-move): what it is then is under test
  moved = MappedFile{folder.path("other")};
  CHECK(text_of(moved.span()) == "other");
  CHECK(MappedFile{folder.path("empty")}.span().empty());
}

TEST_CASE("a mapped file stays readable when its name is gone", "[process]") {
  const test::TemporaryFolder folder;
  const std::string text(100'000, 'm');
  std::ofstream{folder.path("file")} << text;
  const MappedFile file{folder.path("file")};
  std::filesystem::remove(folder.path("file"));
  CHECK(text_of(file.span()) == text);
}

TEST_CASE("what is no file to be read is refused, by its name and the reason", "[process]") {
  const test::TemporaryFolder folder;
  std::filesystem::create_directory(folder.path("folder"));
  std::ofstream{folder.path("file")} << "x";
  std::filesystem::create_symlink("file", folder.path("link"));
  CHECK_THROWS_WITH(MappedFile{folder.path("none")}, Contains(folder.path("none")) && Contains("No such file"));
  CHECK_THROWS_WITH(MappedFile{folder.path("folder")}, Contains("it is no file"));
  CHECK_THROWS_AS(MappedFile{folder.path("link")}, InterfaceError);  // whoever made the link chose the file
  CHECK_THROWS_WITH(read_file(folder.path("none")), Contains("none cannot be read: No such file"));
  CHECK_THROWS_WITH(read_text_file(folder.path("folder")), Contains("cannot be read to its end: Is a directory"));
}

TEST_CASE("a pipe in a file's place is refused, and nobody waits for what never comes", "[process]") {
  const test::TemporaryFolder folder;
  const std::string pipe = folder.path("pipe");
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  CHECK(refuses("it is no file", [&] { MappedFile{pipe}; }) == 0);
  CHECK(refuses("it is no file", [&] { static_cast<void>(read_file(pipe)); }) == 0);
}

TEST_CASE("a file is written whole or not at all, with its mode, over what was there", "[process]") {
  const test::TemporaryFolder folder;
  const std::string path = folder.path("state");
  write_file(path, "one", 0600);
  CHECK(read_text_file(path) == "one");
  struct stat status = {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0600);
  std::ofstream{path + ".new"} << "torn by an earlier run";
  const std::string two(300'000, '2');
  write_file(path, two);
  CHECK(read_text_file(path) == two);
  CHECK(text_of(read_file(path).span()) == two);
  CHECK_FALSE(std::filesystem::exists(path + ".new"));
  CHECK_THROWS_WITH(write_file(folder.path("none/state"), "x"), Contains("cannot be written: No such file"));
}

TEST_CASE("a new file is refused where there is one, which stays as it is", "[process]") {
  const test::TemporaryFolder folder;
  write_new_file(folder.path("file"), "first");
  CHECK_THROWS_WITH(write_new_file(folder.path("file"), "second"), Contains("File exists"));
  CHECK(read_text_file(folder.path("file")) == "first");
}

TEST_CASE("a file that cannot be written to its end leaves nothing behind", "[process]") {
  if (!std::filesystem::exists("/dev/full")) return;
  const int full = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
  const std::string text(10'000, 'x');
  CHECK_THROWS_WITH(write_all(full, std::as_bytes(std::span{text}), "the disk"),
                    Contains("the disk cannot be written: No space left"));
  ::close(full);
}

TEST_CASE("a key that others may read is none, and a file of any size is no key", "[process][S8]") {
  const test::TemporaryFolder folder;
  const std::string path = folder.path("key");
  write_file(path, "secret", 0600);
  CHECK(read_secret_file(path) == "secret");
  for (const mode_t mode : {mode_t{0640}, mode_t{0604}, mode_t{0660}, mode_t{0610}}) {
    REQUIRE(::chmod(path.c_str(), mode) == 0);
    CHECK_THROWS_WITH(read_secret_file(path), Contains("can be read by others") && Contains("chmod 600 " + path));
  }
  write_file(path, std::string(64 * 1024, 'k'), 0600);
  CHECK(read_secret_file(path).size() == 64 * 1024);
  write_file(path, std::string(200 * 1024, 'k'), 0600);
  CHECK_THROWS_WITH(read_secret_file(path), Contains("it is longer than 65536 bytes"));
  CHECK_THROWS_WITH(read_secret_file(folder.path("none")), Contains("No such file"));
}
