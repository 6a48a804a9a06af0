// Output files as a worker names them: what was not asked for is not written, and nothing is half there.
#include "master/placed_files.hpp"

#include <catch2/catch.hpp>

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "support/forked.hpp"
#include "support/processes.hpp"
#include "support/temporary.hpp"
#include "wire/output_list.hpp"
#include "worker/find_outputs.hpp"

using namespace mw;
using Catch::Contains;
using detail::place_outputs;
using detail::PlacedFiles;
using worker::OutputError;
namespace fs = std::filesystem;

namespace {

struct Sent {
  std::string path;
  std::string content;
};

Bytes list_of(const std::vector<Sent>& files, const std::string& value = {}) {
  Bytes bytes;
  wire::begin_output_list(bytes, static_cast<std::uint32_t>(files.size()));
  for (const Sent& file : files) {
    wire::append(bytes, wire::OutputEntry{file.path, false, false, file.content.size()});
    bytes.append(file.content.data(), file.content.size());
  }
  bytes.append(value.data(), value.size());
  return bytes;
}

std::size_t files_in(const std::string& folder) {
  std::size_t count = 0;
  for (const auto& entry : fs::recursive_directory_iterator{folder}) count += entry.is_regular_file();
  return count;
}

std::string why_not(const std::vector<OutputFile>& outputs, const Bytes& value, std::uint64_t limit = 1000) {
  try {
    place_outputs(outputs, limit, "/nonexistent", value.span()).commit();
  } catch (const OutputError& e) {
    return e.what();
  }
  return {};
}

}  // namespace

TEST_CASE("files have their names when they are committed, and not before", "[master][outputs]") {
  const test::TemporaryFolder here;
  const std::vector<OutputFile> outputs{{"a", here.path("new/place")}};
  {
    const Bytes value = list_of({{"a", "alpha"}}, "value");
    PlacedFiles files = place_outputs(outputs, 1000, {}, value.span());
    CHECK(files_in(here.path("")) == 1);
    CHECK_FALSE(fs::exists(here.path("new/place")));
    CHECK(files.value().size() == 5);
  }
  CHECK(files_in(here.path("")) == 0);
  const Bytes value = list_of({{"a", "alpha"}});
  place_outputs(outputs, 1000, {}, value.span()).commit();
  CHECK(test::file_text(here.path("new/place")) == "alpha");
  CHECK(files_in(here.path("")) == 1);
}

TEST_CASE("a worker can write no file that was not asked for", "[master][outputs][S6]") {
  const test::TemporaryFolder here;
  fs::create_directory(here.path("in"));
  const std::vector<OutputFile> outputs{{"**/*.txt", here.path("in/")}, {"named", here.path("in/named")}};
  for (const char* path :
       {"../x.txt", "/etc/x.txt", "a/../../x.txt", "a/../x.txt", "./x.txt", "x.txt/", "x.png", "named/x", "", ".."}) {
    INFO(path);
    CHECK_THAT(why_not(outputs, list_of({{"named", "n"}, {"a.txt", "a"}, {path, "evil"}})), Contains("was not asked for"));
  }
  CHECK_THAT(why_not(outputs, list_of({{"named", "n"}, {"a.txt", "a"}, {std::string{"b\0.txt", 6}, "evil"}})),
             Contains("was not asked for"));
  CHECK(files_in(here.path("")) == 0);
}

TEST_CASE("a list that is torn, too long or not whole is an error, and nothing is written", "[master][outputs][S6]") {
  const test::TemporaryFolder here;
  const std::vector<OutputFile> outputs{{"*", here.path("")}, {"b", here.path("other/")}};
  const Bytes whole = list_of({{"a", "alpha"}, {"b", "beta"}});
  for (std::size_t size = 0; size < whole.size(); ++size) CHECK_FALSE(why_not(outputs, Bytes{whole.span().first(size)}).empty());
  CHECK_THAT(why_not(outputs, list_of({{"a", "alpha"}})), Contains("\"b\" did not come"));
  CHECK_THAT(why_not(outputs, list_of({{"b", "1"}, {"b", "2"}})), Contains("two outputs"));
  CHECK_THAT(why_not(outputs, list_of({{"a", "alpha"}, {"b", "beta"}}), 8), Contains("the limit of 8 bytes"));
  const std::string plain = "a value without a list";
  CHECK_THAT(why_not(outputs, Bytes{std::as_bytes(std::span{plain})}), Contains("without the list"));
  Bytes many;
  wire::begin_output_list(many, wire::most_output_files + 1);
  CHECK_THAT(why_not(outputs, many), Contains("the limit is 10000"));
  Bytes huge;
  wire::begin_output_list(huge, 1);
  wire::append(huge, wire::OutputEntry{"b", false, false, UINT64_MAX});
  CHECK_THAT(why_not(outputs, huge), Contains("torn"));
  CHECK(files_in(here.path("")) == 0);
}

TEST_CASE("a file that a worker says to have put into a folder must be one", "[master][outputs][S6]") {
  const test::TemporaryFolder here;
  const test::TemporaryFolder folder;
  std::ofstream{folder.path("secret")} << "12345";
  fs::create_symlink(folder.path("secret"), folder.path("0"));
  Bytes value;
  wire::begin_output_list(value, 1);
  wire::append(value, wire::OutputEntry{"a", false, true, 5});
  const std::vector<OutputFile> outputs{{"a", here.path("a")}};
  const auto place = [&] { place_outputs(outputs, 1000, folder.path(""), value.span()).commit(); };
  CHECK_THROWS_AS(place(), OutputError);
  fs::remove(folder.path("0"));
  CHECK_THROWS_AS(place(), OutputError);
  fs::create_directory(folder.path("0"));
  CHECK_THROWS_AS(place(), OutputError);
  fs::remove(folder.path("0"));
  std::ofstream{folder.path("0")} << "1234";
  CHECK_THROWS_WITH(place(), Contains("not what it was"));
  CHECK(files_in(here.path("")) == 0);
  std::ofstream{folder.path("0")} << "12345";
  place();
  CHECK(test::file_text(here.path("a")) == "12345");
  CHECK_FALSE(fs::exists(folder.path("0")));
}

TEST_CASE("where there is no room for a file, there is none, and the error names its place", "[master][outputs]") {
  const test::TemporaryFolder here;
  const Bytes value = list_of({{"a", "small"}, {"b", std::string(5000, 'b')}});
  const int status = test::exit_status_of([&] {
    const rlimit limit{4096, 4096};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    const std::string why = why_not({{"a", here.path("a")}, {"b", here.path("b")}}, value, 100'000);
    return why.find(here.path("b")) != std::string::npos && why.find("File too large") != std::string::npos ? 0 : 1;
  });
  CHECK(status == 0);
  CHECK(files_in(here.path("")) == 0);
}
