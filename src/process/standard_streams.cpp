#include "process/standard_streams.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <string>

#include "process/no_write_signals.hpp"

namespace mw::process {
namespace {

std::atomic<bool> is_checked{false};
std::atomic<int> first_error{0};  ///< errno of the first write to stdout that failed, where it is known

void note_error(int error) noexcept {
  int none = 0;
  first_error.compare_exchange_strong(none, error);
}

/// Some file systems report a lack of room when a file is closed.
void close_a_copy() noexcept {
  const int copy = ::dup(STDOUT_FILENO);
  if (copy >= 0 && ::close(copy) != 0 && errno != EINTR) note_error(errno);
}

/// Waits until stderr takes more; false if it does not for so long that nobody seems to read it.
bool can_be_told_more() noexcept {
  constexpr int patience_ms = 1000;
  pollfd stream{STDERR_FILENO, POLLOUT, 0};
  return ::poll(&stream, 1, patience_ms) > 0;
}

/// The last of all exit handlers of the program: it was registered before its global objects were made.
void check_stdout(int status, void*) {
  if (!is_checked) return;
  flush_stdout();
  close_a_copy();
  if (flush_stdout()) return;
  const char* why = first_error != 0 ? std::strerror(first_error) : "a write failed";
  tell(std::string{program_invocation_short_name} + ": what it printed to stdout could not be written: " + why + "\n");
  std::fflush(nullptr);
  ::_exit(status != 0 ? status : EXIT_FAILURE);
}

[[gnu::constructor(101)]] void register_check() { ::on_exit(check_stdout, nullptr); }

}  // namespace

void open_standard_descriptors() noexcept {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(fd, F_GETFD) >= 0 || errno != EBADF) continue;
    // The lowest number that is free: this one.
    if (::open("/dev/null", fd == STDERR_FILENO ? O_WRONLY : O_RDONLY) < 0) static_cast<void>(::open("/", O_RDONLY | O_DIRECTORY));
  }
}

void print(std::string_view text) noexcept {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size()) note_error(errno);
}

bool flush_stdout() noexcept {
  if (std::fflush(stdout) != 0) note_error(errno);
  const bool was_bad = std::cout.bad();
  errno = 0;
  try {
    std::cout.flush();
  } catch (...) {  // whoever wanted exceptions of std::cout: it is bad now, and that is what counts
  }
  if (std::cout.bad() && !was_bad && errno != 0) note_error(errno);
  return first_error == 0 && std::ferror(stdout) == 0 && !std::cout.bad();
}

void tell(std::string_view text) noexcept {
  const int error_before = errno;
  const NoWriteSignals no_signals;
  while (!text.empty()) {
    const ssize_t put = ::write(STDERR_FILENO, text.data(), text.size());
    if (put > 0)
      text.remove_prefix(static_cast<std::size_t>(put));
    else if (put == 0 || (errno != EINTR && (errno != EAGAIN || !can_be_told_more())))
      break;
  }
  errno = error_before;
}

void check_stdout_at_exit() noexcept {
  if (is_checked.exchange(true)) return;
  // The iostreams flush before check_stdout(), and do not keep the reason of a failure.
  std::atexit([] { flush_stdout(); });
}

}  // namespace mw::process
