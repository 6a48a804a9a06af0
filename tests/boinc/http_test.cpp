// The server's HTTP, attacked: what it says to requests that are none, and what strangers cost it.
#include <catch2/catch.hpp>

#include <vector>

#include "boinc/pool.hpp"
#include "support/raw_connection.hpp"
#include "support/temporary.hpp"

using namespace std::chrono_literals;
using test::Pool;
using test::RawConnection;
using test::status_of;
using test::url_of;

namespace {

std::int64_t length_of(const std::string& text) { return static_cast<std::int64_t>(text.size()); }
std::int64_t twice(std::int64_t x) { return 2 * x; }

std::string status_in(const std::string& answer) { return answer.substr(0, answer.find("\r\n")).substr(0, 12); }
std::size_t answers_in(const std::string& text) {
  std::size_t count = 0;
  for (auto at = text.find("HTTP/1.1 "); at != std::string::npos; at = text.find("HTTP/1.1 ", at + 1)) ++count;
  return count;
}

/// The pool still gives work to who asks for it as one should.
void check_serves(Pool& pool) {
  const auto task = pool.master.submit_task<twice>(21);
  REQUIRE(pool.waits_for(1));
  auto volunteer = pool.volunteer("honest");
  CHECK(test::eventually([&] { return volunteer.work() == 1; }));
  CHECK(pool.master.get_result(task) == 42);
}

}  // namespace

TEST_CASE("what is not for an address is refused, and what is behind it is not read", "[boinc][http]") {
  Pool pool;
  const std::string hidden = "GET /get_project_config.php HTTP/1.1\r\nHost: x\r\n\r\n";
  const std::string length = "Content-Length: " + std::to_string(hidden.size()) + "\r\n";
  struct Case {
    std::string head;
    std::string status;
  };
  const auto one =
      GENERATE_COPY(values<Case>({{"POST /scheduler HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n", "HTTP/1.1 413"},
                                  {"POST /nothing HTTP/1.1\r\nHost: x\r\n" + length, "HTTP/1.1 413"},
                                  {"POST /download/x HTTP/1.1\r\nHost: x\r\n" + length, "HTTP/1.1 413"},
                                  {"GET / HTTP/1.1\r\nHost: x\r\n" + length, "HTTP/1.1 400"},
                                  {"HEAD / HTTP/1.1\r\nHost: x\r\n" + length, "HTTP/1.1 400"},
                                  {"DELETE /scheduler HTTP/1.1\r\nHost: x\r\n" + length, "HTTP/1.1 405"},
                                  {"GET /scheduler HTTP/1.1\r\nHost: x\r\nConnection: close\r\n", "HTTP/1.1 405"}}));
  RawConnection connection{url_of(pool.master)};
  connection.send(one.head + "\r\n" + hidden);
  const std::string answer = connection.receive_all();
  INFO(one.head.substr(0, 200));
  CHECK(status_in(answer) == one.status);
  CHECK(answers_in(answer) == 1);
}

TEST_CASE("HEAD is answered without a body, and the connection goes on", "[boinc][http]") {
  Pool pool;
  RawConnection connection{url_of(pool.master)};
  for (const char* path : {"/", "/get_project_config.php", "/nothing", "/download/nothing"}) {
    connection.send("HEAD " + std::string{path} + " HTTP/1.1\r\nHost: x\r\n\r\n");
    const std::string head = connection.receive_answer(false);
    CHECK(head.ends_with("\r\n\r\n"));
    CHECK(answers_in(head) == 1);
  }
  connection.send("GET /get_project_config.php HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  CHECK(connection.receive_all().find("<project_config>") != std::string::npos);
}

TEST_CASE("S7: requests that their senders do not end hold a bounded amount of memory", "[boinc][http][S7]") {
  Pool pool;
  const std::size_t before = test::allocated_bytes();
  std::vector<RawConnection> connections;
  const std::string key = GENERATE(as<std::string>{}, "", "known");
  const std::string begin =
      "<scheduler_request>\n<authenticator>" + (key.empty() ? std::string(32, '0') : pool.folders.key()) + "</authenticator>\n";
  constexpr std::size_t announced = 8'000'000, sent = 4'000'000;
  const std::string body = begin + std::string(sent - begin.size(), ' ');
  for (int i = 0; i < 40; ++i) {
    RawConnection& one = connections.emplace_back(url_of(pool.master));
    if (one.send(test::post_head("/scheduler", announced))) one.send(body);
  }
  if (!key.empty()) CHECK(test::eventually([&] { return status_of(pool.master, "connections_turned_away") > 0; }));
  CHECK(status_of(pool.master, "connections_hold_bytes") <= 96 << 20);
  CHECK(test::allocated_bytes() < before + (std::size_t{120} << 20));
  check_serves(pool);
}

TEST_CASE("S7: downloads that nobody reads hold no memory", "[boinc][http][S7]") {
  Pool pool;
  const auto task = pool.master.submit_task<length_of>(std::string(4'000'000, 'x'));
  REQUIRE(pool.waits_for(1));
  auto volunteer = pool.volunteer("a");
  const auto reply = test::work_for(volunteer);
  const std::string name = reply.workunits.at(0).files.at(0).file_name;
  const std::size_t before = test::allocated_bytes();
  std::vector<RawConnection> connections;
  for (int i = 0; i < 40; ++i)
    CHECK(connections.emplace_back(url_of(pool.master)).send("GET /download/" + name + " HTTP/1.1\r\nHost: x\r\n\r\n"));
  CHECK(test::eventually([&] { return status_of(pool.master, "connections") >= 40; }));
  // One that goes on where it broke off gets what is missing.
  RawConnection rest{url_of(pool.master)};
  rest.send("GET /download/" + name + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\nRange: bytes=3999990-\r\n\r\n");
  const std::string answer = rest.receive_all();
  CHECK(status_in(answer) == "HTTP/1.1 206");
  CHECK(answer.find("Content-Range: bytes 3999990-") != std::string::npos);
  CHECK(test::allocated_bytes() < before + (std::size_t{8} << 20));
  volunteer.work(reply);
  CHECK(pool.master.get_result(task) == 4'000'000);
}

TEST_CASE("S7: as many connections as there may be keep nobody out", "[boinc][http][S7]") {
  Pool pool;
  std::vector<RawConnection> connections;
  // Both ends are in this process.
  while (connections.size() < 2000) {
    RawConnection& one = connections.emplace_back(url_of(pool.master));
    one.send(test::post_head("/scheduler", 60'000) + "<scheduler_request>");
  }
  check_serves(pool);
}

TEST_CASE("wrong keys are put off after a while, and right ones from the same address are not", "[boinc][http][S1]") {
  Pool pool;
  const std::string wrong = "<scheduler_request><authenticator>" + std::string(32, 'a') + "</authenticator></scheduler_request>";
  RawConnection connection{url_of(pool.master)};
  std::string status;
  int tries = 0;
  for (; tries < 1000 && status != "HTTP/1.1 429"; ++tries) {
    connection.send(test::post_head("/scheduler", wrong.size()) + wrong);
    status = status_in(connection.receive_answer());
  }
  CHECK(status == "HTTP/1.1 429");
  CHECK(tries > 100);
  check_serves(pool);
}

TEST_CASE("passwords are not to be guessed", "[boinc][http]") {
  Pool pool{"&accounts=open"};
  auto volunteer = pool.volunteer("a");
  const std::string account = "?email_addr=me@x.org&passwd_hash=", right = mw::boinc::md5_hex("right");
  volunteer.get("create_account.php" + account + right + "&user_name=Me");
  CHECK(volunteer.get("lookup_account.php" + account + right).find("<authenticator>") != std::string::npos);
  const auto guess = [&](const std::string& hash) {
    RawConnection connection{url_of(pool.master)};
    connection.send("GET /lookup_account.php" + account + hash + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    return status_in(connection.receive_all());
  };
  int guesses = 0;
  while (guesses < 100 && guess(mw::boinc::md5_hex(std::to_string(guesses))) == "HTTP/1.1 200") ++guesses;
  CHECK(guesses < 50);
  CHECK(guess(right) == "HTTP/1.1 429");  // who guesses does not learn that this one was right
  check_serves(pool);
}
