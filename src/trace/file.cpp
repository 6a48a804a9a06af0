#include "trace/file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include <mw/error.hpp>

#include "log/log.hpp"

namespace mw::trace {
namespace {

std::string text_of(int error) { return std::system_category().message(error); }

/// A pipe without a reader would wait for one.
process::UniqueFd open_anew(const std::string& path) {
  process::UniqueFd file{::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NONBLOCK, 0666)};
  if (file.get() < 0) throw InterfaceError{fmt::format("the trace {} cannot be written: {}", path, text_of(errno))};
  return file;
}

}  // namespace

File::File(std::string path) : path_{std::move(path)}, file_{open_anew(path_)} {}

bool File::write(std::string_view events) {
  if (!has_begun_ && !append("[\n")) return false;
  has_begun_ = true;
  return append(events);
}

/// All of it or, in a file that can be made shorter, nothing.
bool File::append(std::string_view bytes) {
  const off_t before = ::lseek(file_.get(), 0, SEEK_CUR);
  while (!bytes.empty()) {
    const ssize_t done = ::write(file_.get(), bytes.data(), bytes.size());
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) {
      const int why = done < 0 ? errno : EIO;
      if (before >= 0 && ::ftruncate(file_.get(), before) == 0) ::lseek(file_.get(), before, SEEK_SET);
      if (!std::exchange(has_said_so_, true))
        log::warn(fmt::format("the trace {} cannot be written, and lacks what comes until it can: {}", path_, text_of(why)));
      return false;
    }
    bytes.remove_prefix(static_cast<std::size_t>(done));
  }
  return true;
}

void File::end() {
  if (!has_begun_) static_cast<void>(write(""));
  static_cast<void>(append("\n]\n"));
}

}  // namespace mw::trace
