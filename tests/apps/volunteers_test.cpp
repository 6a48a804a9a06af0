// boinc:N as a person runs it where something is in the way.
#include "apps/app_run.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "support/processes.hpp"
#include "support/shell.hpp"
#include "support/temporary.hpp"

using namespace test;

namespace {

std::string monte_pi(const std::string& options) {
  return beside("monte_pi") + " --points 1e5 --block 1e4 --json -i 'boinc:2?state=temporary&listen=127.0.0.1:0" + options + "'";
}

}  // namespace

TEST_CASE("this machine's volunteers need no proxy, whatever is set", "[apps][boinc]") {
  // Port 9 is nobody's; whoever asks there gets nothing.
  const std::string proxy = "http_proxy=http://127.0.0.1:9 all_proxy=http://127.0.0.1:9 no_proxy= ";
  CHECK(result_of(test::shell(proxy + "timeout 60 " + monte_pi(""))).at("inside").to_number<int>() == 78'690);
}

TEST_CASE("P28: volunteers that do not get through say so on the master's stderr, and a killed run's keys do not stay",
          "[apps][boinc][P28]") {
  const TemporaryFolder folder;
  const std::string said = folder.path("said"), temporary = "TMPDIR=" + folder.path("") + " ";
  const pid_t shell_pid = ::fork();
  if (shell_pid == 0) {
    const std::string command = "exec env " + temporary + monte_pi("&url=http://127.0.0.1:9/") + " 2> " + said;
    ::execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
    ::_exit(127);
  }
  const bool is_told = eventually([&] {
    const std::string text = file_text(said);
    return text.find("volunteer-1: http://127.0.0.1:9/ does not get through") != std::string::npos &&
           text.find("Connection refused") != std::string::npos;
  });
  ::kill(shell_pid, SIGKILL);
  ::waitpid(shell_pid, nullptr, 0);
  INFO(file_text(said));
  CHECK(is_told);
  const auto left = [&] {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator{folder.path("")})
      count += entry.path().filename() == "code_sign_private";
    return count;
  };
  CHECK(test::shell("env " + temporary + monte_pi("")).death.exit_status == 0);
  CHECK(left() == 0);
}

TEST_CASE("an account key without an end is an error, not all of the memory", "[apps][boinc]") {
  const test::TemporaryFolder folder;
  const std::string command = "head -c 50000000 /dev/zero | \"$0\" volunteer http://127.0.0.1:9 --folder \"$1\"";
  const auto endless = mw::process::run_program("sh", {"-c", command, test::beside("mw"), folder.path("volunteer")}, {});
  INFO(endless.err);
  CHECK(endless.death.exit_status == 2);
  CHECK(endless.err.find("has no end") != std::string::npos);
}
