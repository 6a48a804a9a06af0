// The volunteers' page: what it says, and what hostile hosts get onto it.
#include <catch2/catch.hpp>

#include <string>

#include "boinc/pool.hpp"
#include "boinc/server/master_page.hpp"
#include "boinc/store/schema.hpp"
#include "support/raw_connection.hpp"

using test::Pool;
using test::url_of;

namespace {

std::int64_t thrice(std::int64_t x) { return 3 * x; }

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

std::string answer_of(Pool& pool, const std::string& path) {
  test::RawConnection connection{url_of(pool.master)};
  connection.send("GET " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  return connection.receive_all();
}

std::string fact(const std::string& name, const std::string& value) { return name + "</dt>\n<dd>" + value + "</dd>"; }

}  // namespace

TEST_CASE("the volunteers' page says how far the project is, who helps, and how to", "[boinc][server]") {
  Pool pool{"&tasks_per_workunit=1&description=Three times as much"};
  for (std::int64_t i = 0; i < 4; ++i) (void)pool.master.submit_task<thrice>(i);
  REQUIRE(pool.waits_for(4));
  auto volunteer = pool.volunteer("tower");
  REQUIRE(volunteer.work() == 1);
  REQUIRE(test::eventually([&] { return test::status_of(pool.master, "tasks_open") == 3; }));
  const std::string page = answer_of(pool, "/");
  INFO(page);
  CHECK(has(page, "Three times as much"));
  CHECK(has(page, "1 of 4 tasks, 25.0 %"));
  CHECK(has(page, "x=\"0.00%\" width=\"25.00%\""));
  for (const auto& [name, value] :
       {std::pair{"Waiting", "3"}, {"Made", "1"}, {"Ended", "1"}, {"Found right", "1"}, {"Errors", "0"}})
    CHECK(has(page, fact(name, value)));
  CHECK(has(page, ">tower</td>"));
  CHECK(has(page, "mw volunteer " + url_of(pool.master) + " --key-file account_key"));
  CHECK(has(page, ".xml /var/lib/boinc-client/"));
  CHECK_FALSE(has(page, pool.folders.key()));
}

TEST_CASE("the volunteers' page takes nothing from elsewhere, and has no script", "[boinc][server]") {
  Pool pool;
  const std::string page = answer_of(pool, "/"), style = answer_of(pool, "/page.css");
  CHECK(has(page, "\r\nContent-Security-Policy: default-src 'none'; style-src 'self'; "));
  CHECK(has(page, "frame-ancestors 'none'\r\n"));
  CHECK(has(page, "<link rel=\"stylesheet\" href=\"page.css\">"));
  for (const char* part : {"<script", "<style", "style=", " src="}) CHECK_FALSE(has(page, part));
  CHECK(has(style, "\r\nContent-Type: text/css"));
  CHECK(has(style, "prefers-color-scheme: dark"));
  for (const char* part : {"url(", "@import"}) CHECK_FALSE(has(style, part));
}

TEST_CASE("where each volunteer has a key, the volunteers' page names no file with one for all", "[boinc][server]") {
  Pool pool{"&keys=each"};
  const std::string page = answer_of(pool, "/");
  CHECK(has(page, "boinccmd --project_attach " + url_of(pool.master) + " ACCOUNT_KEY"));
  CHECK_FALSE(has(page, "account_boinc_tests.xml"));
}

TEST_CASE("what a host calls itself is text on the volunteers' page", "[boinc][server]") {
  Pool pool;
  auto script = pool.volunteer("<script>alert(1)</script>\"'&amp;");
  script.request.platforms = {"</table><img src=x onerror=alert(1)>"};
  script.send();
  auto turned = pool.volunteer("ab\u202ecd\x1b[31m");
  turned.send();
  auto endless = pool.volunteer(std::string(200'000, 'x'));
  endless.send();
  const std::string page = answer_of(pool, "/");
  INFO(page.substr(0, 10'000));
  CHECK_FALSE(has(page, "<script"));
  CHECK_FALSE(has(page, "<img"));
  CHECK(has(page, ">&lt;script&gt;alert(1)&lt;/script&gt;\"'&amp;amp;</td>"));
  CHECK(has(page, ">&lt;/table&gt;&lt;img src=x onerror=alert(1)&gt;</td>"));
  CHECK(has(page, "ab\\u202ecd\\x1b[31m"));
  CHECK(page.size() < 10'000);
}

TEST_CASE("the volunteers' page says how long it will take at the pace so far", "[boinc][server]") {
  using namespace mw::boinc;
  const test::TemporaryFolder folder;
  Time now = from_ms(1'800'000'000'000);
  Settings settings;
  settings.state = folder.path("");
  settings.now = [&now] { return now; };
  Project project{settings, open_database(folder.path("project.db")), Keys::in_folder(settings.state)};
  project.counts.first_sent = now;
  project.counts.tasks_done = 1'000;
  now += std::chrono::seconds{5};
  CHECK_FALSE(has(master_page(project, 2'000'000), "left"));  // too early to say
  now += std::chrono::seconds{3'595};
  CHECK(has(master_page(project, 2'000'000), "1,000 of 2,001,000 tasks"));
  CHECK(has(master_page(project, 2'000'000), "about 83 days left"));
  CHECK(has(master_page(project, 2'000), "about 2 h left"));
  CHECK(has(master_page(project, 10), "about 36 s left"));
  CHECK_FALSE(has(master_page(project, 0), "left"));
  project.counts.tasks_done = 0;
  CHECK(has(master_page(project, 0), "No tasks yet"));
}
