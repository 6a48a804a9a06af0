#include "agent/agent.hpp"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>
#include <boost/asio/io_context.hpp>

#include "memory/shared_block.hpp"
#include "parse/number.hpp"
#include "process/place.hpp"

namespace mw::agent {
namespace {

/// Messages are collected up to this size.
constexpr std::size_t piece_size = 64 * 1024;

}  // namespace

Agent::Agent(boost::asio::io_context& io, AgentOptions options)
    : io_{io}, options_{std::move(options)}, files_{options_.files_folder, options_.files_seen_as}, again_{io} {}
Agent::~Agent() = default;

void Agent::start() { start_worker(); }

void Agent::start_worker() {
  said_hello_ = false;
  process_ = std::make_shared<link::WorkerProcess>(io_, static_cast<link::WorkerUser&>(*this), options_.program);
  try {
    process_->start();
  } catch (const Error& e) {
    process_.reset();
    Failure failure;
    failure.cause = Cause::not_started;
    failure.message = e.what();
    report_gone({}, std::move(failure), {}, {});
    start_again(starts_.next());
  }
}

void Agent::start_again(std::chrono::nanoseconds delay) {
  again_.expires_after(delay);
  again_.async_wait([this](boost::system::error_code error) {
    if (!error && !stopped_) start_worker();
  });
}

Bytes& Agent::output_tail() {
  if (output_.empty() || output_.back().size() >= piece_size) output_.emplace_back();
  return output_.back();
}

std::optional<Bytes> Agent::next_output() {
  if (output_.empty()) return std::nullopt;
  Bytes first = std::move(output_.front());
  output_.pop_front();
  return first;
}

std::size_t Agent::backlog() const noexcept { return process_ ? process_->outgoing().size() : 0; }

void Agent::flush() {
  if (process_) process_->flush();
}

bool Agent::plain_task(std::uint64_t id, std::uint32_t attempt) {
  if (!takes(id, attempt)) return false;
  begin(id, attempt);
  return true;
}

/// False for a task that is for a worker that has died, or goes back at once.
bool Agent::takes(std::uint64_t id, std::uint32_t attempt) {
  if (is_welcome_ && !is_lent_) wire::append(output_tail(), wire::Returned{id, attempt});
  return is_welcome_ && is_lent_;
}

/// The last one first: none is begun while one that came before it is on its way back.
void Agent::lend(bool is_lent) {
  is_lent_ = is_lent;
  if (is_lent || !is_welcome_ || !process_) return;
  while (!window_.is_empty()) {
    const auto& last = window_.in_flight().back();
    if (!process_->claims().take_back(last.number)) return;
    give_back(window_.remove(last));
  }
}

void Agent::pass(std::span<const std::byte> bytes) { process_->outgoing().tail().append(bytes.data(), bytes.size()); }

void Agent::begin(std::uint64_t id, std::uint32_t attempt) {
  const std::uint64_t number = window_.put({{id, attempt}}).number;
  if (claims_tasks_) process_->claims().offer(number);
}

void Agent::whole(const wire::Frame& frame) {
  switch (frame.type) {
    case wire::FrameType::welcome:
      wire::parse_welcome(frame.payload);
      if (!is_answer_to_this_one()) return;
      is_welcome_ = true;
      starts_.reset();
      process_->greeted();
      pass({frame.payload.data() - wire::header_size, frame.payload.size() + wire::header_size});
      return;
    case wire::FrameType::refuse:
      if (!is_answer_to_this_one()) return;
      pass({frame.payload.data() - wire::header_size, frame.payload.size() + wire::header_size});
      process_->flush();
      process_->stop(wire::parse_refuse(frame.payload).reason);
      return;
    case wire::FrameType::task:
    case wire::FrameType::task_in_memory: {
      wire::Task task = wire::parse_task(frame.payload);
      if (!takes(task.id, task.attempt)) return;
      return frame.type == wire::FrameType::task ? handle_task(std::move(task)) : handle_task_in_memory(std::move(task));
    }
    case wire::FrameType::cancel: handle_cancel(wire::parse_cancel(frame.payload)); return;
    case wire::FrameType::split: handle_split(wire::parse_split(frame.payload)); return;
    case wire::FrameType::forget: handle_forget(wire::parse_forget(frame.payload)); return;
    case wire::FrameType::file_piece: handle_file_piece(wire::parse_file_piece(frame.payload)); return;
    case wire::FrameType::file_link: handle_file_link(wire::parse_file_link(frame.payload)); return;
    case wire::FrameType::heartbeat: return;
    default: throw wire::ProtocolError{fmt::format("a master does not send frames of type {}", static_cast<int>(frame.type))};
  }
}

/// The master answers each hello, in their order. What it says to a process that has died meanwhile, and gives to it,
/// is not for the next one.
bool Agent::is_answer_to_this_one() {
  if (unanswered_hellos_ == 0) throw wire::ProtocolError{"an answer to no hello"};
  return --unanswered_hellos_ == 0 && process_ && said_hello_;
}

namespace {

/// Files that came from the master have a number in place of a path. False if one is missing that the master believes
/// to be here.
bool name_files(wire::Terms& terms, const FileStore& store) {
  bool has_all = true;
  const auto name = [&](std::string& from) {
    if (from.empty() || from.front() != '#') return;
    const auto number = parse::leading_number<std::uint64_t>(std::string_view{from}.substr(1)).value_or(0);
    has_all = has_all && !store.is_missing(number);
    from = store.path_of(number);
  };
  for (DataFile& file : terms.files) name(file.from);
  for (SharedInput& one : terms.shared) name(one.from);
  return has_all;
}

}  // namespace

void Agent::handle_file_piece(const wire::FilePiece& piece) {
  files_.add(piece);
  if (piece.is_last && piece.is_asked_for) wire::append(output_tail(), wire::FileHere{piece.file, files_.own_path_of(piece.file)});
}

void Agent::handle_file_link(const wire::FileLink& link) {
  files_.link(link);
  if (files_.is_missing(link.file)) wire::append(output_tail(), wire::FileMissing{link.file});
}

void Agent::handle_task(wire::Task task) {
  if (!name_files(task.terms, files_)) {
    wire::append(output_tail(), wire::Returned{task.id, task.attempt});
    return;
  }
  begin(task.id, task.attempt);
  if (task.terms.has_folder()) process_->expect_folder();
  wire::append(process_->outgoing().tail(), task);
}

void Agent::handle_task_in_memory(wire::Task task) {
  const wire::MemoryPlace place = wire::parse_memory_place(task.arguments);
  std::shared_ptr<process::UniqueFd> descriptor;
  try {
    descriptor = std::make_shared<process::UniqueFd>(process::open_descriptor({place.pid, place.descriptor, place.inode}));
  } catch (const InterfaceError&) {
    // Its master has given it up meanwhile.
    wire::append(output_tail(), wire::Returned{task.id, task.attempt});
    return;
  }
  if (descriptor->get() < 0) {
    // It waits in the queue until there is one.
    wire::append(output_tail(), wire::Returned{task.id, task.attempt});
    return;
  }
  if (!name_files(task.terms, files_)) {
    wire::append(output_tail(), wire::Returned{task.id, task.attempt});
    return;
  }
  begin(task.id, task.attempt);
  if (task.terms.has_folder()) process_->expect_folder();
  wire::append_task_apart(process_->outgoing().new_tail(), task, place.size);
  process_->outgoing().attach_descriptor(descriptor->get(), descriptor);
}

void Agent::handle_cancel(const wire::Cancel& cancel) {
  auto* const place = window_.find(cancel.id, cancel.attempt);
  if (!place) return;
  const bool is_front = window_.is_front(*place);
  if (process_->claims().take_back(place->number)) {
    give_back(window_.remove(*place));
    if (is_front) next_begins();
  } else if (cancel.end) {
    place->is_unwanted = true;
    if (is_front) next_begins();
  }
}

void Agent::handle_split(wire::Split split) {
  auto* const place = window_.find(split.id, split.attempt);
  const auto kept = place ? process_->claims().split_chunk(place->number) : std::nullopt;
  if (!kept) return;
  split.kept = *kept;
  wire::append(output_tail(), split);
}

/// A process that has it mapped reads on in what is removed here.
void Agent::handle_forget(const wire::Forget& forget) {
  files_.remove(forget.file);
  if (is_welcome_) wire::append(process_->outgoing().tail(), wire::Forget{.number = forget.number});
}

void Agent::give_back(const Given& task) { wire::append(output_tail(), wire::Returned{task.id(), task.attempt()}); }

/// The first task in flight is now the one that the worker runs.
void Agent::next_begins() {
  const auto claim = [this](std::uint64_t number) { return process_->claims().take_back(number); };
  if (window_.front_is_to_be_ended(claim, [this](const Given& task) { give_back(task); }))
    process_->kill(fmt::format("task {} was ended", window_.front().id()));
}

/// Nothing that its master could not read, or did not ask for, goes on: its master would have to take this process for
/// broken, too.
void Agent::frame(const wire::Frame& frame) {
  if (!said_hello_ && frame.type != wire::FrameType::hello)
    throw wire::ProtocolError{"its first words were no hello; does main() call mw::init(argc, argv) first?"};
  switch (frame.type) {
    case wire::FrameType::hello:
      if (std::exchange(said_hello_, true)) throw wire::ProtocolError{"a second hello"};
      claims_tasks_ = wire::parse_hello(frame.payload).ahead > 0;
      ++unanswered_hellos_;
      return pass_on(frame);
    case wire::FrameType::result: {
      const auto result = wire::parse_result(frame.payload);
      check_is_next(result.id, result.attempt);
      pass_on(frame);
      return finish_front(result.id, result.attempt);
    }
    case wire::FrameType::result_apart: return pass_result_apart(frame);
    case wire::FrameType::failure: {
      const auto failure = wire::parse_failure(frame.payload);
      check_is_next(failure.id, failure.attempt);
      pass_on(frame);
      return finish_front(failure.id, failure.attempt);
    }
    case wire::FrameType::progress: wire::parse_progress(frame.payload); return pass_on(frame);
    case wire::FrameType::part: {
      const auto part = wire::parse_part(frame.payload);
      window_.check_next(part.id, part.attempt);
      return pass_on(frame);
    }
    case wire::FrameType::checkpoint: {
      const auto checkpoint = wire::parse_checkpoint(frame.payload);
      window_.check_next(checkpoint.id, checkpoint.attempt);
      return pass_on(frame);
    }
    case wire::FrameType::measures: {
      const auto measured = wire::parse_measured(frame.payload);
      window_.check_next(measured.id, measured.attempt);
      return pass_on(frame);
    }
    case wire::FrameType::note: wire::parse_note(frame.payload); return pass_on(frame);
    case wire::FrameType::heartbeat: return;
    default: throw wire::ProtocolError{fmt::format("a worker does not send frames of type {}", static_cast<int>(frame.type))};
  }
}

void Agent::pass_on(const wire::Frame& frame) {
  output_tail().append(frame.payload.data() - wire::header_size, frame.payload.size() + wire::header_size);
}

void Agent::check_is_next(std::uint64_t id, std::uint32_t attempt) const {
  window_.check_next(id, attempt);
  if (window_.size() == 1 && relay_.is_mid_task()) throw wire::ProtocolError{"a result before it had the whole task"};
}

void Agent::finish_front(std::uint64_t id, std::uint32_t attempt) {
  window_.finish(id, attempt);
  next_begins();
}

/// The value lies in memory that the worker shares with this process: either the master can reach it, too, or it goes
/// out as bytes.
void Agent::pass_result_apart(const wire::Frame& frame) {
  const auto result = wire::parse_result(frame.payload);
  check_is_next(result.id, result.attempt);
  const std::uint64_t size = wire::parse_size_apart(result.value);
  process::UniqueFd descriptor = process_->take_descriptor();
  if (descriptor.get() < 0) return finish_without_value(result, memory::NoRoomError{"its rank has no descriptor free (ulimit -n)"});
  if (options_.shares_memory) {
    memory::check_block(descriptor.get(), static_cast<std::size_t>(size));
    wire::append_result_in_memory(output_tail(), result, lent_.keep(std::move(descriptor), size));
  } else {
    Bytes value;
    try {
      value = memory::receive_block(std::move(descriptor), static_cast<std::size_t>(size));
    } catch (const memory::NoRoomError& e) {
      return finish_without_value(result, e);
    }
    wire::Result header = result;
    header.value = value.span();
    wire::append_result_header(output_tail(), header);
    output_.push_back(std::move(value));
    output_.emplace_back();  // nothing is appended to the worker's own memory
  }
  finish_front(result.id, result.attempt);
}

void Agent::finish_without_value(const wire::Result& result, const memory::NoRoomError& why) {
  wire::append(output_tail(), wire::FailureMessage{result.id, result.attempt, result.run_ns, result.out, result.err,
                                                   memory::no_room_for("result", why)});
  finish_front(result.id, result.attempt);
}

void Agent::ended(const link::WorkerEnd& end) {
  ended_process_ = std::move(process_);
  if (stopped_) return std::exchange(stopped_, [] {})();
  const auto claim = [this](std::uint64_t number) { return ended_process_->claims().take_back(number); };
  const Given culprit = window_.blame(claim, end.broke_down()).value_or(Given{});
  Failure failure = process::to_failure(end.death);
  if (!end.kill_reason.empty()) failure.cause = Cause::worker_lost;
  failure.message = end.text();
  const bool was_welcome = is_welcome_;
  if (!was_welcome && !end.err.empty()) failure.message += "; it said: " + end.err;
  report_gone(culprit, std::move(failure), end.out, end.err);
  start_again(was_welcome ? std::chrono::nanoseconds{0} : starts_.next());
}

/// `culprit` has no number where nobody is to blame.
void Agent::report_gone(const Given& culprit, Failure failure, const std::string& out, const std::string& err) {
  wire::FailureMessage message;
  message.id = culprit.id();
  message.attempt = culprit.attempt();
  message.out = std::as_bytes(std::span{out});
  message.err = std::as_bytes(std::span{err});
  message.failure = std::move(failure);
  wire::append_gone(output_tail(), message);
  relay_.drop_rest();
  window_.reset();
  is_welcome_ = false;
}

void Agent::stop(std::function<void()> stopped) {
  stopped_ = std::move(stopped);
  boost::system::error_code ignored;
  again_.cancel(ignored);
  if (process_) return process_->stop();
  std::exchange(stopped_, [] {})();
}

}  // namespace mw::agent
