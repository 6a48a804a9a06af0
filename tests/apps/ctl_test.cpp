// mw ctl and mw top, at a program that runs.
#include "apps/app_run.hpp"

#include "support/shell.hpp"
#include "support/temporary.hpp"

using namespace test;

namespace {

/// A program that runs long, and what is done meanwhile: `mw` is the command, $pid the program's process.
mw::process::ProgramRun meanwhile(const TemporaryFolder& folder, const std::string& commands) {
  const std::string script =
      "export TMPDIR=" + folder.path("") + " mw=" + beside("mw") + "; exec 2>&1; " + beside("busy") +
      " -n 2 --tasks 1000 --seconds 0.05 --dashboard --no-progress > run.out 2>&1 & pid=$!; "
      "i=0; while [ $i -lt 500 ] && ! $mw ctl status 2>&1 | grep -q 'of 1000 tasks'; do sleep 0.02; i=$((i+1)); done; " +
      commands + "; kill $pid; wait $pid; exit 0";
  return test::shell("cd " + folder.path("") + " && { " + script + "; }");
}

bool says(const mw::process::ProgramRun& run, const std::string& text) { return run.out.find(text) != std::string::npos; }

}  // namespace

TEST_CASE("mw ctl finds a running master, shows how it fares, and pauses, scales and resumes it", "[apps][ctl]") {
  const TemporaryFolder folder;
  const auto run = meanwhile(folder,
                             "$mw ctl status; $mw ctl workers; $mw ctl stats --json; $mw ctl pause -m busy; "
                             "$mw ctl status -m $pid | head -1; $mw ctl scale 1; $mw ctl explain 1000; $mw ctl cancel 1000; "
                             "$mw ctl tasks --state waiting --limit 2; $mw ctl resume; $mw ctl status --json");
  INFO(run.out);
  CHECK(says(run, "busy (process "));
  CHECK(says(run, " of 1000 tasks"));
  CHECK(says(run, "multicore worker 2"));
  CHECK(says(run, "\"functions\":["));
  CHECK(says(run, "it is paused: no task begins until mw ctl resume"));
  CHECK(says(run, ": paused\n"));
  CHECK(says(run, "it is to have 1 worker from now on"));
  CHECK(says(run, "task 1000 is cancelled"));
  CHECK(says(run, "… there are more"));
  CHECK(says(run, "tasks begin again"));
  CHECK(says(run, "\"is_paused\":false"));
}

TEST_CASE("mw ctl says what it cannot do: no master, several, no such task, no key", "[apps][ctl]") {
  const TemporaryFolder folder;
  const auto none = test::shell("TMPDIR=" + folder.path("") + " " + beside("mw") + " ctl status");
  CHECK(none.death.exit_status == 2);
  CHECK(none.err.find("no master with a dashboard runs here") != std::string::npos);
  const auto run = meanwhile(folder,
                             "$mw ctl status -m nobody || echo status $?; $mw ctl explain 123456 || echo status $?; "
                             "url=$($mw ctl list | grep -o 'http:.*'); $mw ctl pause -m $url || echo status $?; "
                             "$mw ctl status -m $url | head -1; $mw ctl status -m http://127.0.0.1:1 || echo status $?");
  INFO(run.out);
  CHECK(says(run, "no master \"nobody\" runs here; there are: "));
  CHECK(says(run, "there is no task 123456"));
  CHECK(says(run, "takes the key"));
  CHECK(says(run, ": running\n"));
  CHECK(says(run, "onnect"));
  CHECK(std::count(run.out.begin(), run.out.end(), '\n') == 9);
}

TEST_CASE("mw top shows a running master on a terminal until q, and in lines elsewhere", "[apps][ctl]") {
  const TemporaryFolder folder;
  const auto run = meanwhile(
      folder,
      "timeout 0.4 $mw top --interval 0.2 | head -2; "
      "(sleep 0.3; echo q; sleep 0.3) | TERM=xterm script -qec \"stty cols 80 rows 20; $mw top --interval 0.2\" /dev/null");
  INFO(run.out);
  CHECK(run.out.find("running: ") == 0);
  CHECK(says(run, "\x1b[?1049h"));
  CHECK(says(run, "q: quit"));
  CHECK(says(run, "\x1b[?1049l"));
}
