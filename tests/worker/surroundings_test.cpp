// What a task changes around it, and that the next one finds it as it was. In processes of their own, which may be
// changed.
#include <catch2/catch.hpp>

#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <cfenv>
#include <clocale>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <iomanip>
#include <iostream>
#include <locale>
#include <memory>
#include <sstream>
#include <string>

#include "support/forked.hpp"
#include "support/temporary.hpp"
#include "worker/surroundings.hpp"
#include "worker/watched_calls.hpp"

using namespace mw::worker;
using namespace std::chrono_literals;

namespace {

/// A task changes something, and what it changed is put back; `is_as_before` is 0 then.
template <class Change, class Look>
int put_back(const Change& change, const Look& is_as_before, Scope scope = Scope::process) {
  return test::exit_status_of([&] {
    Surroundings surroundings{scope};
    for (int task = 0; task < 3; ++task) {
      change();
      if (surroundings.put_back(0ns)) return 100;
      if (const int what = is_as_before(); what != 0) return 10 * task + what;
    }
    return 0;
  });
}

void on_signal(int) {}
bool has_handler(int signal) {
  struct sigaction now = {};
  ::sigaction(signal, nullptr, &now);
  return now.sa_handler == on_signal;
}
bool is_blocked(int signal) {
  sigset_t now;
  ::pthread_sigmask(SIG_SETMASK, nullptr, &now);
  return ::sigismember(&now, signal) == 1;
}
void block(int signal) {
  sigset_t one;
  ::sigemptyset(&one);
  ::sigaddset(&one, signal);
  ::pthread_sigmask(SIG_BLOCK, &one, nullptr);
}
mode_t umask_now() {
  const mode_t mask = ::umask(0);
  ::umask(mask);
  return mask;
}
std::string text_of(const char* text) { return text ? text : "none"; }

}  // namespace

TEST_CASE("folder and umask are put back after each task", "[worker][surroundings]") {
  const auto home = std::filesystem::current_path();
  const mode_t mask = umask_now();
  CHECK(put_back(
            [] {
              static_cast<void>(::chdir("/"));
              ::umask(0);
            },
            [&] { return std::filesystem::current_path() != home ? 1
                         : umask_now() != mask                   ? 2
                                                                 : 0; },
            GENERATE(Scope::process, Scope::thread)) == 0);
}

TEST_CASE("signal handlers and the signal mask are put back", "[worker][surroundings]") {
  CHECK(put_back(
            [] {
              ::signal(SIGUSR1, on_signal);
              ::signal(SIGTERM, SIG_IGN);
              block(SIGUSR2);
            },
            [] {
              return has_handler(SIGUSR1) ? 1 : is_blocked(SIGUSR2) ? 2 : ::signal(SIGTERM, SIG_DFL) == SIG_IGN ? 3 : 0;
            }) == 0);
}

TEST_CASE("a thread's tasks leave the process's handlers and variables alone, and get their mask back", "[worker][surroundings]") {
  CHECK(put_back(
            [] {
              ::signal(SIGUSR1, on_signal);
              ::setenv("SURROUNDINGS", "set", 1);
              block(SIGUSR2);
            },
            [] {
              return !has_handler(SIGUSR1) ? 1 : text_of(std::getenv("SURROUNDINGS")) != "set" ? 2 : is_blocked(SIGUSR2) ? 3 : 0;
            },
            Scope::thread) == 0);
}

TEST_CASE("a timer that a task left behind does not go off in the next one", "[worker][surroundings]") {
  CHECK(put_back(
            [] {
              ::alarm(1'000);
              const itimerval value{{0, 0}, {1'000, 0}};
              ::setitimer(ITIMER_PROF, &value, nullptr);
            },
            [] {
              itimerval now{};
              ::getitimer(ITIMER_PROF, &now);
              return ::alarm(0) != 0 ? 1 : now.it_value.tv_sec != 0 ? 2 : 0;
            }) == 0);
}

TEST_CASE("environment variables are put back, new ones gone, removed ones there", "[worker][surroundings]") {
  ::setenv("SURROUNDINGS_KEPT", "kept", 1);
  CHECK(put_back(
            [] {
              ::setenv("SURROUNDINGS_NEW", "new", 1);
              ::setenv("SURROUNDINGS_KEPT", "changed", 1);
              ::unsetenv("PATH");
              static char line[] = "SURROUNDINGS_PUT=x";
              ::putenv(line);
            },
            [] {
              return std::getenv("SURROUNDINGS_NEW")                       ? 1
                     : std::getenv("SURROUNDINGS_PUT")                     ? 2
                     : text_of(std::getenv("SURROUNDINGS_KEPT")) != "kept" ? 3
                     : !std::getenv("PATH")                                ? 4
                                                                           : 0;
            }) == 0);
  CHECK(put_back([] { ::clearenv(); }, [] { return text_of(std::getenv("SURROUNDINGS_KEPT")) != "kept" ? 1 : 0; }) == 0);
  ::unsetenv("SURROUNDINGS_KEPT");
}

TEST_CASE("the environment that was put back stays when nobody looks after it any more", "[worker][surroundings]") {
  CHECK(test::exit_status_of([] {
          ::setenv("SURROUNDINGS_KEPT", "kept", 1);
          auto surroundings = std::make_unique<Surroundings>(Scope::process);
          ::clearenv();
          surroundings->put_back(0ns);
          const char* const* const before = environ;
          surroundings = nullptr;
          return environ == before                                     ? 1  // in memory that has been freed
                 : text_of(std::getenv("SURROUNDINGS_KEPT")) != "kept" ? 2
                                                                       : 0;
        }) == 0);
}

TEST_CASE("numbers are rounded and printed as before", "[worker][surroundings]") {
  CHECK(put_back(
            [] {
              std::fesetround(FE_UPWARD);
              std::feraiseexcept(FE_DIVBYZERO | FE_INEXACT);
              std::cout << std::hex << std::setfill('*') << std::setprecision(2);
              std::cerr.exceptions(std::ios::badbit);
            },
            [] {
              if (std::fegetround() != FE_TONEAREST) return 1;
              if (std::fetestexcept(FE_ALL_EXCEPT) != 0) return 2;
              const bool is_plain =
                  std::cout.fill() == ' ' && std::cout.precision() == 6 && (std::cout.flags() & std::ios::dec) != 0;
              return !is_plain ? 3 : std::cerr.exceptions() != std::ios::goodbit ? 4 : 0;
            }) == 0);
}

TEST_CASE("streams write where they wrote before", "[worker][surroundings]") {
  std::ostringstream elsewhere;
  std::streambuf* const before = std::cout.rdbuf();
  CHECK(put_back([&] { std::cout.rdbuf(elsewhere.rdbuf()); }, [&] { return std::cout.rdbuf() != before ? 1 : 0; }) == 0);
}

TEST_CASE("locales are put back, those of C, of C++ and of the thread", "[worker][surroundings]") {
  CHECK(put_back(
            [] {
              std::setlocale(LC_ALL, "C.UTF-8");
              std::locale::global(std::locale{std::locale::classic(), new std::numpunct<char>});
              ::uselocale(::newlocale(LC_ALL_MASK, "C", nullptr));
            },
            [] {
              return std::string{std::setlocale(LC_ALL, nullptr)} != "C" ? 1
                     : std::locale{} != std::locale::classic()           ? 2
                     : ::uselocale(nullptr) != LC_GLOBAL_LOCALE          ? 3
                                                                         : 0;
            }) == 0);
}

TEST_CASE("a change through the C library is noticed, and a look is none", "[worker][surroundings]") {
  CHECK(test::exit_status_of([] {
          take_changes();
          struct sigaction now = {};
          ::sigaction(SIGUSR1, nullptr, &now);
          sigset_t mask;
          ::pthread_sigmask(SIG_BLOCK, nullptr, &mask);
          ::sigprocmask(SIG_BLOCK, nullptr, &mask);
          if (changes() != 0) return 1;
          static_cast<void>(::chdir("."));
          if (take_changes() != changed_directory) return 2;
          ::umask(umask_now());
          if (take_changes() != changed_umask) return 3;
          ::signal(SIGUSR1, SIG_DFL);
          if (take_changes() != changed_handlers) return 4;
          ::sigprocmask(SIG_BLOCK, &mask, nullptr);
          if (take_changes() != changed_signal_mask) return 5;
          ::alarm(0);
          if (take_changes() != changed_timers) return 6;
          return take_changes() == 0 ? 0 : 7;
        }) == 0);
}

TEST_CASE("the functions that are watched do and say what those of the C library do", "[worker][surroundings]") {
  CHECK(test::exit_status_of([] {
          errno = 0;
          if (::chdir("") != -1 || errno != ENOENT) return 1;
          if (::fchdir(-1) != -1 || errno != EBADF) return 2;
          ::umask(027);
          if (::umask(022) != 027) return 3;
          if (::signal(SIGUSR1, on_signal) != SIG_DFL || ::signal(SIGUSR1, SIG_IGN) != on_signal) return 4;
          if (::signal(SIGKILL, on_signal) != SIG_ERR || errno != EINVAL) return 5;
          if (::signal(SIGUSR1, SIG_ERR) != SIG_ERR || ::signal(SIGUSR1, SIG_DFL) != SIG_IGN) return 6;
          sigset_t all, before, now;
          ::sigfillset(&all);
          if (::sigprocmask(SIG_BLOCK, &all, &before) != 0 || ::sigismember(&before, SIGUSR1) != 0) return 7;
          if (::pthread_sigmask(SIG_SETMASK, &before, &now) != 0) return 8;
          if (::sigismember(&now, SIGUSR1) != 1 || ::sigismember(&now, SIGKILL) != 0) return 9;
          errno = 17;  // pthread_sigmask() returns its error, and leaves errno alone
          if (::pthread_sigmask(99, &all, nullptr) != EINVAL || errno != 17) return 10;
          if (::sigprocmask(99, &all, nullptr) != -1 || errno != EINVAL) return 11;
          if (::alarm(100) != 0) return 12;
          if (const unsigned left = ::alarm(0); left != 100 && left != 99) return 13;
          const itimerval soon{{0, 0}, {0, 400'000}};
          ::signal(SIGALRM, SIG_IGN);
          ::setitimer(ITIMER_REAL, &soon, nullptr);
          return ::alarm(0) <= 1 ? 0 : 14;
        }) == 0);
}

TEST_CASE("a call that goes past the C library is noticed after a while", "[worker][surroundings]") {
  CHECK(test::exit_status_of([] {
          const auto home = std::filesystem::current_path();
          Surroundings surroundings{Scope::process};
          ::syscall(SYS_chdir, "/");
          static_cast<void>(surroundings.put_back(1h));
          return std::filesystem::current_path() == home ? 0 : 1;
        }) == 0);
}
