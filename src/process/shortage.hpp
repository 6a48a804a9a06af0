// Why the system had no more processes, threads or descriptors to give.
//
// What:    shortage(): an errno of fork, pipe, socketpair and their kin in words that name the limit, its number, and
//          what to do.
//          start_thread(): a thread, or an error with those words.
// Owner:   nothing.
// Threads: any.
// Use:
//     if (::pipe2(ends, O_CLOEXEC) != 0) throw InterfaceError{fmt::format("no pipe: {}", shortage(errno))};
#pragma once

#include <functional>
#include <string>
#include <thread>

namespace mw::process {

/// "this user may have no more than 100 processes and threads (ulimit -u): …"; what strerror(3) says of any other
/// error. EAGAIN is taken for a want of processes: not for calls that may return it for another reason.
std::string shortage(int error);

/// Whether it says that there is no more of something at the moment, rather than that it cannot be.
bool is_shortage(int error) noexcept;

/// The limit on this process's open files (RLIMIT_NOFILE), and how many it has open.
struct Descriptors {
  std::size_t limit = 0;
  std::size_t open = 0;
};
Descriptors descriptors();

/// Raises the soft limit on open files, which is often 1,024, to `wanted`, as far as the hard limit allows; it is never
/// lowered. Returns the limit that holds then.
std::size_t allow_descriptors(std::size_t wanted) noexcept;

/// Throws InterfaceError: "no thread for <what>: this user may have …".
std::thread start_thread(const char* what, std::function<void()> call);

}  // namespace mw::process
