#include "boinc/local_volunteers.hpp"

#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "log/log.hpp"
#include "log/repeated.hpp"
#include "parse/number.hpp"
#include "process/child.hpp"
#include "process/own_programs.hpp"
#include "process/place.hpp"
#include "process/timer.hpp"

namespace mw::boinc {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::milliseconds again_after{500};
constexpr const char* poll_s = "0.01";
/// That many looks, half the time apart, make the whole one.
constexpr int looks_until_known = 3;

/// The mw command.
std::string find_command() {
  if (std::string found = process::find_own_program("mw", MW_COMMAND_PROGRAM); !found.empty()) return found;
  throw InterfaceError{
      fmt::format("boinc: the mw command, which is the volunteer on this machine, is in none of these places: {}. Build CppMW with "
                  "MW_BUILD_TOOLS, install it, or copy mw beside this program",
                  fmt::join(process::places_of_own_program("mw", MW_COMMAND_PROGRAM), ", "))};
}

/// By their parent; those of this moment.
std::multimap<pid_t, pid_t> children_of_all() {
  std::multimap<pid_t, pid_t> children;
  std::error_code ignored;
  for (fs::directory_iterator entry{"/proc", ignored}; !ignored && entry != fs::directory_iterator{}; entry.increment(ignored))
    if (const auto pid = parse::leading_number<pid_t>(entry->path().filename().string()).value_or(0); pid > 0)
      children.emplace(process::parent_of(pid), pid);
  return children;
}

/// A volunteer, its tasks, or their workers: the first of them that is stopped; 0 if none is. What a worker runs is the
/// task's own.
pid_t stopped_among(pid_t volunteer, const std::multimap<pid_t, pid_t>& children) {
  if (process::is_stopped(volunteer)) return volunteer;
  const auto [first, last] = children.equal_range(volunteer);
  for (auto task = first; task != last; ++task) {
    if (process::is_stopped(task->second)) return task->second;
    const auto [first_worker, last_worker] = children.equal_range(task->second);
    for (auto worker = first_worker; worker != last_worker; ++worker)
      if (process::is_stopped(worker->second)) return worker->second;
  }
  return 0;
}

}  // namespace

struct LocalVolunteers::One {
  explicit One(boost::asio::io_context& io) : again{io} {}
  process::Command command;
  std::string name;
  std::optional<process::Child> child;
  process::Timer again;
  pid_t stopped_process = 0;    ///< at the last look: itself, its task, or that one's worker
  int looks_while_stopped = 0;  ///< in a row
  bool is_known_as_stopped() const noexcept { return looks_while_stopped >= looks_until_known; }
  std::string text() const { return fmt::format("{} (process {})", name, stopped_process); }
};

struct LocalVolunteers::Impl : std::enable_shared_from_this<Impl> {
  Impl(boost::asio::io_context& loop, const Place& place, std::size_t count)
      : io{loop}, look_after{place.stopped_after / (looks_until_known - 1)}, look_timer{loop} {
    const std::string program = find_command();
    for (std::size_t i = 1; i <= count; ++i) {
      auto one = std::make_unique<One>(io);
      const std::string folder = fmt::format("{}/volunteers/{}", place.state, i);
      fs::create_directories(folder);
      one->name = fmt::format("volunteer-{}", i);
      one->command.path = program;
      // What they run are the master's own tasks, which may do what it may.
      one->command.arguments = {"volunteer", place.url, "--key-file",       place.state + "/own_key",
                                "--folder",  folder,    "--slots",          "1",
                                "--poll",    poll_s,    "--name",           one->name,
                                "--sandbox", "none",    "--allow-programs", "--quiet"};
      one->command.environment_unset = {"MW_*"};
      one->command.stderr_fd = STDERR_FILENO;
      one->command.follows_stops = true;
      ones.push_back(std::move(one));
    }
  }

  void start(One& one) {
    try {
      one.child.emplace(process::Child::start(io, one.command));
    } catch (const Error& e) {
      warn("start", fmt::format("boinc: a volunteer on this machine could not be started: {}", e.what()));
      return start_again(one);
    }
    one.child->async_wait([self = shared_from_this(), &one](process::Death death) { self->ended(one, death); });
  }

  void ended(One& one, const process::Death& death) {
    one.child->kill_group(SIGKILL);
    one.child.reset();
    one.looks_while_stopped = 0;
    if (stopped) return end_if_over();
    warn("end", fmt::format("boinc: a volunteer on this machine ended with {}; it is started again", process::describe(death)));
    start_again(one);
  }

  /// What goes on happening is told once in a while.
  void warn(std::string_view kind, const std::string& text) {
    if (const auto line = repeated.line(kind, text, std::chrono::steady_clock::now())) log::warn(*line);
  }

  void start_again(One& one) {
    one.again.expires_after(again_after);
    one.again.async_wait([self = shared_from_this(), &one](boost::system::error_code error) {
      if (!error && !self->stopped) self->start(one);
    });
  }

  void watch_stops() {
    look_timer.expires_after(look_after);
    look_timer.async_wait([self = shared_from_this()](boost::system::error_code error) {
      if (error || self->stopped) return;
      self->look_who_is_stopped();
      self->watch_stops();
    });
  }

  void look_who_is_stopped() {
    const auto children = children_of_all();
    for (const auto& one : ones) {
      const pid_t found = one->child ? stopped_among(one->child->pid(), children) : 0;
      if (found == 0) {
        if (one->is_known_as_stopped() && one->child) log::warn(fmt::format("boinc: {} on this machine goes on", one->text()));
        one->looks_while_stopped = 0;
      } else {
        one->stopped_process = found;
        if (one->looks_while_stopped < looks_until_known && ++one->looks_while_stopped == looks_until_known)
          log::warn(fmt::format("boinc: {} on this machine is stopped, and what it computes waits until it goes on (kill -CONT {})",
                                one->text(), found));
      }
    }
  }

  void end_if_over() {
    for (const auto& one : ones)
      if (one->child) return;
    if (stopped) std::exchange(stopped, [] {})();
  }

  boost::asio::io_context& io;
  const std::chrono::milliseconds look_after;
  process::Timer look_timer;
  std::vector<std::unique_ptr<One>> ones;
  std::function<void()> stopped;
  log::Repeated repeated;
};

LocalVolunteers::LocalVolunteers(boost::asio::io_context& io, Place place, std::size_t count)
    : impl_{std::make_shared<Impl>(io, place, count)} {
  for (const auto& one : impl_->ones) impl_->start(*one);
  impl_->watch_stops();
}

LocalVolunteers::~LocalVolunteers() = default;

std::size_t LocalVolunteers::running() const noexcept {
  std::size_t count = 0;
  for (const auto& one : impl_->ones) count += one->child.has_value();
  return count;
}

std::vector<std::string> LocalVolunteers::stopped() const {
  std::vector<std::string> names;
  for (const auto& one : impl_->ones)
    if (one->child && one->is_known_as_stopped()) names.push_back(one->text());
  return names;
}

/// They hold nothing that matters: no need to ask them first.
void LocalVolunteers::stop(std::function<void()> stopped) {
  impl_->stopped = std::move(stopped);
  impl_->look_timer.cancel();
  for (const auto& one : impl_->ones) {
    one->again.cancel();
    if (one->child) one->child->kill_group(SIGKILL);
  }
  impl_->end_if_over();
}

}  // namespace mw::boinc
