#include "tcp/launch/command.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <optional>
#include <span>
#include <utility>

#include <fmt/format.h>
#include <boost/asio/io_context.hpp>

#include <mw/error.hpp>

#include "process/child.hpp"
#include "process/file.hpp"
#include "process/timer.hpp"
#include "process/unique_fd.hpp"

namespace mw::tcp {
namespace {

constexpr std::size_t most_said = std::size_t{16} << 20;

/// What a process reads or writes, and nobody finds.
process::UniqueFd stream_in_memory(const std::string& text) {
  process::UniqueFd fd{::memfd_create("stream", MFD_CLOEXEC)};
  if (fd.get() < 0) throw InterfaceError{fmt::format("no memory for a command's words: {}", std::strerror(errno))};
  process::write_all(fd.get(), std::as_bytes(std::span{text}), "a command's input");
  if (::lseek(fd.get(), 0, SEEK_SET) != 0) throw InterfaceError{fmt::format("a command's input: {}", std::strerror(errno))};
  return fd;
}

std::string text_in(const process::UniqueFd& fd) {
  std::string text;
  char piece[65'536];
  while (text.size() < most_said) {
    const ssize_t size = ::pread(fd.get(), piece, sizeof piece, static_cast<off_t>(text.size()));
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) break;
    text.append(piece, static_cast<std::size_t>(size));
  }
  return text;
}

class RunningCommand final : public Command, public std::enable_shared_from_this<RunningCommand> {
 public:
  RunningCommand(InterfaceHost& host, Plan plan, std::function<void(Answer)> answered)
      : host_{host}, plan_{std::move(plan)}, answered_{std::move(answered)}, timer_{host.io()} {}

  void start() {
    if (!answered_) return;
    try {
      start_process();
    } catch (const Error& e) {
      return answer({.fault = e.what()});
    }
    child_->async_wait([self = shared_from_this()](process::Death death) { self->ended(death); });
    timer_.expires_after(plan_.limit);
    timer_.async_wait([self = shared_from_this()](boost::system::error_code error) {
      if (!error) self->out_of_time();
    });
  }

  void stop() override {
    answered_ = nullptr;
    timer_.cancel();
    if (child_) child_->kill_group(SIGKILL);
  }

 private:
  void start_process() {
    const process::UniqueFd in = stream_in_memory(plan_.input);
    out_ = stream_in_memory({});
    err_ = stream_in_memory({});
    process::Command command{.path = plan_.program, .arguments = plan_.arguments};
    command.environment_unset = plan_.environment_unset;
    command.stdin_fd = in.get();
    command.stdout_fd = out_.get();
    command.stderr_fd = err_.get();
    command.follows_stops = true;
    child_.emplace(process::Child::start(host_.io(), command));
  }

  void out_of_time() {
    if (!child_) return;
    is_late_ = true;
    child_->kill_group(SIGKILL);
  }

  void ended(const process::Death& death) {
    timer_.cancel();
    child_->kill_group(SIGKILL);  // what it has left behind
    child_.reset();
    Answer said{.out = text_in(out_), .err = text_in(err_)};
    said.is_well = !is_late_ && !death.signaled && !death.unknown && death.exit_status == 0;
    if (is_late_)
      said.fault = fmt::format("it did not answer within {:g} s", std::chrono::duration<double>{plan_.limit}.count());
    else if (!said.is_well)
      said.fault = process::describe(death);
    answer(std::move(said));
  }

  void answer(Answer answer) {
    if (const auto answered = std::exchange(answered_, nullptr)) answered(std::move(answer));
  }

  InterfaceHost& host_;
  const Plan plan_;
  std::function<void(Answer)> answered_;
  process::Timer timer_;
  process::UniqueFd out_, err_;
  std::optional<process::Child> child_;
  bool is_late_ = false;
};

}  // namespace

std::shared_ptr<Command> Command::run(InterfaceHost& host, Plan plan, std::function<void(Answer)> answered) {
  const auto command = std::make_shared<RunningCommand>(host, std::move(plan), std::move(answered));
  host.post_to_thread([command] { command->start(); });
  return command;
}

}  // namespace mw::tcp
