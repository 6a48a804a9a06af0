#include "multicore/worker_process.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include <fmt/format.h>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/write.hpp>

#include "log/log.hpp"
#include "registry/registry.hpp"
#include "worker/printed_output.hpp"
#include "worker/start.hpp"

namespace mw::multicore {
namespace {

/// Larger arguments are written from where they are.
constexpr std::size_t copied_up_to = 16 * 1024;

std::string text_of(std::span<const std::byte> bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

Outcome outcome_of(const wire::Result& result) {
  Outcome outcome;
  outcome.value = Bytes{result.value};
  outcome.out = text_of(result.out);
  outcome.err = text_of(result.err);
  outcome.run_time = std::chrono::nanoseconds{result.run_ns};
  return outcome;
}

Outcome outcome_of(wire::FailureMessage message) {
  Outcome outcome;
  outcome.failure = std::move(message.failure);
  outcome.out = text_of(message.out);
  outcome.err = text_of(message.err);
  outcome.run_time = std::chrono::nanoseconds{message.run_ns};
  return outcome;
}

}  // namespace

WorkerProcess::WorkerProcess(WorkerOwner& owner, unsigned slot)
    : owner_{owner}, slot_{slot}, socket_{owner.host().io()}, timer_{owner.host().io()} {}

void WorkerProcess::start() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    throw InterfaceError{fmt::format("multicore worker {}: no socket pair: {}", slot_, std::strerror(errno))};
  socket_.assign(boost::asio::local::stream_protocol{}, ends[0]);
  const worker::UniqueFd theirs{ends[1]};
  socket_.non_blocking(true);
  printed_out_ = worker::UniqueFd{worker::make_memory_file("stdout")};
  printed_err_ = worker::UniqueFd{worker::make_memory_file("stderr")};
  child_ = process::Child::start(owner_.host().io(), command(theirs.get()));
  pid_ = child_->pid();
  child_->async_wait([self = shared_from_this()](process::Death death) { self->died(death); });
  await_hello();
  read();
}

process::Command WorkerProcess::command(int socket) const {
  process::Command command;
  command.path = "/proc/self/exe";  // this very program, even if its file was replaced meanwhile
  command.name = process::own_name();
  command.arguments = {"(worker)"};      // for people who look at ps
  command.environment_unset = {"MW_*"};  // no setting, and no secret, of the master's travels this way
  command.environment_set = {{worker::environment_name, fmt::format("fd:{}", socket)}};
  command.stdout_fd = printed_out_.get();
  command.stderr_fd = printed_err_.get();
  command.inherit_fds = {socket};
  command.new_process_group = true;
  command.death_signal = worker::orphan_signal();
  return command;
}

void WorkerProcess::await_hello() {
  timer_.expires_after(owner_.options().handshake_limit);
  timer_.async_wait([self = shared_from_this()](boost::system::error_code error) {
    if (error || self->was_ready()) return;
    self->kill(fmt::format("it did not say hello within {} ms", self->owner_.options().handshake_limit.count()));
  });
}

void WorkerProcess::read() {
  const auto room = reader_.prepare();
  socket_.async_read_some(boost::asio::buffer(room.data(), room.size()),
                          [self = shared_from_this()](boost::system::error_code error, std::size_t size) {
                            if (error) {
                              self->stream_over_ = true;
                              self->climb_down();
                              self->end_if_over();
                              return;
                            }
                            self->reader_.commit(size);
                            self->handle_frames();
                            self->read();
                          });
}

void WorkerProcess::handle_frames() {
  if (!kill_reason_.empty()) return;
  try {
    while (auto frame = reader_.next()) handle(*frame);
  } catch (const Error& e) {
    kill(fmt::format("it broke the protocol: {}", e.what()));
  }
}

void WorkerProcess::handle(const wire::Frame& frame) {
  if (!was_ready() && frame.type != wire::FrameType::hello)
    throw wire::ProtocolError{"its first words were no hello; does main() call mw::init(argc, argv) first?"};
  switch (frame.type) {
    case wire::FrameType::hello: handle_hello(wire::parse_hello(frame.payload)); return;
    case wire::FrameType::result: {
      const auto result = wire::parse_result(frame.payload);
      finish_front(result.id, result.attempt, outcome_of(result));
      return;
    }
    case wire::FrameType::failure: {
      auto message = wire::parse_failure(frame.payload);
      const auto [id, attempt] = std::pair{message.id, message.attempt};
      finish_front(id, attempt, outcome_of(std::move(message)));
      return;
    }
    case wire::FrameType::progress: {
      const auto progress = wire::parse_progress(frame.payload);
      if (!in_flight_.empty() && in_flight_.front().id() == progress.id)
        owner_.host().task_progress(in_flight_.front(), progress.fraction);
      return;
    }
    case wire::FrameType::heartbeat: return;
    default: throw wire::ProtocolError{fmt::format("a worker does not send frames of type {}", static_cast<int>(frame.type))};
  }
}

void WorkerProcess::handle_hello(const wire::Hello& hello) {
  if (was_ready()) throw wire::ProtocolError{"a second hello"};
  if (const auto reason = wire::refusal(hello, registry::program_identity())) {
    wire::append(tail(), wire::Refuse{*reason});
    write();
    kill_reason_ = *reason;
    stop();
    return;
  }
  timer_.cancel();
  id_ = owner_.host().worker_joined({fmt::format("multicore worker {}", slot_), hello.host, hello.slots});
  wire::append(tail(), wire::Welcome{wire::protocol_version, index_of(id_)});
  write();
  owner_.worker_ready(*this);
}

void WorkerProcess::send(const TaskRef& task) {
  const auto arguments = task.arguments();
  if (arguments.size() <= copied_up_to) {
    wire::append(tail(), wire::Task{task.id(), task.function_id(), task.attempt(), arguments});
  } else {
    wire::append_task_header(tail(), task.id(), task.function_id(), task.attempt(), arguments.size());
    queued_.back().arguments = task;
  }
  in_flight_.push_back(task);
  if (in_flight_.size() == 1) owner_.host().task_started(task, id_);
  write();
}

Bytes& WorkerProcess::tail() {
  if (queued_.empty() || queued_.back().arguments) queued_.emplace_back();
  return queued_.back().bytes;
}

void WorkerProcess::write() {
  if (!writing_.empty() || queued_.empty() || stream_over_) return;
  std::swap(writing_, queued_);
  std::vector<boost::asio::const_buffer> buffers;
  for (const Piece& piece : writing_) {
    buffers.emplace_back(piece.bytes.data(), piece.bytes.size());
    if (piece.arguments) buffers.emplace_back(piece.arguments.arguments().data(), piece.arguments.arguments().size());
  }
  boost::asio::async_write(socket_, buffers, [self = shared_from_this()](boost::system::error_code error, std::size_t) {
    self->writing_.clear();
    if (!error) self->write();  // an error shows as the end of the stream, too
  });
}

void WorkerProcess::finish_front(std::uint64_t id, std::uint32_t attempt, Outcome outcome) {
  if (in_flight_.empty() || in_flight_.front().id() != id || in_flight_.front().attempt() != attempt)
    throw wire::ProtocolError{fmt::format("a result for task {}, attempt {}, which it was not given next", id, attempt)};
  for (const Piece& piece : writing_)
    if (piece.arguments && piece.arguments.id() == id) throw wire::ProtocolError{"a result before it had the whole task"};
  const TaskRef task = std::move(in_flight_.front());
  in_flight_.pop_front();
  if (!in_flight_.empty()) owner_.host().task_started(in_flight_.front(), id_);
  owner_.host().task_finished(task, std::move(outcome));
}

void WorkerProcess::kill(std::string why) {
  if (kill_reason_.empty()) kill_reason_ = std::move(why);
  child_->kill_group(SIGKILL);
}

void WorkerProcess::stop() {
  if (ended_) return;
  boost::system::error_code ignored;
  socket_.shutdown(boost::asio::socket_base::shutdown_send, ignored);
  climb_down();
}

void WorkerProcess::climb_down() {
  if (death_) return;
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  if (!stop_sequence_)
    stop_sequence_.emplace(process::StopLadder{owner_.options().after_close, owner_.options().after_terminate}, now);
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
  report_end();
}

void WorkerProcess::report_end() {
  std::string why = fmt::format("process {} ended with {}", pid_, process::describe(*death_));
  if (!kill_reason_.empty()) why = fmt::format("process {} was ended: {}", pid_, kill_reason_);
  std::vector<LostTask> lost;
  if (!in_flight_.empty()) {
    Outcome outcome;
    outcome.failure = process::to_failure(*death_);
    if (!kill_reason_.empty()) outcome.failure->cause = Cause::worker_lost;
    outcome.failure->message = "its worker " + why;
    outcome.out = worker::read_memory_file(printed_out_.get());
    outcome.err = worker::read_memory_file(printed_err_.get());
    lost.push_back({std::move(in_flight_.front()), std::move(outcome)});
    in_flight_.clear();
  } else if (!was_ready()) {
    const std::string said = worker::read_memory_file(printed_err_.get());
    if (!said.empty()) why += "; it said: " + said;
  }
  if (was_ready()) owner_.host().worker_left(id_, std::move(lost));
  owner_.worker_ended(*this, why);
}

}  // namespace mw::multicore
