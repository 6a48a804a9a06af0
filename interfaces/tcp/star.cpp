#include "tcp/star.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/v6_only.hpp>

#include "log/log.hpp"
#include "net/endpoint.hpp"
#include "process/close_on_exec.hpp"
#include "process/place.hpp"
#include "process/route.hpp"
#include "process/shortage.hpp"
#include "tcp/spec.hpp"

namespace mw::tcp {
namespace {

using namespace std::chrono_literals;
using boost::asio::ip::tcp;
using boost::system::error_code;

/// Connections whose other end has not yet proved itself: beyond, the oldest one has to go.
constexpr std::size_t most_half_open = 1'024;
constexpr auto pause_after_error = 100ms;
/// After that time without a single slot, whoever waits is told what to do.
constexpr auto hint_after = 5s;
/// In a row, with no worker alive. A program whose workers never got ready is wrong; one whose workers did is unlucky.
constexpr unsigned most_failed_first_starts = 3;
constexpr unsigned most_failed_starts = 30;
/// Where other nodes may join, one on which nothing starts is not the last word for so long.
constexpr auto wait_for_others = 10s;

/// Each node takes so many descriptors here; and so many are to be left for everything else.
constexpr std::size_t most_nodes_at_once = 4'096;

net::KeyFile key_of(const TcpOptions& options) {
  if (options.key.empty()) return {net::make_key(), {}};
  net::KeyFile key = net::read_key_file(options.key);
  if (!key.node.empty())
    throw UsageError{
        fmt::format("tcp: {} is the key of the node {}: a master needs the key that it was made of", options.key, key.node)};
  return key;
}

std::string who(const NodeSession& node) { return "the node " + node.name(); }

std::string without_port(const std::string& address) { return address.substr(0, address.rfind(':')); }

}  // namespace

Star::Star(TcpOptions options) : options_{checked(std::move(options))} {}
Star::~Star() = default;

void Star::start() {
  key_ = key_of(options_);
  builds_.emplace(options_.workers, options_.worker);
  process::allow_descriptors(process::descriptors().open + most_nodes_at_once);
  join_timer_.emplace(host().io());
  accept_timer_.emplace(host().io());
  quarantine_timer_.emplace(host().io());
  listen();
  start_beacon();
  start_nodes();
  watch_joining();
}

std::string Star::address_for(const std::string& own) const {
  const auto endpoint = acceptor_->local_endpoint();
  return endpoint.address().is_unspecified() ? net::text_of(net::HostAndPort{own, endpoint.port()}) : net::text_of(endpoint);
}

/// This machine's own reaches the master by loopback, where it listens at every address; others by the address that
/// packets to them leave from.
void Star::start_nodes() {
  if (options_.local_slots > 0)
    launches_.start(host(), StartedNode::here(address_for("127.0.0.1"), key_, options_.local_slots, options_.shares));
  for (const LaunchHost& there : hosts_of(options_)) {
    const std::string machine = there.machine();
    const auto own = process::address_towards(machine);
    if (!own)
      log::warn(fmt::format("tcp: there is no way from here to {}, or nobody knows its address; it is told this machine's name",
                            machine));
    launches_.start(host(), StartedNode::there(there, address_for(own.value_or(process::host_name())), key_));
  }
  if (options_.slurm_most > 0) start_jobs();
}

/// Where they will run nobody knows: they are told this machine's name, by which the machines of a cluster know each
/// other.
void Star::start_jobs() {
  launches_.start(
      static_cast<LaunchUser&>(*this),
      SlurmJobs::Plan{.fleet = {.least = options_.slurm_least, .most = options_.slurm_most, .idle = options_.slurm_idle},
                      .master = address_for(process::host_name()),
                      .options = options_.slurm_options,
                      .folder = options_.slurm_folder,
                      .timeout = options_.slurm_timeout});
}

void Star::listen() {
  const std::string where = options_.listen.empty() ? "127.0.0.1:0" : options_.listen;
  const tcp::endpoint endpoint = net::endpoint_of(where);
  try {
    acceptor_.emplace(host().io());
    acceptor_->open(endpoint.protocol());
    process::close_on_exec(acceptor_->native_handle());
    acceptor_->set_option(Acceptor::reuse_address{true});
    if (endpoint.address().is_v6()) acceptor_->set_option(boost::asio::ip::v6_only{false});
    acceptor_->bind(endpoint);
    acceptor_->listen(Acceptor::max_listen_connections);
    address_ = net::text_of(acceptor_->local_endpoint());
  } catch (const boost::system::system_error& e) {
    throw InterfaceError{fmt::format("tcp: the master cannot listen at {}: {}", where, e.code().message())};
  }
  accept();
}

/// It is a convenience where the address was given; where it was not, it is the only way.
void Star::start_beacon() {
  const auto groups = groups_of(options_);
  if (!groups) return;
  beacon_ = std::make_shared<Beacon>(
      host().io(), *groups, key_, acceptor_->local_endpoint(), [this](const std::string& node, const std::string& address) {
        absent_.note("a node that calls itself " + node, fmt::format("it asks for masters with another key, from {}", address));
      });
  beacon_->start();
  if (beacon_->trouble().empty()) return;
  const std::string text = fmt::format("tcp: nodes cannot find this master by themselves: {}; they can by its address, {}",
                                       beacon_->trouble(), address_);
  options_.join_within.count() > 0 || !options_.discovery.empty() ? log::warn(text) : log::debug(text);
}

void Star::accept() {
  acceptor_->async_accept([this](error_code error, tcp::socket socket) {
    if (stopped_ || !acceptor_->is_open()) return;
    if (!error) {
      came(std::move(socket));
      return accept();
    }
    // Most likely this process is out of descriptors, and whoever comes waits: at once, the same would happen again.
    warn("accept", fmt::format("tcp: a connection could not be taken: {}", error.message()));
    if (!half_open_.empty()) half_open_.front()->end("others wait, and there is no room");
    accept_timer_->expires_after(pause_after_error);
    accept_timer_->async_wait([this](error_code cancelled) {
      if (!cancelled && !stopped_) accept();
    });
  });
}

void Star::came(channel::Channel::Socket socket) {
  if (half_open_.size() >= most_half_open) half_open_.front()->end("too many others have come, and it had not proved itself");
  try {
    NodeSession& node = *nodes_.emplace_back(std::make_unique<NodeSession>(static_cast<NodeOwner&>(*this), std::move(socket)));
    half_open_.push_back(&node);
    node.start();
  } catch (const Error& e) {
    warn("session", fmt::format("tcp: a node could not be served: {}", e.what()));
  }
}

std::optional<tls::Key> Star::find_key(std::string_view identity) const {
  const auto node = net::node_in(identity);
  if (!node) return std::nullopt;
  const auto launched = launches_.key_for(*node);
  return launched ? launched : key_.key_for(*node);
}

std::string Star::unique_name(const std::string& wish) const {
  const auto is_taken = [&](const std::string& name) {
    return std::any_of(nodes_.begin(), nodes_.end(),
                       [&](const auto& node) { return node->is_greeted() && !node->is_over() && node->name() == name; });
  };
  std::string name = wish;
  for (unsigned number = 2; is_taken(name); ++number) name = fmt::format("{}-{}", wish, number);
  return name;
}

void Star::node_greeted(NodeSession& node) {
  std::erase(half_open_, &node);
  ++nodes_joined_;
}

void Star::worker_ready(NodeSession& node, remote::RemoteWorker& worker) {
  failed_starts_ = 0;
  was_ever_ready_ = true;
  ready_[index_of(worker.id())] = {&node, &worker};
  absent_.joined(who(node));
  quarantine_.joined(node.name());
  heed_quarantine(node);
}

void Star::worker_gone(NodeSession& node, remote::RemoteWorker& worker, bool was_ready, const std::string& why) {
  std::erase_if(ready_, [&](const auto& one) { return one.second.worker == &worker; });
  if (stopped_ || node.is_over()) return;
  if (!worker.last_end().was_asked_for) note_loss(node, worker.last_end().task, why);
  if (was_ready) return;
  const auto now = std::chrono::steady_clock::now();
  if (failed_starts_++ == 0) first_failed_ = now;
  const unsigned most = std::max(was_ever_ready_ ? most_failed_starts : most_failed_first_starts, node.slots());
  const bool others_may_come = !options_.listen.empty() && now - first_failed_ < wait_for_others;
  if (ready_.empty() && failed_starts_ >= most && !others_may_come)
    host().no_worker_possible(fmt::format("tcp: no worker process gets ready; the last one, on {}: {}", node.text(), why));
}

void Star::task_done(NodeSession& node) {
  quarantine_.finished(node.name());
  heed_quarantine(node);
}

void Star::note_loss(NodeSession& node, std::uint64_t task, const std::string& why) {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  if (quarantine_.lost(node.name(), task, now)) {
    const double pause = std::chrono::duration<double>{*quarantine_.until(node.name()) - now}.count();
    log::warn(
        fmt::format("tcp: {} is set aside for {:.0f} s: {} workers in a row died there, no task was finished in between, and "
                    "others do better; the last one: {}. Then it is tried with one slot",
                    node.text(), pause, Quarantine::most_losses, why));
  }
  heed_quarantine();
}

/// What it says of the node becomes so.
void Star::heed_quarantine(NodeSession& node) {
  if (node.slots() > 0 && !node.is_over()) node.allow(quarantine_.slots(node.name()), quarantine_.awaits_success(node.name()));
}

void Star::heed_quarantine() {
  for (const auto& node : nodes_) heed_quarantine(*node);
  is_any_set_aside_ = !quarantine_.names().empty();
  const auto next = quarantine_.next();
  if (!next || stopped_) return static_cast<void>(quarantine_timer_->cancel());
  quarantine_timer_->expires_at(std::chrono::steady_clock::time_point{*next});
  quarantine_timer_->async_wait([this](error_code error) {
    if (error || stopped_) return;
    quarantine_.time_passed(std::chrono::steady_clock::now().time_since_epoch());
    heed_quarantine();
  });
}

void Star::has_output(NodeSession& node) {
  if (std::find(unsent_.begin(), unsent_.end(), &node) == unsent_.end()) unsent_.push_back(&node);
}

void Star::node_shared(NodeSession& node, bool is_shared) {
  std::erase(shared_nodes_, &node);
  if (is_shared) shared_nodes_.push_back(&node);
  host().room_available();  // the round that follows says what waits
}

void Star::node_gone(NodeSession& node, const std::string& why) {
  if (stopped_) return remove_later(node);
  if (node.was_let_go()) {
    log::info(fmt::format("tcp: {} was let go: {}", node.text(), why));
  } else if (node.is_greeted() && node.slots() > 0) {
    ++nodes_lost_;
    if (node.was_lost_with_tasks()) note_loss(node, 0, why);
    quarantine_.left(node.name());
    heed_quarantine();
    absent_.note(who(node), "it is gone: " + why);
    log::warn(fmt::format("tcp: {} is gone: {}", node.text(), why));
  } else {
    // Whoever knocks without the key, or tries a port: a word now and then is enough.
    absent_.note(node.is_greeted() ? who(node) : without_port(node.name()), "it was turned away: " + why);
    warn("visitor", fmt::format("tcp: a visitor from {} was turned away: {}", node.name(), why));
  }
  remove_later(node);
}

void Star::node_refused(NodeSession& node, const std::string& why) {
  last_refusal_ = fmt::format("{}: {}", node.text(), why);
  absent_.note(who(node), why);
  // It comes again and again, and most likely the reason stays.
  warn("refused " + why, fmt::format("tcp: {} cannot be taken: {}", node.text(), why));
  remove_later(node);
}

/// The call that told of its end comes out of it.
void Star::remove_later(NodeSession& node) {
  std::erase(half_open_, &node);
  std::erase(unsent_, &node);
  std::erase(shared_nodes_, &node);
  const auto place = std::find_if(nodes_.begin(), nodes_.end(), [&](const auto& one) { return one.get() == &node; });
  if (place == nodes_.end()) return;
  auto kept = std::make_shared<std::unique_ptr<NodeSession>>(std::move(*place));
  nodes_.erase(place);
  host().post([kept] {});
}

/// The master's part of "connect to so many": says who is missing, once, or gives up.
void Star::watch_joining() {
  const bool has_limit = options_.join_within.count() > 0;
  join_timer_->expires_after(has_limit ? options_.join_within : std::chrono::milliseconds{hint_after});
  join_timer_->async_wait([this, has_limit](error_code error) {
    if (error || stopped_) return;
    if (!has_limit) {
      if (ready_.empty()) say_who_is_missing();
      // Where there is no other node, and never will be, nobody is to wait for this one.
      if (!ready_.empty() || !options_.listen.empty()) return;
      if (!launches_.ends_again_and_again()) return watch_joining();
      host().no_worker_possible(fmt::format("tcp: no slot has joined{}. {}", who_is_absent("; "), how_to_join()));
    } else if (ready_slots() < options_.expected) {
      host().interface_failed(fmt::format("tcp: {} slots were to be there within {:g} s, and {} are{}. {}", options_.expected,
                                          std::chrono::duration<double>(options_.join_within).count(), ready_slots(),
                                          who_is_absent("; "), how_to_join()));
    }
  });
}

std::string Star::how_to_join() const {
  if (options_.listen.empty()) return "The node on this machine has not joined";
  if (options_.key.empty()) return "Its nodes are jobs of Slurm's: squeue says how they fare";
  const std::string from_afar = fmt::format("--connect {}:{}", process::host_name(), acceptor_->local_endpoint().port());
  if (!beacon_ || !beacon_->trouble().empty()) return fmt::format("On each machine: mw node --key {} {}", options_.key, from_afar);
  return fmt::format("On each machine: mw node --key {} (on another network: {})", options_.key, from_afar);
}

std::string Star::who_is_absent(std::string_view before) const {
  AbsentNodes all = absent_;
  for (const auto& node : nodes_)
    if (const std::string what = node->what_is_missing(); !what.empty()) all.note(who(*node), what);
  for (const auto& [what, why] : launches_.missing(*this)) all.note(what, why);
  return all.is_empty() ? "" : fmt::format("{}{}", before, all.text());
}

void Star::say_who_is_missing() {
  log::warn(fmt::format("tcp: no slot has joined yet at {}{}. {}", address_, who_is_absent("; "), how_to_join()));
}

void Star::execute_task(const TaskRef& task, WorkerId worker) {
  const auto place = ready_.find(index_of(worker));
  if (place == ready_.end())
    throw UnknownWorker{fmt::format("tcp: task {} came for worker number {}, which is none of the {} that are ready", task.id(),
                                    index_of(worker), ready_.size())};
  place->second.node->note_use();
  place->second.worker->send(task);
}

bool Star::revoke_task(const TaskRef& task, WorkerId worker) {
  const auto place = ready_.find(index_of(worker));
  return place != ready_.end() && place->second.worker->take_back(task);
}

void Star::split_task(const TaskRef& task, WorkerId worker) {
  const auto place = ready_.find(index_of(worker));
  if (place != ready_.end()) place->second.worker->split(task);
}

void Star::abort_task(const TaskRef& task, WorkerId worker) {
  const auto place = ready_.find(index_of(worker));
  if (place != ready_.end()) place->second.worker->abort(task);
}

void Star::forget_shared(std::uint64_t number) {
  for (const auto& node : nodes_) node->forget_shared(number);
}

void Star::tasks_wait(std::size_t tasks, WorkerId resting) {
  for (NodeSession* const node : shared_nodes_) node->tasks_wait(tasks, resting);
  if (!is_any_set_aside_) return;
  for (const auto& node : nodes_)
    if (node->is_limited()) node->tasks_wait(tasks, resting);
}

void Star::flush() {
  for (NodeSession* const node : std::exchange(unsent_, {})) node->flush();
}

void Star::stop(std::function<void()> stopped) {
  stopped_ = std::move(stopped);
  if (join_timer_) join_timer_->cancel();
  if (accept_timer_) accept_timer_->cancel();
  if (quarantine_timer_) quarantine_timer_->cancel();
  error_code ignored;
  if (beacon_) beacon_->stop();
  if (acceptor_) acceptor_->close(ignored);
  launches_.prepare_stop(*this);
  for (const auto& node : nodes_) node->say_bye();
  launches_.stop([this] { say_stopped(); });
}

/// Handlers of what was closed still run.
void Star::say_stopped() {
  host().post([this] { std::exchange(stopped_, [] {})(); });
}

StatusMap Star::get_status() {
  StatusMap status;
  std::int64_t nodes = 0;
  std::string names;
  for (const auto& node : nodes_) {
    if (!node->is_greeted() || node->is_over()) continue;
    ++nodes;
    names += (names.empty() ? "" : " ") + node->name();
  }
  status["listens_at"] = address_;
  status["nodes"] = nodes;
  status["node_names"] = names;
  status["nodes_set_aside"] = fmt::format("{}", fmt::join(quarantine_.names(), " "));
  status["nodes_joined"] = static_cast<std::int64_t>(nodes_joined_);
  status["nodes_lost"] = static_cast<std::int64_t>(nodes_lost_);
  status["slots"] = std::int64_t{ready_slots()};
  launches_.add_to(status);
  status["slots_lent"] = std::count_if(ready_.begin(), ready_.end(), [](const auto& one) { return !one.second.worker->rests(); });
  if (!last_refusal_.empty()) status["last_refusal"] = last_refusal_;
  return status;
}

bool Star::has_joined(const std::string& name) const {
  return std::any_of(nodes_.begin(), nodes_.end(),
                     [&](const auto& node) { return node->slots() > 0 && !node->is_over() && node->name() == name; });
}

std::vector<JoinedNode> Star::take_joined() {
  std::vector<JoinedNode> list;
  for (const auto& node : nodes_)
    if (node->slots() > 0 && !node->is_over()) list.push_back({node->name(), node->slots(), node->take_idle()});
  return list;
}

void Star::let_go(const std::string& name) {
  const auto place =
      std::find_if(nodes_.begin(), nodes_.end(), [&](const auto& node) { return node->name() == name && !node->is_over(); });
  if (place != nodes_.end()) (*place)->let_go();
}

/// Where no other node may join, nobody needs to wait any longer.
void Star::gave_up(const std::string& why) {
  const bool others_may_join = !options_.key.empty() || options_.local_slots > 0 || !ready_.empty();
  others_may_join ? log::warn(why) : host().no_worker_possible(why);
}

std::vector<WorkerReport> Star::report_workers() {
  std::vector<WorkerReport> list;
  for (std::uint32_t number = 1; number <= options_.local_slots && !has_joined(local_node_name); ++number)
    list.push_back({.name = worker_name(local_node_name, number), .host = process::host_name()});
  for (const auto& node : nodes_) node->report_workers(list);
  return list;
}

void Star::warn(std::string_view kind, const std::string& text) {
  if (const auto line = repeated_.line(kind, text, std::chrono::steady_clock::now())) log::warn(*line);
}

}  // namespace mw::tcp
