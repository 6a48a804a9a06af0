// A dashboard over HTTP: of a real master, asked by clients that behave, and by some that do not.
#include <catch2/catch.hpp>

#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <boost/json.hpp>
#include <mw/mw.hpp>

#include "dashboard/announce.hpp"
#include "support/captured_stderr.hpp"
#include "support/raw_connection.hpp"
#include "support/temporary.hpp"

using namespace mw;
using namespace std::chrono_literals;
using test::RawConnection;
namespace json = boost::json;

int quick_task(int x) { return x; }
int throws_markup(int) { throw std::runtime_error{"<script>alert(1)</script>"}; }
int sleeps_for_ms(int ms) {
  std::this_thread::sleep_for(std::chrono::milliseconds{ms});
  return ms;
}

namespace {

/// Of "http://127.0.0.1:4711/#key=…".
std::string address_in(const std::string& url) { return url.substr(0, url.find("/#")); }
std::string key_in(const std::string& url) { return url.substr(url.find("key=") + 4); }

class Watched {
 public:
  explicit Watched(MasterOptions options = {}) {
    options.dashboard = "127.0.0.1:0";
    master.emplace(interface("serial"), std::move(options));
    url = address_in(master->dashboard_url());
    key = key_in(master->dashboard_url());
  }
  std::string get(const std::string& path, const std::string& fields = "Host: localhost\r\n") const {
    RawConnection connection{url};
    connection.send("GET " + path + " HTTP/1.1\r\n" + fields + "Connection: close\r\n\r\n");
    return connection.receive_all();
  }
  std::string post(const std::string& body, const std::string& fields = "Content-Type: application/json\r\n") const {
    RawConnection connection{url};
    connection.send("POST /rpc HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + fields +
                    "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
    return connection.receive_all();
  }
  json::value call(const std::string& method, const std::string& params, bool with_key = false) const {
    const std::string answer =
        post(R"({"jsonrpc":"2.0","id":1,"method":")" + method + R"(","params":)" + params + "}",
             "Content-Type: application/json\r\n" + (with_key ? "Authorization: Bearer " + key + "\r\n" : ""));
    return json::parse(body_of(answer));
  }
  static std::string body_of(const std::string& answer) { return answer.substr(answer.find("\r\n\r\n") + 4); }
  static std::string status_of(const std::string& answer) { return answer.substr(9, 3); }

  std::optional<Master> master;
  std::string url;
  std::string key;
};

std::string text_of(const std::string& path) {
  std::ifstream file{path};
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace

TEST_CASE("the page, the picture, the rows and the description are there, and nothing else", "[dashboard]") {
  Watched watched;
  for (int i = 0; i < 5; ++i) CHECK(watched.master->get_result(watched.master->submit_task<quick_task>(i)) == i);
  const std::string page = watched.get("/");
  CHECK(Watched::status_of(page) == "200");
  CHECK(page.find("Content-Security-Policy: default-src 'none'; script-src 'self'") != std::string::npos);
  CHECK(page.find("<!doctype html>") != std::string::npos);
  CHECK(Watched::status_of(watched.get("/page.js")) == "200");
  CHECK(Watched::status_of(watched.get("/page.css")) == "200");
  CHECK(Watched::status_of(watched.get("/etc/passwd")) == "404");
  CHECK(Watched::status_of(watched.get("/..%2f..%2fetc/passwd")) == "404");
  const auto description = json::parse(Watched::body_of(watched.get("/openrpc.json")));
  CHECK(description.at("methods").as_array().size() > 5);
  const auto deadline = std::chrono::steady_clock::now() + 10s;
  json::value picture;
  do picture = json::parse(Watched::body_of(watched.get("/picture")));
  while ((picture.at("rows_end") != 5 || picture.at("status").at("finished") != 5) && std::chrono::steady_clock::now() < deadline);
  CHECK(picture.at("status").at("finished") == 5);
  CHECK(picture.at("rows_end") == 5);
  CHECK(Watched::body_of(watched.get("/rows?from=0")).size() == 16 + 5 * 24);
  CHECK(Watched::body_of(watched.get("/rows?from=3")).size() == 16 + 2 * 24);
  CHECK(Watched::body_of(watched.get("/rows?from=x")).size() == 16 + 5 * 24);
}

TEST_CASE("who sends what is not meant for it is refused, and nothing happens", "[dashboard][S3]") {
  Watched watched;
  const auto task = watched.master->submit_task<sleeps_for_ms>(60);
  const std::string cancel = R"({"jsonrpc":"2.0","id":1,"method":"cancel","params":[1]})";
  CHECK(Watched::status_of(watched.get("/", "Host: evil.example\r\n")) == "403");
  CHECK(Watched::status_of(watched.get("/picture", "Host: localhost\r\nOrigin: http://evil.example\r\n")) == "403");
  CHECK(Watched::status_of(watched.get("/events", "Host: localhost\r\nOrigin: null\r\n")) == "403");
  const std::string with_key = "Authorization: Bearer " + watched.key + "\r\n";
  // A form on another page can send this, and the browser would not ask first.
  CHECK(Watched::status_of(watched.post(cancel, with_key + "Content-Type: text/plain\r\n")) == "415");
  CHECK(Watched::status_of(watched.post(cancel, with_key + "Content-Type: application/json\r\nOrigin: http://evil.example\r\n")) ==
        "403");
  CHECK(json::parse(Watched::body_of(watched.post(cancel))).at("error").at("code") == -32001);
  CHECK(Watched::status_of(watched.get("/rpc?method=cancel&id=1", "Host: localhost\r\n" + with_key)) == "404");
  CHECK(Watched::status_of(watched.post(std::string(2'000'000, ' '))) == "413");
  CHECK(watched.master->get_result(task) == 60);
}

TEST_CASE("a task is explained and cancelled from outside", "[dashboard]") {
  Watched watched;
  const auto first = watched.master->submit_task<sleeps_for_ms>(300);
  const auto second = watched.master->submit_task<quick_task>(2);
  const std::string text{watched.call("explain", "[2]").at("result").at("text").as_string()};
  CHECK(text.find("task 2 (") == 0);
  CHECK(text.find("waits") != std::string::npos);
  CHECK(watched.master->explain(2).find("waits") != std::string::npos);
  CHECK(watched.call("cancel", "[2]").as_object().contains("error"));
  CHECK(watched.call("cancel", "[2]", true).at("result").at("done") == true);
  CHECK_THROWS_AS(watched.master->get_result(second), TaskError);
  CHECK(watched.master->get_result(first) == 300);
  CHECK(watched.call("cancel", "[2]", true).at("error").at("code") == -32003);
  std::string told;
  const auto deadline = std::chrono::steady_clock::now() + 10s;
  while (told.find("finished") == std::string::npos && std::chrono::steady_clock::now() < deadline) {
    const auto answer = watched.call("explain", "[1]");
    if (answer.as_object().contains("result")) told = answer.at("result").at("text").as_string();
  }
  CHECK(told.find("task 1 (sleeps_for_ms(int)) finished, on serial worker") == 0);
}

TEST_CASE("events come while the master works, and the last one says that it has ended", "[dashboard][P39]") {
  Watched watched;
  RawConnection follower{watched.url};
  follower.send("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n");
  std::string heard;
  std::thread listener{[&] { heard = follower.receive_all(); }};
  for (int i = 0; i < 4; ++i) CHECK(watched.master->get_result(watched.master->submit_task<sleeps_for_ms>(200)) == 200);
  watched.master.reset();
  listener.join();
  CHECK(heard.find("Content-Type: text/event-stream") != std::string::npos);
  std::size_t pictures = 0;
  for (auto at = heard.find("event: picture\n"); at != std::string::npos; at = heard.find("event: picture\n", at + 1)) ++pictures;
  CHECK(pictures >= 2);
  const auto end = heard.find("event: end\ndata: ");
  REQUIRE(end != std::string::npos);
  const auto last = json::parse(heard.substr(end + 17, heard.find('\n', end + 17) - end - 17));
  CHECK(last.at("state") == "ended");
  CHECK(last.at("status").at("finished") == 4);
}

TEST_CASE("whoever looks and does not read holds up nobody", "[dashboard][P39]") {
  Watched watched;
  std::vector<std::unique_ptr<RawConnection>> silent;
  for (int i = 0; i < 50; ++i) {
    silent.push_back(std::make_unique<RawConnection>(watched.url));
    silent.back()->send(i % 2 == 0 ? "GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n" : "POST /rpc HTTP/1.1\r\nHost: loc");
  }
  std::vector<Task<int>> tasks;
  for (int i = 0; i < 1000; ++i) tasks.push_back(watched.master->submit_task<quick_task>(i));
  for (int i = 0; i < 1000; ++i) CHECK(watched.master->get_result(tasks[static_cast<std::size_t>(i)]) == i);
  CHECK(Watched::status_of(watched.get("/picture")) == "200");
  const auto start = std::chrono::steady_clock::now();
  watched.master.reset();
  CHECK(std::chrono::steady_clock::now() - start < 5s);
}

TEST_CASE("a report is one file, in which nothing that a task said can do anything", "[dashboard][S3]") {
  const test::TemporaryFolder folder;
  const std::string path = folder.path("run.html");
  {
    Master master{interface("serial"), {.report = path}};
    CHECK(master.dashboard_url().empty());
    CHECK(master.get_result(master.submit_task<quick_task>(1)) == 1);
    CHECK_THROWS_AS(master.get_result(master.submit_task<throws_markup>({.name = "</script><img src=x>"}, 1)), TaskError);
  }
  const std::string page = text_of(path);
  CHECK(page.find("alert(1)") != std::string::npos);
  CHECK(page.find("<script>alert(1)") == std::string::npos);
  CHECK(page.find("</script><img") == std::string::npos);
  CHECK(page.find("src=\"page.js\"") == std::string::npos);
  CHECK(page.find("href=\"page.css\"") == std::string::npos);
  const auto begin = page.find("id=\"data\">") + 10;
  const auto data = json::parse(page.substr(begin, page.find("</script>", begin) - begin));
  CHECK(data.at("state") == "ended");
  CHECK(data.at("status").at("finished") == 1);
  CHECK(data.at("failed").as_array().size() == 1);
}

TEST_CASE("a report or a trace beyond the limit on file sizes ends no program", "[dashboard][trace]") {
  const test::TemporaryFolder folder;
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  const std::string said = test::stderr_of([&] {
    const rlimit small{1000, before.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &small);
    Master master{interface("serial"), {.report = folder.path("run.html"), .trace = folder.path("run.json")}};
    for (int i = 0; i < 20; ++i) CHECK(master.get_result(master.submit_task<quick_task>(i)) == i);
  });
  ::setrlimit(RLIMIT_FSIZE, &before);
  CHECK(said.find("there is no report of this run") != std::string::npos);
  CHECK(said.find("run.json cannot be written") != std::string::npos);
  CHECK(said.find("came faster") == std::string::npos);
  CHECK(::access(folder.path("run.html.new").c_str(), F_OK) != 0);
}

TEST_CASE("what cannot be had is said at once: an address, a folder for the report", "[dashboard]") {
  const test::TemporaryFolder folder;
  CHECK_THROWS_WITH(Master(interface("serial"), {.dashboard = "192.0.2.1:1"}), Catch::Contains("192.0.2.1:1"));
  CHECK_THROWS_WITH(Master(interface("serial"), {.dashboard = "nonsense"}), Catch::Contains("nonsense"));
  CHECK_THROWS_WITH(Master(interface("serial"), {.report = folder.path("none/run.html")}), Catch::Contains("none/run.html"));
  Watched watched;
  CHECK_THROWS_WITH(Master(interface("serial"), {.dashboard = watched.url.substr(7)}), Catch::Contains("in use"));
}

TEST_CASE("a running master is known to its user's other programs, and to nobody else", "[dashboard][S3]") {
  std::string url;
  const auto is_announced = [&] {
    for (const auto& one : dashboard::announced())
      if (one.url == url + "/") return true;
    return false;
  };
  {
    Watched watched;
    url = watched.url;
    CHECK(is_announced());
    for (const auto& one : dashboard::announced()) {
      if (one.url != url + "/") continue;
      CHECK(one.key == watched.key);
      CHECK(one.pid == static_cast<std::uint32_t>(::getpid()));
    }
  }
  CHECK_FALSE(is_announced());
}

TEST_CASE("a task that nobody knows is an error, one that has ended is told of while it is kept", "[dashboard][explain]") {
  Master master{interface("serial")};
  CHECK_THROWS_AS(master.explain(1), TaskError);
  const auto task = master.submit_task<quick_task>(1);
  const auto failing = master.submit_task<throws_markup>(1);
  static_cast<void>(failing);
  CHECK_THROWS_AS(master.wait_all(10s), TaskError);
  CHECK(master.explain(1).find("task 1 (") == 0);
  CHECK(master.explain(1).find("has finished") != std::string::npos);
  CHECK(master.get_result(task) == 1);
}
