#include "worker/start.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <mw/detail/chunk.hpp>
#include <mw/error.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "parse/number.hpp"
#include "process/build.hpp"
#include "registry/registry.hpp"
#include "worker/checkpoint.hpp"
#include "worker/printed_output.hpp"
#include "worker/serve.hpp"

namespace mw {
namespace worker {
namespace {

std::atomic<bool> initialised{false};
std::atomic<std::atomic<std::uint32_t>*> group_of_program{nullptr};

/// A descriptor number; -1 if the text is none.
int number_of(std::string_view text) noexcept {
  const auto fd = parse::number<int>(text);
  return fd && *fd >= 0 ? *fd : -1;
}

bool is_stream_socket(int fd) noexcept {
  int type = 0;
  socklen_t size = sizeof type;
  return ::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_STREAM;
}

/// What "fd:7", "fd:7,claims:8" or "fd:7,claims:8,out:9,err:10" names.
struct Place {
  int socket = -1;
  int claims = -1;
  int out = -1;  ///< the read end of a pipe for what is printed
  int err = -1;
};

/// Nothing if the text makes no sense, or the descriptors are not what it says.
std::optional<Place> socket_place_of(std::string_view text) noexcept {
  Place place;
  // From the last to the first.
  const auto take = [&text](std::string_view key, int& fd) {
    const auto at = text.rfind(key);
    if (at == std::string_view::npos) return true;
    fd = number_of(text.substr(at + key.size()));
    text = text.substr(0, at);
    return fd >= 0 && ::fcntl(fd, F_GETFD) >= 0;
  };
  if (!take(",err:", place.err) || !take(",out:", place.out) || !take(",claims:", place.claims)) return std::nullopt;
  if (!take("fd:", place.socket) || !text.empty()) return std::nullopt;
  return place.socket >= 0 && is_stream_socket(place.socket) ? std::optional{place} : std::nullopt;
}

/// The master is gone: nothing that this worker started may outlive it. The worker leads a process group of its own,
/// and so does the program that it runs.
extern "C" void end_group(int) {
  if (const auto* group = group_of_program.load())
    if (const auto number = static_cast<pid_t>(group->load()); number > 1) ::kill(-number, SIGKILL);
  if (::getpgrp() == ::getpid()) ::kill(0, SIGKILL);
  ::_exit(128 + SIGKILL);
}

void die_with_master() {
  struct sigaction action = {};
  action.sa_handler = end_group;
  ::sigaction(orphan_signal(), &action, nullptr);
}

/// So that ps and top show what it is.
void name_process(const char* argv0) {
  const char* slash = std::strrchr(argv0, '/');
  const std::string name = std::string{"mw:"} + (slash ? slash + 1 : argv0);
  ::prctl(PR_SET_NAME, name.substr(0, 15).c_str());
}

/// How often the one whose machine this is wants tasks to write checkpoints.
std::chrono::milliseconds checkpoint_interval() {
  const char* text = std::getenv(checkpoint_environment_name);
  const double seconds = text ? parse::leading_number<double>(text).value_or(0) : 60;
  return std::chrono::milliseconds{static_cast<std::int64_t>(std::clamp(seconds, 0.0, 86'400.0) * 1000)};
}

int serve_at(const Place& place) {
  std::optional<ClaimPage> claims;
  static std::optional<ClaimPage> notes;  // stays as long as the signal may come that looks there
  if (place.claims >= 0) {
    ::fcntl(place.claims, F_SETFD, FD_CLOEXEC);
    try {
      claims = ClaimPage::attach(process::UniqueFd{place.claims});
      notes = ClaimPage::attach(process::UniqueFd{::fcntl(place.claims, F_DUPFD_CLOEXEC, 3)});
      group_of_program = &notes->program_group();
    } catch (const Error& e) {
      std::fprintf(stderr, "%s\n", e.what());
      return 2;
    }
  }
  for (const int pipe : {place.out, place.err})
    if (pipe >= 0) ::fcntl(pipe, F_SETFD, FD_CLOEXEC);
  keep_output({process::UniqueFd{place.out}, process::UniqueFd{place.err}});
  return serve(place.socket, std::move(claims));
}

[[noreturn]] void run_as_worker(const std::string& where, const char* argv0) {
  const auto place = socket_place_of(where);
  if (!place) {
    std::fprintf(stderr, "%s: %s=%s names no socket of a CppMW master; unset it to run this program by hand\n", argv0,
                 environment_name, where.c_str());
    std::exit(2);
  }
  die_with_master();
  name_process(argv0);
  ::fcntl(place->socket, F_SETFD, FD_CLOEXEC);
  std::exit(serve_at(*place));
}

}  // namespace

bool init_was_called() noexcept { return initialised; }
void note_init() noexcept {
  initialised = true;
  process::own_build();  // of what is loaded now, here as in the workers
  registry::fix_functions();
}

void run_if_worker(const char* argv0) {
  const char* value = std::getenv(environment_name);
  if (!value) return;
  const std::string where = value;
  ::unsetenv(environment_name);  // what a task starts is no worker
  if (const char* folder = std::getenv(workunit_environment_name)) {
    detail::ignore_budgets();
    set_checkpoint_folder(folder, checkpoint_interval());
    ::unsetenv(workunit_environment_name);
    ::unsetenv(checkpoint_environment_name);
  }
  note_init();
  run_as_worker(where, argv0);
}

void refuse_master_in_worker() {
  if (!std::getenv(environment_name)) return;
  throw InterfaceError{
      "this process was started as a worker, but its main() made a mw::Master instead of calling mw::init(argc, argv) first; "
      "mw::init must be the first line of main()"};
}

std::atomic<std::uint32_t>* program_group() noexcept { return group_of_program; }

int orphan_signal() noexcept { return SIGRTMAX; }

}  // namespace worker

}  // namespace mw
