// What is said, and done, when the system has no more to give.
#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>
#include <mw/error.hpp>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <limits>
#include <string>
#include <vector>

#include "process/deep_thread.hpp"
#include "process/no_write_signals.hpp"
#include "process/room.hpp"
#include "process/shared_library.hpp"
#include "process/shortage.hpp"
#include "process/unique_fd.hpp"
#include "support/forked.hpp"
#include "support/temporary.hpp"

using namespace mw::process;
using Catch::Contains;

namespace {

bool limit(int resource, rlim_t soft) {
  rlimit now{};
  if (::getrlimit(static_cast<__rlimit_resource>(resource), &now) != 0) return false;
  now.rlim_cur = soft;
  return ::setrlimit(static_cast<__rlimit_resource>(resource), &now) == 0;
}

}  // namespace

TEST_CASE("a shortage names the limit, its number and what to do, and other errors are the system's words", "[process]") {
  CHECK(test::exit_status_of([] {
          if (!limit(RLIMIT_NOFILE, 77)) return 1;
          const std::string text = shortage(EMFILE);
          return text.find("no more than 77 open files (ulimit -n)") != std::string::npos &&
                         text.find("raise the limit, or ask for fewer workers") != std::string::npos
                     ? 0
                     : 2;
        }) == 0);
  CHECK(shortage(ENFILE) == "the machine may have no more open files (fs.file-max)");
  CHECK(shortage(EAGAIN).find("processes") != std::string::npos);
  CHECK(shortage(ENOENT) == "No such file or directory");
}

TEST_CASE("a want of something is told from what cannot be", "[process]") {
  for (const int error : {EAGAIN, EMFILE, ENFILE, ENOMEM}) CHECK(is_shortage(error));
  for (const int error : {0, ENOENT, EACCES, EINVAL, ENOSPC}) CHECK_FALSE(is_shortage(error));
}

TEST_CASE("open descriptors are counted, without the one that it takes to count them", "[process]") {
  const Descriptors before = descriptors();
  {
    const UniqueFd one{::open("/dev/null", O_RDONLY | O_CLOEXEC)}, two{::dup(one.get())};
    CHECK(descriptors().open == before.open + 2);
  }
  CHECK(descriptors().open == before.open);
  CHECK(descriptors().limit == before.limit);
}

TEST_CASE("the limit on open files is raised as far as it goes, and never lowered", "[process]") {
  CHECK(test::exit_status_of([] {
          rlimit now{};
          ::getrlimit(RLIMIT_NOFILE, &now);
          now.rlim_cur = 100, now.rlim_max = 200;
          if (::setrlimit(RLIMIT_NOFILE, &now) != 0) return 1;
          if (allow_descriptors(50) != 100) return 2;
          if (allow_descriptors(150) != 150 || descriptors().limit != 150) return 3;
          if (allow_descriptors(1'000'000) != 200) return 4;
          return allow_descriptors(10) == 200 ? 0 : 5;
        }) == 0);
}

TEST_CASE("near the end of its descriptors a process keeps some back", "[process]") {
  CHECK(test::exit_status_of([] {
          if (!limit(RLIMIT_NOFILE, 64)) return 1;  // of which 32 are kept
          if (!leaves_descriptors(31) || leaves_descriptors(32) || leaves_descriptors(1'000)) return 2;
          if (!limit(RLIMIT_NOFILE, 400)) return 3;  // a quarter
          if (!leaves_descriptors(299) || leaves_descriptors(300)) return 4;
          if (!limit(RLIMIT_NOFILE, 16)) return 5;
          return leaves_descriptors(3) ? 6 : 0;
        }) == 0);
}

TEST_CASE("limits on file sizes and address space are seen", "[process]") {
  CHECK(test::exit_status_of([] {
          const bool was_limited = address_space_is_limited();
          if (!limit(RLIMIT_FSIZE, 12'345) || largest_file() != 12'345) return 1;
          rlimit space{};
          ::getrlimit(RLIMIT_AS, &space);
          if (space.rlim_cur == RLIM_INFINITY && was_limited) return 2;
          if (!limit(RLIMIT_AS, std::min(space.rlim_max, RLIM_INFINITY - 1))) return 3;
          return address_space_is_limited() ? 0 : 4;
        }) == 0);
}

TEST_CASE("a disk has no more free than it has, and one that nobody knows is without bounds", "[process]") {
  const DiskRoom room = disk_room("/");
  CHECK(room.total > 0);
  CHECK(room.free >= 0);
  CHECK(room.free <= room.total);
  const DiskRoom unknown = disk_room("/nonexistent/folder");
  CHECK(unknown.free == std::numeric_limits<std::int64_t>::max());
  CHECK(unknown.total == unknown.free);
}

TEST_CASE("what cannot be written is an error, not the end, and the signals are as before", "[process]") {
  CHECK(test::exit_status_of([] {
          ::signal(SIGPIPE, SIG_DFL);
          ::signal(SIGXFSZ, SIG_DFL);
          const test::TemporaryFolder folder;
          int ends[2];
          if (::pipe(ends) != 0) return 1;
          ::close(ends[0]);
          const UniqueFd file{::open(folder.path("file").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600)};
          sigset_t before, after;
          ::pthread_sigmask(SIG_SETMASK, nullptr, &before);
          {
            const NoWriteSignals no_signals;
            if (::write(ends[1], "x", 1) >= 0 || errno != EPIPE) return 2;
            if (!limit(RLIMIT_FSIZE, 4)) return 3;
            if (::write(file.get(), "1234", 4) != 4) return 4;
            if (::write(file.get(), "5", 1) >= 0 || errno != EFBIG) return 5;
          }
          ::pthread_sigmask(SIG_SETMASK, nullptr, &after);
          return ::sigismember(&before, SIGPIPE) == ::sigismember(&after, SIGPIPE) &&
                         ::sigismember(&before, SIGXFSZ) == ::sigismember(&after, SIGXFSZ)
                     ? 0
                     : 6;
        }) == 0);
}

TEST_CASE("a deep thread is joined with its owner, also when it moved on", "[process]") {
  std::atomic<int> done{0};
  {
    DeepThread first{[&] { ++done; }};
    DeepThread moved{std::move(first)};
    DeepThread none;
    none = std::move(moved);
    none = DeepThread{[&] { ++done; }};
  }
  CHECK(done == 2);
}

TEST_CASE("a shared library that is not there, or lacks a function, is an error that says what needs it", "[process]") {
  CHECK_THROWS_AS((SharedLibrary{"libnothing_of_that_name.so.9", "Eels need libnothing", "apt-get install eels"}),
                  mw::InterfaceError);
  CHECK_THROWS_WITH((SharedLibrary{"libnothing_of_that_name.so.9", "Eels need libnothing", "apt-get install eels"}),
                    Contains("Eels need libnothing, which cannot be loaded: ") && Contains("libnothing_of_that_name.so.9") &&
                        Contains("(Debian: apt-get install eels)"));
  const SharedLibrary library{"libc.so.6", "Everything needs libc", "no remedy"};
  int (*absolute)(int) = nullptr;
  library.find(absolute, "abs");
  CHECK(absolute(-3) == 3);
  CHECK_THROWS_WITH(library.find(absolute, "no_function_of_that_name"),
                    Contains("no_function_of_that_name") && Contains("Everything needs libc"));
}
