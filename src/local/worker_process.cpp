#include "local/worker_process.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include <fmt/format.h>
#include <boost/asio/io_context.hpp>

#include "wire/local_socket.hpp"
#include "worker/printed_output.hpp"
#include "worker/start.hpp"
#include "worker/task_folder.hpp"

namespace mw::local {
namespace {

/// Most reads in a row, so that one worker can not keep the others waiting.
constexpr int most_reads = 16;

}  // namespace

std::string WorkerEnd::text() const {
  return kill_reason.empty() ? fmt::format("process {} ended with {}", pid, process::describe(death))
                             : fmt::format("process {} was ended: {}", pid, kill_reason);
}

WorkerProcess::WorkerProcess(boost::asio::io_context& io, WorkerUser& user, WorkerProgram program)
    : io_{io}, user_{user}, program_{std::move(program)}, socket_{io}, timer_{io} {}

void WorkerProcess::start() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    throw InterfaceError{fmt::format("no socket pair for a worker process: {}", std::strerror(errno))};
  socket_.assign(boost::asio::local::stream_protocol{}, ends[0]);
  const process::UniqueFd theirs{ends[1]};
  socket_.non_blocking(true);
  claims_ = worker::ClaimPage::create();
  printed_out_ = process::UniqueFd{worker::make_memory_file("stdout")};
  printed_err_ = process::UniqueFd{worker::make_memory_file("stderr")};
  child_ = process::Child::start(io_, command(theirs.get()));
  pid_ = child_->pid();
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
  command.environment_set = {{worker::environment_name, fmt::format("fd:{},claims:{}", socket, claims_->fd())}};
  if (!program_.workunit_folder.empty()) {
    command.environment_set.emplace_back(worker::workunit_environment_name, program_.workunit_folder);
    command.environment_set.emplace_back(worker::checkpoint_environment_name,
                                         fmt::format("{}", std::chrono::duration<double>{program_.checkpoint_interval}.count()));
  }
  command.stdout_fd = printed_out_.get();
  command.stderr_fd = printed_err_.get();
  command.inherit_fds = {socket, claims_->fd()};
  command.new_process_group = true;
  command.death_signal = worker::orphan_signal();
  return command;
}

void WorkerProcess::await_greeting() {
  timer_.expires_after(program_.handshake_limit);
  timer_.async_wait([self = shared_from_this()](boost::system::error_code error) {
    if (error || self->is_greeted_) return;
    self->kill(fmt::format("it did not say hello within {} ms", self->program_.handshake_limit.count()));
  });
}

void WorkerProcess::greeted() {
  is_greeted_ = true;
  timer_.cancel();
}

void WorkerProcess::read() {
  socket_.async_wait(boost::asio::socket_base::wait_read, [self = shared_from_this()](boost::system::error_code error) {
    for (int i = 0; i < most_reads && !error; ++i) {
      const auto room = self->reader_.prepare();
      const wire::Transfer got = wire::receive_some(self->socket_.native_handle(), room, self->descriptors_);
      if (got.error == EAGAIN) break;
      if (got.error != 0 || got.size == 0) {
        error = boost::asio::error::eof;
        break;
      }
      self->reader_.commit(got.size);
      self->handle_frames();
      if (got.size < room.size()) break;
    }
    if (!error) return self->read();
    self->stream_over_ = true;
    self->climb_down();
    self->end_if_over();
  });
}

void WorkerProcess::handle_frames() {
  if (!kill_reason_.empty()) return;
  try {
    while (auto frame = reader_.next()) user_.frame(*frame);
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

void WorkerProcess::kill(std::string why) {
  if (kill_reason_.empty()) kill_reason_ = std::move(why);
  child_->kill_group(SIGKILL);
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
    if (*step == process::StopSequence::Step::terminate) child_->kill_group(SIGTERM);
    if (*step == process::StopSequence::Step::kill) child_->kill_group(SIGKILL);
  }
  const auto deadline = stop_sequence_->next_deadline();
  if (!deadline) return;
  timer_.expires_at(std::chrono::steady_clock::time_point{*deadline});
  timer_.async_wait([self = shared_from_this()](boost::system::error_code error) {
    if (!error) self->climb_down();
  });
}

void WorkerProcess::died(const process::Death& death) {
  death_ = death;
  timer_.cancel();
  if (has_folder_) worker::remove_folder_of(pid_);
  child_->kill_group(SIGKILL);  // what it started and left behind
  // What it had written is still read; a process that holds a copy of its socket can not keep the stream open.
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
  user_.ended(
      {pid_, *death_, kill_reason_, worker::read_memory_file(printed_out_.get()), worker::read_memory_file(printed_err_.get())});
}

}  // namespace mw::local
