#include "boinc/volunteer/client.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include "boinc/volunteer/contact.hpp"
#include "boinc/volunteer/session.hpp"
#include "boinc/volunteer/workshop.hpp"
#include "process/timer.hpp"

namespace mw::boinc {
namespace {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

constexpr std::chrono::milliseconds shortest_look{1};
constexpr std::chrono::milliseconds longest_look{500};
constexpr std::chrono::seconds end_limit{3};        // that tasks have to end when they are told to
constexpr std::chrono::seconds farewell_limit{15};  // for the last uploads and reports

}  // namespace

struct Volunteer::Impl {
  explicit Impl(VolunteerOptions options)
      : timer{io},
        signals{io, SIGTERM, SIGINT},
        session{std::move(options), [this] { return look_around(); }, [this] { return is_broken_off(); }},
        workshop{io, session},
        contact{session, workshop} {
    await_signal();
  }

  /// The first one stops it gently, the second one at once.
  void await_signal() {
    signals.async_wait([this](boost::system::error_code error, int) {
      if (error) return;
      stops_now = is_stopping;
      is_stopping = true;
      await_signal();
    });
  }

  /// What it was doing is broken off when it is to stop; what it does to stop has a time of its own.
  bool is_broken_off() const { return stops_now || (is_stopping && Clock::now() >= farewell_end); }

  /// During a transfer.
  bool look_around() {
    poll();
    say_trouble();
    return !is_broken_off();
  }

  void poll() {
    io.restart();
    io.poll();
  }

  /// Also where it is to be quiet: who waits for results wants to know why there are none.
  void say_trouble() {
    for (Trouble* one : {&contact.trouble, &workshop.trouble})
      if (const auto line = one->line(Clock::now())) session.warn(*line);
  }

  void sleep_until(Clock::time_point then) {
    const Clock::time_point now = Clock::now();
    timer.expires_at(std::clamp(then, now + shortest_look, now + longest_look));
    timer.async_wait([](boost::system::error_code) {});
    io.restart();
    io.run_one();
    io.poll();
    timer.cancel();
    poll();
  }

  // What drives it: everything that can be done now is done, then it sleeps until something may have changed.

  void run() {
    workshop.open_sandbox();
    while (!is_stopping) {
      say_trouble();
      const bool is_more_to_fetch = workshop.fetch_files();
      workshop.start_tasks();
      workshop.upload_outputs();
      if (!is_stopping && contact.is_time()) contact.request();
      session.save_changes();
      if (session.options.exit_when_idle && session.state.tasks.empty() && contact.is_idle()) break;
      is_more_to_fetch ? poll() : sleep_until(contact.next());
    }
    if (is_stopping && !stops_now) stop();
    workshop.kill();
    session.save();
  }

  void stop() {
    if (session.options.keep_work) return keep();
    session.say("stops: what runs has {:.0f} s to end and is given back then; a second signal stops at once",
                session.options.stop_within_s);
    contact.take_no_work();
    workshop.give_back_waiting();
    session.save_changes();
    const auto end = Clock::now() + std::chrono::duration_cast<Clock::duration>(Seconds{session.options.stop_within_s});
    wait_for_ends(end);
    workshop.give_back_running();
    wait_for_ends(Clock::now() + end_limit);
    if (!farewell() && !stops_now) session.warn("could not be told in time what is given back; the next start tells it");
  }

  void wait_for_ends(Clock::time_point end) {
    while (workshop.running() > 0 && !stops_now && Clock::now() < end) sleep_until(end);
  }

  /// Tasks go on at the next start.
  void keep() {
    workshop.quit();
    wait_for_ends(Clock::now() + end_limit);
  }

  /// Uploads and reports what there is. False if the project did not hear of all.
  bool farewell() {
    farewell_end = Clock::now() + farewell_limit;
    const auto has_words = [this] { return workshop.has_reports() || contact.is_unheard(); };
    while (!is_broken_off()) {
      workshop.upload_outputs();
      if (!workshop.has_uploads() && !has_words()) return true;
      if (has_words()) contact.request();
      if (workshop.has_uploads() || has_words()) sleep_until(Clock::now() + longest_look);
    }
    return false;
  }

  void leave() {
    const bool is_known = session.state.host_id != 0;
    is_stopping = true;  // so that a signal stops it at once
    workshop.give_back_waiting();
    contact.take_no_work();
    // What the project gives out once more, since it takes it for lost, is given back, too.
    const auto say_goodbye = [this] {
      contact.leave();
      return contact.request();
    };
    if (is_known && !(farewell() && say_goodbye() && farewell()))
      throw InterfaceError{fmt::format("{} could not be told that this host leaves; try again later, or remove {} yourself",
                                       session.options.url, session.home.path().string())};
    session.home.remove();
    session.say("has left {}", session.options.url);
  }

  asio::io_context io;
  process::Timer timer;
  asio::signal_set signals;
  bool is_stopping = false;
  bool stops_now = false;
  Clock::time_point farewell_end{};
  Session session;
  Workshop workshop;
  Contact contact;
};

Volunteer::Volunteer(VolunteerOptions options) : impl_{std::make_unique<Impl>(std::move(options))} {}
Volunteer::~Volunteer() = default;
void Volunteer::run() { impl_->run(); }
void Volunteer::leave() { impl_->leave(); }

}  // namespace mw::boinc
