#include "multicore/worker_process.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <iterator>

#include <fmt/format.h>
#include <boost/asio/io_context.hpp>

#include "log/log.hpp"
#include "memory/shared_block.hpp"
#include "registry/registry.hpp"
#include "wire/local_socket.hpp"
#include "worker/printed_output.hpp"
#include "worker/start.hpp"
#include "worker/task_folder.hpp"

namespace mw::multicore {
namespace {

/// Larger arguments are written from where they are.
constexpr std::size_t copied_up_to = 16 * 1024;

/// Most reads in a row, so that one worker can not keep the others waiting.
constexpr int most_reads = 16;

std::string text_of(std::span<const std::byte> bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

/// All but the value.
Outcome outcome_of(const wire::Result& result) {
  Outcome outcome;
  outcome.out = text_of(result.out);
  outcome.err = text_of(result.err);
  outcome.run_time = std::chrono::nanoseconds{result.run_ns};
  return outcome;
}

wire::Task message_of(const TaskRef& task) {
  wire::Task message{.id = task.id(), .function = task.function_id(), .attempt = task.attempt()};
  const TaskOptions& options = task.options();
  message.terms.soft_limit_ns = static_cast<std::uint64_t>(options.soft_limit.count());
  message.terms.hard_limit_ns = static_cast<std::uint64_t>(options.hard_limit.count());
  message.terms.memory_limit = options.memory_limit;
  message.terms.files = options.files;
  return message;
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
  const process::UniqueFd theirs{ends[1]};
  socket_.non_blocking(true);
  claims_ = worker::ClaimPage::create();
  printed_out_ = process::UniqueFd{worker::make_memory_file("stdout")};
  printed_err_ = process::UniqueFd{worker::make_memory_file("stderr")};
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
  command.environment_set = {{worker::environment_name, fmt::format("fd:{},claims:{}", socket, claims_->fd())}};
  command.stdout_fd = printed_out_.get();
  command.stderr_fd = printed_err_.get();
  command.inherit_fds = {socket, claims_->fd()};
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
      Outcome outcome = outcome_of(result);
      outcome.value = Bytes{result.value};
      finish_front(result.id, result.attempt, std::move(outcome));
      return;
    }
    case wire::FrameType::result_apart: {
      const auto result = wire::parse_result(frame.payload);
      Outcome outcome = outcome_of(result);
      outcome.value = receive_value(result.value);
      finish_front(result.id, result.attempt, std::move(outcome));
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
      if (!in_flight_.empty() && in_flight_.front().task.id() == progress.id)
        owner_.host().task_progress(in_flight_.front().task, progress.fraction);
      return;
    }
    case wire::FrameType::heartbeat: return;
    default: throw wire::ProtocolError{fmt::format("a worker does not send frames of type {}", static_cast<int>(frame.type))};
  }
}

void WorkerProcess::handle_hello(const wire::Hello& hello) {
  if (was_ready()) throw wire::ProtocolError{"a second hello"};
  if (const auto reason = wire::refusal(hello, registry::program_identity())) {
    wire::append(outgoing_.tail(), wire::Refuse{*reason});
    flush();
    kill_reason_ = *reason;
    stop();
    return;
  }
  timer_.cancel();
  id_ = owner_.host().worker_joined({fmt::format("multicore worker {}", slot_), hello.host, hello.slots, hello.ahead});
  wire::append(outgoing_.tail(), wire::Welcome{wire::protocol_version, index_of(id_)});
  flush();
  owner_.worker_ready(*this);
}

void WorkerProcess::send(const TaskRef& task) {
  held_.push_back(task);
  put_held();
}

/// A place of the claim page is used again only when the task that had it is over.
void WorkerProcess::put_held() {
  while (!held_.empty() && (in_flight_.empty() || next_number_ - in_flight_.front().number < worker::ClaimPage::places)) {
    const TaskRef task = std::move(held_.front());
    held_.pop_front();
    put(task);
  }
}

void WorkerProcess::put(const TaskRef& task) {
  const wire::Task message = message_of(task);
  const auto arguments = task.arguments();
  const detail::SharedBlock* const block = task.block();
  has_files_ = has_files_ || !message.terms.files.empty();
  if (block && block->is_ours()) {
    wire::append_task_apart(outgoing_.new_tail(), message, arguments.size());
    outgoing_.attach_block(task);
  } else if (arguments.size() <= copied_up_to) {
    wire::Task whole = message;
    whole.arguments = arguments;
    wire::append(outgoing_.tail(), whole);
  } else {
    wire::append_task_header(outgoing_.tail(), message, arguments.size());
    outgoing_.attach(task);
  }
  owner_.worker_has_output(*this);
  claims_->offer(next_number_);
  in_flight_.push_back({task, next_number_++});
  if (in_flight_.size() == 1) owner_.host().task_started(task, id_);
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

bool WorkerProcess::take_back(const TaskRef& task) {
  const auto is_it = [&](const TaskRef& other) { return other.record() == task.record() && other.attempt() == task.attempt(); };
  if (const auto held = std::find_if(held_.begin(), held_.end(), is_it); held != held_.end()) {
    held_.erase(held);
    return true;
  }
  const auto place = std::find_if(in_flight_.rbegin(), in_flight_.rend(), [&](const InFlight& one) { return is_it(one.task); });
  if (place == in_flight_.rend() || outgoing_.holds(task) || !claims_->take_back(place->number)) return false;
  const bool was_front = std::next(place) == in_flight_.rend();
  in_flight_.erase(std::next(place).base());
  if (was_front) next_begins();
  put_held();
  return true;
}

/// Kills the process if the first task in flight is the one; else waits until it is.
void WorkerProcess::abort(const TaskRef& task) {
  const auto place = std::find_if(in_flight_.begin(), in_flight_.end(), [&](const InFlight& one) {
    return one.task.record() == task.record() && one.task.attempt() == task.attempt();
  });
  if (place == in_flight_.end()) return;
  if (place != in_flight_.begin()) {
    place->unwanted = true;
    return;
  }
  aborted_ = task;
  kill(fmt::format("task {} was ended", task.id()));
}

/// The first task in flight is now the one that the worker runs.
void WorkerProcess::next_begins() {
  while (!in_flight_.empty() && in_flight_.front().unwanted && claims_->take_back(in_flight_.front().number)) {
    const TaskRef task = std::move(in_flight_.front().task);
    in_flight_.pop_front();
    owner_.host().task_finished(task, Outcome{});  // its master has ended it; this frees its slot
  }
  if (in_flight_.empty()) return;
  if (in_flight_.front().unwanted) return abort(TaskRef{in_flight_.front().task});
  owner_.host().task_started(in_flight_.front().task, id_);
}

Bytes WorkerProcess::receive_value(std::span<const std::byte> in_place) {
  if (descriptors_.empty()) throw wire::ProtocolError{"a result whose value is apart, without its descriptor"};
  process::UniqueFd descriptor = std::move(descriptors_.front());
  descriptors_.pop_front();
  return detail::receive_block(std::move(descriptor), wire::parse_size_apart(in_place));
}

void WorkerProcess::finish_front(std::uint64_t id, std::uint32_t attempt, Outcome outcome) {
  if (in_flight_.empty() || in_flight_.front().task.id() != id || in_flight_.front().task.attempt() != attempt)
    throw wire::ProtocolError{fmt::format("a result for task {}, attempt {}, which it was not given next", id, attempt)};
  if (outgoing_.holds(in_flight_.front().task)) throw wire::ProtocolError{"a result before it had the whole task"};
  const TaskRef task = std::move(in_flight_.front().task);
  in_flight_.pop_front();
  next_begins();
  owner_.host().task_finished(task, std::move(outcome));
  put_held();
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
  if (has_files_) worker::remove_folder_of(pid_);
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

/// The task that the dead process was in. Those before it were done, and their results died with it; those behind it had not begun:
/// neither are to blame, and both go elsewhere.
TaskRef WorkerProcess::last_begun() {
  for (auto one = in_flight_.rbegin(); one != in_flight_.rend(); ++one)
    if (!claims_->take_back(one->number)) return one->task;
  return {};
}

void WorkerProcess::report_end() {
  std::string why = fmt::format("process {} ended with {}", pid_, process::describe(*death_));
  if (!kill_reason_.empty()) why = fmt::format("process {} was ended: {}", pid_, kill_reason_);
  std::vector<LostTask> lost;
  const TaskRef culprit = last_begun();
  if (culprit && !(was_aborted() && culprit.record() != aborted_.record())) {
    owner_.host().task_started(culprit, id_);
    Outcome outcome;
    outcome.failure = process::to_failure(*death_);
    if (!kill_reason_.empty()) outcome.failure->cause = Cause::worker_lost;
    outcome.failure->message = "its worker " + why;
    outcome.out = worker::read_memory_file(printed_out_.get());
    outcome.err = worker::read_memory_file(printed_err_.get());
    lost.push_back({culprit, std::move(outcome)});
  } else if (!was_ready()) {
    const std::string said = worker::read_memory_file(printed_err_.get());
    if (!said.empty()) why += "; it said: " + said;
  }
  in_flight_.clear();
  held_.clear();
  if (was_ready()) owner_.host().worker_left(id_, std::move(lost));
  owner_.worker_ended(*this, why);
}

}  // namespace mw::multicore
