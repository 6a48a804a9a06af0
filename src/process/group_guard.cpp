#include "process/group_guard.hpp"

#include <sys/socket.h>
#include <sys/wait.h>

#include <cerrno>
#include <exception>
#include <string_view>

#include "process/launch.hpp"

namespace mw::process {
namespace {

constexpr const char* script =
    "last=0; while read -r group; do last=$group; done; if [ \"$last\" -gt 1 ]; then kill -s KILL -- \"-$last\"; fi";

}  // namespace

void GroupGuard::start() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return;
  UniqueFd ours{ends[0]};
  const UniqueFd theirs{ends[1]};
  Command command{.path = "/bin/sh", .arguments = {"-c", script}};
  command.stdin_fd = theirs.get();
  command.death_signal = 0;
  guard_ = launch(command);
  socket_ = std::move(ours);
}

int GroupGuard::socket() noexcept {
  try {
    if (guard_ == 0) start();
  } catch (const std::exception&) {
    guard_ = -1;  // not tried again
  }
  return socket_.get();
}

void GroupGuard::forget() noexcept {
  constexpr std::string_view none = "0\n";
  if (socket_.get() >= 0) static_cast<void>(::send(socket_.get(), none.data(), none.size(), MSG_NOSIGNAL));
}

GroupGuard::~GroupGuard() {
  socket_ = {};
  if (guard_ <= 0) return;
  while (::waitpid(guard_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

}  // namespace mw::process
