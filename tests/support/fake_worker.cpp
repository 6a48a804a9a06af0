// A worker process that says hello, and then does what no worker should: fake_worker WHAT. It is started as one
// (MW_WORKER).
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

#include "wire/messages.hpp"
#include "worker/claim_page.hpp"

namespace {

void send_all(int socket, const mw::Bytes& bytes) {
  if (::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(bytes.size())) std::exit(9);
}

/// The beginning of a result of 60 GiB.
void announce(int socket) {
  mw::Bytes bytes;
  mw::wire::append_header(bytes, mw::wire::FrameType::result, std::uint64_t{60} << 30);
  send_all(socket, bytes);
}

/// As a worker notes which group its program leads.
void note_group(const char* place, pid_t group) {
  int socket = -1, claims = -1;
  if (std::sscanf(place, "fd:%d,claims:%d", &socket, &claims) != 2) std::exit(8);
  mw::worker::ClaimPage::attach(mw::process::UniqueFd{claims}).program_group() = static_cast<std::uint32_t>(group);
}

/// Leads a group, and sleeps.
pid_t start_program() {
  const pid_t program = ::fork();
  if (program != 0) return program;
  ::setpgid(0, 0);
  ::execlp("sleep", "sleep", "333", nullptr);
  std::_Exit(127);
}

/// The number in a file that comes.
pid_t number_in(const char* path) {
  pid_t number = 0;
  while (!(std::ifstream{path} >> number)) ::usleep(1'000);
  return number;
}

}  // namespace

int main(int, char** argv) {
  const std::string what = argv[1];
  const char* place = std::getenv("MW_WORKER");
  int socket = -1;
  if (!place || std::sscanf(place, "fd:%d", &socket) != 1) return 8;
  mw::Bytes hello;
  mw::wire::append(hello, mw::wire::Hello{.ahead = 1, .pid = static_cast<std::uint32_t>(::getpid())});
  send_all(socket, hello);
  if (what == "announces") announce(socket);
  if (what == "announces-and-stops") announce(socket), ::raise(SIGSTOP);
  if (what == "names-group") note_group(place, number_in(argv[3]));
  if (what == "runs-program") {
    const pid_t program = start_program();
    note_group(place, program);
    std::ofstream{argv[3]} << program << '\n';
  }
  if (argv[2]) std::ofstream{argv[2]} << "said";
  if (what == "ends-on-input") {
    char byte = 0;
    return ::read(socket, &byte, 1) == 1 ? 3 : 7;
  }
  if (what == "stops-on-input") {
    char byte = 0;
    if (::read(socket, &byte, 1) != 1) return 7;
    ::raise(SIGSTOP);
  }
  while (true) ::pause();
}
