// What the kernel says of a process, of its descriptors, and of whose process group is whose.
#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <utility>

#include "process/fork_count.hpp"
#include "process/offspring.hpp"
#include "process/origin.hpp"
#include "process/process_facts.hpp"
#include "process/unique_fd.hpp"
#include "support/forked.hpp"
#include "support/processes.hpp"
#include "support/temporary.hpp"

using namespace mw::process;

namespace {

/// A child that does nothing but wait for its end, after `first`.
class Waiting {
 public:
  template <class First>
  explicit Waiting(const First& first) {
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    const UniqueFd read_end{ends[0]};
    UniqueFd write_end{ends[1]};
    pid_ = ::fork();
    if (pid_ == 0) {
      const pid_t said = first();
      static_cast<void>(::write(write_end.get(), &said, sizeof said));
      while (true) ::pause();
    }
    write_end = UniqueFd{};
    REQUIRE(::read(read_end.get(), &said_, sizeof said_) == sizeof said_);
  }
  Waiting() : Waiting{[] { return ::getpid(); }} {}
  ~Waiting() { end(); }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;

  pid_t pid() const { return pid_; }
  pid_t said() const { return said_; }
  void kill(int signal) const { ::kill(pid_, signal); }
  void end() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(std::exchange(pid_, 0), nullptr, 0);
  }

 private:
  pid_t pid_ = 0;
  pid_t said_ = 0;
};

bool is_open(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }
int some_fd() { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); }

/// Starts a grandchild that leads a group of its own; returns its number.
pid_t start_group_leader() {
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::setpgid(0, 0);
    while (true) ::pause();
  }
  ::setpgid(pid, pid);
  return pid;
}

}  // namespace

TEST_CASE("the kernel's facts of a process are those that it has", "[process]") {
  const auto own = ProcessFacts::of(::getpid());
  REQUIRE(own);
  CHECK(own->parent == ::getppid());
  CHECK(own->group == ::getpgrp());
  CHECK(own->session == ::getsid(0));
  CHECK_FALSE(own->has_ended());
  CHECK_FALSE(own->is_stopped());
  const Waiting child;
  const auto its = ProcessFacts::of(child.pid());
  REQUIRE(its);
  CHECK(its->parent == ::getpid());
  CHECK(its->start >= own->start);
}

TEST_CASE("a process may have any name, and its facts stay right", "[process]") {
  const auto name = GENERATE(as<const char*>{}, "a b c", ") R 1 1 1", "((()))", "\n0 0 0");
  const Waiting child{[&] {
    ::prctl(PR_SET_NAME, name);
    return ::getpid();
  }};
  const auto facts = ProcessFacts::of(child.pid());
  REQUIRE(facts);
  CHECK(facts->parent == ::getpid());
  CHECK(facts->group == ::getpgrp());
  CHECK(facts->start > 0);
}

TEST_CASE("that a process is stopped, or has ended, is seen, and of none there are no facts", "[process]") {
  Waiting child;
  child.kill(SIGSTOP);
  CHECK(test::eventually([&] { return ProcessFacts::of(child.pid())->is_stopped(); }));
  child.kill(SIGCONT);
  CHECK(test::eventually([&] { return !ProcessFacts::of(child.pid())->is_stopped(); }));
  const pid_t pid = child.pid();
  child.kill(SIGKILL);
  CHECK(test::eventually([&] { return ProcessFacts::of(pid)->has_ended(); }));  // nobody has waited for it yet
  child.end();
  CHECK_FALSE(ProcessFacts::of(pid));
  CHECK_FALSE(ProcessFacts::of(-1));
  CHECK_FALSE(ProcessFacts::of(0));
}

TEST_CASE("a group that a child's child leads is the child's, and other groups are not", "[process]") {
  Waiting child{start_group_leader};
  const pid_t group = child.said();
  const Offspring offspring{child.pid()};
  CHECK(offspring.has_group(group));
  CHECK_FALSE(offspring.has_group(child.pid()));
  CHECK_FALSE(offspring.has_group(::getpgrp()));
  for (const pid_t never : {-1, 0, 1}) CHECK_FALSE(offspring.has_group(never));
  const Waiting stranger{[] {  // of this process, not of the child
    ::setpgid(0, 0);
    return ::getpid();
  }};
  CHECK_FALSE(offspring.has_group(stranger.pid()));
  const Waiting other{start_group_leader};
  CHECK_FALSE(offspring.has_group(other.said()));
  ::kill(other.said(), SIGKILL);
  ::kill(group, SIGKILL);
}

TEST_CASE("a group whose leader has gone is the child's while who is left is of its session", "[process]") {
  // The leader makes a child in its group, tells its number, and ends.
  const Waiting child{[] {
    const pid_t leader = start_group_leader();
    const pid_t member = ::fork();
    if (member == 0) {
      while (true) ::pause();
    }
    ::setpgid(member, leader);
    ::kill(leader, SIGKILL);
    ::waitpid(leader, nullptr, 0);
    return leader;
  }};
  const Offspring offspring{child.pid()};
  CHECK(offspring.has_group(child.said()));
  ::kill(-child.said(), SIGKILL);
}

TEST_CASE("a descriptor is closed with its owner, once, and not when it moved on", "[process]") {
  const int first = some_fd(), second = some_fd();
  {
    UniqueFd owner{first};
    UniqueFd moved{std::move(owner)};
    CHECK(owner.get() == -1);  // NOLINT(bugprone-use-after-move): what it is then is under test
    CHECK(moved.get() == first);
    UniqueFd other{second};
    moved = std::move(other);
    CHECK(moved.get() == second);
    moved = UniqueFd{};
    CHECK_FALSE(is_open(second));
  }
  CHECK_FALSE(is_open(first));
  const UniqueFd none;
  CHECK(none.get() == -1);
}

TEST_CASE("a forked child has another count than its parent, and so has its child", "[process]") {
  const auto here = fork_count();
  CHECK(test::exit_status_of([&] {
          if (fork_count() == here) return 1;
          const auto there = fork_count();
          return test::exit_status_of([&] { return fork_count() == there || fork_count() == here ? 1 : 0; });
        }) == 0);
  CHECK(fork_count() == here);
}

TEST_CASE("an origin is what was found then: folder, variables and umask, whatever changes afterwards", "[process]") {
  CHECK(test::exit_status_of([] {
          const test::TemporaryFolder folder;
          if (::chdir(folder.path("").c_str()) != 0) return 1;
          ::setenv("ORIGIN_TEST", "then", 1);
          ::umask(027);
          const auto origin = Origin::now();
          ::setenv("ORIGIN_TEST", "later", 1);
          ::umask(077);
          if (::chdir("/") != 0 || ::fchdir(origin->folder.get()) != 0) return 2;
          std::ofstream{"here"} << "x";
          if (test::file_text(folder.path("here")) != "x") return 3;
          if (::chdir("/") != 0) return 4;
          const auto& lines = origin->environment;
          if (std::find(lines.begin(), lines.end(), "ORIGIN_TEST=then") == lines.end()) return 5;
          return origin->umask == mode_t{027} ? 0 : 6;
        }) == 0);
}
