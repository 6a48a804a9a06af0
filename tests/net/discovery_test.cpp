// Finding masters: the bytes, the proofs, and when to ask.
#include <catch2/catch.hpp>

#include <algorithm>
#include <chrono>
#include <span>
#include <string>
#include <vector>

#include "net/discovery.hpp"

using namespace mw::net;
using namespace std::chrono_literals;

namespace {

using Where = boost::asio::ip::tcp::endpoint;

const Where lab{boost::asio::ip::make_address("10.77.0.1"), 9470};
const Asker::Time start{};

struct Lab {
  KeyFile key{make_key(), {}};
  RunNumber run{std::byte{7}};
  Answerer master{key, run};
  Asker node{"pi1", key.key_for("pi1")};

  OfferBytes answer_to(std::span<const std::byte> question, const Where& where = lab) const {
    const auto heard = master.hear(question);
    REQUIRE(heard);
    REQUIRE(heard->is_proved);
    return master.answer(*heard, where, make_nonce());
  }
};

bool contains(std::span<const std::byte> bytes, std::span<const std::byte> part) {
  return std::search(bytes.begin(), bytes.end(), part.begin(), part.end()) != bytes.end();
}

}  // namespace

TEST_CASE("discovery: a node that asks learns where the master listens, by IPv4 and by IPv6", "[net][discovery]") {
  Lab here;
  const Where where{boost::asio::ip::make_address(GENERATE("10.77.0.1", "fd00::17", "fe80::1", "127.0.0.1")), 40'017};
  const auto offer = here.node.read(here.answer_to(here.node.ask(make_nonce(), start), where), start);
  REQUIRE(offer);
  CHECK(offer->where == where);
  CHECK(offer->run == here.run);
}

TEST_CASE("discovery: a node that has its own key only is answered, under its name alone", "[net][discovery]") {
  Lab here;
  const KeyFile own{node_key(here.key.key, "pi2"), "pi2"};
  Asker pi2{"pi2", own.key_for("pi2")};
  CHECK(pi2.read(here.answer_to(pi2.ask(make_nonce(), start)), start));
  Asker pretends{"pi1", own.key};
  CHECK_FALSE(here.master.hear(pretends.ask(make_nonce(), start))->is_proved);
  // It can pretend to be a master to nobody but itself.
  const Answerer false_master{own, {}};
  const auto heard = false_master.hear(here.node.ask(make_nonce(), start));
  CHECK_FALSE(heard->is_proved);
  CHECK_FALSE(here.node.read(false_master.answer(*heard, lab, make_nonce()), start));
}

TEST_CASE("S2: discovery with a wrong key, an echo, and what was recorded, is worth nothing", "[net][discovery][S2]") {
  Lab here;
  Asker stranger{"pi1", make_key()};
  CHECK_FALSE(here.master.hear(stranger.ask(make_nonce(), start))->is_proved);
  const auto question = here.node.ask(make_nonce(), start);
  const auto answer = here.answer_to(question);
  CHECK_FALSE(here.node.read(question, start));
  CHECK_FALSE(here.master.hear(answer));
  // A recorded question is answered again, and nobody can use the answer: its node has asked anew meanwhile.
  Asker later{"pi1", here.key.key_for("pi1")};
  static_cast<void>(later.ask(make_nonce(), start));
  CHECK_FALSE(later.read(answer, start));
  CHECK_FALSE(later.read(here.answer_to(question), start));
  // And an answer that comes after its time, or after too many other questions.
  CHECK(here.node.read(answer, start + Asker::patience));
  CHECK_FALSE(here.node.read(answer, start + Asker::patience + 1ns));
  const auto first = here.answer_to(here.node.ask(make_nonce(), start));
  for (std::size_t i = 0; i < Asker::most_open; ++i) static_cast<void>(here.node.ask(make_nonce(), start));
  CHECK_FALSE(here.node.read(first, start));
}

TEST_CASE("discovery: a changed, cut or longer datagram is none", "[net][discovery]") {
  Lab here;
  const auto question = here.node.ask(make_nonce(), start);
  const auto answer = here.answer_to(question);
  for (std::size_t i = 0; i < question.size(); ++i) {
    auto changed = question;
    changed[i] ^= std::byte{1};
    const auto heard = here.master.hear(changed);
    CHECK_FALSE((heard && heard->is_proved));
  }
  for (std::size_t i = 0; i < answer.size(); ++i) {
    auto changed = answer;
    changed[i] ^= std::byte{1};
    CHECK_FALSE(here.node.read(changed, start));
  }
  for (std::size_t size = 0; size < question.size(); ++size) CHECK_FALSE(here.master.hear(std::span{question}.first(size)));
  for (std::size_t size = 0; size < answer.size(); ++size) CHECK_FALSE(here.node.read(std::span{answer}.first(size), start));
  std::vector<std::byte> longer(question.begin(), question.end());
  longer.push_back({});
  CHECK_FALSE(here.master.hear(longer));
  CHECK(here.node.read(answer, start));
}

TEST_CASE("discovery: who has no key learns from an answer that somebody is there", "[net][discovery]") {
  Lab here;
  const auto question = here.node.ask(make_nonce(), start);
  const auto one = here.answer_to(question), other = here.answer_to(question);
  const auto address = lab.address().to_v4().to_bytes();
  CHECK_FALSE(contains(one, std::as_bytes(std::span{address})));
  CHECK_FALSE(contains(one, here.run));
  CHECK(one.size() <= question.size());
  // Not even whether it is the same master.
  const std::size_t same = magic_size + 32;
  CHECK_FALSE(std::equal(one.begin() + same + 32, one.end() - 32, other.begin() + same + 32));
}

TEST_CASE("discovery: a name that is none is no question, and the longest one is", "[net][discovery]") {
  Lab here;
  const std::string longest(64, 'n');
  Asker named{longest, here.key.key_for(longest)};
  const auto heard = here.master.hear(named.ask(make_nonce(), start));
  CHECK(heard->node == longest);
  CHECK(heard->is_proved);
  const std::string name = GENERATE(as<std::string>{}, "", "a b", "\x1b[2J", "pi1/2");
  Asker bad{name, here.key.key_for("x")};
  CHECK_FALSE(here.master.hear(bad.ask(make_nonce(), start)));
}

TEST_CASE("discovery: it is asked often at first, and then every few seconds", "[net][discovery]") {
  Lab here;
  std::vector<std::chrono::nanoseconds> delays;
  for (int i = 0; i < 6; ++i) delays.push_back(here.node.next_delay(false, 1));
  CHECK(delays.front() == 250ms);
  CHECK(delays.back() == 2s);
  CHECK(here.node.next_delay(true, 1) == 5s);
  CHECK(here.node.next_delay(true, 0) == 2'500ms);
  CHECK(here.node.next_delay(false, 1) == 250ms);
}

TEST_CASE("S7: no more datagrams are looked at than fit the budget", "[net][discovery][S7]") {
  Budget budget{3, 50ms};
  const Budget::Time now{1s};
  CHECK((budget.take(now) && budget.take(now) && budget.take(now)));
  CHECK_FALSE(budget.take(now + 49ms));
  CHECK(budget.refilled_at() == now + 50ms);
  CHECK(budget.take(now + 50ms));
}
