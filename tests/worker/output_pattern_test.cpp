#include "worker/output_pattern.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace mw::worker;

TEST_CASE("a pattern matches names as a shell's does, byte by byte", "[worker][outputs]") {
  for (const char* yes : {"a.png", "-.png", "\xff.png"}) CHECK(matches_name("*.png", yes));
  for (const char* no : {".png", "a.pngx", "a.PNG", ""}) CHECK_FALSE(matches_name("*.png", no));
  CHECK(matches_name("*", "x"));
  CHECK(matches_name(".*", ".hidden"));
  CHECK_FALSE(matches_name("?hidden", ".hidden"));
  CHECK_FALSE(matches_name("[.]hidden", ".hidden"));
  CHECK(matches_name("a?c", "abc"));
  CHECK_FALSE(matches_name("a?c", "ac"));
  CHECK(matches_name("*a*b*c", "xxaxxbxxbxxc"));
  CHECK_FALSE(matches_name("*a*b*c", "xxaxxcxxb"));
  CHECK(matches_name("**", "x"));
}

TEST_CASE("a set matches one of its characters, or none of them", "[worker][outputs]") {
  for (const char* yes : {"f0", "f5", "f9"}) CHECK(matches_name("f[0-9]", yes));
  for (const char* no : {"fa", "f", "f10", "f-"}) CHECK_FALSE(matches_name("f[0-9]", no));
  CHECK(matches_name("[!a-c]x", "dx"));
  CHECK_FALSE(matches_name("[^a-c]x", "bx"));
  CHECK(matches_name("[]]x", "]x"));
  CHECK(matches_name("[a-]x", "-x"));
  CHECK(matches_name("[*]x", "*x"));
  CHECK_FALSE(matches_name("[*]x", "yx"));
  CHECK(matches_name("*[0-9].dat", "run-1-2.dat"));
}

TEST_CASE("a wildcard stays within a name, and a double star stands for any folders", "[worker][outputs]") {
  CHECK(matches("frames/*.png", "frames/1.png"));
  CHECK_FALSE(matches("frames/*.png", "frames/a/1.png"));
  CHECK_FALSE(matches("*", "a/b"));
  CHECK(matches("*/b", "a/b"));
  for (const char* yes : {"1.png", "a/1.png", "a/b/c/1.png"}) CHECK(matches("**/*.png", yes));
  for (const char* no : {".a/1.png", "a/.b/1.png", "a/1.txt", "a/.png"}) CHECK_FALSE(matches("**/*.png", no));
  for (const char* yes : {"x/y", "x/a/y", "x/a/b/y"}) CHECK(matches("x/**/y", yes));
  for (const char* no : {"x", "y", "x/y/z", "z/x/y"}) CHECK_FALSE(matches("x/**/y", no));
  CHECK(matches("**/a/**/b", "a/a/c/b"));
}

TEST_CASE("a path that leads out of a folder matches no pattern", "[worker][outputs]") {
  for (const char* path : {"../a", "a/../b", "/a", "..", ".", "", "a//b", "./a", "a/"})
    for (const char* pattern : {"*", "**/*", "*/*", "*/*/*"}) {
      INFO(pattern << " " << path);
      CHECK_FALSE(matches(pattern, path));
    }
  CHECK_FALSE(matches("..*", ".."));
  CHECK_FALSE(matches("*", std::string_view{"a\0b", 3}));
}

TEST_CASE("a pattern that takes long to match is matched in no time", "[worker][outputs]") {
  std::string stars;
  std::string folders;
  for (int i = 0; i < 500; ++i) stars += "*a", folders += "**/a/";
  CHECK_FALSE(matches_name(stars + "b", std::string(4000, 'a')));
  std::string path;
  for (int i = 0; i < 2000; ++i) path += "a/";
  CHECK_FALSE(matches(folders + "b", path + "c"));
}

TEST_CASE("what is no pattern is refused with a reason", "[worker][outputs]") {
  for (const char* good : {"a", "a/b", "*", "a*b/[0-9]?", "**/*", "a/**/b", "[]]", "[!]]", ".*"}) {
    INFO(good);
    CHECK(pattern_error(good).empty());
  }
  for (const char* bad :
       {"", "/a", "../*", "a/../b", "./a", "a//b", "a/", "[a", "[]", "[!]", "a/[/]b", "**", "a/**", "a**", "***/x"}) {
    INFO(bad);
    CHECK_FALSE(pattern_error(bad).empty());
  }
}

TEST_CASE("a file goes to its place, or under its own name into the folder that is named", "[worker][outputs]") {
  CHECK(destination({"out.dat", "/x/run-17.dat"}, "out.dat") == "/x/run-17.dat");
  CHECK(destination({"a/out.dat", "/x/"}, "a/out.dat") == "/x/out.dat");
  CHECK(destination({"frames/*.png", "/x/"}, "frames/1.png") == "/x/1.png");
  CHECK(destination({"a/b/**/*.png", "/x/"}, "a/b/c/d/1.png") == "/x/c/d/1.png");
  CHECK(destination({"*", "/x/"}, "1") == "/x/1");
  CHECK(folder_of("frames/*.png") == "frames/");
  CHECK(folder_of("fr*/a/b").empty());
  CHECK(folder_of("a/b/c") == "a/b/");
}
