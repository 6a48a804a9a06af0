#include "multicore/worker.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "log/log.hpp"
#include "memory/shared_block.hpp"
#include "resources/shares.hpp"
#include "scripts/scripts.hpp"

namespace mw::multicore {

namespace {

link::WorkerProgram program_of(const MulticoreOptions& options, const std::shared_ptr<const process::Origin>& origin,
                               const Resources& share) {
  link::WorkerProgram program;
  if (!options.worker.empty()) {
    scripts::Start start = scripts::start_of(options.worker);
    program.path = std::move(start.path);
    program.arguments = std::move(start.arguments);
  }
  program.origin = origin;
  if (options.worker.empty()) program.name = process::own_name();
  program.threads = options.threads;
  program.environment_set = resources::environment_of(share, options.shares.gpus.has_value());
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
      process_{std::make_shared<link::WorkerProcess>(owner.host().io(), *this,
                                                     program_of(owner.options(), owner.origin(), owner.share_of(slot)))} {}

void Worker::frame(const wire::Frame& frame) {
  if (!was_ready() && frame.type != wire::FrameType::hello)
    throw wire::ProtocolError{"its first words were no hello; does main() call mw::init(argc, argv) first?"};
  switch (frame.type) {
    case wire::FrameType::hello: handle_hello(wire::parse_hello(frame.payload)); return;
    case wire::FrameType::result:
    case wire::FrameType::failure: finish_front(remote::ended_of(frame)); return;
    case wire::FrameType::result_apart: finish_from_block(wire::parse_result(frame.payload)); return;
    case wire::FrameType::progress: {
      const auto progress = wire::parse_progress(frame.payload);
      if (is_busy() && window_.front().id() == progress.id) owner_.host().task_progress(window_.front(), progress.fraction);
      return;
    }
    case wire::FrameType::part: {
      const auto part = wire::parse_part(frame.payload);
      window_.check_next(part.id, part.attempt);
      return owner_.host().task_part(window_.front(), Bytes{part.value});
    }
    case wire::FrameType::checkpoint: {
      const auto checkpoint = wire::parse_checkpoint(frame.payload);
      window_.check_next(checkpoint.id, checkpoint.attempt);
      return owner_.host().task_checkpoint(window_.front(), Bytes{checkpoint.state});
    }
    case wire::FrameType::measures: {
      const auto measured = wire::parse_measured(frame.payload);
      window_.check_next(measured.id, measured.attempt);
      return held_measures_.hold(measured);
    }
    case wire::FrameType::note: return log::warn(fmt::format("{}: {}", worker_name(slot_), wire::parse_note(frame.payload).text));
    case wire::FrameType::heartbeat: return;
    default: throw wire::ProtocolError{fmt::format("a worker does not send frames of type {}", static_cast<int>(frame.type))};
  }
}

void Worker::handle_hello(const wire::Hello& hello) {
  if (was_ready()) throw wire::ProtocolError{"a second hello"};
  const auto builds = owner_.options().worker.empty() ? remote::Builds::own : remote::Builds::by_name;
  if (const auto reason = remote::refusal_of(hello, builds)) {
    wire::append(process_->outgoing().tail(), wire::Refuse{*reason});
    flush();
    process_->stop(*reason);
    return;
  }
  claims_tasks_ = hello.ahead > 0;
  process_->greeted();
  WorkerInfo info = remote::info_of(hello, worker_name(slot_));
  info.resources = owner_.share_of(slot_);
  id_ = owner_.host().worker_joined(std::move(info));
  wire::append(process_->outgoing().tail(), wire::Welcome{wire::protocol_version, index_of(id_)});
  flush();
  owner_.worker_ready(*this);
}

std::string worker_name(unsigned slot) { return fmt::format("multicore worker {}", slot); }
std::string Worker::text() const { return fmt::format("{} (process {})", worker_name(slot_), process_->pid()); }

void Worker::stopped(bool is_stopped) {
  is_stopped_ = is_stopped;
  owner_.worker_stopped(*this);
}

void Worker::send(const TaskRef& task) {
  window_.hold(task);
  put_held();
}

void Worker::put_held() {
  while (const auto* one = window_.put_next()) put(one->task, one->number);
}

void Worker::put(const TaskRef& task, std::uint64_t number) {
  wire::Task message = remote::message_of(task, remote::Hears::meanwhile);
  const auto arguments = task.arguments();
  memory::SharedBlock* const block = TaskAccess::block(task);
  wire::Outgoing& outgoing = process_->outgoing();
  if (!message.terms.empty()) prepare(message.terms, task);
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
  if (claims_tasks_) process_->claims().offer(number);
  if (window_.size() == 1) owner_.host().task_started(task, id_);
}

void Worker::prepare(wire::Terms& terms, const TaskRef& task) {
  terms.outputs_folder = TaskAccess::outputs_folder(task);
  if (terms.has_folder()) process_->expect_folder();
  for (const SharedInput& one : terms.shared) shared_.insert(one.number);
}

void Worker::forget_shared(std::uint64_t number) {
  if (shared_.erase(number) == 0) return;
  wire::append(process_->outgoing().tail(), wire::Forget{.number = number});
  owner_.worker_has_output(*this);
}

bool Worker::take_back(const TaskRef& task) {
  if (window_.drop_held(task)) return true;
  const auto* const place = window_.find(task);
  if (!place || process_->outgoing().holds(remote::tag_of(task)) || !claims()(place->number)) return false;
  const bool was_front = window_.is_front(*place);
  window_.remove(*place);
  if (was_front) next_begins();
  put_held();
  stop_if_done();
  return true;
}

void Worker::leave() {
  if (std::exchange(leaves_, true)) return;
  if (!was_ready()) return process_->stop("it is not needed any more");
  owner_.host().worker_leaves(id_);
  const auto may_go_elsewhere = [](const TaskRef& task) { return task.options().worker.empty(); };
  for (const TaskRef& task : window_.drop_all_held())
    if (may_go_elsewhere(task))
      owner_.host().task_returned(task);
    else
      window_.hold(task);
  std::vector<TaskRef> in_flight;
  for (const auto& entry : window_.in_flight())
    if (may_go_elsewhere(entry.task)) in_flight.push_back(entry.task);
  for (auto task = in_flight.rbegin(); task != in_flight.rend(); ++task)  // the last first: the worker begins the oldest
    if (take_back(*task)) owner_.host().task_returned(*task);
  stop_if_done();
}

/// What is held goes out when there is a place.
void Worker::stop_if_done() {
  if (leaves_ && !is_busy()) process_->stop();
}

void Worker::split(const TaskRef& task) {
  const auto* const place = window_.find(task);
  const auto kept = place ? process_->claims().split_chunk(place->number) : std::nullopt;
  if (kept) owner_.host().task_split(task, *kept);
}

/// Kills the process if the first task in flight is the one; else waits until it is.
void Worker::abort(const TaskRef& task) {
  auto* const place = window_.find(task);
  if (!place) return;
  place->is_unwanted = true;
  if (!window_.is_front(*place)) return;
  window_.note_abort(task);
  process_->kill(fmt::format("task {} was ended", task.id()));
}

/// The first task in flight is now the one that the worker runs.
void Worker::next_begins() {
  // Its master has ended what had not begun; this frees its slot.
  const auto given_back = [this](const TaskRef& task) { owner_.host().task_finished(task, Outcome{}); };
  if (window_.front_is_to_be_ended(claims(), given_back))
    return process_->kill(fmt::format("task {} was ended", window_.front().id()));
  if (is_busy()) owner_.host().task_started(window_.front(), id_);
}

void Worker::finish_from_block(const wire::Result& result) {
  Outcome outcome = remote::outcome_of(result);
  try {
    outcome.value = memory::receive_block(process_->take_descriptor(), wire::parse_size_apart(result.value));
  } catch (const memory::NoRoomError& e) {
    outcome.failure = memory::no_room_for("result", e);
  }
  finish_front({{result.id, result.attempt}, std::move(outcome)});
}

void Worker::finish_front(remote::Ended ended) {
  const auto [id, attempt] = ended.which;
  window_.check_next(id, attempt);
  if (process_->outgoing().holds(remote::tag_of(window_.front())))
    throw wire::ProtocolError{"a result before it had the whole task"};
  const TaskRef task = window_.finish(id, attempt);
  held_measures_.give_to(ended.outcome, ended.which);
  next_begins();
  owner_.host().task_finished(task, std::move(ended.outcome));
  put_held();
  stop_if_done();
}

void Worker::ended(const link::WorkerEnd& end) {
  std::string why = end.text();
  std::vector<LostTask> lost;
  if (const auto culprit = window_.blame(claims(), end.broke_down())) {
    owner_.host().task_started(*culprit, id_);
    Outcome outcome;
    outcome.failure = process::to_failure(end.death);
    if (!end.kill_reason.empty()) outcome.failure->cause = Cause::worker_lost;
    outcome.failure->message = "its worker " + why;
    outcome.out = end.out;
    outcome.err = end.err;
    lost.push_back({*culprit, std::move(outcome)});
  } else if (!was_ready() && !end.err.empty()) {
    why += "; it said: " + end.err;
  }
  window_.drop_all();
  if (was_ready()) owner_.host().worker_left(id_, std::move(lost));
  owner_.worker_ended(*this, why);
}

}  // namespace mw::multicore
