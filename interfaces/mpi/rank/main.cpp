// mw_mpi_rank: what mpiexec starts for a CppMW master. Rank 0 is the manager, the others are workers' agents.
//
// Each rank is two processes. The first waits for the second, which is the MPI process: if that one dies of a signal, the first
// ends with a status instead. Hydra would end all ranks of a host of which one died of a signal; a status it lets pass
// (-disable-auto-cleanup).
#include <mpi.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <string>

#include <fmt/format.h>

#include <mw/error.hpp>

#include "mpi/death_notice.hpp"
#include "mpi/rank/link.hpp"
#include "mpi/rank/manager.hpp"
#include "mpi/rank/worker.hpp"
#include "mpi/rank/world.hpp"
#include "process/place.hpp"

namespace {

using namespace mw::mpi;
using mw::process::host_name;

/// For ps and top.
void name_process(const char* name) { ::prctl(PR_SET_NAME, name); }

[[noreturn]] void run_rank() {
  const Start start = read_start();
  boost::asio::io_context io{1};
  RankFacts own{static_cast<std::uint32_t>(::getpid()), host_name(), mw::process::own_place()};
  const bool shares = shares_memory(start);
  if (!shares) own.place += " apart";  // no memory can be shared with the master from here
  World world{io, own};
  if (world.rank() == 0) {
    name_process("mw-mpi-manager");
    Manager{io, world, connect(start), start.lost_after}.run();
  } else {
    name_process("mw-mpi-rank");
    mw::agent::AgentOptions options;
    const mw::process::UniqueFd program = open_program(start, shares);
    options.program.path = program.get() < 0 ? start.program : fmt::format("/proc/self/fd/{}", program.get());
    options.program.name = start.name;
    options.program.environment_unset = {"MW_*", "PMI_*", "PMIX_*", "HYD*", "MPI_LOCAL*"};
    options.program.handshake_limit = std::chrono::milliseconds{120'000};  // until the master has seen all ranks
    options.shares_memory = shares;
    WorkerRank{io, world, std::move(options), 6 * start.lost_after}.run();
  }
  world.leave();
}

/// The MPI process.
[[noreturn]] void run_mpi_process(int argc, char** argv) {
  try {
    // Messages up to the size of a usual batch go in one step, where UCX would ask the receiver to fetch them.
    ::setenv("UCX_RNDV_THRESH", "64k", 0);
    MPI_Init(&argc, &argv);
    std::signal(SIGUSR1, SIG_IGN);  // Hydra's word that some rank of this host has died
    int size = 0;
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    if (size < 2) throw mw::InterfaceError{"this MPI world has one rank: mpiexec and the MPI library are not of one kind (MPICH)"};
    run_rank();
  } catch (const std::exception& e) {
    std::fprintf(stderr, "mw_mpi_rank on %s: %s\n", host_name().c_str(), e.what());
    std::fflush(stderr);
  }
  ::_exit(1);
}

/// Field 4 of /proc/PID/stat; 0 where there is none.
pid_t parent_of(pid_t pid) {
  std::string stat;
  std::getline(std::ifstream{fmt::format("/proc/{}/stat", pid)}, stat);
  const auto name_end = stat.rfind(')');
  return name_end == std::string::npos || name_end + 4 >= stat.size() ? 0 : std::atoi(stat.c_str() + name_end + 4);
}

/// Who started this process, and who that: Hydra's proxy, and mpiexec or what stands for it on another host.
struct Ancestors {
  pid_t parent = ::getppid();
  pid_t grandparent = parent_of(parent);
  bool operator==(const Ancestors&) const = default;
};

/// Waits for the MPI process. When mpiexec is gone, that one goes, too: Hydra's proxy would wait for it, and it, if it is still in
/// MPI_Init, for the proxy. SIGCHLD is blocked.
int wait_for(pid_t child, const Ancestors& at_start) {
  sigset_t child_ended;
  ::sigemptyset(&child_ended);
  ::sigaddset(&child_ended, SIGCHLD);
  constexpr timespec interval{1, 0};
  int status = 0;
  while (::waitpid(child, &status, WNOHANG) != child) {
    ::sigtimedwait(&child_ended, nullptr, &interval);
    if (Ancestors{} != at_start) ::kill(child, SIGKILL);
  }
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  const pid_t guard = ::getpid();
  const Ancestors ancestors;
  sigset_t child_ended, before;
  ::sigemptyset(&child_ended);
  ::sigaddset(&child_ended, SIGCHLD);
  ::sigprocmask(SIG_BLOCK, &child_ended, &before);
  const pid_t child = ::fork();
  if (child < 0) {
    std::perror("mw_mpi_rank: fork");
    return 1;
  }
  if (child == 0) {
    ::sigprocmask(SIG_SETMASK, &before, nullptr);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != guard) ::_exit(1);
    run_mpi_process(argc, argv);
  }
  name_process("mw-mpi-guard");
  std::signal(SIGUSR1, SIG_IGN);
  const int status = wait_for(child, ancestors);
  const char* rank = std::getenv("PMI_RANK");
  const DeathNotice notice{rank ? std::atoi(rank) : -1, child, WIFSIGNALED(status) ? WTERMSIG(status) : 0,
                           WIFEXITED(status) ? WEXITSTATUS(status) : 0};
  if (notice.signal != 0 || notice.exit_status != 0) {
    std::fprintf(stderr, "%s\n", notice.to_text().c_str());
    std::fflush(stderr);
  }
  return notice.signal != 0 ? 128 + notice.signal : notice.exit_status;
}
