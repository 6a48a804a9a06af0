// What mpiexec and the ranks say on stdout and stderr.
//
// What:    a pipe: they write into it, and its lines come here, one by one. Keeps the end of what was said, for errors.
// Owner:   owned by the job; owns the pipe.
// Threads: the master's loop.
// Use:
//     Words words{io, [](const std::string& line) { … }};
//     command.stdout_fd = words.their_end();  start(command);  words.read();
#pragma once

#include <array>
#include <functional>
#include <string>

#include <boost/asio/posix/stream_descriptor.hpp>

#include "process/unique_fd.hpp"

namespace mw::mpi {

class Words {
 public:
  /// Throws InterfaceError if there is no pipe.
  Words(boost::asio::io_context& io, std::function<void(const std::string&)> on_line);

  /// For those who write; -1 once read() was called.
  int their_end() const noexcept { return theirs_.get(); }
  /// Whoever writes has their end by now: reads until nobody has it, or close().
  void read();
  void close();

  /// Keeps a line for text().
  void keep(const std::string& line);
  /// "; it said: …", the end of what was kept; empty if nothing was.
  std::string text() const;

 private:
  void read_on();

  boost::asio::posix::stream_descriptor pipe_;
  process::UniqueFd theirs_;
  const std::function<void(const std::string&)> on_line_;
  std::array<char, 4096> buffer_{};
  std::string unread_;
  std::string kept_;
};

}  // namespace mw::mpi
