#include "worker/serve.hpp"

#include <sys/socket.h>
#include <unistd.h>
#include <mw/progress.hpp>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <mutex>

#include <fmt/format.h>

#include "registry/registry.hpp"
#include "wire/frame.hpp"
#include "wire/messages.hpp"
#include "worker/execute.hpp"
#include "worker/printed_output.hpp"
#include "worker/progress_sink.hpp"

namespace mw::worker {
namespace {

std::span<const std::byte> bytes_of(const std::string& text) { return std::as_bytes(std::span{text}); }

class Server final : public ProgressSink {
 public:
  explicit Server(int socket) : socket_{socket} {}

  int run() {
    say_hello();
    flush();
    while (true) {
      while (auto frame = reader_.next())
        if (!handle(*frame)) return exit_status_;
      flush();
      if (!read_more()) return 0;
    }
  }

  void progress(double fraction) override {
    std::lock_guard lock{mutex_};
    wire::append(out_, wire::Progress{task_, attempt_, fraction});
    send_all(out_.span());
    out_.clear();
  }

 private:
  void say_hello() {
    wire::Hello hello;
    hello.version = wire::protocol_version;
    hello.identity = registry::program_identity();
    hello.slots = 1;
    hello.pid = static_cast<std::uint32_t>(::getpid());
    hello.platform = MW_PLATFORM;
    char name[256] = {};
    if (::gethostname(name, sizeof name - 1) == 0) hello.host = name;
    wire::append(out_, hello);
  }

  /// False when this was the last frame to handle.
  bool handle(const wire::Frame& frame) {
    switch (frame.type) {
      case wire::FrameType::welcome:
        wire::parse_welcome(frame.payload);
        take_printed_output();  // what was printed before main() is no task's
        return true;
      case wire::FrameType::refuse:
        std::fprintf(stderr, "the master refused this worker: %s\n", wire::parse_refuse(frame.payload).reason.c_str());
        exit_status_ = 1;
        return false;
      case wire::FrameType::task: run_task(wire::parse_task(frame.payload)); return true;
      case wire::FrameType::heartbeat: return true;
      case wire::FrameType::bye: return false;
      default: throw wire::ProtocolError{fmt::format("a master does not send frames of type {}", static_cast<int>(frame.type))};
    }
  }

  void run_task(const wire::Task& task) {
    {
      std::lock_guard lock{mutex_};
      task_ = task.id;
      attempt_ = task.attempt;
    }
    set_progress_sink(this);
    Outcome outcome = call(task);
    set_progress_sink(nullptr);
    PrintedOutput printed = take_printed_output();
    std::lock_guard lock{mutex_};
    const auto run_ns = static_cast<std::uint64_t>(outcome.run_time.count());
    if (outcome.failure)
      wire::append(out_, wire::FailureMessage{task.id, task.attempt, run_ns, bytes_of(printed.out), bytes_of(printed.err),
                                              std::move(*outcome.failure)});
    else
      append_result(
          wire::Result{task.id, task.attempt, run_ns, bytes_of(printed.out), bytes_of(printed.err), outcome.value.span()});
  }

  static Outcome call(const wire::Task& task) {
    if (const auto* function = registry::find(task.function)) return execute(*function, task.arguments);
    Outcome outcome;
    outcome.failure.emplace();
    outcome.failure->cause = Cause::unknown_function;
    outcome.failure->message = fmt::format("this worker's program has no function of number {:#018x}", task.function);
    return outcome;
  }

  /// A large value is written straight from where it is.
  void append_result(const wire::Result& result) {
    constexpr std::size_t copied_up_to = 64 * 1024;
    if (result.value.size() <= copied_up_to) {
      wire::append(out_, result);
      return;
    }
    wire::append_result_header(out_, result);
    send_all(out_.span());
    out_.clear();
    send_all(result.value);
  }

  void flush() {
    std::lock_guard lock{mutex_};
    send_all(out_.span());
    out_.clear();
  }

  void send_all(std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno == EINTR) continue;
      if (sent < 0) throw wire::ProtocolError{fmt::format("the master does not listen any more: {}", std::strerror(errno))};
      bytes = bytes.subspan(static_cast<std::size_t>(sent));
    }
  }

  /// False at the end of the stream.
  bool read_more() {
    const auto room = reader_.prepare();
    ssize_t got = 0;
    do got = ::recv(socket_, room.data(), room.size(), 0);
    while (got < 0 && errno == EINTR);
    if (got <= 0) return false;
    reader_.commit(static_cast<std::size_t>(got));
    return true;
  }

  const int socket_;
  int exit_status_ = 0;
  wire::FrameReader reader_;
  std::mutex mutex_;  ///< guards what follows: a task may report progress from a thread of its own
  Bytes out_;
  std::uint64_t task_ = 0;
  std::uint32_t attempt_ = 0;
};

}  // namespace

int serve(int socket) {
  try {
    const int status = Server{socket}.run();
    ::close(socket);
    return status;
  } catch (const Error& e) {
    std::fprintf(stderr, "worker %d: %s\n", static_cast<int>(::getpid()), e.what());
    return 1;
  }
}

}  // namespace mw::worker
