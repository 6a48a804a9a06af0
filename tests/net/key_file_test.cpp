// Keys in files: a master's, and those of nodes that follow from it.
#include <catch2/catch.hpp>

#include <sys/stat.h>

#include <fstream>
#include <string>

#include <mw/error.hpp>

#include "net/key_file.hpp"
#include "support/temporary.hpp"

using mw::net::Key;
using mw::net::key_file_of;
using mw::net::KeyFile;

TEST_CASE("a key file comes back as it was written", "[net]") {
  const KeyFile master{mw::net::make_key(), {}};
  const KeyFile node{mw::net::node_key(master.key, "pi1"), "pi1"};
  for (const KeyFile& file : {master, node}) {
    const KeyFile again = key_file_of(to_text(file), "here");
    CHECK(again.key == file.key);
    CHECK(again.node == file.node);
  }
}

TEST_CASE("a node's own key is the one that its master makes for its name, and no other", "[net][S2]") {
  const KeyFile master{mw::net::make_key(), {}};
  const KeyFile node{mw::net::node_key(master.key, "pi1"), "pi1"};
  CHECK(master.key_for("pi1") == node.key_for("pi1"));
  CHECK(master.key_for("pi2") != node.key);
  CHECK(node.key != master.key);
}

TEST_CASE("what is no key file is refused, with its name", "[net]") {
  const std::string digits(64, 'a');
  const auto text = GENERATE_COPY(as<std::string>{}, "", "cppmw-key-1", "cppmw-key-1 " + digits.substr(1),
                                  "cppmw-key-1 " + digits + " more", "cppmw-key-2 " + digits, "cppmw-node-key-1 " + digits,
                                  "cppmw-node-key-1 a/b " + digits, "cppmw-key-1 " + std::string(64, 'x'), digits);
  INFO(text);
  CHECK_THROWS_AS(key_file_of(text, "keys/one"), mw::UsageError);
  CHECK_THROWS_WITH(key_file_of(text, "keys/one"), Catch::Contains("keys/one"));
}

TEST_CASE("S8: a key file that others can read is refused", "[net][S8]") {
  const test::TemporaryFolder folder;
  const std::string path = folder.path("key");
  std::ofstream{path} << to_text(KeyFile{mw::net::make_key(), {}});
  ::chmod(path.c_str(), 0644);
  CHECK_THROWS_AS(mw::net::read_key_file(path), mw::InterfaceError);
  ::chmod(path.c_str(), 0600);
  CHECK(mw::net::read_key_file(path).node.empty());
}

TEST_CASE("a node's name is one that a file, a log and a shell can take", "[net]") {
  for (const char* good : {"pi1", "lab-3.local", "A_b", "x"}) CHECK(mw::net::is_node_name(good));
  for (const char* bad : {"", "a b", "../x", "pi\n1", "pi/1", "ä"}) CHECK_FALSE(mw::net::is_node_name(bad));
  CHECK(mw::net::is_node_name(std::string(64, 'x')));
  CHECK_FALSE(mw::net::is_node_name(std::string(65, 'x')));
  CHECK(mw::net::as_node_name("pi 1.local") == "pi_1.local");
  CHECK(mw::net::as_node_name("") == "node");
  CHECK(mw::net::is_node_name(mw::net::as_node_name(std::string(100, '#'))));
  CHECK(mw::net::node_in(mw::net::node_identity("pi1")) == "pi1");
  for (const char* none : {"", "node ", "pi1", "node a b", "master pi1"}) CHECK_FALSE(mw::net::node_in(none));
}
