#include "remote/remote_worker.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "log/log.hpp"
#include "memory/shared_block.hpp"
#include "process/place.hpp"
#include "remote/task_messages.hpp"

namespace mw::remote {

void RemoteWorker::receive(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const auto room = reader_.prepare();
    const std::size_t size = std::min(room.size(), bytes.size());
    std::memcpy(room.data(), bytes.data(), size);
    reader_.commit(size);
    bytes = bytes.subspan(size);
    while (auto frame = reader_.next()) handle(*frame);
  }
}

RemoteWorker::~RemoteWorker() {
  if (options_.host_files) options_.host_files->leave(*this);
}

void RemoteWorker::handle(const wire::Frame& frame) {
  switch (frame.type) {
    case wire::FrameType::hello: handle_hello(wire::parse_hello(frame.payload)); return;
    case wire::FrameType::result:
    case wire::FrameType::failure: finish_front(ended_of(frame)); return;
    case wire::FrameType::result_in_memory: finish_from_memory(wire::parse_result(frame.payload)); return;
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
    case wire::FrameType::returned: handle_returned(wire::parse_returned(frame.payload)); return;
    case wire::FrameType::split: {
      const auto split = wire::parse_split(frame.payload);
      window_.check_next(split.id, split.attempt);
      return owner_.host().task_split(window_.front(), split.kept);
    }
    case wire::FrameType::gone: handle_gone(wire::parse_failure(frame.payload)); return;
    case wire::FrameType::stopped: {
      is_stopped_ = wire::parse_stopped(frame.payload).is_stopped;
      if (is_ready() && is_busy()) owner_.worker_stopped(*this);
      return;
    }
    case wire::FrameType::file_here: {
      const auto here = wire::parse_file_here(frame.payload);
      const FileVersion* const version = version_of(here.file);
      if (version && options_.host_files) options_.host_files->arrived(*version, *this, here.path);
      return;
    }
    case wire::FrameType::file_missing: return handle_file_missing(wire::parse_file_missing(frame.payload).file);
    case wire::FrameType::note: return log::warn(fmt::format("{}: {}", options_.name, wire::parse_note(frame.payload).text));
    case wire::FrameType::heartbeat: return;
    default: throw wire::ProtocolError{fmt::format("an agent does not send frames of type {}", static_cast<int>(frame.type))};
  }
}

void RemoteWorker::handle_hello(const wire::Hello& hello) {
  if (is_ready()) throw wire::ProtocolError{"a second hello"};
  if (const auto reason = refusal_of(hello, options_.builds)) {
    wire::append(tail(), wire::Refuse{*reason});
    owner_.worker_has_output(*this);
    owner_.host().room_available();  // nobody joins: the answer goes out with the next round, and this asks for one
    return;
  }
  window_.set_places(std::uint64_t{hello.ahead} + 1);
  pid_ = hello.pid;
  if (options_.shares_files && pid_ != 0) follows_stops_.emplace(static_cast<pid_t>(pid_));
  WorkerInfo info = info_of(hello, options_.name);
  info.round_trip = options_.round_trip;
  info.cores = options_.cores;
  info.resources = options_.resources;
  id_ = owner_.host().worker_joined(std::move(info));
  if (rests_) owner_.host().worker_rests(id_, true);
  wire::append(tail(), wire::Welcome{wire::protocol_version, index_of(id_)});
  owner_.worker_has_output(*this);
  owner_.worker_ready(*this);
}

std::string RemoteWorker::doing() const { return text_of(window_.front()); }

void RemoteWorker::send(const TaskRef& task) {
  window_.hold(task);
  put_held();
}

void RemoteWorker::put_held() {
  while (const auto* one = window_.put_next()) put(one->task);
}

void RemoteWorker::put(const TaskRef& task) {
  wire::Task message = message_of(task, Hears::meanwhile);
  const auto arguments = task.arguments();
  memory::SharedBlock* const block = TaskAccess::block(task);
  if (!message.terms.files.empty() && !options_.shares_files) place_files(message.terms);
  if (options_.shares_files) message.terms.outputs_folder = TaskAccess::outputs_folder(task);
  if (!message.terms.shared.empty()) place_shared(message.terms);
  if (block && block->is_ours() && options_.shares_memory) {
    block->set_lent(true);
    wire::append_task_in_memory(
        tail(), message,
        {static_cast<std::uint32_t>(::getpid()), static_cast<std::uint32_t>(block->fd()), block->inode(), arguments.size()});
  } else if (arguments.size() <= copied_up_to) {
    message.arguments = arguments;
    wire::append(tail(), message);
  } else {
    wire::append_task_header(tail(), message, arguments.size());
    pieces_.back().payload = payload_of(task);
  }
  owner_.worker_has_output(*this);
  if (window_.size() == 1) owner_.host().task_started(task, id_);
}

/// Sends the files that the agent does not have, and names each by its number.
void RemoteWorker::place_files(wire::Terms& terms) {
  for (DataFile& file : terms.files) {
    auto feed = FileFeed::open(file.from);
    if (!feed) continue;  // the worker will not find it either, and says so
    const auto [place, is_new] = files_.try_emplace(feed->version(), last_file_ + 1);
    file.from = fmt::format("#{}", place->second);
    if (is_new) send_file(std::move(feed), ++last_file_);
  }
}

/// Unless it comes to its host for another worker: then it waits for that, and so does what is sent behind it.
void RemoteWorker::send_file(std::unique_ptr<FileFeed> feed, std::uint64_t file) {
  feed->set_number(file);
  HostFiles::Answer answer{HostFiles::Way::bring};
  if (options_.host_files && !brings_all_) {
    answer = options_.host_files->ask(feed->version(), *this, file);
    feed->ask_where();
  }
  if (answer.way == HostFiles::Way::link) return wire::append(tail(), wire::FileLink{file, answer.path});
  Piece& piece = pieces_.emplace_back();
  piece.feed = std::move(feed);
  if (answer.way == HostFiles::Way::wait) piece.waits_for = file;
}

/// Null if it waits for no such file.
RemoteWorker::Piece* RemoteWorker::piece_of(std::uint64_t file) {
  const auto place = std::find_if(pieces_.begin(), pieces_.end(), [&](const Piece& piece) { return piece.waits_for == file; });
  return place == pieces_.end() ? nullptr : &*place;
}

void RemoteWorker::bring_file(std::uint64_t file) {
  if (Piece* const piece = piece_of(file)) piece->waits_for = 0;
  owner_.worker_has_output(*this);
}

void RemoteWorker::link_file(std::uint64_t file, const std::string& path) {
  if (Piece* const piece = piece_of(file)) {
    piece->waits_for = 0;
    piece->feed.reset();
    wire::append(piece->bytes, wire::FileLink{file, path});
  }
  owner_.worker_has_output(*this);
}

void RemoteWorker::skip_file(std::uint64_t file) {
  if (Piece* const piece = piece_of(file)) {
    piece->waits_for = 0;
    piece->feed.reset();
  }
  owner_.worker_has_output(*this);
}

/// Null if it has no such file.
const FileVersion* RemoteWorker::version_of(std::uint64_t file) const {
  for (const auto& [version, number] : files_)
    if (number == file) return &version;
  for (const auto& [number, copy] : shared_)
    if (copy.file == file) return &copy.version;
  return nullptr;
}

/// Its agent gives the tasks back that name it. The next one that needs it brings it.
void RemoteWorker::handle_file_missing(std::uint64_t file) {
  brings_all_ = true;
  std::erase_if(files_, [file](const auto& one) { return one.second == file; });
  std::erase_if(shared_, [file](const auto& one) { return one.second.file == file; });
}

/// The same for shared values, each of which it gets once, whichever of its processes asks for it.
void RemoteWorker::place_shared(wire::Terms& terms) {
  for (SharedInput& one : terms.shared) {
    const auto [place, is_new] = shared_.try_emplace(one.number);
    if (options_.shares_memory) continue;
    if (is_new) {
      auto feed = FileFeed::open(one.from);
      if (!feed) {
        shared_.erase(place);
        continue;  // the worker says that it is not there
      }
      place->second = {++last_file_, feed->version()};
      send_file(std::move(feed), place->second.file);
    }
    one.from = fmt::format("#{}", place->second.file);
    one.inode = 0;
  }
}

void RemoteWorker::forget_shared(std::uint64_t number) {
  const auto place = shared_.find(number);
  if (place == shared_.end()) return;
  if (options_.host_files && place->second.file != 0) options_.host_files->forget(place->second.version);
  wire::append(tail(), wire::Forget{number, place->second.file});
  shared_.erase(place);
  owner_.worker_has_output(*this);
}

Bytes& RemoteWorker::tail() {
  constexpr std::size_t piece_size = 64 * 1024;
  const bool has_room = !pieces_.empty() && pieces_.back().is_open() && pieces_.back().bytes.size() < piece_size &&
                        (pieces_.size() > 1 || taken_ == 0);
  return has_room ? pieces_.back().bytes : pieces_.emplace_back().bytes;
}

std::size_t RemoteWorker::take_output(Bytes& to, std::size_t limit) {
  const std::size_t before = to.size();
  while (has_output() && to.size() - before < limit) {
    Piece& piece = pieces_.front();
    if (piece.feed && taken_ == piece.bytes.size()) {
      piece.bytes.clear();
      taken_ = 0;
      if (!piece.feed->next(piece.bytes)) piece.feed.reset();
    }
    const auto copy = [&](std::span<const std::byte> part, std::size_t from) {
      const std::size_t size = std::min(limit - (to.size() - before), part.size() - from);
      to.append(part.data() + from, size);
      taken_ += size;
    };
    if (taken_ < piece.bytes.size()) copy(piece.bytes.span(), taken_);
    if (taken_ >= piece.bytes.size()) copy(piece.payload.bytes, taken_ - piece.bytes.size());
    if (taken_ < piece.size() || piece.feed) continue;
    pieces_.pop_front();
    taken_ = 0;
  }
  return to.size() - before;
}

bool RemoteWorker::is_unsent(const TaskRef& task) const {
  return std::any_of(pieces_.begin(), pieces_.end(), [&](const Piece& piece) { return piece.payload.tag == tag_of(task); });
}

bool RemoteWorker::take_back(const TaskRef& task) {
  if (window_.drop_held(task)) return true;
  auto* const place = window_.find(task);
  if (!place || std::exchange(place->is_asked_back, true)) return false;
  wire::append(tail(), wire::Cancel{task.id(), task.attempt(), false});
  owner_.worker_has_output(*this);
  return false;
}

void RemoteWorker::leave() {
  if (!is_ready()) return;
  owner_.host().worker_leaves(id_);
  ask_back_unbegun();
}

void RemoteWorker::rest(bool rests) {
  if (std::exchange(rests_, rests) == rests || !is_ready()) return;
  owner_.host().worker_rests(id_, rests);
  if (rests) ask_back_unbegun();
}

void RemoteWorker::ask_back_unbegun() {
  for (const TaskRef& task : window_.drop_all_held()) owner_.host().task_returned(task);
  for (auto& entry : window_.in_flight()) {
    if (window_.is_front(entry) || std::exchange(entry.is_asked_back, true)) continue;
    wire::append(tail(), wire::Cancel{entry.task.id(), entry.task.attempt(), false});
  }
  owner_.worker_has_output(*this);
}

void RemoteWorker::abort(const TaskRef& task) {
  if (!window_.find(task)) return;
  window_.note_abort(task);
  wire::append(tail(), wire::Cancel{task.id(), task.attempt(), true});
  owner_.worker_has_output(*this);
}

void RemoteWorker::split(const TaskRef& task) {
  if (!window_.find(task)) return;
  wire::append(tail(), wire::Split{task.id(), task.attempt()});
  owner_.worker_has_output(*this);
}

void RemoteWorker::handle_returned(const wire::Returned& returned) {
  const auto* const place = window_.find(returned.id, returned.attempt);
  if (!place) throw wire::ProtocolError{"a task returned that it was not given"};
  const bool was_front = window_.is_front(*place);
  const TaskRef task = window_.remove(*place);
  if (was_front) next_begins();
  owner_.host().task_returned(task);
  put_held();
}

void RemoteWorker::next_begins() {
  if (is_busy()) owner_.host().task_started(window_.front(), id_);
}

void RemoteWorker::finish_front(Ended ended) {
  const auto [id, attempt] = ended.which;
  window_.check_next(id, attempt);
  if (is_unsent(window_.front())) throw wire::ProtocolError{"a result before it had the whole task"};
  const TaskRef task = window_.finish(id, attempt);
  held_measures_.give_to(ended.outcome, ended.which);
  next_begins();
  owner_.host().task_finished(task, std::move(ended.outcome));
  owner_.task_done(*this, task);
  put_held();
}

void RemoteWorker::finish_from_memory(const wire::Result& result) {
  const wire::MemoryPlace place = wire::parse_memory_place(result.value);
  Outcome outcome = outcome_of(result);
  try {
    outcome.value = memory::receive_block(process::open_descriptor({place.pid, place.descriptor, place.inode}), place.size);
  } catch (const memory::NoRoomError& e) {
    outcome.failure = memory::no_room_for("result", e);
  }
  finish_front({{result.id, result.attempt}, std::move(outcome)});
}

void RemoteWorker::handle_gone(wire::FailureMessage message) {
  const auto* const place = window_.find(message.id, message.attempt);
  const TaskRef culprit = place ? place->task : TaskRef{};
  const std::string why = message.failure.message;
  if (culprit) message.failure.message = "its worker " + why;
  report_end(culprit, outcome_of(std::move(message)), why);
}

void RemoteWorker::lost(const std::string& why, const Failure& failure) {
  Outcome outcome;
  outcome.failure = failure;
  pieces_.clear();
  taken_ = 0;
  if (options_.host_files) options_.host_files->lost(*this);
  report_end(is_busy() ? window_.front() : TaskRef{}, std::move(outcome), why);
}

void RemoteWorker::left(const std::string& why) {
  pieces_.clear();
  taken_ = 0;
  if (options_.host_files) options_.host_files->lost(*this);
  report_end({}, {}, why);
}

/// What the culprit lost is its loss; the others had not begun, or their results are gone, and they go elsewhere.
void RemoteWorker::report_end(const TaskRef& culprit, Outcome outcome, const std::string& why) {
  const bool was_ready = is_ready();
  std::vector<LostTask> lost;
  if (culprit) {
    owner_.host().task_started(culprit, id_);
    lost.push_back({culprit, std::move(outcome)});
  }
  const WorkerId id = std::exchange(id_, any_worker);
  last_end_ = {culprit ? culprit.id() : 0, window_.was_aborted()};
  window_.reset();
  is_stopped_ = false;
  follows_stops_.reset();
  if (was_ready) owner_.host().worker_left(id, std::move(lost));
  owner_.process_ended(*this, was_ready, why);
}

}  // namespace mw::remote
