// A project over its remote submission RPC, whose site is in this process: what its status page is asked for, and what
// is made of it. What a real project's site says otherwise, tests/boinc/emulated_project does.
#include <catch2/catch.hpp>

#include <mw/mw.hpp>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <string>

#include <fmt/format.h>

#include "boinc/submitter/remote_project.hpp"
#include "http/served.hpp"
#include "support/captured_stderr.hpp"
#include "support/processes.hpp"
#include "support/temporary.hpp"

using namespace mw::boinc;
using namespace std::chrono_literals;

namespace {

/// Answers each page with the text that it was given for it, else with status 404.
class Site final : public mw::http::Handler {
 public:
  boost::asio::awaitable<void> answer(mw::http::Request& request, mw::http::Answer& answer) override {
    constexpr std::size_t longest = 1 << 20;
    std::string form;
    if (request.is_post()) co_await request.read_to(form, longest);
    const std::string text = text_for(request.name(), form);
    answer.set(text.empty() ? mw::http::Status::not_found : mw::http::Status::ok, "text/xml", text);
    co_await answer.send();
  }
  void warn(std::string_view, const std::string&) override {}

  /// What stands in the form that is posted, or the page's name.
  void set(const std::string& request, const std::string& text) {
    std::lock_guard lock{mutex_};
    texts_[request] = text;
  }
  int times(const std::string& request) {
    std::lock_guard lock{mutex_};
    return times_[request];
  }

 private:
  std::string text_for(const std::string& page, const std::string& form) {
    std::lock_guard lock{mutex_};
    for (const auto& [request, text] : texts_)
      if (request == page || form.find("<" + request + ">") != std::string::npos) {
        ++times_[request];
        return text;
      }
    return {};
  }
  std::mutex mutex_;
  std::map<std::string, std::string> texts_;
  std::map<std::string, int> times_;
};

std::string status_page(const std::string& feeder) {
  return fmt::format(
      "<server_status><daemon_status><daemon><command>feeder</command><status>{}</status></daemon></daemon_status></server_status>",
      feeder);
}

int twice(int x) { return 2 * x; }

/// A project that takes every job, and computes none.
struct Project {
  Project() {
    Site& site = served.pages;
    site.set("get_templates", "<get_templates><templates></templates></get_templates>");
    site.set("create_batch", "<create_batch><batch_id>1</batch_id></create_batch>");
    site.set("query_files", "<query_files><absent_files></absent_files></query_files>");
    site.set("submit_batch", "<submit_batch><batch_id>1</batch_id></submit_batch>");
    site.set("query_batch2", "<query_batch2><server_time>1</server_time></query_batch2>");
    site.set("abort_batch", "<abort_batch><success/></abort_batch>");
    site.set("abort_jobs", "<abort_jobs><success/></abort_jobs>");
    site.set("retire_batch", "<retire_batch><success/></retire_batch>");
    std::ofstream{folder.path("key")} << "0123456789abcdef0123456789abcdef\n";
    std::filesystem::permissions(folder.path("key"), std::filesystem::perms::owner_read);
  }
  std::string spec() const {
    return fmt::format("boinc:url={}&auth={}&state=temporary&app=pi&task_s=1&poll_s=0.01", served.url, folder.path("key"));
  }

  test::TemporaryFolder folder;
  test::ServedBy<Site> served;
};

std::string waits_for(mw::Master& master) {
  const mw::Status status = master.get_status();
  if (!status.interface_error.empty()) throw std::runtime_error{status.interface_error};
  return std::get<std::string>(status.interface.at("waits_for"));
}

}  // namespace

TEST_CASE("a run says which daemons of its project it waits for, and that they are back", "[boinc][submit]") {
  Project project;
  project.served.pages.set("server_status.php", status_page("not running"));
  const std::string said = test::stderr_of([&] {
    mw::Master master{mw::interface(project.spec())};
    CHECK(waits_for(master).empty());
    const auto task = master.submit_task<twice>(1);
    REQUIRE(test::eventually([&] { return waits_for(master).find("feeder") != std::string::npos; }));
    // It is asked again and again, and told once.
    const int asked = project.served.pages.times("server_status.php");
    REQUIRE(test::eventually([&] { return project.served.pages.times("server_status.php") > asked + 2; }));
    project.served.pages.set("server_status.php", status_page("running"));
    CHECK(test::eventually([&] { return waits_for(master).empty(); }));
  });
  const auto at = said.find("its daemons feeder do not run");
  REQUIRE(at != std::string::npos);
  CHECK(said.find("its daemons feeder do not run", at + 1) == std::string::npos);
}

TEST_CASE("what a status page says that is no UTF-8 is shown all the same", "[boinc][submit]") {
  Project project;
  project.served.pages.set(
      "server_status.php",
      "<server_status><daemon_status><daemon><command>feeder\xe9</command><status>not running</status></daemon>"
      "</daemon_status></server_status>");
  mw::Master master{mw::interface(project.spec())};
  const auto task = master.submit_task<twice>(1);
  CHECK(test::eventually([&] { return waits_for(master).find("feeder\\xe9 do not run") != std::string::npos; }));
}

TEST_CASE("a project that has no status page is asked for it once", "[boinc][submit]") {
  Project project;
  RemoteProject route{{.url = project.served.url}, "pi", "0123456789abcdef0123456789abcdef", [] { return true; }};
  CHECK(route.obstacle().empty());
  project.served.pages.set("server_status.php", status_page("not running"));
  CHECK(route.obstacle().empty());
}

TEST_CASE("a status page that makes no sense, or is far too long, is no obstacle and no error", "[boinc][submit]") {
  Project project;
  RemoteProject route{{.url = project.served.url}, "pi", "0123456789abcdef0123456789abcdef", [] { return true; }};
  for (const std::string& text : {std::string{"<server_status><daemon_status><daemon>"}, std::string(2'000'000, 'x')}) {
    project.served.pages.set("server_status.php", text);
    CHECK(route.obstacle().empty());
  }
  project.served.pages.set("server_status.php", status_page("not running"));
  CHECK_THAT(route.obstacle(), Catch::Contains("its daemons feeder do not run"));
}
