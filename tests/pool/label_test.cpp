// What a pool calls its members.
#include <catch2/catch.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "pool/ends.hpp"
#include "pool/label.hpp"

using namespace mw::pool;

TEST_CASE("members of one name are told apart, in text and in keys", "[pool]") {
  const auto labels = labels_of({"tcp", "tcp_2", "tcp", "TCP", "", "Ölfass", "a name that goes on and on and on", "tcp"});
  std::vector<std::string> texts, keys;
  for (const Label& label : labels) {
    texts.push_back(label.text);
    keys.push_back(label.key);
  }
  CHECK(texts ==
        std::vector<std::string>{"tcp", "tcp_2", "tcp_3", "TCP_4", "", "Ölfass_2", "a name that goes on and on and on", "tcp_5"});
  CHECK(keys == std::vector<std::string>{"tcp", "tcp_2", "tcp_3", "tcp_4", "member", "member_2", "a_name_that_goes_o", "tcp_5"});
}

TEST_CASE("a worker is called by its member's name", "[pool]") {
  const auto labels = labels_of({"tcp", "tcp"});
  CHECK(labels[0].worker("tcp worker pi1/2") == "tcp worker pi1/2");
  CHECK(labels[1].worker("tcp worker pi1/2") == "tcp_2 worker pi1/2");
  CHECK(labels[1].worker("pi1") == "tcp_2 pi1");
  CHECK(labels[0].saying("tcp: no port") == "tcp: no port");
  CHECK(labels[1].saying("tcp: no port") == "tcp_2: tcp: no port");
}

TEST_CASE("the last of those that have begun calls, once, whenever it comes", "[pool]") {
  int calls = 0;
  const auto ends = std::make_shared<Ends>();
  SECTION("none has begun") {
    ends->when_all_have_come([&] { ++calls; });
    CHECK(calls == 1);
  }
  SECTION("two have") {
    ends->begin();
    ends->begin();
    const std::function<void()> first = Ends::one_of(ends), second = Ends::one_of(ends);
    const bool first_is_early = GENERATE(false, true);
    if (first_is_early) first();
    ends->when_all_have_come([&] { ++calls; });
    first();
    first();
    CHECK(calls == 0);
    second();
    CHECK(calls == 1);
    second();
    CHECK(calls == 1);
  }
}
