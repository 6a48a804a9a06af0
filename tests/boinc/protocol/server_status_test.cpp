// A project's status page: as BOINC's html/user/server_status.php writes it, and bytes that make no sense.
#include <catch2/catch.hpp>

#include <fmt/format.h>

#include "boinc/protocol/server_status.hpp"
#include "boinc/protocol/xml.hpp"

using namespace mw::boinc;
using List = std::vector<std::string>;

namespace {

std::string daemon(const std::string& command, const std::string& status) {
  return fmt::format(
      "  <daemon>\n        <host>pool</host>\n        <command>{}</command>\n        <status>{}</status>\n    </daemon>\n", command,
      status);
}
std::string page(const std::string& daemons) {
  return "<?xml version=\"1.0\" encoding=\"ISO-8859-1\" ?>\n<server_status>\n<daemon_status>\n" + daemons +
         "</daemon_status>\n<database_file_states>\n   <results_ready_to_send>0</results_ready_to_send>\n"
         "</database_file_states>\n</server_status>\n";
}

}  // namespace

TEST_CASE("daemons that do not run are named, and those that run, are switched off, clean up or are for others are not",
          "[boinc][submit]") {
  const std::string all = daemon("Scheduler", "running") + daemon("feeder", "not running") + daemon("transitioner", "disabled") +
                          daemon("file_deleter", "not running") + daemon("sample_bitwise_validator (pi)", "not running") +
                          daemon("sample_bitwise_validator (other)", "not running") + daemon("feeder", "not running");
  CHECK(daemons_down(page(all), "pi") == List{"feeder", "sample_bitwise_validator (pi)"});
  CHECK(daemons_down(page(daemon("feeder", "running")), "pi").empty());
  CHECK(daemons_down(page(""), "pi").empty());
}

TEST_CASE("what PHP says in the middle of a status page does not matter", "[boinc][submit]") {
  const std::string notice =
      "<br />\n<b>Warning</b>:  Undefined array key in <b>PROJECT/html/user/server_status.php</b> on line <b>7</b><br />\n";
  CHECK(daemons_down(notice + page(notice + daemon("feeder", "not running")), "pi") == List{"feeder"});
}

TEST_CASE("what is no status page is told from one", "[boinc][submit]") {
  for (const std::string text :
       {"", "<html></html>", "<server_status>", "<server_status></server_status>", "<server_status><daemon_status><daemon>"})
    CHECK_THROWS_AS(daemons_down(text, "pi"), BadMessage);
}

TEST_CASE("a status page names a bounded number of daemons with bounded names", "[boinc][submit]") {
  std::string many;
  for (int i = 0; i < 1000; ++i) many += daemon(std::to_string(i) + std::string(300, 'x'), "not running");
  const List down = daemons_down(page(many), "pi");
  REQUIRE(down.size() == most_daemons_named);
  CHECK(down.back().size() == longest_daemon_name);
  CHECK_THROWS_AS(daemons_down(page(std::string(longest_server_status, ' ')), "pi"), BadMessage);
}
