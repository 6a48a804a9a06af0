// The contract of every interface: what a task changes around it does not reach the next one.
#include <catch2/catch.hpp>

#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cfenv>
#include <clocale>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iomanip>
#include <iostream>
#include <locale>
#include <map>
#include <sstream>
#include <thread>

#include <fcntl.h>

#include "contract/functions.hpp"
#include "support/captured_stderr.hpp"
#include "support/errors.hpp"
#include "support/temporary.hpp"

using namespace contract;

namespace {

struct WithComma : std::numpunct<char> {
  char do_decimal_point() const override { return ','; }
};

std::ostringstream& elsewhere() {
  static std::ostringstream stream;
  return stream;
}

/// What a task may change of its own thread, and of its whole process.
const std::map<std::string, std::function<void()>>& changes_of_thread() {
  static const std::map<std::string, std::function<void()>> changes{
      {"working directory", [] { std::filesystem::current_path("/"); }},
      {"umask", [] { ::umask(0117); }},
      {"rounding", [] { std::fesetround(FE_UPWARD); }},
      {"floating-point flags", [] { std::feraiseexcept(FE_DIVBYZERO); }},
      {"signal mask",
       [] {
         sigset_t set;
         sigfillset(&set);
         ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
       }},
      {"locale of the thread",
       [] {
         static const locale_t another = ::newlocale(LC_ALL_MASK, "C.UTF-8", nullptr);
         ::uselocale(another);
       }},
  };
  return changes;
}

const std::map<std::string, std::function<void()>>& changes_of_process() {
  static const std::map<std::string, std::function<void()>> changes{
      {"signal ignored", [] { std::signal(SIGTERM, SIG_IGN); }},
      {"handler of the worker's own", [] { std::signal(SIGRTMAX, SIG_IGN); }},
      {"flags of a signal",
       [] {
         struct sigaction action = {};
         action.sa_handler = SIG_DFL;
         action.sa_flags = SA_NOCLDWAIT;
         ::sigaction(SIGCHLD, &action, nullptr);
       }},
      {"timer", [] { ::alarm(1000); }},
      {"a new variable", [] { ::setenv("CPPMW_LEFT_BEHIND", "1", 1); }},
      {"another value", [] { ::setenv("PATH", "/nowhere", 1); }},
      {"no variable", [] { ::unsetenv("PATH"); }},
      {"no variables", [] { ::clearenv(); }},
      {"C locale", [] { std::setlocale(LC_ALL, "C.UTF-8"); }},
      {"C++ locale",
       [] {
         std::locale::global(std::locale{std::locale::classic(), new WithComma});
       }},
      {"format of a stream", [] { std::cout << std::hex << std::setprecision(2) << std::setfill('x'); }},
      {"exceptions of a stream", [] { std::cerr.exceptions(std::ios::badbit); }},
      {"buffer of a stream", [] { std::cout.rdbuf(elsewhere().rdbuf()); }},
      {"stdout to nothing",
       [] {
         const int fd = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
         ::dup2(fd, STDOUT_FILENO);
         ::close(fd);
       }},
      {"stderr to stdout", [] { ::dup2(STDOUT_FILENO, STDERR_FILENO); }},
      {"stderr closed", [] { ::close(STDERR_FILENO); }},
      {"stderr opened again and left open", [] { static_cast<void>(std::fopen("/dev/stderr", "w")); }},
      {"stdout opened again and left open", [] { static_cast<void>(std::fopen("/dev/stdout", "w")); }},
      {"stdout reopened", [] { static_cast<void>(!std::freopen("/dev/null", "w", stdout)); }},
      {"stdout closed", [] { std::fclose(stdout); }},
      {"past the C library",
       [] {
         ::syscall(SYS_chdir, "/");
         ::syscall(SYS_umask, 0117);
         const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds{6};
         while (std::chrono::steady_clock::now() < end) {
         }
       }},
  };
  return changes;
}

void leave_behind(const std::string& what) {
  const auto of_thread = changes_of_thread().find(what);
  (of_thread != changes_of_thread().end() ? of_thread->second : changes_of_process().at(what))();
}

/// What the next task finds.
std::string look_around() {
  // First of all, before anything here computes.
  const bool raised = std::fetestexcept(FE_DIVBYZERO) != 0;
  std::ostringstream text;
  text << "raised " << raised << ", rounding " << std::fegetround();
  text << ", at / " << (std::filesystem::current_path() == "/");
  const mode_t mask = ::umask(022);
  ::umask(mask);
  text << ", umask " << mask;
  sigset_t blocked;
  ::pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
  for (int signal = 1; signal < NSIG; ++signal) {
    struct sigaction action = {};
    ::sigaction(signal, nullptr, &action);
    if (action.sa_handler == SIG_IGN) text << ", ignores " << signal;
    if (action.sa_handler != SIG_IGN && action.sa_handler != SIG_DFL) text << ", catches " << signal;
    constexpr int of_the_library = 0x04000000;  // SA_RESTORER: where a handler returns to
    if ((action.sa_flags & ~of_the_library) != 0) text << ", flags " << signal << ' ' << action.sa_flags;
    if (sigismember(&blocked, signal) == 1) text << ", blocks " << signal;
  }
  text << ", timer " << ::alarm(0);
  text << ", locale " << std::setlocale(LC_ALL, nullptr) << ' ' << (::uselocale(nullptr) == LC_GLOBAL_LOCALE) << ' ' << 1.5;
  text << ", stream " << std::cout.flags() << ' ' << std::cout.precision() << ' ' << std::cout.fill() << ' '
       << std::cerr.exceptions();
  for (const std::string& line : environment()) text << '\n' << line;
  std::cout << "by cout, ";
  std::printf("by printf");
  std::fflush(stdout);
  std::cerr << "by cerr, ";
  std::fprintf(stderr, "by fprintf");
  return text.str();
}

void check_next(mw::Master& master, const std::map<std::string, std::function<void()>>& changes) {
  // Submitted all at once: they follow upon each other in one worker, without a pause.
  const auto first = master.submit_task<look_around>();
  std::vector<mw::Task<void>> done;
  std::vector<std::pair<std::string, mw::Task<std::string>>> looks;
  for (const auto& [name, change] : changes) {
    done.push_back(master.submit_task<leave_behind>(name));
    looks.emplace_back(name, master.submit_task<look_around>());
  }
  const std::string expected = master.get_result(first);
  for (const auto& task : done) master.get_result(task);
  for (const auto& [name, task] : looks) {
    INFO(name);
    CHECK(master.get_result(task) == expected);
    CHECK(task.stdout_text() == "by cout, by printf");
    CHECK(task.stderr_text() == "by cerr, by fprintf");
  }
}

std::string directory_and_variables() {
  const mode_t mask = ::umask(022);
  ::umask(mask);
  std::string text = std::filesystem::current_path().string() + ' ' + std::to_string(mask);
  for (const std::string& line : environment()) text += '\n' + line;
  return text;
}

}  // namespace

TEST_CASE("what a task changes around it is put back before the next one", "[contract][left]") {
  const auto spec = GENERATE(from_range(specs()));
  INFO(spec);
  mw::Master master{mw::interface(spec == "serial" ? spec : with_workers(spec, 1))};
  check_next(master, changes_of_thread());
  if (spec != "serial") check_next(master, changes_of_process());
}

TEST_CASE("a worker in the place of another one begins as that did, whatever its master has changed since", "[contract][left]") {
  const auto spec = GENERATE(from_range(specs_with_lasting_workers()));
  INFO(spec);
  const auto home = std::filesystem::current_path();
  const test::TemporaryFolder folder;
  mw::Master master{mw::interface(with_workers(spec, 1))};
  const std::string before = master.get_result(master.submit_task<directory_and_variables>());
  std::filesystem::current_path(folder.path("."));
  ::setenv("CPPMW_LATER", "1", 1);
  const mode_t mask = ::umask(0113);
  CHECK_THROWS_AS(master.get_result(master.submit_task<leave>({.max_losses = 0}, 3)), mw::TaskError);
  CHECK(master.get_result(master.submit_task<directory_and_variables>()) == before);
  std::filesystem::current_path(home);
  ::unsetenv("CPPMW_LATER");
  ::umask(mask);
}

namespace {

int leave_a_thread() {
  std::thread{[] { std::this_thread::sleep_for(std::chrono::hours{1}); }}.detach();
  return 1;
}
int leave_a_file() { return ::open("/dev/null", O_RDONLY); }

}  // namespace

TEST_CASE("a worker says what a task has left running or open, where that is wanted", "[contract][leftovers]") {
  for (const std::string& spec : specs_with_lasting_workers()) {
    INFO(spec);
    for (const bool is_wanted : {true, false}) {
      ::setenv("CPPMW_CHECK_TASKS", is_wanted ? "1" : "0", 1);
      const std::string said = test::stderr_of([&] {
        mw::Master master{mw::interface(with_workers(spec, 1))};
        CHECK(master.get_result(master.submit_task<add>(1, 2)) == 3);
        CHECK(master.get_result(master.submit_task<twice>(std::vector<double>(100'000, 1.5))).size() ==
              100'000);  // in memory files
        for (int i = 0; i < 2; ++i) {
          CHECK(master.get_result(master.submit_task<leave_a_thread>()) == 1);
          CHECK(master.get_result(master.submit_task<leave_a_file>()) > 2);
        }
      });
      INFO(said);
      const auto count = [&](const std::string& text) {
        std::size_t found = 0;
        for (auto at = said.find(text); at != said.npos; at = said.find(text, at + 1)) ++found;
        return found;
      };
      CHECK(count("leave_a_thread()) left a thread running") == (is_wanted ? 1 : 0));
      CHECK(count("leave_a_file()) left a file open") == (is_wanted ? 1 : 0));
      CHECK(count("add(") == 0);
      CHECK(count("twice(") == 0);
    }
    ::unsetenv("CPPMW_CHECK_TASKS");
  }
}
