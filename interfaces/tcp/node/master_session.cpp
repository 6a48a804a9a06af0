#include "tcp/node/master_session.hpp"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <utility>

#include <fmt/format.h>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "builds/worker_builds.hpp"
#include "net/key_file.hpp"
#include "process/cores.hpp"
#include "process/place.hpp"
#include "resources/machine.hpp"
#include "resources/shares.hpp"
#include "wire/mux.hpp"

namespace mw::tcp {
namespace {

using namespace std::chrono_literals;
using boost::asio::ip::tcp;
using boost::system::error_code;

constexpr auto dial_limit = 10s;
/// More than that for the master, and nothing more is taken from the workers.
constexpr std::size_t most_for_master = std::size_t{16} << 20;
/// More than that for a worker, and its master hears nothing of room for more.
constexpr std::size_t most_for_worker = std::size_t{8} << 20;
constexpr std::size_t copied_up_to = 16 * 1024;
constexpr std::size_t longest_relay = 256 * 1024;
/// Credit is given in such pieces, so that small tasks cost no message of it.
constexpr std::uint64_t credit_step = 512 * 1024;
/// What a master may say of how long it can be silent.
constexpr std::chrono::milliseconds shortest_silence{100}, longest_silence{3'600'000};

}  // namespace

MasterSession::MasterSession(boost::asio::io_context& io, const NodeOptions& options, const BuildStore& store,
                             const std::optional<sandbox::Bubblewrap>& bubblewrap, const net::HostAndPort& master, Ended ended)
    : io_{io},
      options_{options},
      store_{store},
      bubblewrap_{bubblewrap},
      master_{master},
      text_{net::text_of(master)},
      ended_{std::move(ended)},
      resolver_{io},
      socket_{io},
      timer_{io} {}

MasterSession::~MasterSession() {
  if (channel_) channel_->close();
}

void MasterSession::dial() {
  timer_.expires_after(dial_limit);
  timer_.async_wait([self = shared_from_this()](error_code error) {
    if (error || self->phase_ != Phase::dialling) return;
    self->end({.why = fmt::format("it could not be reached within {} s", dial_limit.count())});
  });
  resolver_.async_resolve(master_.host, std::to_string(master_.port),
                          [self = shared_from_this()](error_code error, tcp::resolver::results_type addresses) {
                            if (self->phase_ != Phase::dialling) return;
                            if (error) return self->end({.why = fmt::format("{}: {}", self->master_.host, error.message())});
                            self->connect(std::move(addresses));
                          });
}

void MasterSession::connect(tcp::resolver::results_type addresses) {
  boost::asio::async_connect(socket_, addresses, [self = shared_from_this()](error_code error, const tcp::endpoint&) {
    if (self->phase_ != Phase::dialling) return;
    if (error) return self->end({.why = error.message()});
    self->timer_.cancel();
    self->phase_ = Phase::greeting;
    try {
      auto session = tls::Session::client({net::node_identity(self->options_.name), self->options_.key});
      self->channel_ = std::make_shared<channel::Channel>(std::move(self->socket_), std::move(session),
                                                          static_cast<channel::ChannelUser&>(*self), channel::Times{});
      self->channel_->start();
    } catch (const Error& e) {
      self->end({.why = e.what()});
    }
  });
}

void MasterSession::established() {
  const resources::Machine machine = resources::machine_here(options_.shares.gpus);
  shares_ = resources::shares_of(machine, options_.shares, options_.slots);
  wire::append(
      channel_->outgoing().tail(),
      wire::NodeHello{.slots = options_.slots,
                      .cores = machine.cores,
                      .memory = machine.memory,
                      .name = options_.name,
                      .host = process::host_name(),
                      .platform = options_.platform.empty() ? builds::platform_of_file("/proc/self/exe") : options_.platform,
                      .cores_each = shares_.front().cores,
                      .memory_each = shares_.front().memory,
                      .gpus = machine.gpus,
                      .labels = options_.shares.labels});
  channel_->flush();
}

/// What goes wrong here, such as a full disk, is not the master's fault, which hears of it.
void MasterSession::frame(const wire::Frame& frame) {
  if (phase_ == Phase::ending || phase_ == Phase::over) return;
  try {
    handle(frame);
  } catch (const InterfaceError& e) {
    wire::append(channel_->outgoing().tail(), wire::Refuse{e.what()});
    channel_->flush();
    end({.why = fmt::format("this node cannot run its program: {}", e.what()), .was_refused = true});
  }
}

void MasterSession::handle(const wire::Frame& frame) {
  switch (frame.type) {
    case wire::FrameType::node_welcome: return handle_welcome(wire::parse_node_welcome(frame.payload));
    case wire::FrameType::refuse: return end({.why = wire::parse_refuse(frame.payload).reason, .was_refused = true});
    case wire::FrameType::build_piece: return handle_piece(wire::parse_build_piece(frame.payload));
    case wire::FrameType::relay: {
      const auto relay = wire::parse_relay(frame.payload);
      if (relay.rank == 0 || relay.rank > slots_.size()) throw wire::ProtocolError{"words for a slot that is none"};
      Slot& slot = slots_[relay.rank - 1];
      slot.agent->receive(relay.bytes);
      slot.credit += relay.bytes.size();
      return;
    }
    case wire::FrameType::slots_wanted: wanted_ = wire::parse_slots_wanted(frame.payload); return;
    case wire::FrameType::bye: return end({.why = "it is done", .was_joined = phase_ == Phase::running, .is_done = true});
    default: throw wire::ProtocolError{fmt::format("a master does not send frames of type {}", static_cast<int>(frame.type))};
  }
}

void MasterSession::handle_welcome(const wire::NodeWelcome& welcome) {
  if (phase_ != Phase::greeting) throw wire::ProtocolError{"a second welcome"};
  if (welcome.version != wire::protocol_version)
    throw wire::ProtocolError{
        fmt::format("a welcome in version {} of the protocol; this node speaks {}", welcome.version, wire::protocol_version)};
  welcome_ = welcome;
  channel_->set_silence(std::clamp(std::chrono::milliseconds{welcome.lost_after_ms}, shortest_silence, longest_silence));
  phase_ = Phase::fetching;
  delivery_ = store_.begin(welcome_.sha256, welcome_.size);
  if (delivery_->is_whole()) return start_workers();
  want_build();
}

void MasterSession::want_build() {
  wire::append(channel_->outgoing().tail(), wire::BuildWanted{delivery_->offset()});
  channel_->flush();
}

void MasterSession::handle_piece(const wire::BuildPiece& piece) {
  if (phase_ != Phase::fetching) throw wire::ProtocolError{"a piece of a program that was not asked for"};
  delivery_->add(piece.bytes);
  if (delivery_->is_whole()) start_workers();
}

namespace {

/// It begins with "#!": an emulator is for programs of other machines.
bool is_script(const std::string& path) {
  char mark[2] = {};
  std::ifstream{path, std::ios::binary}.read(mark, sizeof mark);
  return mark[0] == '#' && mark[1] == '!';
}

}  // namespace

void MasterSession::start_workers() {
  agent::AgentOptions options;
  options.program.path = delivery_->finish();
  options.program.name = welcome_.program;
  const std::string runner = is_script(options.program.path) ? std::string{} : options_.runner;
  if (bubblewrap_) rooms_.emplace(*bubblewrap_, runner, options_.slots);
  if (!runner.empty() && !rooms_)
    options.program.arguments.insert(options.program.arguments.begin(), std::exchange(options.program.path, runner));
  options.program.threads = process::threads_of_worker(welcome_.threads, options_.slots);
  delivery_.reset();
  want_nothing();
  phase_ = Phase::running;
  slots_.resize(options_.slots);
  for (Slot& slot : slots_) {
    if (rooms_) {
      options.program.lodging = rooms_->lodging();
      options.files_folder = rooms_->files_folder();
      options.files_seen_as = sandbox::files_inside;
    }
    const Resources& share = shares_[static_cast<std::size_t>(&slot - slots_.data())];
    options.program.environment_set = resources::environment_of(share, options_.shares.gpus.has_value());
    slot.agent = std::make_unique<agent::Agent>(io_, options);
    slot.agent->lend(false);
    slot.agent->start();
  }
}

/// The master makes its end of the workers then.
void MasterSession::want_nothing() {
  wire::append(channel_->outgoing().tail(), wire::BuildWanted{welcome_.size});
  channel_->flush();
}

/// Cut, so that the other end needs no large buffer; what is large is sent from where it is.
void MasterSession::relay(std::uint32_t number, Bytes bytes) {
  auto& outgoing = channel_->outgoing();
  if (bytes.size() <= copied_up_to) return wire::append(outgoing.tail(), wire::Relay{number, bytes.span()});
  const auto kept = std::make_shared<const Bytes>(std::move(bytes));
  for (auto rest = kept->span(); !rest.empty();) {
    const auto piece = rest.first(std::min(rest.size(), longest_relay));
    wire::append_relay_header(outgoing.tail(), number, piece.size());
    outgoing.attach({piece, kept});
    rest = rest.subspan(piece.size());
  }
}

void MasterSession::pump() {
  if (phase_ != Phase::running) return;
  auto& outgoing = channel_->outgoing();
  for (std::uint32_t number = 1; number <= slots_.size(); ++number) {
    Slot& slot = slots_[number - 1];
    slot.agent->flush();
    while (slot.agent->has_output() && channel_->unsent() < most_for_master) relay(number, *slot.agent->next_output());
    if (slot.credit >= credit_step && slot.agent->backlog() < most_for_worker)
      wire::append(outgoing.tail(), wire::Credit{number, std::exchange(slot.credit, 0)});
  }
  if (!outgoing.empty()) channel_->flush();
}

SlotClaim MasterSession::claim(std::uint64_t number) const {
  SlotClaim claim{.master = number, .is_open = phase_ == Phase::running, .wanted = wanted_.slots, .first = wanted_.first};
  claim.slots.reserve(slots_.size());
  for (const Slot& slot : slots_) claim.slots.push_back({slot.agent->holds_task(), slot.agent->is_ready()});
  return claim;
}

/// The master hears of it before it gets back what has not begun.
void MasterSession::lend(std::uint32_t slot, bool is_lent) {
  wire::append(channel_->outgoing().tail(), wire::SlotLent{slot, is_lent});
  slots_[slot - 1].agent->lend(is_lent);
}

/// Until it has said what it wants, that is everything.
void MasterSession::share(bool is_shared) {
  if (phase_ != Phase::running || std::exchange(is_shared_, is_shared) == is_shared) return;
  wanted_ = {.slots = options_.slots};
  wire::append(channel_->outgoing().tail(), wire::NodeShared{is_shared});
}

void MasterSession::leave() {
  if (phase_ == Phase::ending || phase_ == Phase::over) return;
  const bool is_first = !std::exchange(leaves_, true);
  const bool was_joined = phase_ == Phase::running;
  if (was_joined) {
    wire::append(channel_->outgoing().tail(), wire::Bye{});
    channel_->flush();
    if (is_first) return;
  }
  end({.why = "this node was told to stop", .was_joined = was_joined, .is_done = true});
}

/// The workers end first: what the next connection starts is to have the machine for itself.
void MasterSession::end(SessionEnd how) {
  if (phase_ == Phase::ending || phase_ == Phase::over) return;
  phase_ = Phase::ending;
  how_ = std::move(how);
  resolver_.cancel();
  timer_.cancel();
  error_code ignored;
  socket_.close(ignored);
  if (channel_) channel_->close();
  agents_ending_ = slots_.size() + 1;
  for (Slot& slot : slots_) slot.agent->stop([self = shared_from_this()] { self->say_if_over(); });
  say_if_over();
}

void MasterSession::say_if_over() {
  if (--agents_ending_ > 0) return;
  phase_ = Phase::over;
  // Handlers of what has ended still run.
  boost::asio::post(io_, [self = shared_from_this()] { std::exchange(self->ended_, nullptr)(self->how_); });
}

}  // namespace mw::tcp
