#include "boinc/local_volunteers.hpp"

#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <optional>

#include <fmt/format.h>
#include <boost/asio/steady_timer.hpp>

#include "log/log.hpp"
#include "process/child.hpp"

namespace mw::boinc {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::milliseconds again_after{500};
constexpr const char* poll_s = "0.01";

/// The mw command: beside this program, or where CppMW was built.
std::string find_command() {
  std::error_code ignored;
  const fs::path beside = fs::read_symlink("/proc/self/exe", ignored).parent_path() / "mw";
#ifdef MW_COMMAND_PROGRAM
  const fs::path built = MW_COMMAND_PROGRAM;
#else
  const fs::path built;
#endif
  for (const fs::path& path : {beside, built})
    if (!path.empty() && ::access(path.c_str(), X_OK) == 0) return path.string();
  throw InterfaceError{
      fmt::format("boinc: there is no mw command beside this program ({}): it is the volunteer on this machine", beside.string())};
}

}  // namespace

struct LocalVolunteers::One {
  explicit One(boost::asio::io_context& io) : again{io} {}
  process::Command command;
  std::optional<process::Child> child;
  boost::asio::steady_timer again;
};

struct LocalVolunteers::Inside : std::enable_shared_from_this<Inside> {
  Inside(boost::asio::io_context& loop, const Place& place, std::size_t count) : io{loop} {
    const std::string program = find_command();
    for (std::size_t i = 1; i <= count; ++i) {
      auto one = std::make_unique<One>(io);
      const std::string folder = fmt::format("{}/volunteers/{}", place.state, i);
      fs::create_directories(folder);
      one->command.path = program;
      one->command.arguments = {
          "volunteer", place.url, "--key-file", place.state + "/account_key",   "--folder",         folder,   "--slots", "1",
          "--poll",    poll_s,    "--name",     fmt::format("volunteer-{}", i), "--allow-programs", "--quiet"};
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
      log::warn(fmt::format("boinc: a volunteer on this machine could not be started: {}", e.what()));
      return start_again(one);
    }
    one.child->async_wait([self = shared_from_this(), &one](process::Death death) { self->ended(one, death); });
  }

  void ended(One& one, const process::Death& death) {
    one.child->kill_group(SIGKILL);
    one.child.reset();
    if (stopped) return end_if_over();
    log::warn(fmt::format("boinc: a volunteer on this machine ended with {}; it is started again", process::describe(death)));
    start_again(one);
  }

  void start_again(One& one) {
    one.again.expires_after(again_after);
    one.again.async_wait([self = shared_from_this(), &one](boost::system::error_code error) {
      if (!error && !self->stopped) self->start(one);
    });
  }

  void end_if_over() {
    for (const auto& one : ones)
      if (one->child) return;
    if (stopped) std::exchange(stopped, [] {})();
  }

  boost::asio::io_context& io;
  std::vector<std::unique_ptr<One>> ones;
  std::function<void()> stopped;
};

LocalVolunteers::LocalVolunteers(boost::asio::io_context& io, Place place, std::size_t count)
    : inside_{std::make_shared<Inside>(io, place, count)} {
  for (const auto& one : inside_->ones) inside_->start(*one);
}

LocalVolunteers::~LocalVolunteers() = default;

std::size_t LocalVolunteers::running() const noexcept {
  std::size_t count = 0;
  for (const auto& one : inside_->ones) count += one->child.has_value();
  return count;
}

/// They hold nothing that matters: no need to ask them first.
void LocalVolunteers::stop(std::function<void()> stopped) {
  inside_->stopped = std::move(stopped);
  for (const auto& one : inside_->ones) {
    one->again.cancel();
    if (one->child) one->child->kill_group(SIGKILL);
  }
  inside_->end_if_over();
}

}  // namespace mw::boinc
