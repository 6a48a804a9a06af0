#include "link/worker_process.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <csignal>
#include <utility>

#include <fmt/format.h>
#include <boost/asio/io_context.hpp>

#include "process/cores.hpp"
#include "process/shortage.hpp"
#include "wire/local_socket.hpp"
#include "worker/start.hpp"
#include "worker/task_folder.hpp"

namespace mw::link {
namespace {

/// Most reads in a row, so that one worker cannot keep the others waiting.
constexpr int most_reads = 16;

}  // namespace

std::string WorkerEnd::text() const {
  return kill_reason.empty() ? fmt::format("process {} ended with {}", pid, process::describe(death))
                             : fmt::format("process {} was ended: {}", pid, kill_reason);
}

bool WorkerEnd::broke_down() const noexcept {
  if (!kill_reason.empty() || death.out_of_memory || death.unknown) return true;
  if (!death.signaled) return death.exit_status != 0;
  switch (death.signal) {
    case SIGABRT:
    case SIGBUS:
    case SIGFPE:
    case SIGILL:
    case SIGSEGV:
    case SIGSYS:
    case SIGTRAP:
    case SIGXCPU:
    case SIGXFSZ: return true;
    default: return false;
  }
}

WorkerProcess::WorkerProcess(boost::asio::io_context& io, WorkerUser& user, WorkerProgram program)
    : io_{io}, user_{user}, program_{std::move(program)}, socket_{io}, timer_{io}, frame_timer_{io}, stop_timer_{io} {}

void WorkerProcess::start() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    throw InterfaceError{fmt::format("no socket pair for a worker process: {}", process::shortage(errno))};
  socket_.assign(boost::asio::local::stream_protocol{}, ends[0]);
  const process::UniqueFd theirs{ends[1]};
  socket_.non_blocking(true);
  claims_ = worker::ClaimPage::create();
  printed_out_ = worker::OutputChannel::create("stdout");
  printed_err_ = worker::OutputChannel::create("stderr");
  const process::Command started = command(theirs.get());
  child_ = program_.lodging ? program_.lodging->start(io_, started) : process::Child::start(io_, started);
  pid_ = child_->pid();
  offspring_.emplace(pid_);
  child_->async_wait([self = shared_from_this()](process::Death death) { self->died(death); });
  await_greeting();
  read();
}

process::Command WorkerProcess::command(int socket) const {
  process::Command command;
  command.path = program_.path;
  command.name = program_.name;
  command.arguments = program_.arguments;
  command.environment_unset = program_.environment_unset;
  command.origin = program_.origin;
  const int out = printed_out_.pipe.get();
  const int err = printed_err_.pipe.get();
  command.environment_set = {
      {worker::environment_name, fmt::format("fd:{},claims:{},out:{},err:{}", socket, claims_->fd(), out, err)}};
  for (const auto& variable : program_.environment_set) command.environment_set.push_back(variable);
  if (!program_.workunit_folder.empty()) {
    command.environment_set.emplace_back(worker::workunit_environment_name, program_.workunit_folder);
    command.environment_set.emplace_back(worker::checkpoint_environment_name,
                                         fmt::format("{}", std::chrono::duration<double>{program_.checkpoint_interval}.count()));
  }
  if (program_.threads != 0) command.environment_set.emplace_back(process::threads_variable, std::to_string(program_.threads));
  command.stdout_fd = printed_out_.file.get();
  command.stderr_fd = printed_err_.file.get();
  command.inherit_fds = {socket, claims_->fd(), out, err};
  command.new_process_group = true;
  command.follows_stops = true;
  command.death_signal = worker::orphan_signal();
  return command;
}

/// What it has said may still lie unread, where this loop was busy for that long: it is judged by that, too.
void WorkerProcess::await_greeting() {
  timer_.expires_after(program_.handshake_limit);
  timer_.async_wait([self = shared_from_this()](boost::system::error_code error) {
    if (error || self->stream_over_ || self->stop_sequence_) return;
    if (!self->take_what_is_there()) return self->stream_ended();
    if (self->is_greeted_ || self->has_spoken_) return;
    self->kill(fmt::format("it did not say hello within {} ms", self->program_.handshake_limit.count()));
  });
}

void WorkerProcess::greeted() {
  is_greeted_ = true;
  timer_.cancel();
  watch_stops();
}

void WorkerProcess::read() {
  socket_.async_wait(boost::asio::socket_base::wait_read, [self = shared_from_this()](boost::system::error_code error) {
    if (self->stream_over_) return;
    if (error || !self->take_what_is_there()) return self->stream_ended();
    self->read();
  });
}

/// False at the end of the stream.
bool WorkerProcess::take_what_is_there() {
  bool any = false;
  for (int i = 0; i < most_reads; ++i) {
    const auto room = reader_.prepare();
    const wire::Transfer got = wire::receive_some(socket_.native_handle(), room, descriptors_);
    if (got.error == EAGAIN) break;
    if (got.error != 0 || got.size == 0) return false;
    any = true;
    reader_.commit(got.size);
    handle_frames();
    if (got.size < room.size()) break;
  }
  if (any && reader_.mid_frame()) watch_frame();
  return true;
}

void WorkerProcess::stream_ended() {
  stream_over_ = true;
  climb_down();
  end_if_over();
}

/// A frame has begun, and more of it must come.
void WorkerProcess::watch_frame() {
  last_bytes_ = std::chrono::steady_clock::now();
  if (!frame_timer_runs_) set_frame_timer();
}

void WorkerProcess::set_frame_timer() {
  frame_timer_runs_ = true;
  frame_timer_.expires_after(program_.silence_limit);
  frame_timer_.async_wait([self = shared_from_this()](boost::system::error_code error) {
    self->frame_timer_runs_ = false;
    if (!error) self->judge_silence();
  });
}

/// What lies unread counts, and one that was stopped goes on some time.
void WorkerProcess::judge_silence() {
  if (stream_over_ || death_ || !kill_reason_.empty() || !reader_.mid_frame()) return;
  if (!take_what_is_there()) return stream_ended();
  if (!reader_.mid_frame() || frame_timer_runs_) return;
  if (is_stopped()) return watch_frame();
  if (std::chrono::steady_clock::now() - last_bytes_ < program_.silence_limit) return set_frame_timer();
  kill(fmt::format("it fell silent in the middle of what it said, for {} ms", program_.silence_limit.count()));
}

void WorkerProcess::handle_frames() {
  if (!kill_reason_.empty()) return;
  try {
    while (auto frame = reader_.next()) {
      has_spoken_ = true;
      user_.frame(*frame);
    }
  } catch (const Error& e) {
    kill(fmt::format("it broke the protocol: {}", e.what()));
  }
}

process::UniqueFd WorkerProcess::take_descriptor() {
  if (descriptors_.empty()) throw wire::ProtocolError{"a result whose value is apart, without its descriptor"};
  process::UniqueFd descriptor = std::move(descriptors_.front());
  descriptors_.pop_front();
  return descriptor;
}

void WorkerProcess::flush() {
  if (waits_for_room_ || stream_over_) return;
  const int error = outgoing_.write_to(socket_.native_handle());
  if (error == EAGAIN)
    wait_for_room();
  else if (error != 0)
    outgoing_.clear();  // it shows as the end of the stream, too
}

void WorkerProcess::wait_for_room() {
  waits_for_room_ = true;
  socket_.async_wait(boost::asio::socket_base::wait_write, [self = shared_from_this()](boost::system::error_code error) {
    self->waits_for_room_ = false;
    if (!error) self->flush();
  });
}

namespace {

/// That many looks, half a silence limit apart, make a whole one.
constexpr int looks_until_known = 3;

}  // namespace

void WorkerProcess::watch_stops() {
  stop_timer_.expires_after(program_.silence_limit / (looks_until_known - 1));
  stop_timer_.async_wait([self = shared_from_this()](boost::system::error_code error) {
    if (error || self->death_) return;
    self->look_whether_stopped();
    self->watch_stops();
  });
}

void WorkerProcess::look_whether_stopped() {
  if (user_.awaits() && is_stopped()) {
    if (looks_while_stopped_ < looks_until_known && ++looks_while_stopped_ == looks_until_known) user_.stopped(true);
  } else if (std::exchange(looks_while_stopped_, 0) == looks_until_known) {
    user_.stopped(false);
  }
}

bool WorkerProcess::is_stopped() const { return child_ && !death_ && process::is_stopped(pid_); }

void WorkerProcess::kill(std::string why) {
  if (kill_reason_.empty()) kill_reason_ = std::move(why);
  signal_all(SIGKILL);
}

/// The program's group is its own, so that it can be ended without the worker. A worker that is broken may have written
/// any number.
void WorkerProcess::signal_all(int signal) {
  // Where the worker is lodged, that number may be another one here; and there is nobody who outlives it.
  const auto group = program_.lodging ? 0 : static_cast<pid_t>(claims_->program_group().load());
  if (group != 0 && offspring_->has_group(group)) ::kill(-group, signal);
  child_->kill_group(signal);
}

void WorkerProcess::stop(std::string why) {
  if (ended_) return;
  if (kill_reason_.empty()) kill_reason_ = std::move(why);
  boost::system::error_code ignored;
  socket_.shutdown(boost::asio::socket_base::shutdown_send, ignored);
  climb_down();
}

void WorkerProcess::climb_down() {
  if (death_) return;
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  if (!stop_sequence_) stop_sequence_.emplace(program_.ladder, now);
  while (const auto step = stop_sequence_->due(now)) {
    if (*step == process::StopSequence::Step::terminate) signal_all(SIGTERM);
    if (*step == process::StopSequence::Step::kill) signal_all(SIGKILL);
  }
  const auto deadline = stop_sequence_->next_deadline();
  if (!deadline) return;
  timer_.expires_at(std::chrono::steady_clock::time_point{*deadline});
  timer_.async_wait([self = shared_from_this()](boost::system::error_code error) {
    if (!error) self->climb_down();
  });
}

void WorkerProcess::died(const process::Death& death) {
  death_ = program_.lodging ? program_.lodging->death_inside(death) : death;
  timer_.cancel();
  frame_timer_.cancel();
  stop_timer_.cancel();
  if (has_folder_) worker::remove_folder_of(pid_);
  signal_all(SIGKILL);  // what it started and left behind
  if (program_.lodging) program_.lodging->left();
  // What it had written is still read; a process that holds a copy of its socket cannot keep the stream open.
  boost::system::error_code ignored;
  socket_.shutdown(boost::asio::socket_base::shutdown_receive, ignored);
  end_if_over();
}

void WorkerProcess::end_if_over() {
  if (!death_ || !stream_over_ || ended_) return;
  ended_ = true;
  boost::system::error_code ignored;
  socket_.close(ignored);
  outgoing_.clear();
  user_.ended({pid_, *death_, kill_reason_, printed_out_.text(), printed_err_.text()});
}

}  // namespace mw::link
