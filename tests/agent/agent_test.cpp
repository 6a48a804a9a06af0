// The agent: what it passes on between a master and the worker process that it keeps. The workers are this very
// program.
#include <catch2/catch.hpp>

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <csignal>
#include <cstring>
#include <deque>
#include <optional>
#include <thread>

#include <mw/measure.hpp>
#include <mw/progress.hpp>
#include <mw/share.hpp>

#include "agent/agent.hpp"
#include "measure/measures.hpp"
#include "registry/registry.hpp"

using namespace mw;
using namespace std::chrono_literals;

namespace {

int one_more(int x) { return x + 1; }
int count_so_many(int number) {
  mw::count("numbers", static_cast<std::uint64_t>(number));
  return number;
}
int sleep_a_while(int milliseconds) {
  set_progress(0.5);
  std::this_thread::sleep_for(std::chrono::milliseconds{milliseconds});
  return milliseconds;
}
std::size_t size_of(const Shared<std::string>& text) { return text->size(); }

/// A master's end, by hand.
class Bench {
 public:
  Bench() { agent_.start(); }
  ~Bench() {
    bool stopped = false;
    agent_.stop([&] { stopped = true; });
    while (!stopped) io_.run_one();
  }

  template <class Message>
  void say(const Message& message) {
    Bytes bytes;
    wire::append(bytes, message);
    agent_.receive(bytes.span());
    agent_.flush();
  }
  template <auto function = &one_more>
  void give(std::uint64_t id, int argument) {
    const Bytes arguments = encode(argument);
    const auto number = detail::Registered<function>::checked().id();
    say(wire::Task{.id = id, .function = number, .attempt = 1, .arguments = arguments.span()});
  }
  /// It says that it has begun, and takes so many milliseconds.
  void give_sleeper(std::uint64_t id, int milliseconds) {
    const auto& function = detail::Registered<sleep_a_while>::checked();
    const Bytes arguments = encode(milliseconds);
    say(wire::Task{.id = id, .function = function.id(), .attempt = 1, .arguments = arguments.span()});
  }
  /// The next frame that is one of a worker's or an agent's; its payload stays valid until the next one.
  wire::Frame next() {
    const auto end = std::chrono::steady_clock::now() + 30s;
    while (std::chrono::steady_clock::now() < end) {
      if (auto frame = reader_.next()) return *frame;
      if (auto output = agent_.next_output()) {
        while (output->size() > 0 && taken_ < output->size()) {
          const auto room = reader_.prepare();
          const std::size_t size = std::min(room.size(), output->size() - taken_);
          std::memcpy(room.data(), output->data() + taken_, size);
          reader_.commit(size);
          taken_ += size;
        }
        taken_ = 0;
        continue;
      }
      io_.run_one_for(100ms);
    }
    throw std::runtime_error{"nothing came"};
  }

  agent::Agent& agent() { return agent_; }

 private:
  boost::asio::io_context io_{1};
  agent::Agent agent_{io_, {}};
  wire::FrameReader reader_;
  std::size_t taken_ = 0;
};

}  // namespace

TEST_CASE("what a master says and gives to a process that has died meanwhile does not reach the next one", "[agent]") {
  Bench bench;
  auto frame = bench.next();
  REQUIRE(frame.type == wire::FrameType::hello);
  ::kill(static_cast<pid_t>(wire::parse_hello(frame.payload).pid), SIGKILL);
  REQUIRE(bench.next().type == wire::FrameType::gone);
  REQUIRE(bench.next().type == wire::FrameType::hello);  // of the second
  // The master has heard of the first one only.
  bench.say(wire::Welcome{.worker = 1});
  bench.give(7, 1);
  bench.say(wire::Welcome{.worker = 2});
  bench.give(9, 3);
  frame = bench.next();
  REQUIRE(frame.type == wire::FrameType::result);
  CHECK(wire::parse_result(frame.payload).id == 9);
}

TEST_CASE("a shared value that came in pieces is there for a second process, too, until it is forgotten", "[agent][share]") {
  Bench bench;
  const Bytes value = encode(std::string(100'000, 'x'));
  const Bytes arguments = encode(std::uint32_t{1});  // the first of the task's shared values
  const auto task = [&](std::uint64_t id) {
    wire::Task made{.id = id, .function = detail::Registered<size_of>::checked().id(), .attempt = 1, .arguments = arguments.span()};
    made.terms.shared = {{.number = 5, .size = value.size(), .from = "#3"}};
    return made;
  };
  auto frame = bench.next();
  REQUIRE(frame.type == wire::FrameType::hello);
  const auto process = static_cast<pid_t>(wire::parse_hello(frame.payload).pid);
  bench.say(wire::Welcome{.worker = 1});
  const std::size_t half = value.size() / 2;
  bench.say(wire::FilePiece{.file = 3, .bytes = value.span().first(half)});
  bench.say(wire::FilePiece{.file = 3, .is_last = true, .bytes = value.span().subspan(half)});
  bench.say(task(1));
  frame = bench.next();
  REQUIRE(frame.type == wire::FrameType::result);
  CHECK(decode<std::uint64_t>(wire::parse_result(frame.payload).value) == 100'000);

  ::kill(process, SIGKILL);
  REQUIRE(bench.next().type == wire::FrameType::gone);
  REQUIRE(bench.next().type == wire::FrameType::hello);
  bench.say(wire::Welcome{.worker = 2});
  bench.say(task(2));
  REQUIRE(bench.next().type == wire::FrameType::result);

  bench.say(wire::Forget{.number = 5, .file = 3});
  bench.say(task(3));
  frame = bench.next();
  REQUIRE(frame.type == wire::FrameType::failure);
  CHECK(wire::parse_failure(frame.payload).failure.message.find("shared value") != std::string::npos);
  bench.say(task(4));  // it has done the worker no harm
  CHECK(bench.next().type == wire::FrameType::failure);
}

TEST_CASE("a file that another agent of the host has is linked, and stays when that one gives it up", "[agent][share]") {
  Bench bench;
  const Bytes value = encode(std::string(100'000, 'x'));
  const Bytes arguments = encode(std::uint32_t{1});
  const auto task = [&](std::uint64_t id, const std::string& from) {
    wire::Task made{.id = id, .function = detail::Registered<size_of>::checked().id(), .attempt = 1, .arguments = arguments.span()};
    made.terms.shared = {{.number = id, .size = value.size(), .from = from}};
    return made;
  };
  REQUIRE(bench.next().type == wire::FrameType::hello);
  bench.say(wire::Welcome{.worker = 1});
  bench.say(wire::FilePiece{.file = 3, .is_last = true, .is_asked_for = true, .bytes = value.span()});
  auto frame = bench.next();
  REQUIRE(frame.type == wire::FrameType::file_here);
  const auto here = wire::parse_file_here(frame.payload);
  CHECK(here.file == 3);
  bench.say(wire::FileLink{.file = 4, .path = here.path});
  bench.say(wire::Forget{.number = 99, .file = 3});
  bench.say(task(1, "#4"));
  frame = bench.next();
  REQUIRE(frame.type == wire::FrameType::result);
  CHECK(decode<std::uint64_t>(wire::parse_result(frame.payload).value) == 100'000);

  bench.say(wire::FileLink{.file = 5, .path = here.path});  // it is gone
  frame = bench.next();
  REQUIRE(frame.type == wire::FrameType::file_missing);
  CHECK(wire::parse_file_missing(frame.payload).file == 5);
  bench.say(task(2, "#5"));
  frame = bench.next();
  REQUIRE(frame.type == wire::FrameType::returned);
  CHECK(wire::parse_returned(frame.payload).id == 2);
  bench.say(task(3, "#4"));
  CHECK(bench.next().type == wire::FrameType::result);
}

TEST_CASE("an agent whose slot is lent to somebody else gives back what has not begun, and what comes", "[agent]") {
  Bench bench;
  REQUIRE(bench.next().type == wire::FrameType::hello);
  bench.say(wire::Welcome{.worker = 1});
  bench.agent().lend(false);
  bench.give(1, 1);
  auto frame = bench.next();
  REQUIRE(frame.type == wire::FrameType::returned);
  CHECK(wire::parse_returned(frame.payload).id == 1);
  CHECK_FALSE(bench.agent().holds_task());
  bench.agent().lend(true);
  bench.give_sleeper(2, 100);
  REQUIRE(bench.next().type == wire::FrameType::progress);  // it has begun
  bench.give(3, 1);
  bench.give(4, 1);
  bench.agent().lend(false);
  for (const std::uint64_t id : {4, 3}) {
    frame = bench.next();
    REQUIRE(frame.type == wire::FrameType::returned);
    CHECK(wire::parse_returned(frame.payload).id == id);
  }
  CHECK(bench.agent().holds_task());
  frame = bench.next();
  REQUIRE(frame.type == wire::FrameType::result);
  CHECK(wire::parse_result(frame.payload).id == 2);
  CHECK_FALSE(bench.agent().holds_task());
  bench.agent().lend(true);
  bench.give(5, 1);
  frame = bench.next();
  REQUIRE(frame.type == wire::FrameType::result);
  CHECK(wire::parse_result(frame.payload).id == 5);
}

TEST_CASE("an agent passes on what a task has counted, before its result", "[agent][measure]") {
  Bench bench;
  REQUIRE(bench.next().type == wire::FrameType::hello);
  bench.say(wire::Welcome{.worker = 1});
  bench.give<&count_so_many>(1, 7);
  auto frame = bench.next();
  REQUIRE(frame.type == wire::FrameType::measures);
  const auto measured = wire::parse_measured(frame.payload);
  CHECK(measured.id == 1);
  CHECK(measure::decoded(measured.measures).sorted().at(0).values->sum() == 7);
  CHECK(bench.next().type == wire::FrameType::result);
}
