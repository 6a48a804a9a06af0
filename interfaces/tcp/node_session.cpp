#include "tcp/node_session.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include <fmt/format.h>

#include <mw/detail/task_access.hpp>

#include "log/log.hpp"
#include "net/key_file.hpp"
#include "resources/shares.hpp"
#include "wire/mux.hpp"

namespace mw::tcp {
namespace {

/// A round trip over a network: what a worker would wait for its next task.
constexpr std::chrono::microseconds round_trip{500};
/// Of the program, so much waits for the network at a time.
constexpr std::size_t most_of_build = std::size_t{1} << 20;
constexpr std::size_t build_step = 128 * 1024;

channel::Times times_of(const TcpOptions& options) {
  channel::Times times;
  times.lost_after = options.lost_after;
  return times;
}

}  // namespace

std::string worker_name(const std::string& node, std::uint32_t slot) { return fmt::format("tcp worker {}/{}", node, slot); }

NodeSession::NodeSession(NodeOwner& owner, channel::Channel::Socket socket)
    : owner_{owner},
      channel_{std::make_shared<channel::Channel>(
          std::move(socket), tls::Session::server([&owner](std::string_view name) { return owner.find_key(name); }),
          static_cast<channel::ChannelUser&>(*this), times_of(owner.options()))},
      name_{channel_->address()},
      wants_timer_{owner.host().io()} {}

NodeSession::~NodeSession() { channel_->close(); }

std::string NodeSession::text() const { return is_greeted() ? fmt::format("the node {} ({})", name_, channel_->address()) : name_; }

void NodeSession::frame(const wire::Frame& frame) {
  switch (frame.type) {
    case wire::FrameType::node_hello: return handle_hello(wire::parse_node_hello(frame.payload));
    case wire::FrameType::build_wanted: return handle_wanted(wire::parse_build_wanted(frame.payload));
    case wire::FrameType::relay: {
      const auto relay = wire::parse_relay(frame.payload);
      slot_of(relay.rank).worker->receive(relay.bytes);
      return leave_if_idle();
    }
    case wire::FrameType::credit: {
      const auto credit = wire::parse_credit(frame.payload);
      static_cast<void>(slot_of(credit.rank));
      streams_.give_credit(credit.rank, credit.bytes);
      return flush();
    }
    case wire::FrameType::slot_lent: return handle_slot_lent(wire::parse_slot_lent(frame.payload));
    case wire::FrameType::node_shared: return handle_shared(wire::parse_node_shared(frame.payload).is_shared);
    case wire::FrameType::bye: return handle_bye();
    case wire::FrameType::refuse: return be_refused(wire::parse_refuse(frame.payload).reason);
    default: throw wire::ProtocolError{fmt::format("a node does not send frames of type {}", static_cast<int>(frame.type))};
  }
}

void NodeSession::handle_hello(const wire::NodeHello& hello) {
  if (phase_ != Phase::greeting) throw wire::ProtocolError{"a second hello"};
  hello_ = hello;
  // Its key is that of this name, whatever it calls itself.
  name_ = owner_.unique_name(std::string{net::node_in(channel_->identity()).value_or("node")});
  if (hello.version != wire::protocol_version)
    return refuse(fmt::format("it speaks version {} of the protocol and the master version {}: update the {}", hello.version,
                              wire::protocol_version, hello.version < wire::protocol_version ? "node" : "master"));
  try {
    build_ = owner_.builds().find(hello.platform);
  } catch (const InterfaceError& e) {
    return refuse(e.what());
  }
  if (!build_) return refuse(owner_.builds().why_not(hello.platform));
  phase_ = Phase::sending_build;
  owner_.node_greeted(*this);
  const auto lost_after = std::min<std::int64_t>(owner_.options().lost_after.count(), UINT32_MAX);
  wire::append(channel_->outgoing().tail(), wire::NodeWelcome{.program = owner_.builds().program(),
                                                              .sha256 = build_->sha256,
                                                              .size = build_->size,
                                                              .threads = owner_.options().threads,
                                                              .lost_after_ms = static_cast<std::uint32_t>(lost_after)});
  channel_->flush();
}

/// The first time it asks, the second time it tells.
void NodeSession::handle_bye() {
  if (std::exchange(leaves_, true) || phase_ != Phase::running) return end("it was told to stop");
  start_leaving();
}

void NodeSession::let_go() {
  if (leaves_ || phase_ != Phase::running) return;
  leaves_ = was_let_go_ = true;
  start_leaving();
}

void NodeSession::start_leaving() {
  for (Slot& slot : workers_) slot.worker->leave();
  flush();
  leave_if_idle();
}

bool NodeSession::is_busy() const {
  return std::any_of(workers_.begin(), workers_.end(), [](const Slot& slot) { return slot.worker->is_busy(); });
}

bool NodeSession::take_idle() {
  if (std::exchange(was_used_, false) || is_busy()) return false;
  return std::none_of(workers_.begin(), workers_.end(),
                      [this](const Slot& slot) { return slot.worker->is_ready() && host().is_needed(slot.worker->id()); });
}

void NodeSession::leave_if_idle() {
  if (!leaves_ || phase_ != Phase::running || is_busy()) return;
  wire::append(channel_->outgoing().tail(), wire::Bye{});
  channel_->flush();
  end(was_let_go_ ? "it was not needed any more" : "it was told to stop, and has nothing more to do");
}

void NodeSession::refuse(const std::string& why) {
  wire::append(channel_->outgoing().tail(), wire::Refuse{why});
  channel_->flush();
  phase_ = Phase::over;
  channel_->close();
  owner_.node_refused(*this, why);
}

/// It cannot run the program: its disk is full, say.
void NodeSession::be_refused(const std::string& why) {
  if (phase_ != Phase::sending_build) throw wire::ProtocolError{"it refuses a program that it has, or was not offered"};
  phase_ = Phase::over;
  channel_->close();
  owner_.node_refused(*this, why);
}

void NodeSession::handle_wanted(const wire::BuildWanted& wanted) {
  if (phase_ != Phase::sending_build) throw wire::ProtocolError{"it asks for a program that it has, or was not offered"};
  if (wanted.offset > build_->size)
    throw wire::ProtocolError{fmt::format("it has {} bytes of a program of {}", wanted.offset, build_->size)};
  if (wanted.offset == build_->size) return start_workers();
  build_sent_ = wanted.offset;
  send_build();
}

void NodeSession::send_build() {
  std::vector<std::byte> piece(build_step);
  while (build_sent_ < build_->size && channel_->unsent() < most_of_build) {
    const std::uint64_t rest = build_->size - build_sent_;
    const auto room = std::span{piece}.first(static_cast<std::size_t>(std::min<std::uint64_t>(rest, piece.size())));
    const std::size_t size = build_->read(build_sent_, room);
    wire::append(channel_->outgoing().tail(), wire::BuildPiece{room.first(size)});
    build_sent_ += size;
    channel_->flush();
  }
}

void NodeSession::start_workers() {
  phase_ = Phase::running;
  files_ = std::make_shared<remote::HostFiles>();
  workers_.resize(hello_.slots);
  const resources::Machine machine{hello_.cores, hello_.memory, hello_.gpus};
  auto shares = resources::shares_of(machine, {hello_.cores_each, hello_.memory_each, {}, hello_.labels}, hello_.slots);
  for (std::uint32_t i = 0; i < hello_.slots; ++i) {
    const std::uint32_t number = i + 1;
    workers_[i].worker = std::make_unique<remote::RemoteWorker>(static_cast<remote::RemoteOwner&>(*this),
                                                                remote::RemoteWorker::Options{.name = worker_name(name_, number),
                                                                                              .builds = build_->kind,
                                                                                              .round_trip = round_trip,
                                                                                              .cores = hello_.cores,
                                                                                              .resources = std::move(shares[i]),
                                                                                              .host_files = files_});
    workers_[i].worker->rest(true);
    number_of_[workers_[i].worker.get()] = number;
    streams_.add(number, *workers_[i].worker);
  }
}

void NodeSession::handle_slot_lent(const wire::SlotLent& lent) {
  Slot& slot = slot_of(lent.slot);
  slot.is_lent = lent.is_lent;
  rest_workers();
}

void NodeSession::allow(std::size_t workers, bool awaits_success) {
  awaits_success_ = awaits_success;
  if (std::exchange(allowed_, workers) == workers || phase_ != Phase::running) return;
  rest_workers();
  say_wanted();
}

/// Those whose slots others have, and, where only some may be given tasks, the others. But what a task waits for that
/// no other worker may have goes on.
void NodeSession::rest_workers() {
  std::size_t allowed = allowed_;
  for (Slot& slot : workers_) {
    remote::RemoteWorker& worker = *slot.worker;
    const bool is_awaited = worker.is_ready() && worker.id() == awaited_;
    const bool may_work = slot.is_lent && (allowed > 0 || is_awaited);
    if (may_work && allowed > 0 && worker.is_ready()) --allowed;
    worker.rest(!may_work);
  }
}

void NodeSession::task_done(remote::RemoteWorker&, const TaskRef& task) {
  if (awaits_success_ && !TaskAccess::is_start(task)) owner_.task_done(*this);
}

void NodeSession::handle_shared(bool is_shared) {
  if (phase_ != Phase::running) throw wire::ProtocolError{"it speaks of other masters before it has slots"};
  if (std::exchange(is_shared_, is_shared) == is_shared) return;
  wants_.forget();
  owner_.node_shared(*this, is_shared);
}

void NodeSession::tasks_wait(std::size_t tasks, WorkerId resting) {
  waiting_ = tasks;
  awaited_ = resting;
  if (is_limited()) rest_workers();
  say_wanted();
}

/// As many slots as there are tasks for them: those that lie here, and those that wait. If there is one that has
/// nothing to do, what waits is not for this node.
wire::SlotsWanted NodeSession::wanted() const {
  wire::SlotsWanted wanted;
  std::size_t tasks = 0;
  bool has_idle = false;
  for (const Slot& slot : workers_) {
    tasks += slot.worker->task_count();
    has_idle = has_idle || (slot.worker->is_ready() && !slot.worker->rests() && !slot.worker->is_busy());
    if (awaited_ != any_worker && slot.worker->id() == awaited_) wanted.first = number_of_.at(slot.worker.get());
  }
  if (!has_idle) tasks += waiting_;
  tasks = std::min(tasks, allowed_);
  if (wanted.first != 0) ++tasks;
  wanted.slots = static_cast<std::uint32_t>(std::min(tasks, workers_.size()));
  return wanted;
}

void NodeSession::say_wanted() {
  if (!is_shared_ || phase_ != Phase::running) return;
  if (const auto word = wants_.say(wanted(), std::chrono::steady_clock::now().time_since_epoch())) {
    wire::append(channel_->outgoing().tail(), *word);
    owner_.has_output(*this);
  }
  const auto due = wants_.due();
  if (!due) return static_cast<void>(wants_timer_.cancel());
  const std::chrono::steady_clock::time_point when{*due};
  if (wants_timer_.expiry() == when) return;
  wants_timer_.expires_at(when);
  wants_timer_.async_wait([this, there = std::weak_ptr{is_there_}](boost::system::error_code error) {
    if (error || there.expired()) return;
    say_wanted();
    flush();
  });
}

NodeSession::Slot& NodeSession::slot_of(std::uint32_t number) {
  if (number == 0 || number > workers_.size()) throw wire::ProtocolError{"words of a slot that is none"};
  return workers_[number - 1];
}

NodeSession::Slot& NodeSession::slot_of(const remote::RemoteWorker& worker) { return workers_[number_of_.at(&worker) - 1]; }

void NodeSession::flush() {
  if (phase_ == Phase::over) return;
  if (phase_ == Phase::sending_build) send_build();
  streams_.fill(channel_->outgoing());
  channel_->flush();
}

void NodeSession::forget_shared(std::uint64_t number) {
  if (phase_ == Phase::over) return;
  for (Slot& slot : workers_) slot.worker->forget_shared(number);
}

void NodeSession::worker_ready(remote::RemoteWorker& worker) {
  Slot& slot = slot_of(worker);
  slot.failed_to_start = false;
  slot.why.clear();
  owner_.worker_ready(*this, worker);
  if (is_limited()) rest_workers();
  if (leaves_) worker.leave();
}

void NodeSession::worker_has_output(remote::RemoteWorker& worker) {
  if (phase_ == Phase::over) return;
  streams_.has_output(number_of_.at(&worker));
  owner_.has_output(*this);
}

void NodeSession::worker_stopped(remote::RemoteWorker& worker) {
  const std::string who = fmt::format("{} (process {} on {})", worker.name(), worker.pid(), hello_.host);
  if (worker.is_stopped())
    log::warn(fmt::format("{} is stopped in {}, which waits until it goes on (kill -CONT {}) or is ended", who, worker.doing(),
                          worker.pid()));
  else
    log::warn(who + " goes on");
}

void NodeSession::process_ended(remote::RemoteWorker& worker, bool was_ready, const std::string& why) {
  owner_.worker_gone(*this, worker, was_ready, why);
  Slot& slot = slot_of(worker);
  if (phase_ == Phase::over || was_ready) return;
  slot.why = why;
  // Once: it is tried again and again, and most likely the reason stays.
  const std::string what = fmt::format("{}: its worker did not start: {}", worker.name(), why);
  std::exchange(slot.failed_to_start, true) ? log::debug(what) : log::warn(what + "; it is tried again, in silence");
}

void NodeSession::say_bye() {
  if (phase_ == Phase::over) return;
  phase_ = Phase::over;
  wire::append(channel_->outgoing().tail(), wire::Bye{});
  channel_->flush();
  channel_->close();
}

void NodeSession::end(const std::string& why) {
  if (phase_ == Phase::over) return;
  const auto channel = channel_;  // the call may come out of it
  channel->close();
  phase_ = Phase::over;
  for (Slot& slot : workers_) slot.worker->left(why);
  owner_.node_gone(*this, why);
}

/// Its tasks count a loss each: nobody knows what became of them.
void NodeSession::closed(const std::string& why) {
  if (std::exchange(phase_, Phase::over) == Phase::over) return;
  for (Slot& slot : workers_) {
    was_lost_with_tasks_ = was_lost_with_tasks_ || slot.worker->is_busy();
    Failure failure;
    failure.cause = Cause::worker_lost;
    failure.message = fmt::format("{} on {} was lost: {}", slot.worker->name(), hello_.host, why);
    slot.worker->lost(failure.message, failure);
  }
  owner_.node_gone(*this, why);
}

std::string NodeSession::what_is_missing() const {
  if (phase_ == Phase::over || phase_ == Phase::greeting) return {};
  if (phase_ == Phase::sending_build)
    return fmt::format("it is fetching the program, {} of {} bytes", std::min(build_sent_, build_->size), build_->size);
  std::size_t missing = 0;
  std::string why;
  for (const Slot& slot : workers_) {
    if (slot.worker->is_ready()) continue;
    ++missing;
    if (why.empty()) why = slot.why;
  }
  return missing == 0 ? "" : fmt::format("{} of its {} slots are not ready{}{}", missing, slots(), why.empty() ? "" : ": ", why);
}

void NodeSession::report_workers(std::vector<WorkerReport>& list) const {
  for (const Slot& slot : workers_) {
    const remote::RemoteWorker& worker = *slot.worker;
    WorkerReport report{.name = worker.name(), .host = hello_.host};
    if (!worker.is_ready()) {
      report.state = slot.failed_to_start ? WorkerState::not_started : WorkerState::starting;
      report.note = slot.why;
    } else if (worker.is_stopped()) {
      report.state = WorkerState::stopped;
      report.note = "stopped in " + worker.doing();
    } else if (is_limited() && worker.rests() && !worker.is_busy()) {
      report.state = WorkerState::set_aside;
      report.note = "too many workers in a row have died on its node, and not on others";
    } else if (worker.rests() && !worker.is_busy()) {
      report.state = WorkerState::idle;
      report.note = "the node has lent its slot to another master";
    } else {
      continue;
    }
    list.push_back(std::move(report));
  }
}

}  // namespace mw::tcp
