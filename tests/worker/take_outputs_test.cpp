// What a worker takes out of a task's folder: whatever its master, or the task, may come up with.
#include "worker/take_outputs.hpp"

#include <catch2/catch.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "support/temporary.hpp"
#include "wire/output_list.hpp"
#include "worker/find_outputs.hpp"
#include "worker/task_folder.hpp"

using namespace mw;
using namespace mw::worker;
using Catch::Contains;
namespace fs = std::filesystem;

namespace {

wire::Terms terms_for(std::vector<std::string> outputs) {
  wire::Terms terms;
  terms.outputs = std::move(outputs);
  terms.outputs_limit = 1 << 20;
  return terms;
}

void put_file(const std::string& path, const std::string& text) {
  fs::create_directories(fs::path{"."} / fs::path{path}.parent_path());
  std::ofstream{path} << text;
}

std::vector<std::string> found_for(std::vector<std::string> outputs) {
  std::vector<std::string> paths;
  for (const FoundOutput& file : find_outputs(terms_for(std::move(outputs)))) paths.push_back(file.path);
  return paths;
}

std::string content_of(std::span<const std::byte> bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

}  // namespace

TEST_CASE("outputs are found in the order of their paths, each once", "[worker][outputs]") {
  const TaskFolder folder{{}};
  for (const char* path : {"b", "a", "d/e/f", "d/g", "d/.hidden", ".h/x"}) put_file(path, path);
  using Paths = std::vector<std::string>;
  CHECK(found_for({"b", "*", "?"}) == Paths{"a", "b"});
  CHECK(found_for({"**/*"}) == Paths{"a", "b", "d/e/f", "d/g"});
  CHECK(found_for({"**/**/f", "d/**/f", "*/e/[f]"}) == Paths{"d/e/f"});
  CHECK(found_for({"d/.*", ".h/*", ".*/x"}) == Paths{".h/x", "d/.hidden"});
}

TEST_CASE("a path that leads out of the task's folder is refused by the worker, too", "[worker][outputs][S6]") {
  const test::TemporaryFolder elsewhere;
  std::ofstream{elsewhere.path("secret")} << "secret";
  const TaskFolder folder{{}};
  fs::create_directory_symlink(elsewhere.path(""), "way");
  for (const std::string& path : std::vector<std::string>{"../*", "a/../../b", elsewhere.path("secret"), "/etc/*", "way/secret",
                                                          "way/*", "*/secret", "**/secret", "w?y/s*", std::string{"a\0b", 3}, ""}) {
    INFO(path);
    Bytes value;
    CHECK_THROWS_AS(take_outputs(terms_for({path}), value), OutputError);
  }
}

TEST_CASE("a folder that is nested without end is looked through to a depth", "[worker][outputs]") {
  const TaskFolder folder{{}};
  std::string path;
  for (int i = 0; i < 150; ++i) path += "d/";
  put_file(path + "leaf", "leaf");
  CHECK_THROWS_WITH(found_for({"**/leaf"}), Contains("deeper than 100 folders"));
  CHECK(found_for({path + "leaf"}).size() == 1);
}

TEST_CASE("a task brings back so many files, and no more", "[worker][outputs]") {
  const TaskFolder folder{{}};
  for (const char* path : {"a", "b", "c"}) put_file(path, path);
  CHECK(find_outputs(terms_for({"*"}), 3).size() == 3);
  CHECK_THROWS_WITH(find_outputs(terms_for({"*"}), 2), Contains("may bring back 2 files"));
}

TEST_CASE("files go in front of the value, or to a folder of the master's", "[worker][outputs]") {
  const test::TemporaryFolder master;
  const TaskFolder folder{{}};
  put_file("a", "alpha");
  put_file("b/c", "");
  ::chmod("b/c", 0700);
  wire::Terms terms = terms_for({"a", "b/*"});
  const bool is_here = GENERATE(false, true);
  if (is_here) terms.outputs_folder = master.path("7-1");
  const std::string text = "the value";
  Bytes value{std::as_bytes(std::span{text})};
  take_outputs(terms, value);
  const wire::OutputList list = wire::parse_output_list(value.span());
  CHECK(content_of(list.value) == text);
  REQUIRE(list.files.size() == 2);
  CHECK(list.files[0].path == "a");
  CHECK(list.files[0].size == 5);
  CHECK_FALSE(list.files[0].is_executable);
  CHECK(list.files[1].path == "b/c");
  CHECK(list.files[1].is_executable);
  for (const wire::OutputEntry& entry : list.files) CHECK(entry.is_in_folder == is_here);
  CHECK(content_of(list.files[0].content) == (is_here ? "" : "alpha"));
  CHECK(fs::exists("a") != is_here);
  CHECK(fs::exists(master.path("7-1/0")) == is_here);
  CHECK(fs::exists(master.path("7-1/1")) == is_here);
}

TEST_CASE("what cannot be taken as a whole leaves nothing in the master's folder, and no folder is taken twice",
          "[worker][outputs]") {
  const test::TemporaryFolder master;
  const TaskFolder folder{{}};
  put_file("a", "alpha");
  wire::Terms terms = terms_for({"a", "none"});
  terms.outputs_folder = master.path("7-1");
  Bytes value;
  CHECK_THROWS_AS(take_outputs(terms, value), OutputError);
  CHECK(fs::is_empty(master.path("")));
  fs::create_directory(master.path("7-1"));
  terms.outputs = {"a"};
  CHECK_THROWS_WITH(take_outputs(terms, value), Contains("File exists"));
  CHECK(fs::exists(master.path("7-1")));
  CHECK(fs::exists("a"));
}
