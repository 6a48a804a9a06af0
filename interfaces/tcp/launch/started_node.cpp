#include "tcp/launch/started_node.hpp"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <optional>
#include <span>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <boost/asio/io_context.hpp>

#include <mw/error.hpp>

#include "log/log.hpp"
#include "log/repeated.hpp"
#include "net/key_file.hpp"
#include "process/back_off.hpp"
#include "process/child.hpp"
#include "process/file.hpp"
#include "process/own_programs.hpp"
#include "process/stop_ladder.hpp"
#include "process/timer.hpp"
#include "process/unique_fd.hpp"

namespace mw::tcp {
namespace {

using namespace std::chrono_literals;

/// How long it has to end by itself, and after SIGTERM.
constexpr process::StopLadder ladder{2'000ms, 1'000ms};
/// The same where nobody has told it to.
constexpr process::StopLadder short_ladder{0ms, 1'000ms};

std::string find_command() {
  if (std::string found = process::find_own_program("mw", MW_COMMAND_PROGRAM); !found.empty()) return found;
  throw InterfaceError{
      fmt::format("tcp: the mw command, which is the node on this machine, is in none of these places: {}. Build CppMW with "
                  "MW_BUILD_TOOLS, install it, or copy mw beside this program",
                  fmt::join(process::places_of_own_program("mw", MW_COMMAND_PROGRAM), ", "))};
}

/// What a process can read, and nobody finds.
process::UniqueFd key_in_memory(const net::KeyFile& key) {
  process::UniqueFd fd{::memfd_create("key", MFD_CLOEXEC)};
  if (fd.get() < 0 || ::fchmod(fd.get(), 0600) != 0)
    throw InterfaceError{fmt::format("tcp: no memory for a node's key: {}", std::strerror(errno))};
  const std::string text = net::to_text(key);
  process::write_all(fd.get(), std::as_bytes(std::span{text}), "a node's key");
  if (::lseek(fd.get(), 0, SEEK_SET) != 0) throw InterfaceError{fmt::format("tcp: a node's key: {}", std::strerror(errno))};
  return fd;
}

/// It is dialled by who starts: what goes wrong on the way there most likely stays so.
constexpr process::BackOff far_starts{1'000ms, 60'000ms};

}  // namespace

std::string LaunchHost::machine() const { return address.substr(address.find('@') + 1); }
std::string LaunchHost::name() const { return net::as_node_name(machine()); }

StartedNode::Plan StartedNode::here(const std::string& master, const net::KeyFile& key, unsigned slots, const Shares& shares) {
  std::vector<std::string> arguments{"node", "--connect", master, "--key", "-", "--slots", std::to_string(slots)};
  if (shares.cores != 0) arguments.insert(arguments.end(), {"--cores", std::to_string(shares.cores)});
  if (shares.memory != 0) arguments.insert(arguments.end(), {"--memory", std::to_string(shares.memory)});
  if (shares.gpus) arguments.insert(arguments.end(), {"--gpus", std::to_string(*shares.gpus)});
  for (const std::string& label : shares.labels) arguments.push_back("--label=" + label);
  arguments.insert(arguments.end(), {"--once", "--quiet"});
  return {local_node_name,      "the node on this machine",   find_command(),
          std::move(arguments), key.key_for(local_node_name), process::worker_starts};
}

/// It ends by itself should it lose its master before it has joined. Nobody could answer what ssh asks.
StartedNode::Plan StartedNode::there(const LaunchHost& host, const std::string& master, const net::KeyFile& key) {
  std::vector<std::string> arguments{"-o", "BatchMode=yes", host.address, "mw", "node", "--connect", master, "--key", "-"};
  if (host.slots > 0) arguments.insert(arguments.end(), {"--slots", std::to_string(host.slots)});
  arguments.insert(arguments.end(), {"--once", "--idle-exit", "30", "--quiet"});
  const std::string name = host.name();
  return {name, "the node on " + host.address, "ssh", std::move(arguments), key.key_for(name), far_starts};
}

struct StartedNode::Impl : std::enable_shared_from_this<Impl> {
  Impl(InterfaceHost& master, Plan given) : host{master}, plan{std::move(given)}, starts{plan.starts}, timer{host.io()} {
    command.path = plan.program;
    command.arguments = plan.arguments;
    command.environment_unset = {"MW_*"};
    command.stderr_fd = STDERR_FILENO;
    command.follows_stops = true;
  }

  void start() {
    try {
      const process::UniqueFd key = key_in_memory({plan.key, plan.name});
      command.stdin_fd = key.get();
      child.emplace(process::Child::start(host.io(), command));
    } catch (const Error& e) {
      trouble = fmt::format("it could not be started: {}", e.what());
      warn("start", fmt::format("tcp: {} could not be started: {}", plan.what, e.what()));
      return start_again();
    }
    child->async_wait([self = shared_from_this()](process::Death death) { self->ended(death); });
  }

  void ended(const process::Death& death) {
    child->kill_group(SIGKILL);
    child.reset();
    if (stopped) return say_stopped();
    trouble = fmt::format("it ended with {}{}", process::describe(death), plan.program == "ssh" ? ", as ssh says above" : "");
    warn("end", fmt::format("tcp: {} ended with {}; it is started again", plan.what, process::describe(death)));
    start_again();
  }

  /// What goes on happening is told once in a while.
  void warn(std::string_view kind, const std::string& text) {
    if (const auto line = repeated.line(kind, text, std::chrono::steady_clock::now())) log::warn(*line);
  }

  void start_again() {
    ++ends;
    timer.expires_after(starts.next());
    timer.async_wait([self = shared_from_this()](boost::system::error_code error) {
      if (error || self->stopped) return;
      self->host.post_to_thread([self] {
        if (!self->stopped) self->start();
      });
    });
  }

  void climb_down() {
    if (!child) return say_stopped();
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    if (!sequence) sequence.emplace(was_told ? ladder : short_ladder, now);
    while (const auto step = sequence->due(now)) {
      if (*step == process::StopSequence::Step::terminate) child->kill_group(SIGTERM);
      if (*step == process::StopSequence::Step::kill) child->kill_group(SIGKILL);
    }
    const auto deadline = sequence->next_deadline();
    if (!deadline) return;
    timer.expires_at(std::chrono::steady_clock::time_point{*deadline});
    timer.async_wait([self = shared_from_this()](boost::system::error_code error) {
      if (!error && self->stopped) self->climb_down();
    });
  }

  void say_stopped() {
    timer.cancel();
    if (!std::exchange(is_over, true)) stopped();
  }

  InterfaceHost& host;
  const Plan plan;
  process::BackOff starts;
  process::Command command;
  process::Timer timer;
  std::optional<process::Child> child;
  std::optional<process::StopSequence> sequence;
  log::Repeated repeated;
  std::string trouble;
  unsigned ends = 0;
  std::function<void()> stopped;
  bool was_told = false;
  bool is_over = false;
};

StartedNode::StartedNode(InterfaceHost& host, Plan plan) : impl_{std::make_shared<Impl>(host, std::move(plan))} { impl_->start(); }
StartedNode::~StartedNode() = default;

const std::string& StartedNode::name() const noexcept { return impl_->plan.name; }
const std::string& StartedNode::what() const noexcept { return impl_->plan.what; }
const std::string& StartedNode::trouble() const noexcept { return impl_->trouble; }
unsigned StartedNode::ends() const noexcept { return impl_->ends; }

void StartedNode::stop(bool was_told, std::function<void()> stopped) {
  impl_->was_told = was_told;
  impl_->stopped = std::move(stopped);
  impl_->climb_down();
}

}  // namespace mw::tcp
