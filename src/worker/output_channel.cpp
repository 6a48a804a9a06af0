#include "worker/output_channel.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <mw/error.hpp>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include <fmt/format.h>

#include "process/shortage.hpp"
#include "worker/memory_file.hpp"

namespace mw::worker {

OutputChannel OutputChannel::create(const char* name) {
  OutputChannel channel;
  channel.file = process::UniqueFd{make_memory_file(name)};
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0)
    throw InterfaceError{fmt::format("no pipe for a worker's {}: {}", name, process::shortage(errno))};
  channel.pipe = process::UniqueFd{ends[0]};
  ::close(ends[1]);
  ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
  return channel;
}

int OutputChannel::open_writer() const noexcept {
  char path[32];
  std::snprintf(path, sizeof path, "/proc/self/fd/%d", pipe.get());
  const process::UniqueFd writer{::open(path, O_WRONLY | O_CLOEXEC)};
  return writer.get() < 0 ? -1 : ::fcntl(writer.get(), F_DUPFD_CLOEXEC, 3);
}

std::size_t OutputChannel::waiting() const noexcept {
  int size = 0;
  return ::ioctl(pipe.get(), FIONREAD, &size) == 0 ? static_cast<std::size_t>(std::max(size, 0)) : 0;
}

bool OutputChannel::move_on() const noexcept {
  bool fits = true;
  // No more than is there at first: writers may never pause.
  for (std::size_t left = waiting(); left > 0;) {
    const std::size_t room = room_of(file.get()) - written_to(file.get());
    ssize_t got = -1;
    if (room > 0) got = ::splice(pipe.get(), nullptr, file.get(), nullptr, std::min(left, room), SPLICE_F_NONBLOCK);
    if (got < 0 && room > 0 && errno == EAGAIN) return fits;
    if (got < 0) {  // the file is full, or the task has lowered the limit on file sizes
      char dropped[4096];
      got = ::read(pipe.get(), dropped, std::min(left, sizeof dropped));
      if (got > 0) fits = false;
    }
    if (got <= 0) return fits;
    left -= std::min(left, static_cast<std::size_t>(got));
  }
  return fits;
}

void OutputChannel::take_waiting(std::string& text) const {
  const std::size_t before = text.size();
  text.resize(before + waiting());
  std::size_t have = before;
  while (have < text.size()) {
    const ssize_t got = ::read(pipe.get(), text.data() + have, text.size() - have);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    have += static_cast<std::size_t>(got);
  }
  text.resize(have);
}

std::string OutputChannel::text() const {
  std::string text = read_memory_file(file.get());
  take_waiting(text);
  return text;
}

}  // namespace mw::worker
