// Volunteers that the master started itself.
#include <catch2/catch.hpp>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>

#include <boost/asio/io_context.hpp>

#include "boinc/local_volunteers.hpp"
#include "support/processes.hpp"
#include "support/temporary.hpp"

using namespace std::chrono_literals;

TEST_CASE("a volunteer on this machine that is stopped is named, until it goes on", "[boinc]") {
  const test::TemporaryFolder folder;
  std::ofstream{folder.path("own_key")} << "0123456789abcdef0123456789abcdef\n";
  std::filesystem::permissions(folder.path("own_key"), std::filesystem::perms{0600});
  boost::asio::io_context io;
  const auto run_until = [&](const std::function<bool()>& condition) {
    return test::eventually([&] {
      io.run_for(5ms);
      return condition();
    });
  };
  // Nobody answers there, which is all the same to it.
  mw::boinc::LocalVolunteers volunteers{io, {.url = "http://127.0.0.1:9/", .state = folder.path(""), .stopped_after = 100ms}, 2};
  REQUIRE(volunteers.running() == 2);
  io.run_for(300ms);
  CHECK(volunteers.stopped().empty());
  const auto children = test::children();
  REQUIRE(children.size() == 2);
  const pid_t chosen = children.front();
  ::kill(chosen, SIGSTOP);
  REQUIRE(run_until([&] { return !volunteers.stopped().empty(); }));
  REQUIRE(volunteers.stopped().size() == 1);
  CHECK_THAT(volunteers.stopped().front(),
             Catch::StartsWith("volunteer-") && Catch::EndsWith("(process " + std::to_string(chosen) + ")"));
  ::kill(chosen, SIGCONT);
  CHECK(run_until([&] { return volunteers.stopped().empty(); }));
  bool is_over = false;
  volunteers.stop([&] { is_over = true; });
  CHECK(run_until([&] { return is_over; }));
}
