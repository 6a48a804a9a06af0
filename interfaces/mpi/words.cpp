#include "mpi/words.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include <fmt/format.h>
#include <boost/asio/io_context.hpp>

#include <mw/error.hpp>

#include "process/shortage.hpp"

namespace mw::mpi {
namespace {

constexpr std::size_t most_kept = 8 * 1024;

}  // namespace

Words::Words(boost::asio::io_context& io, std::function<void(const std::string&)> on_line)
    : pipe_{io}, on_line_{std::move(on_line)} {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw InterfaceError{fmt::format("mpi: no pipe: {}", process::shortage(errno))};
  pipe_.assign(ends[0]);
  theirs_ = process::UniqueFd{ends[1]};
  pipe_.non_blocking(true);
}

void Words::read() {
  theirs_ = {};
  read_on();
}

void Words::read_on() {
  pipe_.async_read_some(boost::asio::buffer(buffer_), [this](boost::system::error_code error, std::size_t size) {
    if (error) return;
    unread_.append(buffer_.data(), size);
    for (std::size_t end; (end = unread_.find('\n')) != std::string::npos;) {
      const std::string line = unread_.substr(0, end);
      unread_.erase(0, end + 1);
      on_line_(line);
    }
    if (unread_.size() > most_kept) unread_.clear();
    read_on();
  });
}

void Words::close() {
  boost::system::error_code ignored;
  pipe_.close(ignored);
}

void Words::keep(const std::string& line) {
  kept_ += line + '\n';
  if (kept_.size() > most_kept) kept_.erase(0, kept_.size() - most_kept);
}

std::string Words::text() const { return kept_.empty() ? "" : "; it said: " + kept_.substr(0, kept_.find_last_not_of('\n') + 1); }

}  // namespace mw::mpi
