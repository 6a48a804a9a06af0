#include "tcp/node/node.hpp"

#include <algorithm>
#include <csignal>
#include <random>
#include <utility>

#include <fmt/format.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include "log/escaped.hpp"
#include "process/back_off.hpp"
#include "process/standard_streams.hpp"
#include "process/timer.hpp"
#include "tcp/node/master_session.hpp"
#include "tcp/node/search.hpp"
#include "tcp/node/slot_shares.hpp"

namespace mw::tcp {
namespace {

using namespace std::chrono_literals;
using boost::system::error_code;

/// A master that is started again should not wait long for its nodes, and one that is not there costs little.
constexpr process::BackOff dials{250ms, 5'000ms};
/// How long a slot that goes round stays with a master, if its tasks are shorter: a change costs a round trip.
constexpr auto turn = 50ms;
/// All of them have proved their key; it is a bound against mistakes.
constexpr std::size_t most_found = 64, most_places = 8;
/// A run that was found, and of which nothing was heard for so long, is over.
constexpr auto forget_after = 60s;

}  // namespace

struct Node::Impl : private SearchUser {
  explicit Impl(NodeOptions given) : options{std::move(given)}, store{options.folder} {
    bubblewrap = sandbox::Bubblewrap::find_if(options.sandbox, options.folder + "/trial",
                                              [](const std::string& why) { process::tell("mw node: " + why + '\n'); });
    if (bubblewrap) say("tasks run in a sandbox: no network, no files but their own and the system's");
  }

  using Clock = std::chrono::steady_clock;

  struct Line {
    net::HostAndPort master;
    std::optional<net::RunNumber> run;                   ///< of one that was found: it is dialled when it is heard of
    std::vector<boost::asio::ip::tcp::endpoint> places;  ///< where that one can be reached, in turn
    std::size_t dialled = 0;
    Clock::time_point heard, not_before;
    std::shared_ptr<MasterSession> session;
    std::uint64_t number = 0;  ///< of the session
    process::BackOff back_off = dials;
    std::unique_ptr<process::Timer> again;
    std::string said;  ///< the last reason that was told, so that it is told once
  };

  void say(const std::string& text) const {
    if (!options.quiet) process::tell(fmt::format("mw node {}: {}\n", options.name, log::escaped(text)));
  }

  void run() {
    wait_for_signal();
    for (const net::HostAndPort& master : options.masters) {
      Line& line = add_line();
      line.master = master;
      dial(line);
    }
    if (options.groups) {
      search =
          std::make_shared<Search>(io, *options.groups, net::Asker{options.name, options.key}, static_cast<SearchUser&>(*this));
      search->start();
    }
    watch_idleness();
    while (!is_over()) {
      io.run_one();
      io.poll();
      share_out();
      for (const auto& line : lines)
        if (const auto session = line->session) pump(*line, *session);
    }
  }

  /// After whatever has happened: slots go to masters that want them.
  void share_out() {
    std::vector<Line*> sharing;
    for (const auto& line : lines)
      if (line->session && line->session->has_slots()) sharing.push_back(line.get());
    // One master that has all of them is the usual case.
    if (sharing.empty() || (sharing.size() == 1 && sharing.front()->number == has_all)) return;
    for (Line* line : sharing) line->session->share(sharing.size() > 1);
    while (change_shares(sharing)) continue;
    has_all = sharing.size() == 1 ? sharing.front()->number : 0;
    if (!shares.goes_round() || std::exchange(turns, true)) return;
    turn_timer.expires_after(turn);
    turn_timer.async_wait([this](error_code) { turns = false; });
  }

  /// True if something changed: a worker may have given back what it has not begun, and be free by that.
  bool change_shares(const std::vector<Line*>& sharing) {
    std::vector<SlotClaim> claims;
    for (const Line* line : sharing) claims.push_back(line->session->claim(line->number));
    const auto changes = shares.share(claims, Clock::now().time_since_epoch());
    for (const SlotChange& one : changes) {
      const auto place = std::find_if(sharing.begin(), sharing.end(), [&](const Line* line) { return line->number == one.master; });
      (*place)->session->lend(one.slot, one.is_lent);
    }
    return !changes.empty();
  }

  bool is_over() const {
    return leaves && std::none_of(lines.begin(), lines.end(), [](const auto& line) { return line->session != nullptr; });
  }

  Line& add_line() {
    Line& line = *lines.emplace_back(std::make_unique<Line>());
    line.again = std::make_unique<process::Timer>(io);
    return line;
  }

  // SearchUser

  /// The same run may be heard of by several ways; the first one that leads there is taken.
  void found(const net::Offer& offer) override {
    if (leaves) return;
    const auto now = Clock::now();
    std::erase_if(lines, [&](const auto& one) { return one->run && !one->session && now - one->heard > forget_after; });
    const auto known = std::find_if(lines.begin(), lines.end(), [&](const auto& one) { return one->run == offer.run; });
    if (known == lines.end() && lines.size() >= most_found) return;
    Line& line = known == lines.end() ? add_line() : **known;
    line.run = offer.run;
    line.heard = now;
    const bool is_new = std::find(line.places.begin(), line.places.end(), offer.where) == line.places.end();
    if (is_new && line.places.size() < most_places) line.places.push_back(offer.where);
    if (line.session || now < line.not_before) return;
    const auto& place = line.places[line.dialled++ % line.places.size()];
    line.master = {place.address().to_string(), place.port()};
    dial(line);
  }
  bool has_master() const override { return !joined.empty(); }
  void say_of_search(const std::string& text) override { say(text); }

  void dial(Line& line) {
    line.number = ++last_number;
    line.session = std::make_shared<MasterSession>(io, options, store, bubblewrap, line.master,
                                                   [this, &line](const SessionEnd& end) { ended(line, end); });
    line.session->dial();
  }

  void pump(Line& line, MasterSession& session) {
    if (session.is_joined() && !is_joined(line)) {
      joined.push_back(&line);
      line.back_off.reset();
      line.said.clear();
      say(fmt::format("joined {} with {} slot{}", session.text(), options.slots, options.slots == 1 ? "" : "s"));
    }
    session.pump();
  }

  bool is_joined(const Line& line) const { return std::find(joined.begin(), joined.end(), &line) != joined.end(); }

  void ended(Line& line, const SessionEnd& end) {
    const std::string text = line.session->text();
    line.session.reset();
    std::erase(joined, &line);
    idle_since = Clock::now();
    if (end.was_joined)
      say(fmt::format("left {}: {}", text, end.why));
    else if (std::exchange(line.said, end.why) != end.why)
      say(fmt::format("cannot join {}: {}; it is tried again", text, end.why));
    if (options.once && (end.was_joined || end.was_refused)) return leave();
    if (leaves) return;
    if (line.run) return found_one_ended(line, end);
    // Nodes that lost their master at the same time do not come back at the same time.
    line.again->expires_after(line.back_off.next(std::uniform_real_distribution<double>{0, 1}(random)));
    line.again->async_wait([this, &line](error_code error) {
      if (!error && !leaves) dial(line);
    });
  }

  /// A run has one master: after its word it is over. Else it is dialled again when it is heard of.
  void found_one_ended(Line& line, const SessionEnd& end) {
    if (end.was_joined) search->hurry();
    line.not_before = Clock::now() + line.back_off.next(std::uniform_real_distribution<double>{0, 1}(random));
    if (end.is_done) std::erase_if(lines, [&](const auto& one) { return one.get() == &line; });
  }

  /// The first one lets tasks end that run, the second does not.
  void wait_for_signal() {
    signals.async_wait([this](error_code error, int) {
      if (error) return;
      if (!leaves && !joined.empty()) say("it was told to stop: it ends when its tasks have (a second signal: at once)");
      leave();
      wait_for_signal();
    });
  }

  void leave() {
    leaves = true;
    idle_timer.cancel();
    if (search) search->stop();
    for (const auto& line : lines) {
      line->again->cancel();
      if (const auto session = line->session) session->leave();
    }
  }

  void watch_idleness() {
    if (options.idle_exit.count() == 0) return;
    idle_timer.expires_after(std::clamp<std::chrono::milliseconds>(options.idle_exit / 4, 10ms, 1'000ms));
    idle_timer.async_wait([this](error_code error) {
      if (error || leaves) return;
      if (joined.empty() && Clock::now() - idle_since >= options.idle_exit) {
        say("no master needs it: it ends");
        return leave();
      }
      watch_idleness();
    });
  }

  const NodeOptions options;
  const BuildStore store;
  std::optional<sandbox::Bubblewrap> bubblewrap;
  boost::asio::io_context io{1};
  boost::asio::signal_set signals{io, SIGTERM, SIGINT};
  process::Timer idle_timer{io};
  process::Timer turn_timer{io};
  std::shared_ptr<Search> search;
  SlotShares shares{options.slots, turn};
  std::uint64_t last_number = 0;
  std::uint64_t has_all = 0;  ///< the session that is alone, and has all slots; 0: there is none
  bool turns = false;         ///< the timer runs
  std::vector<std::unique_ptr<Line>> lines;
  std::vector<const Line*> joined;
  Clock::time_point idle_since = Clock::now();
  std::mt19937_64 random{std::random_device{}()};
  bool leaves = false;
};

Node::Node(NodeOptions options) : impl_{std::make_unique<Impl>(std::move(options))} {}
Node::~Node() = default;

void Node::run() { impl_->run(); }

}  // namespace mw::tcp
