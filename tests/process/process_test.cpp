// Child processes, for real.
#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <new>
#include <optional>
#include <thread>

#include <fmt/format.h>
#include <boost/asio/io_context.hpp>

#include "process/child.hpp"
#include "process/cores.hpp"
#include "process/group_guard.hpp"
#include "process/job_control.hpp"
#include "process/launch.hpp"
#include "process/oom.hpp"
#include "process/run_program.hpp"
#include "process/stop_ladder.hpp"
#include "support/forked.hpp"
#include "support/processes.hpp"
#include "support/temporary.hpp"
#include "support/text.hpp"

using namespace mw::process;

using test::bytes_of;

namespace {

Death run_to_end(const Command& command) {
  boost::asio::io_context io;
  Child child = Child::start(io, command);
  std::optional<Death> death;
  child.async_wait([&](Death d) { death = d; });
  io.run();
  REQUIRE(death);
  return *death;
}

Command shell(const std::string& script) { return {.path = "sh", .arguments = {"-c", script}}; }

void make_file(const std::string& path, const std::string& text) {
  std::filesystem::create_directories(std::filesystem::path{path}.parent_path());
  std::ofstream{path} << text;
}

}  // namespace

TEST_CASE("a child's exit status and signal are told apart", "[process]") {
  const Death exited = run_to_end(shell("exit 7"));
  CHECK_FALSE(exited.signaled);
  CHECK(exited.exit_status == 7);
  CHECK(describe(exited) == "exit status 7");
  const Death killed = run_to_end(shell("kill -9 $$"));
  CHECK(killed.signaled);
  CHECK(killed.signal == SIGKILL);
  CHECK(describe(killed) == "signal 9 (Killed)");
  CHECK(to_failure(killed).cause == mw::Cause::signal);
}

TEST_CASE("a child's end is known in a process that ignores SIGCHLD", "[process]") {
  struct sigaction ignoring = {};
  ignoring.sa_handler = SIG_IGN;
  if (GENERATE(false, true)) {
    ignoring.sa_handler = [](int) {};
    ignoring.sa_flags = SA_NOCLDWAIT;
  }
  const test::SignalAction changed{SIGCHLD, ignoring};
  const Death exited = run_program("sh", {"-c", "printf half; exit 3"}, {}).death;
  ::sigaction(SIGCHLD, &ignoring, nullptr);
  const Death killed = run_to_end(shell("kill -11 $$"));
  CHECK(describe(exited) == "exit status 3");
  CHECK(describe(killed) == "signal 11 (Segmentation fault)");
}

TEST_CASE("the end of a child that somebody else has waited for is unknown, and no success", "[process]") {
  const auto script = GENERATE(as<std::string>{}, "exit 0", "exit 3", "kill -9 $$");
  boost::asio::io_context io;
  Child child = Child::start(io, shell(script));
  REQUIRE(::waitpid(child.pid(), nullptr, 0) == child.pid());
  std::optional<Death> death;
  child.async_wait([&](Death d) { death = d; });
  io.run();
  REQUIRE(death);
  CHECK(death->exit_status != 0);
  CHECK(describe(*death).find("nobody knows") != std::string::npos);
  CHECK(to_failure(*death).cause == mw::Cause::worker_lost);
}

namespace {

/// In memory that a child has in common with this process, however it was made.
std::atomic<int>* ran_in_child = nullptr;
pid_t starting_process = 0;
void note_process(int) {
  if (::getpid() != starting_process) ran_in_child->fetch_add(1);
}

}  // namespace

TEST_CASE("until it is another program no handler of the parent's runs in the child", "[process]") {
  // It would find locks held by threads that are not there, and wait for ever.
  void* const memory = ::mmap(nullptr, sizeof(std::atomic<int>), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  REQUIRE(memory != MAP_FAILED);
  ran_in_child = new (memory) std::atomic<int>{0};
  sigset_t mask_before;
  ::pthread_sigmask(SIG_SETMASK, nullptr, &mask_before);
  const int status = test::exit_status_of([&] {
    ::setpgid(0, 0);  // whoever started this one is not to be signalled
    starting_process = ::getpid();
    struct sigaction action = {};
    action.sa_handler = note_process;
    action.sa_flags = SA_RESTART;
    ::sigaction(SIGUSR1, &action, nullptr);
    std::atomic<bool> is_over{false};
    std::thread sender{[&] {
      while (!is_over) ::kill(0, SIGUSR1);
    }};
    int ended_by_it = 0;
    for (int i = 0; i < 100; ++i) {
      Command command = shell("exit 3");
      command.new_process_group = false;
      try {
        ended_by_it += run_to_end(command).signal == SIGUSR1;
      } catch (const StartError&) {
        ++ended_by_it;  // on the way to its program
      }
    }
    is_over = true;
    sender.join();
    sigset_t mask_after;
    ::pthread_sigmask(SIG_SETMASK, nullptr, &mask_after);
    if (::sigismember(&mask_after, SIGUSR1) != ::sigismember(&mask_before, SIGUSR1)) return 2;
    return ended_by_it != 0 ? 0 : 1;  // by its default action: the signal did come
  });
  CHECK(status == 0);
  CHECK(ran_in_child->load() == 0);
  ::munmap(memory, sizeof(std::atomic<int>));
}

TEST_CASE("what cannot be started says why, and leaves no process", "[process]") {
  boost::asio::io_context io;
  const auto error_of = [&](const std::string& path) {
    try {
      Child::start(io, {.path = path});
    } catch (const StartError& e) {
      CHECK(std::string{e.what()}.find(path) != std::string::npos);
      return e.error();
    }
    return 0;
  };
  CHECK(error_of("/no/such/file") == ENOENT);
  CHECK(error_of("no-such-command-anywhere") == ENOENT);
  CHECK(error_of("/etc/passwd") == EACCES);
  CHECK(error_of("/") == EACCES);
  CHECK(error_of("") == ENOENT);
  CHECK(::waitpid(-1, nullptr, WNOHANG) == -1);  // no child is left, not even a dead one
}

TEST_CASE("a child has its three streams, what it may inherit, and no other descriptor", "[process]") {
  const test::TemporaryFolder folder;
  const int secret = ::open("/etc/passwd", O_RDONLY);  // without close-on-exec, on purpose
  const int shared = ::open("/etc/hostname", O_RDONLY | O_CLOEXEC);
  const int out = ::open(folder.path("out").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
  Command command = shell("ls -l /proc/$$/fd");
  command.stdout_fd = out;
  command.inherit_fds = {shared};
  run_to_end(command);
  const std::string listed = test::file_text(folder.path("out"));
  INFO(listed);
  CHECK(listed.find(fmt::format("{} -> /etc/hostname", shared)) != std::string::npos);
  CHECK(listed.find("/etc/passwd") == std::string::npos);
  CHECK(listed.find("0 -> /dev/null") != std::string::npos);
  CHECK(listed.find("1 -> " + folder.path("out")) != std::string::npos);
  for (const int fd : {secret, shared, out}) ::close(fd);
}

TEST_CASE("a child's environment is what was asked for", "[process]") {
  ::setenv("MWX_ONE", "1", 1);
  ::setenv("MWX_TWO", "2", 1);
  const test::TemporaryFolder folder;
  const int out = ::open(folder.path("out").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
  Command command{.path = "env"};
  command.stdout_fd = out;
  command.environment_unset = {"MWX_*"};
  command.environment_set = {{"MWX_TWO", "two"}};
  run_to_end(command);
  ::close(out);
  const std::string lines = test::file_text(folder.path("out"));
  CHECK(lines.find("MWX_ONE") == std::string::npos);
  CHECK(lines.find("MWX_TWO=two\n") != std::string::npos);
  CHECK(lines.find("PATH=") != std::string::npos);
}

TEST_CASE("killing the group takes what the child had started", "[process]") {
  const std::string tag = fmt::format("MWX_TAG={}-group", ::getpid());
  boost::asio::io_context io;
  Command command = shell("sleep 333 & sleep 333");
  command.environment_set = {{"MWX_TAG", tag.substr(8)}};
  Child child = Child::start(io, command);
  REQUIRE(test::eventually([&] { return test::processes_with(tag).size() == 3; }));
  child.kill_group(SIGKILL);
  CHECK(test::eventually([&] { return test::processes_with(tag).empty(); }));
}

TEST_CASE("a Child that goes kills and reaps its process", "[process]") {
  pid_t pid = 0;
  {
    boost::asio::io_context io;
    const Child child = Child::start(io, {.path = "sleep", .arguments = {"333"}});
    pid = child.pid();
    CHECK(test::state_of(pid) != '\0');
  }
  CHECK(test::state_of(pid) == '\0');
}

TEST_CASE("a child gets its death signal when its parent is killed", "[process]") {
  const std::string tag = fmt::format("MWX_TAG={}-orphan", ::getpid());
  const pid_t parent = ::fork();
  if (parent == 0) {
    boost::asio::io_context io;
    Command command{.path = "sleep", .arguments = {"333"}};
    command.environment_set = {{"MWX_TAG", tag.substr(8)}};
    const Child child = Child::start(io, command);
    ::pause();
  }
  REQUIRE(test::eventually([&] { return test::processes_with(tag).size() == 1; }));
  ::kill(parent, SIGKILL);
  ::waitpid(parent, nullptr, 0);
  CHECK(test::eventually([&] { return test::processes_with(tag).empty(); }, std::chrono::seconds{2}));
}

TEST_CASE("a program is found as it is started: by its path, or in PATH", "[process]") {
  CHECK(find_program("/bin/sh") == "/bin/sh");
  CHECK(run_program(find_program("true"), {}, {}).death.exit_status == 0);
  CHECK(find_program("true").front() == '/');
  CHECK(find_program("/bin").empty());         // no file
  CHECK(find_program("/etc/passwd").empty());  // no program
  CHECK(find_program("no-such-program").empty());
  CHECK(find_program("").empty());
}

TEST_CASE("a group is ended with who started it, from the program's first moment", "[process]") {
  const std::string tag = "CPPMW_TEST_TAG=" + std::to_string(::getpid()) + "-guard";
  const pid_t starter = ::fork();
  if (starter == 0) {
    GroupGuard guard;
    Command command = shell("sleep 777 & sleep 777");
    command.environment_set = {{"CPPMW_TEST_TAG", tag.substr(tag.find('=') + 1)}};
    command.death_signal = 0;
    command.group_fd = guard.socket();
    launch(command);
    ::kill(::getpid(), SIGKILL);  // the program may not even have begun
  }
  int status = 0;
  REQUIRE(::waitpid(starter, &status, 0) == starter);
  CHECK(WIFSIGNALED(status));
  CHECK(test::eventually([&] { return test::processes_with(tag).empty(); }));
}

TEST_CASE("a program reads its input and writes its output at the same time, whatever their sizes", "[process]") {
  const auto size = GENERATE(std::size_t{0}, std::size_t{1}, std::size_t{65'536}, std::size_t{8} << 20);
  const std::string input(size, 'x');
  const ProgramRun run = run_program("cat", {}, bytes_of(input));
  CHECK(run.out == input);
  CHECK(run.err.empty());
  CHECK(run.death.exit_status == 0);
}

TEST_CASE("a program may ignore its input, and close its streams early", "[process]") {
  const std::string input(4 << 20, 'x');
  CHECK(run_program("true", {}, bytes_of(input)).death.exit_status == 0);
  CHECK(run_program("sh", {"-c", "exec 0<&-; sleep 0.05; echo done"}, bytes_of(input)).out == "done\n");
  CHECK(run_program("sh", {"-c", "exec 1>&- 2>&-; sleep 0.05; exit 4"}, {}).death.exit_status == 4);
}

TEST_CASE("of a long stderr the last 64 KiB are kept", "[process]") {
  const ProgramRun run = run_program("sh", {"-c", "head -c 10000000 /dev/zero | tr '\\0' y >&2; echo end >&2"}, {});
  CHECK(run.err.size() == 64 * 1024);
  CHECK(run.err.substr(run.err.size() - 5) == "yend\n");
}

TEST_CASE("a process that a program left behind with its streams open is not waited for", "[process]") {
  const auto start = std::chrono::steady_clock::now();
  const ProgramRun run = run_program("sh", {"-c", "sleep 5 & echo here"}, {});
  CHECK(run.out == "here\n");
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds{4});
}

TEST_CASE("stdin is a pipe that programs can open by name", "[process]") {
  CHECK(run_program("cat", {"/dev/stdin"}, bytes_of("hello")).out == "hello");
}

TEST_CASE("a process that was stopped by its terminal knows for how long", "[process]") {
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::setpgid(0, 0);  // as a shell has it: a group without a parent outside of it cannot be stopped
    const auto before = time_stopped();
    ::raise(SIGTSTP);  // mw::init() has set the handler
    ::_exit(time_stopped() - before >= std::chrono::milliseconds{20} ? 0 : 1);
  }
  int status = 0;
  REQUIRE(::waitpid(pid, &status, WUNTRACED) == pid);
  REQUIRE(WIFSTOPPED(status));
  CHECK(WSTOPSIG(status) == SIGTSTP);
  std::this_thread::sleep_for(std::chrono::milliseconds{20});
  ::kill(pid, SIGCONT);
  REQUIRE(::waitpid(pid, &status, 0) == pid);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE("a child that is being started when Ctrl-Z comes is stopped, too", "[process]") {
  const bool has_other_thread = GENERATE(false, true);  // which gets the signal
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const pid_t starter = ::fork();
  if (starter == 0) {
    ::setpgid(0, 0);
    follow_terminal_stops();
    if (has_other_thread) std::thread{[] { ::pause(), ::pause(); }}.detach();
    {
      const HoldsStops hold;
      ::kill(::getpid(), SIGTSTP);
      const pid_t child = ::fork();
      if (child == 0) {
        ::setpgid(0, 0);
        struct sigaction standard = {};
        standard.sa_handler = SIG_DFL;
        ::sigaction(SIGTSTP, &standard, nullptr);
        sigset_t none;
        ::sigemptyset(&none);
        ::sigprocmask(SIG_SETMASK, &none, nullptr);
        while (true) ::pause();
      }
      ::setpgid(child, child);
      static_cast<void>(!::write(ends[1], &child, sizeof child));
      std::this_thread::sleep_for(std::chrono::milliseconds{20});
      new FollowsStops{child};
    }
    while (true) ::pause();
  }
  ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
  pid_t child = 0;
  CHECK(test::eventually([&] { return ::read(ends[0], &child, sizeof child) == sizeof child; }));
  CHECK(test::eventually([&] { return test::state_of(child) == 'T' && test::state_of(starter) == 'T'; }));
  ::kill(starter, SIGCONT);
  CHECK(test::eventually([&] { return test::state_of(child) == 'S'; }));
  for (const pid_t pid : {child, starter})
    if (pid > 0) ::kill(pid, SIGKILL);
  ::waitpid(starter, nullptr, 0);
  for (const int end : ends) ::close(end);
}

TEST_CASE("a program's own handling of Ctrl-Z is left as it is", "[process]") {
  struct sigaction own = {}, now = {};
  own.sa_handler = GENERATE(true, false) ? SIG_IGN : +[](int) {};
  const test::SignalAction changed{SIGTSTP, own};
  follow_terminal_stops();
  ::sigaction(SIGTSTP, nullptr, &now);
  CHECK(now.sa_handler == own.sa_handler);
}

TEST_CASE("the stop ladder takes each step once, in its time", "[process]") {
  using namespace std::chrono_literals;
  StopSequence sequence{StopLadder{100ms, 50ms}, 1s};
  using Step = StopSequence::Step;
  CHECK(sequence.due(1s) == Step::close_input);
  CHECK_FALSE(sequence.due(1s));
  CHECK(sequence.next_deadline() == 1100ms);
  CHECK_FALSE(sequence.due(1099ms));
  CHECK(sequence.due(1100ms) == Step::terminate);
  CHECK_FALSE(sequence.due(1100ms));
  CHECK(sequence.due(9s) == Step::kill);
  CHECK_FALSE(sequence.due(99s));
  CHECK_FALSE(sequence.next_deadline());
}

TEST_CASE("a late caller gets every step that is due, one after the other", "[process]") {
  using namespace std::chrono_literals;
  StopSequence sequence{StopLadder{100ms, 50ms}, 0s};
  int steps = 0;
  while (sequence.due(1h)) ++steps;
  CHECK(steps == 3);
}

TEST_CASE("cores: affinity, and the least quota from the group up to the root", "[process]") {
  const test::TemporaryFolder folder;
  const std::string root = folder.path("root");
  CHECK(available_cores(8, root) == 8);  // no such files
  CHECK(available_cores(0, root) == 1);
  SECTION("version 2") {
    make_file(root + "/proc/self/cgroup", "0::/a/b\n");
    make_file(root + "/sys/fs/cgroup/a/b/cpu.max", "max 100000\n");
    CHECK(available_cores(8, root) == 8);
    make_file(root + "/sys/fs/cgroup/a/cpu.max", "150000 100000\n");
    CHECK(available_cores(8, root) == 2);
    CHECK(available_cores(1, root) == 1);
    make_file(root + "/sys/fs/cgroup/a/b/cpu.max", "50000 100000\n");
    CHECK(available_cores(8, root) == 1);
  }
  SECTION("version 1") {
    make_file(root + "/proc/self/cgroup", "7:memory:/m\n4:cpu,cpuacct:/a\n0::/\n");
    make_file(root + "/sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us", "-1\n");
    make_file(root + "/sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_period_us", "100000\n");
    CHECK(available_cores(8, root) == 8);
    make_file(root + "/sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us", "300000\n");
    CHECK(available_cores(8, root) == 3);
  }
  SECTION("rubbish") {
    make_file(root + "/proc/self/cgroup", "\n:\n::\n0::\nx:y\n0::/../../etc\n");
    make_file(root + "/sys/fs/cgroup/cpu.max", "a b c\n");
    CHECK(available_cores(8, root) == 8);
  }
}

TEST_CASE("kills for want of memory are counted where the kernel counts them", "[process]") {
  const test::TemporaryFolder folder;
  const std::string root = folder.path("root");
  CHECK(oom_kill_count(root) == 0);
  make_file(root + "/proc/vmstat", "nr_free_pages 12\noom_kill 3\n");
  CHECK(oom_kill_count(root) == 3);
  make_file(root + "/proc/self/cgroup", "0::/a\n7:memory:/m\n");
  make_file(root + "/sys/fs/cgroup/a/memory.events", "low 0\noom 1\noom_kill 2\n");
  make_file(root + "/sys/fs/cgroup/memory/m/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 5\n");
  CHECK(oom_kill_count(root) >= 10);
}
