#include "multicore/worker.hpp"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "memory/shared_block.hpp"
#include "process/build.hpp"
#include "registry/registry.hpp"

namespace mw::multicore {

using remote::outcome_of;

namespace {

link::WorkerProgram program_of(const MulticoreOptions& options, const std::shared_ptr<const process::Origin>& origin) {
  link::WorkerProgram program;
  program.origin = origin;
  program.name = process::own_name();
  constexpr std::chrono::hours longest{1'000'000};
  program.handshake_limit = std::min<std::chrono::milliseconds>(options.handshake_limit, longest);
  program.ladder = {std::min<std::chrono::milliseconds>(options.after_close, longest),
                    std::min<std::chrono::milliseconds>(options.after_terminate, longest)};
  program.silence_limit = std::clamp<std::chrono::milliseconds>(options.silence_limit, std::chrono::milliseconds{2}, longest);
  return program;
}

}  // namespace

Worker::Worker(WorkerOwner& owner, unsigned slot)
    : owner_{owner},
      slot_{slot},
      process_{std::make_shared<link::WorkerProcess>(owner.host().io(), *this, program_of(owner.options(), owner.origin()))} {}

void Worker::frame(const wire::Frame& frame) {
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
      try {
        outcome.value = receive_value(result.value);
      } catch (const detail::NoRoomError& e) {
        outcome.failure = detail::no_room_for("result", e);
      }
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

void Worker::handle_hello(const wire::Hello& hello) {
  if (was_ready()) throw wire::ProtocolError{"a second hello"};
  if (const auto reason = wire::refusal(hello, registry::program_identity(), process::own_build())) {
    wire::append(process_->outgoing().tail(), wire::Refuse{*reason});
    flush();
    process_->stop(*reason);
    return;
  }
  process_->greeted();
  id_ = owner_.host().worker_joined({fmt::format("multicore worker {}", slot_), hello.host, hello.slots, hello.ahead});
  wire::append(process_->outgoing().tail(), wire::Welcome{wire::protocol_version, index_of(id_)});
  flush();
  owner_.worker_ready(*this);
}

std::string Worker::text() const { return fmt::format("multicore worker {} (process {})", slot_, process_->pid()); }

void Worker::stopped(bool is_stopped) {
  is_stopped_ = is_stopped;
  owner_.worker_stopped(*this);
}

void Worker::send(const TaskRef& task) {
  held_.push_back(task);
  put_held();
}

/// A place of the claim page is used again only when the task that had it is over.
void Worker::put_held() {
  while (!held_.empty() && (in_flight_.empty() || next_number_ - in_flight_.front().number < worker::ClaimPage::places)) {
    const TaskRef task = std::move(held_.front());
    held_.pop_front();
    put(task);
  }
}

void Worker::put(const TaskRef& task) {
  wire::Task message = remote::message_of(task);
  const auto arguments = task.arguments();
  detail::SharedBlock* const block = task.block();
  link::Outgoing& outgoing = process_->outgoing();
  if (!message.terms.files.empty()) process_->expect_folder();
  if (block && block->is_ours()) {
    wire::append_task_apart(outgoing.new_tail(), message, arguments.size());
    block->set_lent(true);
    outgoing.attach_descriptor(block->fd(), std::make_shared<TaskRef>(task), remote::tag_of(task));
  } else if (arguments.size() <= remote::copied_up_to) {
    message.arguments = arguments;
    wire::append(outgoing.tail(), message);
  } else {
    wire::append_task_header(outgoing.tail(), message, arguments.size());
    outgoing.attach(remote::payload_of(task));
  }
  owner_.worker_has_output(*this);
  process_->claims().offer(next_number_);
  in_flight_.push_back({task, next_number_++});
  if (in_flight_.size() == 1) owner_.host().task_started(task, id_);
}

bool Worker::take_back(const TaskRef& task) {
  const auto is_it = [&](const TaskRef& other) { return remote::is_same(other, task); };
  if (const auto held = std::find_if(held_.begin(), held_.end(), is_it); held != held_.end()) {
    held_.erase(held);
    return true;
  }
  const auto place = std::find_if(in_flight_.rbegin(), in_flight_.rend(), [&](const InFlight& one) { return is_it(one.task); });
  if (place == in_flight_.rend() || process_->outgoing().holds(remote::tag_of(task)) ||
      !process_->claims().take_back(place->number))
    return false;
  const bool was_front = std::next(place) == in_flight_.rend();
  in_flight_.erase(std::next(place).base());
  if (was_front) next_begins();
  put_held();
  return true;
}

/// Kills the process if the first task in flight is the one; else waits until it is.
void Worker::abort(const TaskRef& task) {
  const auto place =
      std::find_if(in_flight_.begin(), in_flight_.end(), [&](const InFlight& one) { return remote::is_same(one.task, task); });
  if (place == in_flight_.end()) return;
  if (place != in_flight_.begin()) {
    place->unwanted = true;
    return;
  }
  aborted_ = task;
  process_->kill(fmt::format("task {} was ended", task.id()));
}

/// The first task in flight is now the one that the worker runs.
void Worker::next_begins() {
  while (!in_flight_.empty() && in_flight_.front().unwanted && process_->claims().take_back(in_flight_.front().number)) {
    const TaskRef task = std::move(in_flight_.front().task);
    in_flight_.pop_front();
    owner_.host().task_finished(task, Outcome{});  // its master has ended it; this frees its slot
  }
  if (in_flight_.empty()) return;
  if (in_flight_.front().unwanted) return abort(TaskRef{in_flight_.front().task});
  owner_.host().task_started(in_flight_.front().task, id_);
}

Bytes Worker::receive_value(std::span<const std::byte> in_place) {
  return detail::receive_block(process_->take_descriptor(), wire::parse_size_apart(in_place));
}

void Worker::finish_front(std::uint64_t id, std::uint32_t attempt, Outcome outcome) {
  if (in_flight_.empty() || in_flight_.front().task.id() != id || in_flight_.front().task.attempt() != attempt)
    throw wire::ProtocolError{fmt::format("a result for task {}, attempt {}, which it was not given next", id, attempt)};
  if (process_->outgoing().holds(remote::tag_of(in_flight_.front().task)))
    throw wire::ProtocolError{"a result before it had the whole task"};
  const TaskRef task = std::move(in_flight_.front().task);
  in_flight_.pop_front();
  next_begins();
  owner_.host().task_finished(task, std::move(outcome));
  put_held();
}

/// The task that the dead process was in. Those before it were done, and their results died with it; those behind it had not begun:
/// neither are to blame, and both go elsewhere.
TaskRef Worker::last_begun() {
  for (auto one = in_flight_.rbegin(); one != in_flight_.rend(); ++one)
    if (!process_->claims().take_back(one->number)) return one->task;
  return {};
}

void Worker::ended(const link::WorkerEnd& end) {
  std::string why = end.text();
  std::vector<LostTask> lost;
  TaskRef culprit = last_begun();
  // The next one may be what ended it: a message that it could not read, or had no memory for.
  if (!culprit && !was_aborted() && end.broke_down() && !in_flight_.empty()) culprit = in_flight_.front().task;
  if (culprit && !(was_aborted() && culprit.record() != aborted_.record())) {
    owner_.host().task_started(culprit, id_);
    Outcome outcome;
    outcome.failure = process::to_failure(end.death);
    if (!end.kill_reason.empty()) outcome.failure->cause = Cause::worker_lost;
    outcome.failure->message = "its worker " + why;
    outcome.out = end.out;
    outcome.err = end.err;
    lost.push_back({culprit, std::move(outcome)});
  } else if (!was_ready() && !end.err.empty()) {
    why += "; it said: " + end.err;
  }
  in_flight_.clear();
  held_.clear();
  if (was_ready()) owner_.host().worker_left(id_, std::move(lost));
  owner_.worker_ended(*this, why);
}

}  // namespace mw::multicore
