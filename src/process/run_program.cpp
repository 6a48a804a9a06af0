#include "process/run_program.hpp"

#include <fcntl.h>
#include <sys/types.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <functional>
#include <optional>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/write.hpp>

#include "process/job_control.hpp"
#include "process/no_write_signals.hpp"
#include "process/timer.hpp"

namespace mw::process {
namespace {

using boost::asio::buffer;
using boost::system::error_code;
constexpr std::size_t err_limit = 64 * 1024;

/// A pipe that closes on exec; [0] reads, [1] writes.
struct Pipe {
  Pipe() {
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw StartError{"pipe", errno};
  }
  ~Pipe() {
    for (const int fd : ends)
      if (fd >= 0) ::close(fd);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  int take(std::size_t end) { return std::exchange(ends[end], -1); }
  void close(std::size_t end) { ::close(take(end)); }
  std::array<int, 2> ends{-1, -1};
};

/// Reads a descriptor to its end into a text.
class Reader {
 public:
  using Also = std::function<void(std::string_view)>;
  Reader(boost::asio::io_context& io, int fd, std::string& into, std::size_t keep, const Also& also)
      : from_{io, fd}, into_{into}, keep_{keep}, also_{also} {
    from_.non_blocking(true);
  }

  void start() {
    from_.async_read_some(buffer(chunk_), [this](error_code error, std::size_t size) {
      add(size);
      if (over_)
        take_the_rest();
      else if (!error)
        start();
    });
  }

  /// The program is gone: what is in the pipe now is all that counts, even if somebody else holds it open.
  void finish() {
    over_ = true;
    error_code ignored;
    from_.cancel(ignored);  // a read that has already got something still reports it
  }

 private:
  void take_the_rest() {
    error_code error;
    while (const std::size_t size = from_.read_some(buffer(chunk_), error)) add(size);
    from_.close(error);
  }

  void add(std::size_t size) {
    into_.append(chunk_.data(), size);
    if (size > 0 && also_) also_({chunk_.data(), size});
    if (into_.size() / 2 > keep_) into_.erase(0, into_.size() - keep_);
  }

  boost::asio::posix::stream_descriptor from_;
  std::string& into_;
  const std::size_t keep_;
  const Also& also_;
  bool over_ = false;
  std::array<char, 65'536> chunk_{};
};

/// Puts the call off for as long as this process is stopped meanwhile.
void call_at(Timer& timer, std::chrono::steady_clock::time_point when, std::function<void()> call) {
  timer.expires_at(when + time_stopped());
  timer.async_wait([&timer, when, call = std::move(call)](error_code error) {
    if (error) return;
    if (std::chrono::steady_clock::now() < when + time_stopped()) return call_at(timer, when, call);
    call();
  });
}

/// At the end the group is nobody's any more.
class NoGroupAtEnd {
 public:
  explicit NoGroupAtEnd(const ProgramTerms& terms) : terms_{terms} {}
  ~NoGroupAtEnd() {
    if (terms_.group_note) terms_.group_note->store(0);
    if (terms_.guard) terms_.guard->forget();
  }
  NoGroupAtEnd(const NoGroupAtEnd&) = delete;
  NoGroupAtEnd& operator=(const NoGroupAtEnd&) = delete;

 private:
  const ProgramTerms& terms_;
};

}  // namespace

ProgramRun run_program(const std::string& path, const std::vector<std::string>& arguments, std::span<const std::byte> input,
                       const ProgramTerms& terms) {
  ProgramRun run;
  const NoWriteSignals no_signals;  // a program may close its stdin early
  boost::asio::io_context io;
  std::optional<Pipe> in, out, err;
  if (terms.stdin_fd < 0 && !input.empty()) in.emplace();
  if (terms.stdout_fd < 0) out.emplace();
  if (terms.stderr_fd < 0) err.emplace();
  Command command{.path = path, .arguments = arguments};
  command.stdin_fd = in ? in->ends[0] : terms.stdin_fd;
  command.stdout_fd = out ? out->ends[1] : terms.stdout_fd;
  command.stderr_fd = err ? err->ends[1] : terms.stderr_fd;
  command.new_process_group = terms.own_group;
  command.follows_stops = terms.own_group;
  command.group_note = terms.group_note;
  if (terms.guard) command.group_fd = terms.guard->socket();
  const NoGroupAtEnd no_group_at_end{terms};
  command.memory_limit = terms.memory;
  command.working_directory = terms.working_directory;
  command.environment_set = terms.environment;
  Child child = Child::start(io, command);

  boost::asio::posix::stream_descriptor feed{io};
  if (in) {
    in->close(0);
    feed.assign(in->take(1));
    feed.non_blocking(true);
    boost::asio::async_write(feed, buffer(input.data(), input.size()), [&feed](error_code, std::size_t) {
      error_code ignored;
      feed.close(ignored);
    });
  }
  std::optional<Reader> read_out, read_err;
  const auto read = [&io](std::optional<Pipe>& from, std::optional<Reader>& reader, std::string& into, std::size_t keep,
                          const Reader::Also& also) {
    if (!from) return;
    from->close(1);
    reader.emplace(io, from->take(0), into, keep, also);
    reader->start();
  };
  read(out, read_out, run.out, terms.keeps_output ? std::string{}.max_size() / 4 : 0, terms.on_stdout);
  read(err, read_err, run.err, terms.keeps_output ? err_limit : 0, terms.on_stderr);
  Timer terminate{io};
  Timer kill{io};
  if (terms.terminate_at) call_at(terminate, *terms.terminate_at, [&child] { child.kill_group(SIGTERM); });
  if (terms.kill_at)
    call_at(kill, *terms.kill_at, [&child, &run] {
      run.out_of_time = true;
      child.kill_group(SIGKILL);
    });
  child.async_wait([&](Death death) {
    run.death = death;
    if (terms.own_group) child.kill_group(SIGKILL);  // what it has left behind
    terminate.cancel();
    kill.cancel();
    for (std::optional<Reader>* reader : {&read_out, &read_err})
      if (*reader) (*reader)->finish();
    error_code ignored;
    feed.close(ignored);
  });
  io.run();
  if (run.err.size() > err_limit) run.err.erase(0, run.err.size() - err_limit);
  return run;
}

}  // namespace mw::process
