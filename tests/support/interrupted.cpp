// Has something to be done before a signal ends it, and gets one in the way that it is asked to. Says what happens on
// stdout.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <optional>
#include <string>
#include <string_view>

#include "process/interrupt_watch.hpp"

namespace {

/// Without memory of its own: a signal handler says something, too.
void say(std::string_view what) {
  [[maybe_unused]] auto written = ::write(STDOUT_FILENO, what.data(), what.size());
  written = ::write(STDOUT_FILENO, "\n", 1);
}

void handle(int) { say("its own handler"); }

void handle_itself(int signal) {
  struct sigaction own = {};
  own.sa_handler = handle;
  ::sigaction(signal, &own, nullptr);
}

void wait_for_the_end() {
  while (true) ::pause();
}

/// How a child ended that calls this.
template <class Call>
std::string end_of_child(const Call& call) {
  const pid_t child = ::fork();
  if (child == 0) {
    call();
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFSIGNALED(status) ? "the child died of signal " + std::to_string(WTERMSIG(status)) : "the child lived on";
}

/// Once by itself.
int come_to_an_end(std::string_view way, int signal) {
  std::atomic<int> asked{0};
  const mw::process::InterruptWatch watch{[&](int) {
                                            if (asked != 0) return false;
                                            say("asked");
                                            return ++asked == 1;
                                          },
                                          [](int) { say("before the end"); }};
  ::kill(::getpid(), signal);
  while (asked == 0) ::usleep(1'000);
  say("it goes on");
  if (way == "asked") ::usleep(150'000);  // longer than an echo comes
  ::kill(::getpid(), way == "another" ? SIGHUP : signal);
  if (way != "echo") wait_for_the_end();
  ::usleep(50'000);
  say("at its end");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view way = argc > 1 ? argv[1] : "";
  const int signal = argc > 2 ? std::stoi(argv[2]) : SIGINT;
  if (way == "handled before") handle_itself(signal);
  if (way == "ignored") ::signal(signal, SIG_IGN);
  if (way == "asked" || way == "echo" || way == "another") return come_to_an_end(way, signal);
  std::optional<mw::process::InterruptWatch> watch;
  watch.emplace([&] {
    say("before the end");
    if (way == "twice") ::kill(::getpid(), signal), wait_for_the_end();
  });
  if (way == "handled later") handle_itself(signal);
  if (way == "second watch") {
    const mw::process::InterruptWatch second{[] { say("of the second"); }};
    ::kill(::getpid(), signal);
    wait_for_the_end();
  }
  if (way == "forked") {
    say(end_of_child([&] { ::kill(::getpid(), signal); }));
    say(end_of_child([&] { watch.reset(); }));
    watch.reset();
    say("the parent lives");
    return 0;
  }
  if (way == "over") watch.reset();
  ::kill(::getpid(), signal);
  if (way == "alone" || way == "twice") wait_for_the_end();
  watch.reset();
  if (way.starts_with("handled")) ::kill(::getpid(), signal);
  say("at its end");
  return 0;
}
