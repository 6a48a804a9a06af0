// The ways of what a worker prints: a pipe, and the file behind it.
#include <catch2/catch.hpp>

#include <fcntl.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <iterator>
#include <string>

#include "support/forked.hpp"
#include "worker/memory_file.hpp"
#include "worker/output_channel.hpp"
#include "worker/printed_output.hpp"

using mw::process::UniqueFd;
using mw::worker::OutputChannel;
using namespace std::chrono_literals;

namespace {

void print(int fd, const std::string& text) { CHECK(::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size())); }

}  // namespace

TEST_CASE("what was moved on and what still waits are one text, in its order", "[worker][output]") {
  const auto channel = OutputChannel::create("stdout");
  const UniqueFd writer{channel.open_writer()};
  REQUIRE(writer.get() > STDERR_FILENO);
  print(writer.get(), "one, ");
  CHECK(channel.waiting() == 5);
  CHECK(channel.move_on());
  CHECK(channel.waiting() == 0);
  CHECK(mw::worker::written_to(channel.file.get()) == 5);
  print(writer.get(), "two, ");
  CHECK(channel.move_on());
  print(writer.get(), "three");
  CHECK(channel.text() == "one, two, three");
  mw::worker::empty_memory_file(channel.file.get());
  CHECK(channel.text().empty());
}

TEST_CASE("text that has no room in the file is dropped, and its writer goes on", "[worker][output]") {
  const auto channel = OutputChannel::create("stderr");
  const UniqueFd writer{channel.open_writer()};
  const std::size_t room = mw::worker::room_of(channel.file.get());
  CHECK(room == mw::worker::printed_limit);
  ::lseek(channel.file.get(), static_cast<off_t>(room - 3), SEEK_SET);
  print(writer.get(), "12345");
  CHECK_FALSE(channel.move_on());
  CHECK(channel.waiting() == 0);
  CHECK(mw::worker::written_to(channel.file.get()) == room);
  CHECK(channel.text().ends_with("123"));
  // A task may lower the limit on file sizes: that must not be the end of who moves its text on.
  CHECK(test::exit_status_of([&] {
          mw::worker::empty_memory_file(channel.file.get());
          ::signal(SIGXFSZ, SIG_IGN);
          rlimit before{};
          ::getrlimit(RLIMIT_FSIZE, &before);
          const rlimit none{0, before.rlim_max};
          ::setrlimit(RLIMIT_FSIZE, &none);
          if (::write(writer.get(), "text", 4) != 4) return 1;
          const bool fits = channel.move_on();
          ::setrlimit(RLIMIT_FSIZE, &before);  // this process may have text of its own to write yet
          return fits || channel.waiting() != 0 ? 2 : 0;
        }) == 0);
}

TEST_CASE("a standard descriptor that is closed is no writer of a channel's", "[worker][output]") {
  const auto channel = OutputChannel::create("stderr");
  CHECK(test::exit_status_of([&] {
          ::close(STDERR_FILENO);
          return channel.open_writer() > STDERR_FILENO ? 0 : 1;
        }) == 0);
}

#ifndef __SANITIZE_THREAD__  // which ends a forked process that makes threads
namespace {

/// In a process that has these streams for its own. `prepare` may set limits. Its exit status.
int with_streams(const std::function<void()>& prepare, const std::function<int()>& run) {
  auto out = OutputChannel::create("stdout");
  auto err = OutputChannel::create("stderr");
  std::fflush(stdout);
  return test::exit_status_of([&] {
    ::dup2(out.file.get(), STDOUT_FILENO);
    ::dup2(err.file.get(), STDERR_FILENO);
    prepare();
    mw::worker::keep_output({std::move(out.pipe), std::move(err.pipe)});
    mw::worker::take_printed_output(1h);
    return run();
  });
}

int print_and_take() {
  std::printf("by printf");
  std::fprintf(stderr, "by fprintf");
  const auto printed = mw::worker::take_printed_output(0ns);
  if (printed.out != "by printf" || printed.err != "by fprintf") return 1;
  if (!mw::worker::take_printed_output(0ns).out.empty()) return 2;
  ::dup2(STDOUT_FILENO, STDERR_FILENO);
  mw::worker::take_printed_output(1h);
  std::printf("again");
  std::fprintf(stderr, "twice");
  const auto next = mw::worker::take_printed_output(0ns);
  return next.out == "again" && next.err == "twice" ? 0 : 3;
}

}  // namespace

TEST_CASE("what a process printed is taken, and a redirection is undone", "[worker][output]") {
  CHECK(with_streams([] {}, print_and_take) == 0);
}

#if !defined( \
    __SANITIZE_ADDRESS__)  // UndefinedBehaviorSanitizer looks at memory through a pipe, for which there is no descriptor then
TEST_CASE("a stream that cannot be led back is told", "[worker][output]") {
  const auto run = [] {
    ::dup2(STDOUT_FILENO, STDERR_FILENO);
    rlimit none{};
    ::getrlimit(RLIMIT_NOFILE, &none);
    none.rlim_cur = 3;
    if (::setrlimit(RLIMIT_NOFILE, &none) != 0 || mw::worker::lost_output()) return 1;
    mw::worker::take_printed_output(1h);
    return mw::worker::lost_output() ? 0 : 2;
  };
  CHECK(with_streams([] {}, run) == 0);
}
#endif

TEST_CASE("more than the pipe holds is printed without a pause, and in order", "[worker][output]") {
  const auto run = [] {
    const std::string text(1'000'000, 'x');
    const std::string other(300'000, 'y');
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fwrite(other.data(), 1, other.size(), stderr);
    std::printf("end");
    const auto printed = mw::worker::take_printed_output(1h);
    return printed.out == text + "end" && printed.err == other ? 0 : 1;
  };
  CHECK(with_streams([] {}, run) == 0);
  // As small as the kernel makes it where a user has many.
  auto out = OutputChannel::create("stdout");
  auto err = OutputChannel::create("stderr");
  ::fcntl(out.pipe.get(), F_SETPIPE_SZ, 4096);
  ::fcntl(err.pipe.get(), F_SETPIPE_SZ, 4096);
  CHECK(test::exit_status_of([&] {
          ::dup2(out.file.get(), STDOUT_FILENO);
          ::dup2(err.file.get(), STDERR_FILENO);
          mw::worker::keep_output({std::move(out.pipe), std::move(err.pipe)});
          return run();
        }) == 0);
}

#ifndef __SANITIZE_ADDRESS__
TEST_CASE("where no thread is to be had, what a process prints is taken all the same", "[worker][output]") {
  const auto no_threads = [] {
    // A thread's stack would be larger than all there may be.
    pthread_attr_t attributes;
    ::pthread_attr_init(&attributes);
    ::pthread_attr_setstacksize(&attributes, std::size_t{8} << 30);
    ::pthread_setattr_default_np(&attributes);
    const rlimit all{rlim_t{4} << 30, RLIM_INFINITY};
    ::setrlimit(RLIMIT_AS, &all);
  };
  const auto run = [] {
    const auto tasks = std::distance(std::filesystem::directory_iterator{"/proc/self/task"}, {});
    return tasks == 1 ? print_and_take() : 77;
  };
  CHECK(with_streams(no_threads, run) == 0);
}
#endif
#endif
