// A data file on its way to an agent: as it is read at the one end, and put together at the other.
#include <catch2/catch.hpp>

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "agent/file_store.hpp"
#include "remote/file_feed.hpp"
#include "support/forked.hpp"
#include "support/processes.hpp"
#include "support/temporary.hpp"
#include "support/text.hpp"
#include "wire/messages.hpp"

using namespace mw;
using namespace mw::remote;
using Catch::Contains;

using test::bytes_of;

namespace {

std::string made(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i * 7 + i / 251);
  return text;
}

/// Sends the whole file into the store; returns how many pieces it took.
std::size_t carry(FileFeed& feed, agent::FileStore& store) {
  for (std::size_t pieces = 1;; ++pieces) {
    Bytes frame;
    const bool is_more = feed.next(frame);
    if (frame.empty()) return pieces - 1;
    store.add(wire::parse_file_piece(frame.span().subspan(wire::header_size)));
    if (!is_more) return pieces;
  }
}

}  // namespace

TEST_CASE("a file arrives as it was, with its right to be executed, whatever its size", "[remote][agent]") {
  constexpr std::size_t piece = 256 * 1024;
  const std::size_t size = GENERATE_COPY(std::size_t{0}, std::size_t{1}, piece - 1, piece, piece + 1, 3 * piece);
  const bool is_executable = GENERATE(true, false);
  const test::TemporaryFolder folder;
  const std::string content = made(size);
  std::ofstream{folder.path("data"), std::ios::binary} << content;
  REQUIRE(::chmod(folder.path("data").c_str(), is_executable ? 0755 : 0644) == 0);
  const auto feed = FileFeed::open(folder.path("data"));
  REQUIRE(feed);
  CHECK(feed->version().size == static_cast<std::int64_t>(size));
  feed->set_number(5);
  agent::FileStore store;
  CHECK(carry(*feed, store) == std::max<std::size_t>((size + piece - 1) / piece, 1));
  const std::string path = store.path_of(5);
  CHECK(test::file_text(path) == content);
  CHECK((::access(path.c_str(), X_OK) == 0) == is_executable);
}

TEST_CASE("what cannot be sent is known before anything is", "[remote]") {
  const test::TemporaryFolder folder;
  std::filesystem::create_directory(folder.path("folder"));
  REQUIRE(::mkfifo(folder.path("pipe").c_str(), 0600) == 0);
  CHECK_FALSE(FileFeed::open(folder.path("none")));
  CHECK_FALSE(FileFeed::open(folder.path("folder")));
  CHECK_FALSE(FileFeed::open(folder.path("pipe")));  // and nobody waits for its writer
}

TEST_CASE("a file that changed is another version, the same one is the same", "[remote]") {
  const test::TemporaryFolder folder;
  std::ofstream{folder.path("data")} << "one";
  const FileVersion first = FileFeed::open(folder.path("data"))->version();
  CHECK(FileFeed::open(folder.path("data"))->version() == first);
  std::ofstream{folder.path("data"), std::ios::app} << "two";
  CHECK(FileFeed::open(folder.path("data"))->version() != first);
  std::ofstream{folder.path("other")} << "one";
  CHECK(FileFeed::open(folder.path("other"))->version() != first);
}

TEST_CASE("a file that becomes shorter on its way never comes whole, and its task is told", "[remote][agent]") {
  const test::TemporaryFolder folder;
  std::ofstream{folder.path("data"), std::ios::binary} << made(600'000);
  const auto feed = FileFeed::open(folder.path("data"));
  feed->set_number(1);
  agent::FileStore store;
  Bytes frame;
  REQUIRE(feed->next(frame));
  store.add(wire::parse_file_piece(frame.span().subspan(wire::header_size)));
  std::filesystem::resize_file(folder.path("data"), 300'000);
  Bytes second;
  CHECK_FALSE(feed->next(second));
  CHECK(second.empty());
  CHECK_THAT(store.path_of(1), Contains("/nonexistent/") && Contains("file 1 did not come from the master"));
}

TEST_CASE("a file that never came has a path that does not exist, and says so", "[agent]") {
  const agent::FileStore store;
  CHECK(store.path_of(7) == "/nonexistent/file 7 did not come from the master");
  CHECK_FALSE(std::filesystem::exists(store.path_of(7)));
}

TEST_CASE("files come in between each other, and go with the store", "[agent]") {
  std::string one, two;
  {
    agent::FileStore store;
    store.add({.file = 1, .is_executable = false, .is_last = false, .bytes = bytes_of("on")});
    store.add({.file = 2, .is_executable = false, .is_last = false, .bytes = bytes_of("tw")});
    store.add({.file = 1, .is_executable = false, .is_last = true, .bytes = bytes_of("e")});
    store.add({.file = 2, .is_executable = false, .is_last = true, .bytes = bytes_of("o")});
    one = store.path_of(1), two = store.path_of(2);
    CHECK(test::file_text(one) == "one");
    CHECK(test::file_text(two) == "two");
  }
  CHECK_FALSE(std::filesystem::exists(one));
  CHECK_FALSE(std::filesystem::exists(two));
}

TEST_CASE("more of a file that was whole makes it a broken one, not a longer one", "[agent][S4]") {
  agent::FileStore store;
  store.add({.file = 1, .is_executable = false, .is_last = true, .bytes = bytes_of("whole")});
  const std::string path = store.path_of(1);
  store.add({.file = 1, .is_executable = false, .is_last = false, .bytes = bytes_of("and more")});
  CHECK(test::file_text(path) == "whole");
  CHECK_THAT(store.path_of(1), Contains("/nonexistent/"));
}

TEST_CASE("a file for which there is no room is broken, and its task is told why", "[agent]") {
  CHECK(test::exit_status_of([] {
          ::signal(SIGXFSZ, SIG_IGN);
          const rlimit limit{100, 100};
          if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return 1;
          agent::FileStore store;
          const std::string large(1'000, 'x');
          store.add({.file = 1, .is_executable = false, .is_last = false, .bytes = bytes_of(large)});
          store.add({.file = 1, .is_executable = false, .is_last = true, .bytes = bytes_of(large)});
          store.add({.file = 2, .is_executable = false, .is_last = true, .bytes = bytes_of("small")});
          if (test::file_text(store.path_of(2)) != "small") return 2;
          return store.path_of(1).find("File too large") != std::string::npos ? 0 : 3;
        }) == 0);
}
