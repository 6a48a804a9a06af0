// The agent: what it passes on between a master and the worker process that it keeps. The workers are this very
// program.
#include <catch2/catch.hpp>

#include <boost/asio/io_context.hpp>

#include <csignal>
#include <cstring>
#include <deque>
#include <optional>

#include "agent/agent.hpp"
#include "registry/registry.hpp"

using namespace mw;
using namespace std::chrono_literals;

namespace {

int one_more(int x) { return x + 1; }

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
  void give(std::uint64_t id, int argument) {
    const auto& function = detail::Registered<one_more>::checked();
    const Bytes arguments = encode(argument);
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
