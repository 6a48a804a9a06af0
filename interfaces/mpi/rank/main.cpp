// mw_mpi_rank: what mpiexec starts for a CppMW master. Rank 0 is the manager, the others are workers' agents.
//
// Each rank is two processes. The first waits for the second, which is the MPI process: if that one dies of a signal,
// the first ends with a status instead. Hydra would end all ranks of a host of which one died of a signal; a status it
// lets pass (-disable-auto-cleanup).
#include <mpi.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <string>
#include <vector>

#include <fmt/format.h>

#include <mw/error.hpp>

#include "mpi/death_notice.hpp"
#include "mpi/environment.hpp"
#include "mpi/rank/ancestors.hpp"
#include "mpi/rank/manager.hpp"
#include "mpi/rank/network.hpp"
#include "mpi/rank/remote_shell.hpp"
#include "mpi/rank/start.hpp"
#include "mpi/rank/worker.hpp"
#include "mpi/rank/world.hpp"
#include "net/dialler.hpp"
#include "parse/number.hpp"
#include "process/cores.hpp"
#include "process/place.hpp"
#include "process/standard_streams.hpp"
#include "resources/machine.hpp"

namespace {

using namespace mw::mpi;
using mw::process::host_name;

/// For ps and top.
void name_process(const char* name) { ::prctl(PR_SET_NAME, name); }

[[noreturn]] void run_rank(const Start& start) {
  boost::asio::io_context io{1};
  RankFacts own{static_cast<std::uint32_t>(::getpid()), host_name(), mw::process::own_place(), mw::process::available_cores(),
                mw::resources::available_memory()};
  const bool shares = shares_memory(start);
  if (!shares) own.place += " apart";  // no memory can be shared with the master from here
  World world{io, own};
  if (world.rank() == 0) {
    name_process("mw-mpi-manager");
    Manager manager{io, world, mw::net::dial(start.addresses, magic, start.key), start.lost_after};
    manager.run();
    world.leave();  // which still looks after what manager and workers have sent
  } else {
    name_process("mw-mpi-rank");
    mw::agent::AgentOptions options;
    const mw::process::UniqueFd program = open_program(start, shares);
    options.program.path = program.get() < 0 ? start.program : fmt::format("/proc/self/fd/{}", program.get());
    options.program.name = start.name;
    options.program.environment_unset = {"MW_*", "PMI_*", "PMIX_*", "HYD*", "MPI_LOCAL*"};
    options.program.handshake_limit = std::chrono::milliseconds{120'000};  // until the master has seen all ranks
    options.program.threads = mw::process::threads_of_worker(start.threads, world.workers_here());
    options.shares_memory = shares;
    WorkerRank worker{io, world, std::move(options), 6 * start.lost_after};
    worker.run();
    world.leave();
  }
}

/// What MPICH and UCX are to do where the user has not said anything. Workers do not see it.
class Settings {
 public:
  explicit Settings(const Start& start) {
    // Messages up to the size of a usual batch go in one step, where UCX would ask the receiver to fetch them.
    set("UCX_RNDV_THRESH", "64k");
    // MPICH's own shared memory is a file in /dev/shm until all ranks have it open; who is killed meanwhile leaves it
    // there. Without it UCX carries what goes to ranks of the same host, too, and the start is quicker.
    set("MPIR_CVAR_NOLOCAL", "1");
    set("UCX_TLS", "^posix");  // which has files there; segments of System V's kind are marked as removed when they are attached
    if (const std::string devices = devices_towards(start.peers); !devices.empty()) set("UCX_NET_DEVICES", devices.c_str());
  }
  ~Settings() {
    for (const char* name : names_) ::unsetenv(name);
  }

 private:
  void set(const char* name, const char* value) {
    if (std::getenv(name)) return;
    ::setenv(name, value, 1);
    names_.push_back(name);
  }
  std::vector<const char*> names_;
};

/// UCX has put handlers of its own there when it was loaded. They take locks that the code which crashed may hold: then
/// the process waits for ever instead of ending. Whoever looks for a fault in UCX says so by UCX_HANDLE_ERRORS.
void end_at_crashes() {
  if (std::getenv("UCX_HANDLE_ERRORS")) return;
  for (const int signal : {SIGILL, SIGBUS, SIGFPE, SIGSEGV}) std::signal(signal, SIG_DFL);
}

/// The MPI process.
[[noreturn]] void run_mpi_process(int argc, char** argv) {
  try {
    const Start start = read_start();
    // Where this host has the user's folder, tasks begin in it; where it has not, in "/".
    static_cast<void>(!::chdir(start.folder.c_str()));
    {
      const Settings settings{start};
      MPI_Init(&argc, &argv);
    }
    end_at_crashes();
    std::signal(SIGUSR1, SIG_IGN);  // Hydra's word that some rank of this host has died
    int size = 0;
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    if (size < 2) throw mw::InterfaceError{"this MPI world has one rank: mpiexec and the MPI library are not of one kind (MPICH)"};
    run_rank(start);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "mw_mpi_rank on %s: %s\n", host_name().c_str(), e.what());
    std::fflush(stderr);
  }
  ::_exit(1);
}

/// For poll(2): readable when this process has ended. A number that is none of this process's world is never.
pollfd end_of(pid_t pid) {
  const int fd = pid > 0 ? static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)) : -1;
  return {fd, POLLIN, 0};
}

/// Waits for the MPI process. When Hydra's proxy or mpiexec is gone, that one goes, too, and at once: the proxy would
/// wait for it, and it, if it is still in MPI_Init, for the proxy.
int wait_for(pid_t child, const Ancestors& ancestors) {
  std::array<pollfd, 3> ends{end_of(child), end_of(ancestors.parent), end_of(ancestors.grandparent)};
  const auto is_alone = [&] {
    return ends[1].revents != 0 || ends[2].revents != 0 || ::getppid() != ancestors.parent || ancestors.came_too_late;
  };
  constexpr int second_ms = 1'000;  // a look now and then, should the kernel have no such descriptors
  int status = 0;
  for (pid_t got = 0; (got = ::waitpid(child, &status, WNOHANG)) != child;) {
    if (got < 0 && errno == ECHILD) return W_EXITCODE(1, 0);  // somebody else has taken its end: that is no success
    if (is_alone()) ::kill(child, SIGKILL);
    ::poll(ends.data(), is_alone() ? 1 : ends.size(), second_ms);
  }
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  mw::process::open_standard_descriptors();
  if (is_remote_shell()) return run_remote_shell(argc, argv);
  const pid_t guard = ::getpid();
  std::signal(SIGCHLD, SIG_DFL);  // ignored, as it may be inherited, it would hide how the MPI process ends
  const Ancestors ancestors{master_here()};
  const pid_t child = ::fork();
  if (child < 0) {
    std::perror("mw_mpi_rank: fork");
    return 1;
  }
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != guard) ::_exit(1);
    run_mpi_process(argc, argv);
  }
  name_process("mw-mpi-guard");
  std::signal(SIGUSR1, SIG_IGN);
  const int status = wait_for(child, ancestors);
  const char* rank = std::getenv("PMI_RANK");
  const DeathNotice notice{rank ? mw::parse::leading_number<int>(rank).value_or(0) : -1, child,
                           WIFSIGNALED(status) ? WTERMSIG(status) : 0, WIFEXITED(status) ? WEXITSTATUS(status) : 0};
  if (notice.signal != 0 || notice.exit_status != 0) {
    std::fprintf(stderr, "%s\n", notice.to_text().c_str());
    std::fflush(stderr);
  }
  return notice.signal != 0 ? 128 + notice.signal : notice.exit_status;
}
