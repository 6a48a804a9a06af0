#include "sandbox/bubblewrap.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include <fmt/format.h>

#include "parse/number.hpp"
#include "process/no_write_signals.hpp"
#include "process/run_program.hpp"
#include "process/shortage.hpp"
#include "process/unique_fd.hpp"

namespace mw::sandbox {
namespace {

constexpr const char* program = "bwrap";
constexpr std::chrono::seconds patience{10};

struct Pipe {
  process::UniqueFd from, to;
  Pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw process::StartError{program, errno};
    from = process::UniqueFd{ends[0]};
    to = process::UniqueFd{ends[1]};
  }
};

/// Its temporary files are its own, and new.
void make_folders(const std::string& folder) {
  std::error_code error;
  std::filesystem::remove_all(folder + "/tmp", error);
  std::filesystem::create_directory(folder + "/tmp", error);
  if (error) throw InterfaceError{fmt::format("{}/tmp cannot be made: {}", folder, error.message())};
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

/// What bwrap says: { "child-pid": 123, … }. 0 if it says nothing.
pid_t started_process(int info) {
  std::string text;
  const auto end = std::chrono::steady_clock::now() + patience;
  while (text.find('}') == std::string::npos) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now()).count();
    pollfd look{info, POLLIN, 0};
    if (left <= 0 || (::poll(&look, 1, static_cast<int>(left)) < 0 && errno != EINTR)) return 0;
    if (look.revents == 0) continue;
    char buffer[512];
    const ssize_t got = ::read(info, buffer, sizeof buffer);
    if (got <= 0) return 0;
    text.append(buffer, static_cast<std::size_t>(got));
  }
  constexpr std::string_view key = "\"child-pid\":";
  auto at = text.find(key);
  if (at == std::string::npos) return 0;
  at = text.find_first_not_of(' ', at + key.size());
  return at == std::string::npos ? 0 : parse::leading_number<pid_t>(std::string_view{text}.substr(at)).value_or(0);
}

/// Before Linux 5.14 it is the user's processes that are counted, whatever room they are in.
bool counts_processes_apart() {
  utsname system = {};
  if (::uname(&system) != 0) return false;
  std::string_view release{system.release};
  const auto major = parse::take_number<int>(release);
  const auto minor = release.starts_with('.') ? parse::leading_number<int>(release.substr(1)) : std::nullopt;
  constexpr std::pair first{5, 14};
  return major && minor && std::pair{*major, *minor} >= first;
}

void set_limit(pid_t pid, __rlimit_resource resource, std::uint64_t most) {
  rlimit limit = {};
  if (::prlimit(pid, resource, nullptr, &limit) != 0)
    throw InterfaceError{fmt::format("limits of a sandbox: {}", std::strerror(errno))};
  limit.rlim_cur = limit.rlim_max = std::min<rlim_t>(limit.rlim_max, most);
  if (::prlimit(pid, resource, &limit, nullptr) != 0)
    throw InterfaceError{fmt::format("limits of a sandbox: {}", std::strerror(errno))};
}

void set_limits(pid_t pid, const Limits& limits) {
  if (limits.memory != 0) set_limit(pid, RLIMIT_DATA, limits.memory);
  if (limits.file_size != 0) set_limit(pid, RLIMIT_FSIZE, limits.file_size);
  if (limits.processes != 0 && counts_processes_apart()) set_limit(pid, RLIMIT_NPROC, limits.processes);
  set_limit(pid, RLIMIT_CORE, 0);
}

}  // namespace

Bubblewrap Bubblewrap::find(const std::string& folder) {
  make_folders(folder);
  const process::Command command{.path = "/bin/true"};
  const Room room{.folder = folder, .has_system = true};
  std::string why;
  for (const bool closes_namespaces : {true, false}) {
    try {
      process::ProgramTerms terms;
      terms.kill_at = std::chrono::steady_clock::now() + patience;
      const auto run = process::run_program(program, arguments_of(command, room, {}, closes_namespaces), {}, terms);
      if (!run.death.signaled && run.death.exit_status == 0) return Bubblewrap{closes_namespaces};
      why = run.err.empty() ? fmt::format("bwrap ended with {}", process::describe(run.death)) : first_line(run.err);
    } catch (const process::StartError& e) {
      if (e.error() != ENOENT) throw;
      throw InterfaceError{"bubblewrap is not installed (Debian: apt-get install bubblewrap)"};
    }
  }
  throw InterfaceError{fmt::format("bubblewrap does not work here: {}", why)};
}

std::optional<Bubblewrap> Bubblewrap::find_if(Choice choice, const std::string& folder,
                                              const std::function<void(const std::string&)>& warn) {
  if (choice == Choice::none) return std::nullopt;
  std::optional<Bubblewrap> found;
  std::filesystem::create_directories(folder);
  try {
    found = find(folder);
  } catch (const Error& e) {
    const auto* start = dynamic_cast<const process::StartError*>(&e);
    if (start && process::is_shortage(start->error())) throw;  // which is no reason to do without
    if (choice == Choice::bubblewrap) throw InterfaceError{fmt::format("--sandbox bubblewrap: {}", e.what())};
    warn(fmt::format("runs tasks without a sandbox: {}", e.what()));
  }
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
  return found;
}

process::Child Bubblewrap::start(boost::asio::io_context& io, const process::Command& command, const Room& room,
                                 const Limits& limits) const {
  make_folders(room.folder);
  Pipe info, gate;
  process::Command outer = command;
  outer.path = program;
  outer.name = program;
  outer.arguments = arguments_of(command, room, {info.to.get(), gate.from.get()}, closes_namespaces_);
  outer.working_directory = "/";
  outer.environment_unset = {"*"};
  outer.environment_set.insert(outer.environment_set.begin(),
                               {{"PATH", "/usr/local/bin:/usr/bin:/bin"}, {"HOME", folder_inside}, {"LANG", "C.UTF-8"}});
  outer.inherit_fds.insert(outer.inherit_fds.end(), {info.to.get(), gate.from.get()});
  process::Child child = process::Child::start(io, outer);
  info.to = {};
  gate.from = {};
  const pid_t pid = started_process(info.from.get());
  if (pid <= 0) throw InterfaceError{"bubblewrap did not start the program; what it says is on the program's stderr"};
  set_limits(pid, limits);
  const process::NoWriteSignals no_signals;
  if (::write(gate.to.get(), "\n", 1) != 1) throw InterfaceError{"bubblewrap ended before it started the program"};
  return child;
}

}  // namespace mw::sandbox
