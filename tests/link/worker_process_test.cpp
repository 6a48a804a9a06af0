// Worker processes that misbehave, and loops that are busy with something else.
#include <catch2/catch.hpp>

#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <list>
#include <optional>
#include <thread>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include "agent/agent.hpp"
#include "link/worker_process.hpp"
#include "support/processes.hpp"
#include "support/program.hpp"
#include "support/temporary.hpp"
#include "wire/messages.hpp"

using namespace mw::link;
using namespace std::chrono_literals;

namespace {

WorkerProgram fake(const std::string& what, const std::vector<std::string>& more = {}) {
  WorkerProgram program;
  program.path = test::beside("fake_worker");
  program.arguments = {what};
  program.arguments.insert(program.arguments.end(), more.begin(), more.end());
  return program;
}

struct User final : WorkerUser {
  void frame(const mw::wire::Frame&) override { ++frames; }
  bool awaits() const override { return true; }
  void stopped(bool is_stopped) override { known_stopped = is_stopped; }
  void ended(const WorkerEnd& with) override { end = with; }
  int frames = 0;
  std::optional<bool> known_stopped;
  std::optional<WorkerEnd> end;
};

bool run_until(boost::asio::io_context& io, const std::function<bool()>& condition) {
  const auto limit = std::chrono::steady_clock::now() + 20s;
  while (!condition() && std::chrono::steady_clock::now() < limit) io.run_one_for(10ms);
  return condition();
}

}  // namespace

TEST_CASE("a worker that falls silent in the middle of a frame is ended", "[link]") {
  boost::asio::io_context io;
  User user;
  WorkerProgram program = fake("announces");
  program.silence_limit = 50ms;
  const auto process = std::make_shared<WorkerProcess>(io, user, program);
  process->start();
  process->greeted();
  REQUIRE(run_until(io, [&] { return user.end.has_value(); }));
  CHECK(user.end->kill_reason.find("fell silent") != std::string::npos);
  CHECK(user.end->broke_down());
  CHECK(user.frames == 1);
}

TEST_CASE("a worker that is stopped in the middle of a frame is named, and ended only when it goes on and says no more", "[link]") {
  boost::asio::io_context io;
  User user;
  WorkerProgram program = fake("announces-and-stops");
  program.silence_limit = 20ms;
  const auto process = std::make_shared<WorkerProcess>(io, user, program);
  process->start();
  process->greeted();
  REQUIRE(run_until(io, [&] { return user.known_stopped == true; }));
  io.run_for(100ms);
  CHECK_FALSE(user.end);
  ::kill(process->pid(), SIGCONT);
  REQUIRE(run_until(io, [&] { return user.end.has_value(); }));
  CHECK(user.end->kill_reason.find("fell silent") != std::string::npos);
}

TEST_CASE("a hello that lies unread because the loop is busy is in time", "[link]") {
  boost::asio::io_context io;
  // The reactor takes 128 events at a time: these are before the worker's.
  std::list<boost::asio::posix::stream_descriptor> others;
  for (int i = 0; i < 300; ++i) {
    others.emplace_back(io, ::eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK));
    others.back().async_wait(boost::asio::posix::stream_descriptor::wait_read, [](boost::system::error_code) {});
  }
  User user;
  const test::TemporaryFolder folder;
  WorkerProgram program = fake("waits");
  program.arguments.push_back(folder.path("said"));
  program.handshake_limit = 20ms;
  const auto process = std::make_shared<WorkerProcess>(io, user, program);
  process->start();
  // It has said hello when the file is there, and the loop has not been run yet.
  REQUIRE(test::eventually([&] { return std::filesystem::exists(folder.path("said")); }));
  std::this_thread::sleep_for(30ms);
  CHECK(run_until(io, [&] { return user.frames == 1; }));
  io.run_for(20ms);
  CHECK_FALSE(user.end);
  process->kill("the test is over");
  CHECK(run_until(io, [&] { return user.end.has_value(); }));
}

TEST_CASE("a worker that does not say hello in time is ended", "[link]") {
  boost::asio::io_context io;
  User user;
  WorkerProgram program;
  program.path = "sleep";
  program.arguments = {"333"};
  program.handshake_limit = 20ms;
  const auto process = std::make_shared<WorkerProcess>(io, user, program);
  process->start();
  REQUIRE(run_until(io, [&] { return user.end.has_value(); }));
  CHECK(user.end->kill_reason.find("did not say hello") != std::string::npos);
}

namespace {

/// A process that leads a group of its own, and sleeps.
class Sleeper {
 public:
  explicit Sleeper(bool in_session_of_its_own = false) : pid_{::fork()} {
    if (pid_ != 0) {
      test::eventually([this] { return ::getpgid(pid_) == pid_; });
      return;
    }
    in_session_of_its_own ? ::setsid() : ::setpgid(0, 0);
    while (true) ::pause();
  }
  ~Sleeper() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  Sleeper(const Sleeper&) = delete;
  Sleeper& operator=(const Sleeper&) = delete;
  pid_t pid() const { return pid_; }
  bool is_alive() const { return test::state_of(pid_) != 'Z'; }

 private:
  pid_t pid_;
};

}  // namespace

TEST_CASE("a broken worker cannot have another process group ended in its program's place", "[link]") {
  const Sleeper before;
  boost::asio::io_context io;
  User user;
  const test::TemporaryFolder folder;
  const auto process = std::make_shared<WorkerProcess>(io, user, fake("names-group", {folder.path("said"), folder.path("group")}));
  process->start();
  const Sleeper after, elsewhere{true};
  const auto [number, way] = GENERATE_REF(table<pid_t, std::string>({{before.pid(), "an older one"},
                                                                     {after.pid(), "a younger one"},
                                                                     {elsewhere.pid(), "of another session"},
                                                                     {::getpgrp(), "our own"},
                                                                     {1, "1"},
                                                                     {-1, "-1"}}));
  INFO(way);
  std::ofstream{folder.path("group")} << number << '\n';
  REQUIRE(test::eventually([&] { return std::filesystem::exists(folder.path("said")); }));
  process->kill("the test is over");
  REQUIRE(run_until(io, [&] { return user.end.has_value(); }));
  for (const Sleeper* sleeper : {&before, &after, &elsewhere}) CHECK(sleeper->is_alive());
}

TEST_CASE("a worker's program is ended with it, and after it", "[link][P33]") {
  boost::asio::io_context io;
  User user;
  const test::TemporaryFolder folder;
  const auto process = std::make_shared<WorkerProcess>(io, user, fake("runs-program", {folder.path("said"), folder.path("group")}));
  process->start();
  REQUIRE(test::eventually([&] { return std::filesystem::exists(folder.path("said")); }));
  pid_t running = 0;
  std::ifstream{folder.path("group")} >> running;
  REQUIRE(running > 1);
  if (GENERATE(false, true))
    process->kill("the test is over");
  else
    ::kill(process->pid(), SIGKILL);
  REQUIRE(run_until(io, [&] { return user.end.has_value(); }));
  CHECK(test::eventually([&] { return test::state_of(running) == '\0' || test::state_of(running) == 'Z'; }));
}

TEST_CASE("who ended a worker from outside does not put its next task under suspicion", "[link]") {
  WorkerEnd end;
  end.death.signaled = true;
  for (const int signal : {SIGKILL, SIGTERM, SIGINT, SIGHUP}) {
    end.death.signal = signal;
    CHECK_FALSE(end.broke_down());
  }
  end.death.signal = SIGKILL;
  end.death.out_of_memory = true;
  CHECK(end.broke_down());
  end.death.out_of_memory = false;
  for (const int signal : {SIGSEGV, SIGABRT, SIGBUS}) {
    end.death.signal = signal;
    CHECK(end.broke_down());
  }
}

namespace {

/// An agent with a fake worker that gets a task as soon as it has said hello, and what it says to its master.
struct AgentRun {
  explicit AgentRun(const std::string& what, std::chrono::milliseconds silence_limit = 30s)
      : agent{io, {.program = with_limit(fake(what), silence_limit)}} {
    agent.start();
  }
  ~AgentRun() {
    bool is_over = false;
    agent.stop([&] { is_over = true; });
    CHECK(run_until(io, [&] { return is_over; }));
  }
  AgentRun(const AgentRun&) = delete;
  AgentRun& operator=(const AgentRun&) = delete;

  static WorkerProgram with_limit(WorkerProgram program, std::chrono::milliseconds limit) {
    program.silence_limit = limit;
    program.ladder = {50ms, 50ms};
    return program;
  }

  void send_task() {
    mw::Bytes input;
    mw::wire::append(input, mw::wire::Welcome{});
    mw::wire::append(input, mw::wire::Task{.id = 7, .function = 1, .attempt = 2});
    agent.receive(input.span());
    agent.flush();
  }

  void read() {
    while (const auto bytes = agent.next_output()) {
      const auto room = reader.prepare();
      REQUIRE(bytes->size() <= room.size());
      std::copy(bytes->span().begin(), bytes->span().end(), room.begin());
      reader.commit(bytes->size());
    }
    while (const auto frame = reader.next()) {
      if (frame->type == mw::wire::FrameType::hello && pid == 0) {
        pid = static_cast<pid_t>(mw::wire::parse_hello(frame->payload).pid);
        send_task();
      }
      if (frame->type == mw::wire::FrameType::gone && !gone) gone = mw::wire::parse_failure(frame->payload);
      if (frame->type == mw::wire::FrameType::stopped) is_stopped = mw::wire::parse_stopped(frame->payload).is_stopped;
    }
  }

  bool until(const std::function<bool()>& condition) {
    return run_until(io, [&] {
      read();
      return condition();
    });
  }

  boost::asio::io_context io;
  mw::agent::Agent agent;
  mw::wire::FrameReader reader;
  pid_t pid = 0;
  std::optional<mw::wire::FailureMessage> gone;
  std::optional<bool> is_stopped;
};

}  // namespace

TEST_CASE("an agent blames the next task where its worker broke down before it had begun it", "[link]") {
  AgentRun run{"ends-on-input"};
  REQUIRE(run.until([&] { return run.gone.has_value(); }));
  CHECK(run.gone->id == 7);
  CHECK(run.gone->attempt == 2);
  CHECK(run.gone->failure.cause == mw::Cause::exit_status);
  CHECK(run.gone->failure.exit_status == 3);
}

TEST_CASE("an agent says that its worker is stopped in a task, and that it goes on", "[link]") {
  AgentRun run{"stops-on-input", 20ms};
  REQUIRE(run.until([&] { return run.is_stopped == true; }));
  ::kill(run.pid, SIGCONT);
  CHECK(run.until([&] { return run.is_stopped == false; }));
}
