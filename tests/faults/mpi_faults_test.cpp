// mpi under fire: ranks, the manager and mpiexec get killed, stopped, or never start.
#include <catch2/catch.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <random>
#include <set>
#include <sstream>
#include <thread>

#include "contract/functions.hpp"
#include "process/cores.hpp"
#include "support/errors.hpp"
#include "support/processes.hpp"
#include "support/program.hpp"
#include "support/temporary.hpp"

using namespace contract;
using namespace std::chrono_literals;

namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int slowness = 4;
#else
constexpr int slowness = 1;
#endif

std::int64_t index_after_5_ms(std::int64_t index) {
  std::this_thread::sleep_for(5ms);
  return index;
}

std::int64_t number(const mw::Status& status, const std::string& key) {
  const auto place = status.interface.find(key);
  return place == status.interface.end() ? -1 : std::get<std::int64_t>(place->second);
}

std::string text(const mw::Status& status, const std::string& key) {
  const auto place = status.interface.find(key);
  return place == status.interface.end() ? "" : std::get<std::string>(place->second);
}

bool wait_for_workers(mw::Master& master, std::size_t count) {
  return test::eventually([&] { return master.get_status().ready_workers() == count; }, 60s);
}

/// The MPI process of a rank.
pid_t pid_of(mw::Master& master, int rank) {
  const auto status = master.get_status();
  if (rank == 0) return static_cast<pid_t>(number(status, "manager_pid"));
  std::istringstream pids{text(status, "rank_pids")};
  pid_t pid = -1;
  for (int i = 1; i <= rank && pids >> pid; ++i) continue;
  return pids ? pid : -1;
}

/// The worker of a rank, as status has it.
mw::WorkerStatus worker_status(mw::Master& master, int rank) {
  for (mw::WorkerStatus& worker : master.get_status().workers)
    if (worker.name == "mpi worker " + std::to_string(rank)) return std::move(worker);
  return {};
}

pid_t mpiexec_pid() {
  for (const pid_t pid : test::children())
    if (test::file_text("/proc/" + std::to_string(pid) + "/comm").starts_with("mpiexec")) return pid;
  return -1;
}

/// The worker process behind a rank.
pid_t worker_of(pid_t rank) {
  for (const pid_t pid : test::all_processes())
    if (test::parent_of(pid) == rank) return pid;
  return -1;
}

/// In the environment of all that this process starts: mpiexec, Hydra's, ranks, workers.
const std::string job_tag = [] {
  const std::string value = std::to_string(::getpid());
  ::setenv("CPPMW_TEST_JOB", value.c_str(), 1);
  return "CPPMW_TEST_JOB=" + value;
}();

/// What lives of the jobs of this process.
std::vector<pid_t> job_processes() {
  auto found = test::processes_with(job_tag + '\0');
  std::erase(found, ::getpid());
  return found;
}

void check_all(mw::Master& master, std::vector<mw::Task<std::int64_t>>& tasks) {
  std::set<std::uint64_t> seen;
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    const auto task = master.get_result();
    CHECK(seen.insert(task.id()).second);
    sum += task.result<std::int64_t>();
  }
  const auto count = static_cast<std::int64_t>(tasks.size());
  CHECK(seen.size() == tasks.size());
  CHECK(sum == count * (count - 1) / 2);
  const auto status = master.get_status();
  CHECK(status.finished == tasks.size());
  CHECK(status.running + status.submitted + status.errors == 0);
}

std::vector<mw::Task<std::int64_t>> submit(mw::Master& master, int count) {
  std::vector<mw::Task<std::int64_t>> tasks;
  for (int i = 0; i < count; ++i) tasks.push_back(master.submit_task<index_after_5_ms>(i));
  return tasks;
}

/// What get_result throws as InterfaceError; empty if it throws none.
std::string interface_error(mw::Master& master, const mw::Task<std::int64_t>& task) {
  try {
    master.get_result(task);
  } catch (const mw::InterfaceError& e) {
    return e.what();
  }
  return {};
}

}  // namespace

TEST_CASE("P7: ranks and workers that are killed while 2,000 tasks run: the right answer, each once", "[faults][mpi][P7][P14]") {
  const unsigned seed = std::random_device{}();
  INFO("seed " << seed);
  {
    mw::Master master{mw::interface("mpi:4")};
    REQUIRE(wait_for_workers(master, 4));
    auto tasks = submit(master, 2000);
    std::atomic<bool> over{false};
    std::atomic<int> kills{0};
    std::thread killer{[&] {
      std::mt19937 random{seed};
      // Two ranks for good, and workers all the time.
      for (int i = 0; !over; ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds{30 + random() % 60});
        const pid_t rank = pid_of(master, 1 + static_cast<int>(random() % 4));
        if (i == 4 || i == 9) {
          ::kill(pid_of(master, i == 4 ? 2 : 4), SIGKILL);
        } else if (const pid_t worker = worker_of(rank); worker > 0) {
          ::kill(worker, SIGKILL);
          ++kills;
        }
      }
    }};
    check_all(master, tasks);
    over = true;
    killer.join();
    CHECK(kills > 5);
    const auto status = master.get_status();
    for (const int rank : {2, 4}) {
      CHECK(worker_status(master, rank).state == mw::WorkerState::lost);
      CHECK(worker_status(master, rank).note.find("signal 9") != std::string::npos);
    }
    std::uint64_t lost = 0, done = 0;
    for (const mw::WorkerStatus& worker : status.workers) lost += worker.lost, done += worker.done;
    CHECK(lost > 5);
    CHECK(lost == status.lost);
    CHECK(done == status.finished);
    CHECK(wait_for_workers(master, 2));
  }
  CHECK(test::eventually([] { return job_processes().empty(); }, slowness * 5s));
}

TEST_CASE(
    "kill -9 of the manager: an InterfaceError that names it within 5 s, every task intact for another interface, nothing left",
    "[faults][mpi][P7]") {
  mw::Master master{mw::interface("mpi:2")};
  REQUIRE(wait_for_workers(master, 2));
  CHECK(job_processes().size() >= 10);  // mpiexec, Hydra's proxy, three ranks of two processes, two workers
  auto tasks = submit(master, 1000);
  REQUIRE(test::eventually([&] { return master.get_status().finished > 50; }));
  const pid_t manager = pid_of(master, 0);
  const auto start = std::chrono::steady_clock::now();
  REQUIRE(::kill(manager, SIGKILL) == 0);
  const std::string error = interface_error(master, tasks.back());
  CHECK(std::chrono::steady_clock::now() - start < slowness * 5s);
  INFO(error);
  CHECK(error.find("the manager (rank 0, process " + std::to_string(manager)) != std::string::npos);
  CHECK(error.find("signal 9") != std::string::npos);
  CHECK(master.get_status().interface_status == "error");
  CHECK(test::eventually([] { return job_processes().empty(); }, slowness * 5s));
  CHECK(test::eventually([] { return test::children().empty(); }, slowness * 5s));

  const auto before = master.get_status();
  CHECK(before.running == 0);
  CHECK(before.errors == 0);
  CHECK(before.submitted + before.finished == 1000);
  master.set_interface(mw::interface("multicore:2"));
  check_all(master, tasks);
  CHECK(master.get_status().interface_status == "ok");
  CHECK(master.get_status().interface_name == "multicore");
}

TEST_CASE(
    "kill -9 of mpiexec: the job is started anew, as often as was said, and then an InterfaceError that names it, and nothing left",
    "[faults][mpi]") {
  mw::Master master{mw::interface("mpi:2?restarts=1")};
  REQUIRE(wait_for_workers(master, 2));
  std::vector<mw::Task<std::int64_t>> tasks;
  // What was running when mpiexec ended is no loss of any task.
  for (int i = 0; i < 1000; ++i) tasks.push_back(master.submit_task<index_after_5_ms>({.max_losses = 0}, i));
  const pid_t first = mpiexec_pid();
  REQUIRE(first > 0);
  ::kill(first, SIGKILL);
  REQUIRE(test::eventually([&] { return number(master.get_status(), "restarts") == 1 && mpiexec_pid() > 0; }, slowness * 30s));
  REQUIRE(wait_for_workers(master, 2));
  const pid_t second = mpiexec_pid();
  REQUIRE(second != first);
  ::kill(second, SIGKILL);
  const std::string error = interface_error(master, master.submit_task<add_slowly>(1, 1, 60'000));
  INFO(error);
  CHECK(error.find("mpiexec (process " + std::to_string(second) + ") ended with signal 9") != std::string::npos);
  CHECK(test::eventually([] { return job_processes().empty(); }, slowness * 5s));
}

TEST_CASE("a job that was started anew after kill -9 of mpiexec gives every result once", "[faults][mpi]") {
  {
    mw::Master master{mw::interface("mpi:2")};
    REQUIRE(wait_for_workers(master, 2));
    auto tasks = submit(master, 500);
    ::kill(mpiexec_pid(), SIGKILL);
    check_all(master, tasks);
    CHECK(number(master.get_status(), "restarts") == 1);
  }
  CHECK(test::eventually([] { return job_processes().empty(); }, slowness * 5s));
}

TEST_CASE("a rank that falls silent is given up, and its tasks run elsewhere", "[faults][mpi][P20][P36]") {
  {
    mw::Master master{mw::interface("mpi:2?lost_after_s=" + std::to_string(2 * slowness))};
    REQUIRE(wait_for_workers(master, 2));
    const pid_t silent = pid_of(master, 1);
    ::kill(silent, SIGSTOP);  // its host might have been cut off
    auto tasks = submit(master, 200);
    check_all(master, tasks);
    REQUIRE(test::eventually([&] { return worker_status(master, 1).state == mw::WorkerState::lost; }, slowness * 20s));
    CHECK(worker_status(master, 1).note.find("nothing was heard") != std::string::npos);
  }
  CHECK(test::eventually([] { return job_processes().empty(); }, 10s));
}

TEST_CASE("when all ranks are lost, the error says so", "[faults][mpi]") {
  mw::Master master{mw::interface("mpi:2")};
  REQUIRE(wait_for_workers(master, 2));
  const auto task = master.submit_task<add_slowly>(1, 1, 60'000);
  for (int rank : {1, 2}) ::kill(pid_of(master, rank), SIGKILL);
  const std::string error = interface_error(master, task);
  INFO(error);
  CHECK(error.find("all of its 2 ranks are lost") != std::string::npos);
  CHECK(error.find("signal 9") != std::string::npos);
}

TEST_CASE("P33: kill -9 of the master leaves no rank, no worker and no child of theirs", "[faults][mpi][P33]") {
  const std::string master_tag = "CPPMW_TEST_TAG=" + std::to_string(::getpid()) + "-mpi-master";
  const test::TemporaryFolder folder;
  test::Program master{test::beside("long_run"), {folder.path("ready"), "mpi:3"}, master_tag};
  REQUIRE(test::eventually([&] { return std::filesystem::exists(folder.path("ready")); }, slowness * 30s));
  // mpiexec, Hydra, 4 ranks of two processes, 3 workers, sh and two sleep; not all need be there when a task runs.
  CHECK(test::eventually([&] { return test::processes_with(master_tag).size() >= 12; }, slowness * 20s));
  master.kill();
  master.wait();
  CHECK(test::eventually([&] { return test::processes_with(master_tag).empty(); }, slowness * 5s));
}

TEST_CASE("P28: an mpiexec that is missing, fails, or never starts a rank is an error that says so", "[faults][mpi][P28]") {
  const test::TemporaryFolder folder;
  const auto script = [&](const std::string& name, const std::string& body) {
    std::ofstream{folder.path(name)} << "#!/bin/sh\n" << body << "\n";
    ::chmod(folder.path(name).c_str(), 0700);
    return folder.path(name);
  };
  CHECK_THROWS_WITH(mw::Master{mw::interface("mpi:2?mpiexec=/nonexistent/mpiexec")}, Catch::Contains("/nonexistent/mpiexec"));
  CHECK_THROWS_WITH(mw::Master{mw::interface("mpi:2?rank_program=/nonexistent/rank")}, Catch::Contains("/nonexistent/rank"));
  {
    const std::string path = std::getenv("PATH");
    ::setenv("PATH", folder.path("").c_str(), 1);
    CHECK_THROWS_WITH(mw::Master{mw::interface("mpi:2")}, Catch::Contains("apt-get install mpich"));
    ::setenv("PATH", path.c_str(), 1);
  }
  {
    mw::Master master{mw::interface("mpi:2?mpiexec=" + script("fails", "echo no such host >&2; exit 3"))};
    const std::string error = interface_error(master, master.submit_task<add>(1, 1));
    INFO(error);
    CHECK(error.find("exit status 3") != std::string::npos);
    CHECK(error.find("no such host") != std::string::npos);
  }
  {
    mw::Master master{mw::interface("mpi:2?start_limit_s=1&mpiexec=" + script("sleeps", "exec sleep 600"))};
    const std::string error = interface_error(master, master.submit_task<add>(1, 1));
    CHECK(error.find("did not start within 1 s") != std::string::npos);
  }
  CHECK(test::eventually([] { return test::children().empty(); }, 5s));
}

TEST_CASE("a master that ends while its ranks still start ends at once, and nothing is left", "[faults][mpi][ending]") {
  for (const auto delay : {0ms, 0ms, 0ms, 0ms, 5ms, 20ms, 60ms, 150ms}) {
    INFO(delay.count() << " ms");
    const auto start = std::chrono::steady_clock::now();
    {
      mw::Master master{mw::interface("mpi:3")};
      std::this_thread::sleep_for(delay);
    }
    CHECK(std::chrono::steady_clock::now() - start < slowness * 2s);  // 0.3 s, on a machine that has nothing else to do
    CHECK(test::eventually([] { return job_processes().empty(); }, slowness * 2s));
  }
}

TEST_CASE("a job that is done ends well, in every rank", "[faults][mpi][ending]") {
  const test::TemporaryFolder folder;
  // Not what mpiexec ends with: that is 1 now and then, since ranks leave without MPI_Finalize.
  std::ofstream{folder.path("mpiexec")} << "#!/bin/sh\nexec mpiexec.mpich \"$@\" >" << folder.path("words") << " 2>&1\n";
  ::chmod(folder.path("mpiexec").c_str(), 0700);
  {
    mw::Master master{mw::interface("mpi:2?mpiexec=" + folder.path("mpiexec"))};
    auto tasks = submit(master, 20);
    check_all(master, tasks);
  }
  const std::string words = test::file_text(folder.path("words"));
  INFO(words);
  CHECK(words.find("@cppmw-rank-ended") == std::string::npos);
  CHECK(words.find("Sanitizer") == std::string::npos);
}

TEST_CASE("ranks have no file in /dev/shm: whoever is killed, none is left there", "[faults][mpi]") {
  mw::Master master{mw::interface("mpi:2")};
  REQUIRE(wait_for_workers(master, 2));
  auto tasks = submit(master, 20);
  check_all(master, tasks);
  for (int rank = 0; rank <= 2; ++rank) {
    const std::string maps = test::file_text("/proc/" + std::to_string(pid_of(master, rank)) + "/maps");
    REQUIRE_FALSE(maps.empty());
    CHECK(maps.find("/dev/shm/") == std::string::npos);
  }
}

TEST_CASE("a manager that did not run itself for a while takes nobody for silent", "[faults][mpi]") {
  mw::Master master{mw::interface("mpi:2?lost_after_s=" + std::to_string(2 * slowness))};
  REQUIRE(wait_for_workers(master, 2));
  std::vector<pid_t> all;
  for (int rank = 0; rank <= 2; ++rank) all.push_back(pid_of(master, rank));
  for (const pid_t pid : all) ::kill(pid, SIGSTOP);
  std::this_thread::sleep_for(slowness * 2500ms);
  for (const pid_t pid : all) ::kill(pid, SIGCONT);
  auto tasks = submit(master, 50);
  check_all(master, tasks);
  for (const int rank : {1, 2}) CHECK(worker_status(master, rank).state == mw::WorkerState::idle);
}

TEST_CASE("an mpiexec of another MPI is noticed: every rank believes that it is alone", "[faults][mpi]") {
  const test::TemporaryFolder folder;
  std::ofstream{folder.path("mpiexec")} << "#!/bin/sh\nwhile [ $# -gt 1 ]; do shift; done\n\"$1\" & \"$1\" & wait\nexit 1\n";
  ::chmod(folder.path("mpiexec").c_str(), 0700);
  mw::Master master{mw::interface("mpi:1?mpiexec=" + folder.path("mpiexec"))};
  const std::string error = interface_error(master, master.submit_task<add>(1, 1));
  INFO(error);
  CHECK(error.find("not of one kind") != std::string::npos);
}

TEST_CASE("an idle job leaves the cores alone", "[faults][mpi][idle]") {
  mw::Master master{mw::interface("mpi:2")};
  REQUIRE(wait_for_workers(master, 2));
  auto tasks = submit(master, 20);
  check_all(master, tasks);
  std::this_thread::sleep_for(1s);
  const auto ticks = [&] {
    long sum = 0;
    for (int rank = 0; rank < 3; ++rank) {
      std::istringstream stat{test::file_text("/proc/" + std::to_string(pid_of(master, rank)) + "/stat")};
      std::string word;
      for (int i = 0; i < 13; ++i) stat >> word;
      long user = 0, system = 0;
      stat >> user >> system;
      sum += user + system;
    }
    return sum;
  };
  const long before = ticks();
  std::this_thread::sleep_for(4s);
  const double share = static_cast<double>(ticks() - before) / static_cast<double>(::sysconf(_SC_CLK_TCK)) / 4;
  INFO(share);
  CHECK(share < slowness * 0.05);
}

TEST_CASE("P33: what mpiexec starts in place of ssh ends, too, if mpiexec is gone before it looks", "[faults][mpi][P33]") {
  const std::string shell_tag = "CPPMW_TEST_TAG=" + std::to_string(::getpid()) + "-shell";
  const test::TemporaryFolder folder;
  // Its master is the shell that has just ended.
  const std::string command = "(while kill -0 $$ 2>/dev/null; do sleep 0.01; done; " + shell_tag +
                              " MW_MPI_SHELL=sleep MW_MPI_PROBE=\"$$ 0 0\" " + test::beside("mw_mpi_rank") + " 600; touch " +
                              folder.path("ended") + ") >/dev/null 2>&1 & exit 0";
  CHECK(std::system(command.c_str()) == 0);
  CHECK(test::eventually([&] { return std::filesystem::exists(folder.path("ended")); }, slowness * 5s));
  for (const pid_t pid : test::processes_with(shell_tag)) ::kill(pid, SIGKILL);
}

TEST_CASE("mpi's status has ranks, hosts and cores, and when each worker was ready", "[faults][mpi][P10]") {
  mw::Master master{mw::interface("mpi:2")};
  REQUIRE(wait_for_workers(master, 2));
  auto tasks = submit(master, 40);
  check_all(master, tasks);
  const auto status = master.get_status();
  CHECK(status.interface_status == "ok");
  CHECK(number(status, "hosts") == 1);
  CHECK(status.cores == mw::process::available_cores());  // once, not for each rank
  REQUIRE(status.workers.size() == 2);
  for (const mw::WorkerStatus& worker : status.workers) {
    CHECK(worker.state == mw::WorkerState::idle);
    CHECK(worker.host == text(status, "manager_host"));
    CHECK(worker.ready_after > 0s);
  }
  CHECK(status.workers[0].done + status.workers[1].done == 40);
  CHECK(status.workers[0].busy_time + status.workers[1].busy_time > 190ms);
}

TEST_CASE("mpi's options that make no sense are usage errors", "[faults][mpi]") {
  const auto spec =
      GENERATE(as<std::string>{}, "mpi:", "mpi:0", "mpi:x", "mpi:4097", "mpi:2?", "mpi:2?hosts", "mpi:2?hosts=", "mpi:2?hosts=a:0",
               "mpi:2?hosts=a,-b", "mpi:2?hosts=a;b", "mpi:2?nonsense=1", "mpi:2?hostfile=/nonexistent", "mpi:2?start_limit_s=0",
               "mpi:2?lost_after_s=x", "mpi:2?memory=maybe", "mpi:2&hosts=a", "mpi:?hosts=a&hostfile=/dev/null");
  INFO(spec);
  CHECK_THROWS_AS(mw::interface(spec), mw::UsageError);
}

TEST_CASE("mpi takes the number of workers from its hosts, or from -n", "[faults][mpi]") {
  CHECK(mw::MpiInterface::from_text(":?hosts=a,b:4").workers() == 5);
  CHECK(mw::MpiInterface::from_text(":3?hosts=a,b:4").workers() == 3);
  CHECK(mw::MpiInterface::from_text("").workers() >= 1);
  const test::TemporaryFolder folder;
  std::ofstream{folder.path("hosts")} << "# the cluster\npi1:4   # four cores\n\npi2\n";
  CHECK(mw::MpiInterface::from_text("?hostfile=" + folder.path("hosts")).workers() == 5);
  CHECK_NOTHROW(mw::interface("mpi:?hosts=a", 7));
  CHECK_NOTHROW(mw::interface("mpi?hosts=a", 7));
  CHECK_THROWS_AS(mw::interface("mpi:2?hosts=a", 7), mw::UsageError);
}
