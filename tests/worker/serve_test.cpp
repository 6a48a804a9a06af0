// A real worker process, talked to by hand: what it does with bytes that no master would send.
#include <catch2/catch.hpp>

#include <mw/mw.hpp>

#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <optional>
#include <string>
#include <thread>

#include "measure/measures.hpp"
#include "process/build.hpp"
#include "registry/registry.hpp"
#include "wire/frame.hpp"
#include "wire/messages.hpp"

namespace {

int plus_one(int x) { return x + 1; }
int nap(int ms) {
  std::this_thread::sleep_for(std::chrono::milliseconds{ms});
  return ms;
}

/// This test program, started as a worker.
class Worker {
 public:
  Worker() {
    int ends[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::close(ends[0]);
      ::setenv("MW_WORKER", ("fd:" + std::to_string(ends[1])).c_str(), 1);
      ::execl("/proc/self/exe", "worker", nullptr);
      ::_exit(127);
    }
    ::close(ends[1]);
    socket_ = ends[0];
  }
  ~Worker() {
    if (socket_ >= 0) ::close(socket_);
    if (pid_ > 0) wait();
  }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  void send(std::span<const std::byte> bytes) {
    REQUIRE(::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size()));
  }

  /// The next frame: its type, and a copy of its payload. Nothing at the end of the stream.
  std::optional<std::pair<mw::wire::FrameType, mw::Bytes>> receive() {
    while (true) {
      if (const auto frame = reader_.next()) return std::pair{frame->type, mw::Bytes{frame->payload}};
      pollfd poll{socket_, POLLIN, 0};
      REQUIRE(::poll(&poll, 1, 20'000) == 1);
      const auto room = reader_.prepare();
      const ssize_t got = ::recv(socket_, room.data(), room.size(), 0);
      if (got <= 0) return std::nullopt;
      reader_.commit(static_cast<std::size_t>(got));
    }
  }

  void close() {
    ::close(socket_);
    socket_ = -1;
  }

  void kill() { ::kill(pid_, SIGKILL); }

  int wait() {
    int status = -1;
    ::waitpid(pid_, &status, 0);
    pid_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

 private:
  int socket_ = -1;
  pid_t pid_ = 0;
  mw::wire::FrameReader reader_;
};

/// The first counts, the second fails, too, and the third does neither.
int count_and_maybe_fail(int number) {
  if (number < 3) mw::count("number", static_cast<std::uint64_t>(number));
  if (number == 2) throw std::runtime_error{"two"};
  return number;
}

mw::Bytes bytes_of(const std::string& text) { return mw::Bytes{std::as_bytes(std::span{text})}; }

}  // namespace

TEST_CASE("a worker says hello with version and identity, works, and leaves at the end of the stream", "[worker]") {
  const auto& function = mw::detail::Registered<plus_one>::checked();
  Worker worker;
  const auto hello = worker.receive();
  REQUIRE(hello);
  REQUIRE(hello->first == mw::wire::FrameType::hello);
  const auto words = mw::wire::parse_hello(hello->second.span());
  CHECK(words.version == mw::wire::protocol_version);
  CHECK(words.identity == mw::registry::program_identity());
  CHECK(words.slots == 1);
  CHECK_FALSE(mw::wire::refusal(words, mw::registry::program_identity(), mw::process::own_build()));

  mw::Bytes out;
  mw::wire::append(out, mw::wire::Welcome{mw::wire::protocol_version, 1});
  const mw::Bytes arguments = mw::encode(41);
  mw::wire::append(out, mw::wire::Task{7, function.id(), 1, {}, arguments.span()});
  worker.send(out.span());
  const auto answer = worker.receive();
  REQUIRE(answer);
  REQUIRE(answer->first == mw::wire::FrameType::result);
  const auto result = mw::wire::parse_result(answer->second.span());
  CHECK(result.id == 7);
  CHECK(mw::decode<int>(result.value) == 42);
  worker.close();
  CHECK(worker.wait() == 0);
}

TEST_CASE("what a task has counted goes out right before its result or failure, and only once", "[worker][measure]") {
  const auto& function = mw::detail::Registered<count_and_maybe_fail>::checked();
  Worker worker;
  worker.receive();
  mw::Bytes out;
  for (const std::uint64_t id : {1, 2, 3}) {
    const mw::Bytes arguments = mw::encode(static_cast<int>(id));
    mw::wire::append(out, mw::wire::Task{id, function.id(), 5, {}, arguments.span()});
  }
  worker.send(out.span());
  using mw::wire::FrameType;
  for (const FrameType type :
       {FrameType::measures, FrameType::result, FrameType::measures, FrameType::failure, FrameType::result}) {
    const auto frame = worker.receive();
    REQUIRE(frame);
    CHECK(frame->first == type);
    if (type != FrameType::measures) continue;
    const auto measured = mw::wire::parse_measured(frame->second.span());
    CHECK(measured.attempt == 5);
    const auto measures = mw::measure::decoded(measured.measures);
    REQUIRE(measures.size() == 1);
    CHECK(measures.sorted()[0].values->sum() == static_cast<double>(measured.id));
  }
  worker.close();
  CHECK(worker.wait() == 0);
}

TEST_CASE("results of short tasks do not wait for a long task behind them", "[worker]") {
  const auto& function = mw::detail::Registered<nap>::checked();
  Worker worker;
  worker.receive();
  mw::Bytes out;
  const int count = 20;
  for (int i = 0; i <= count; ++i) {
    const mw::Bytes arguments = mw::encode(i == count ? 10'000 : 0);
    mw::wire::append(out, mw::wire::Task{static_cast<std::uint64_t>(i), function.id(), 1, {}, arguments.span()});
  }
  const auto start = std::chrono::steady_clock::now();
  worker.send(out.span());
  for (int i = 0; i < count; ++i) {
    const auto answer = worker.receive();
    REQUIRE(answer);
    CHECK(mw::wire::parse_result(answer->second.span()).id == static_cast<std::uint64_t>(i));
  }
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds{5});
  worker.kill();
}

TEST_CASE("a task whose arguments are apart, without their descriptor, ends the connection", "[worker][S4]") {
  Worker worker;
  worker.receive();
  mw::Bytes out;
  mw::wire::append_task_apart(out, mw::wire::Task{1, 2, 3}, 100);
  worker.send(out.span());
  CHECK(worker.wait() == 1);
}

TEST_CASE("S4: a worker calls nothing but registered functions, and lives on", "[worker][S4]") {
  const auto& function = mw::detail::Registered<plus_one>::checked();
  Worker worker;
  worker.receive();
  mw::Bytes out;
  const mw::Bytes good = mw::encode(1);
  const mw::Bytes bad = bytes_of("rm -rf /");
  mw::wire::append(out, mw::wire::Task{1, 0xdeadbeef, 1, {}, bad.span()});
  mw::wire::append(out, mw::wire::Task{2, function.id(), 1, {}, bad.span()});
  mw::wire::append(out, mw::wire::Task{3, function.id(), 1, {}, good.span()});
  worker.send(out.span());
  const auto unknown = worker.receive();
  REQUIRE(unknown);
  REQUIRE(unknown->first == mw::wire::FrameType::failure);
  CHECK(mw::wire::parse_failure(unknown->second.span()).failure.cause == mw::Cause::unknown_function);
  const auto misfit = worker.receive();
  REQUIRE(misfit);
  REQUIRE(misfit->first == mw::wire::FrameType::failure);
  CHECK(mw::wire::parse_failure(misfit->second.span()).failure.cause == mw::Cause::bad_message);
  const auto result = worker.receive();
  REQUIRE(result);
  CHECK(result->first == mw::wire::FrameType::result);
}

TEST_CASE("a worker that gets rubbish, or is refused, ends with status 1", "[worker][S4]") {
  Worker worker;
  worker.receive();
  mw::Bytes out;
  SECTION("rubbish") { out = bytes_of("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"); }
  SECTION("a frame that only workers send") { mw::wire::append(out, mw::wire::Progress{1, 1, 0.5}); }
  SECTION("a torn task") {
    mw::wire::append_header(out, mw::wire::FrameType::task, 3);
    out.append("abc", 3);
  }
  SECTION("refused") { mw::wire::append(out, mw::wire::Refuse{"another program"}); }
  worker.send(out.span());
  CHECK(worker.wait() == 1);
}

TEST_CASE("MW_WORKER that names no socket is a usage error, not a hang", "[worker]") {
  const auto value = GENERATE(as<std::string>{}, "", "1", "fd:", "fd:x", "fd:0", "fd:-1", "fd:99999", "fd:3x",
                              "fd:0,claims:", "fd:0,claims:0", "fd:0,claims:99999", "claims:3");
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::close(STDERR_FILENO);
    ::setenv("MW_WORKER", value.c_str(), 1);
    ::execl("/proc/self/exe", "worker", nullptr);
    ::_exit(127);
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  INFO(value);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 2);
}
