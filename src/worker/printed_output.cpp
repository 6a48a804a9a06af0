#include "worker/printed_output.hpp"

#include <fcntl.h>
#include <stdio_ext.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <iostream>
#include <mutex>
#include <system_error>
#include <thread>
#include <typeinfo>
#include <utility>

#ifdef __GLIBCXX__
#include <ext/stdio_sync_filebuf.h>
#endif

#include <fmt/format.h>

#include "worker/memory_file.hpp"
#include "worker/output_channel.hpp"
#include "worker/quiet_thread.hpp"

namespace mw::worker {
namespace {

/// One of the two, for as long as the process lives.
class Stream {
 public:
  Stream(int number, int mark) noexcept : number_{number}, mark_{mark} {}

  /// Nothing is changed where it throws nothing and returns false: it is no memory file, or there is no such pipe.
  bool set_up(process::UniqueFd pipe) noexcept {
    if (pipe.get() < 0 || !is_memory_file(number_)) return false;
    channel_.pipe = std::move(pipe);
    channel_.file = process::UniqueFd{::fcntl(number_, F_DUPFD_CLOEXEC, 3)};
    room_ = room_of(channel_.file.get());
    return channel_.file.get() >= 0;
  }

  /// Its descriptor leads where it is to lead; false where that cannot be had (a task has taken the last descriptor).
  bool lead_home() noexcept {
    const process::UniqueFd writer{uses_pipe_ ? channel_.open_writer() : ::fcntl(channel_.file.get(), F_DUPFD_CLOEXEC, 3)};
    if (writer.get() < 0) return false;
    ::fcntl(writer.get(), F_SETSIG, mark_);
    return ::dup2(writer.get(), number_) >= 0;
  }
  /// A descriptor that we made ourselves is told from all others by the signal that it would send if anybody wished to
  /// hear of its being ready, which nobody does. It is the cheapest thing that the kernel keeps for an open file.
  bool is_home() const noexcept { return ::fcntl(number_, F_GETSIG) == mark_; }

  void use_pipe(bool yes) noexcept { uses_pipe_ = yes; }
  const OutputChannel& channel() const noexcept { return channel_; }

  /// How much there was to move. Mutex held.
  std::size_t move_on(std::atomic<bool>& has_moved) noexcept {
    const std::size_t size = channel_.waiting();
    if (size == 0) return 0;
    has_moved.store(true);  // first: who finds the pipe empty looks here next
    if (!channel_.move_on()) is_short_ = true;
    return size;
  }

  /// Mutex held.
  std::string read(std::size_t from) const {
    const std::size_t end = written_to(channel_.file.get());
    std::string text(std::min(end - std::min(from, end), std::size_t{64} << 10), '\0');
    const ssize_t got = ::pread(channel_.file.get(), text.data(), text.size(), static_cast<off_t>(from));
    text.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
    return text;
  }

  /// Mutex held.
  std::string take(bool failed) {
    if (channel_.file.get() < 0) return {};
    std::string text = channel_.text();
    empty_memory_file(channel_.file.get());
    if (text.size() > room_) {
      text.resize(room_);
      is_short_ = true;
    }
    if (std::exchange(is_short_, false) || failed)
      text += fmt::format("\n[the rest was dropped: a task may print {} KiB]\n", room_ >> 10);
    return text;
  }

 private:
  const int number_;
  const int mark_;
  OutputChannel channel_;
  std::size_t room_ = 0;
  bool uses_pipe_ = false;
  bool is_short_ = false;  ///< something was dropped
};

/// Whether a task has closed a C stream, or one cannot be led home. To close one closes its descriptor, too, which is
/// not where it was then.
bool is_lost = false;

/// Both streams of this process, kept for good: a thread looks after them until the process is gone.
class Keeper {
 public:
  /// Whether there is anything to keep.
  bool set_up(OutputPipes pipes) {
    if (!out_.set_up(std::move(pipes.out)) || !err_.set_up(std::move(pipes.err))) return false;
    filled_ = epoll(EPOLLIN);
    filling_ = epoll(EPOLLIN | EPOLLET);
    has_thread_ = filled_.get() >= 0 && filling_.get() >= 0 && start_thread();
    return lead_both(has_thread_) || (has_thread_ && lead_both(has_thread_ = false));
  }

  /// Nothing was printed, and nothing led elsewhere, for all that is known. The usual case is one system call: a pipe
  /// that has text in it, or that nobody can write to any more, is found by it. That somebody has redirected a stream,
  /// and something still writes to the pipe, is another question, asked when there was time to do that.
  bool is_quiet(std::chrono::nanoseconds run_time) noexcept {
    epoll_event events[2];
    if (!has_thread_ || ::epoll_wait(filled_.get(), events, 2, 0) != 0 || has_moved_.load()) return false;
    if ((unlooked_at_ += run_time) < looked_at_after) return true;
    unlooked_at_ = {};
    return out_.is_home() && err_.is_home();
  }

  std::string so_far(std::size_t from) {
    std::lock_guard lock{mutex_};
    out_.move_on(has_moved_);
    return out_.read(from);
  }

  PrintedOutput take(bool out_failed, bool err_failed) {
    unlooked_at_ = {};
    for (Stream* stream : {&out_, &err_})
      if (!stream->is_home() && !stream->lead_home()) is_lost = true;
    std::lock_guard lock{mutex_};
    has_moved_.store(false);
    return {out_.take(out_failed), err_.take(err_failed)};
  }

 private:
  bool lead_both(bool into_pipes) noexcept {
    for (Stream* stream : {&out_, &err_}) stream->use_pipe(into_pipes);
    return out_.lead_home() && err_.lead_home();
  }

  /// A task opens, duplicates and replaces in no less.
  static constexpr std::chrono::nanoseconds looked_at_after{500};
  /// Text that comes in is left alone for so long: a short task is over by then. Where much comes in, its writer waits
  /// for us; but the thread that runs tasks must get a turn, too.
  static constexpr std::chrono::microseconds nap{200};
  static constexpr std::chrono::microseconds short_nap{5};
  static constexpr std::size_t much = 16 * 1024;

  process::UniqueFd epoll(std::uint32_t events) const noexcept {
    process::UniqueFd fd{::epoll_create1(EPOLL_CLOEXEC)};
    for (const Stream* stream : {&out_, &err_}) {
      epoll_event event = {};
      event.events = events;
      if (::epoll_ctl(fd.get(), EPOLL_CTL_ADD, stream->channel().pipe.get(), &event) != 0) return {};
    }
    return fd;
  }

  bool start_thread() noexcept {
    std::thread thread = start_quiet_thread([this] { run(); });
    if (!thread.joinable()) return false;
    thread.detach();
    return true;
  }

  /// Allocates nothing: a task's limits are for the task.
  void run() noexcept {
    ::prctl(PR_SET_NAME, "mw-output");
    ::prctl(PR_SET_TIMERSLACK, 1UL);  // naps are as short as they say
    epoll_event events[2];
    while (true) {
      const int count = ::epoll_wait(filling_.get(), events, 2, -1);
      if (count < 0 && errno != EINTR) return;
      std::size_t moved = 0;
      do {
        std::this_thread::sleep_for(moved >= much ? short_nap : nap);
        moved = move_on();
      } while (moved > 0);
    }
  }

  std::size_t move_on() noexcept {
    std::lock_guard lock{mutex_};
    return out_.move_on(has_moved_) + err_.move_on(has_moved_);
  }

  Stream out_{STDOUT_FILENO, SIGWINCH};
  Stream err_{STDERR_FILENO, SIGURG};
  process::UniqueFd filled_;   ///< tells of text in the pipes
  process::UniqueFd filling_;  ///< tells of text that comes into the pipes
  bool has_thread_ = false;
  std::chrono::nanoseconds unlooked_at_{};
  std::atomic<bool> has_moved_{false};  ///< something is in the files, or was dropped
  std::mutex mutex_;                    ///< guards the order of the texts on their way out of the pipes
};

Keeper* keeper = nullptr;  ///< null: nothing is kept

/// Never destroyed: its thread runs until the process is gone.
Keeper& the_keeper() {
  static auto* const instance = new Keeper;
  return *instance;
}

/// A C++ stream passes everything on to its C stream at once, unless somebody has called sync_with_stdio(false) or
/// given it another buffer.
bool has_own_buffer(const std::ostream& stream) {
#ifdef __GLIBCXX__
  const std::streambuf* const buffer = stream.rdbuf();
  return !buffer || typeid(*buffer) != typeid(__gnu_cxx::stdio_sync_filebuf<char>);
#else
  return true;
#endif
}

/// Called after every task, so it does nothing that need not be done.
void flush_all() {
  for (std::ostream* stream : {&std::cout, &std::cerr, &std::clog})
    if (has_own_buffer(*stream)) stream->flush();
  if (::__fpending(stdout) != 0) std::fflush(stdout);
  if (::__fpending(stderr) != 0) std::fflush(stderr);
}

}  // namespace

void keep_output(OutputPipes pipes) {
  if (!keeper && the_keeper().set_up(std::move(pipes))) keeper = &the_keeper();
}

std::optional<std::string> lost_output() {
  if (!is_lost) return std::nullopt;
  return "a task has closed stdout or stderr";
}

std::string printed_so_far(std::size_t from) {
  if (!keeper) return {};
  std::fflush(stdout);
  return keeper->so_far(from);
}

PrintedOutput take_printed_output(std::chrono::nanoseconds run_time) {
  flush_all();
  const bool out_failed = ::ferror_unlocked(stdout) || !std::cout;
  const bool err_failed = ::ferror_unlocked(stderr) || !std::cerr;
  if (!keeper || (keeper->is_quiet(run_time) && !out_failed && !err_failed)) return {};
  if (::fileno_unlocked(stdout) != STDOUT_FILENO || ::fileno_unlocked(stderr) != STDERR_FILENO) is_lost = true;
  PrintedOutput printed = keeper->take(out_failed, err_failed);
  if (out_failed) {
    std::clearerr(stdout);
    std::cout.clear();
  }
  if (err_failed) {
    std::clearerr(stderr);
    std::cerr.clear();
  }
  return printed;
}

}  // namespace mw::worker
