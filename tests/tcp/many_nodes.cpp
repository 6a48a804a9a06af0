// A thousand nodes at once: many_nodes [NODES [TASKS]]. A process plays them all, each with an encrypted connection of
// its own and a worker that answers at once; another one is the master. Says how long it took until all had joined, how
// long the tasks took, and the master's memory; ends with 0 if every result is right and came once.
#include <mw/mw.hpp>

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "builds/worker_builds.hpp"
#include "channel/channel.hpp"
#include "net/endpoint.hpp"
#include "net/key_file.hpp"
#include "process/build.hpp"
#include "process/shortage.hpp"
#include "registry/registry.hpp"
#include "wire/mux.hpp"
#include "wire/node_messages.hpp"

using namespace mw::wire;
using Clock = std::chrono::steady_clock;

std::int64_t same(std::int64_t value) { return value; }

namespace {

/// A node with one slot, whose worker gives back what it is given.
class PlayedNode final : public mw::channel::ChannelUser {
 public:
  PlayedNode(boost::asio::io_context& io, const boost::asio::ip::tcp::endpoint& master, const mw::net::KeyFile& key, int number) {
    const std::string name = fmt::format("n{}", number);
    boost::asio::ip::tcp::socket socket{io};
    socket.connect(master);
    channel_ = std::make_shared<mw::channel::Channel>(std::move(socket),
                                                      mw::tls::Session::client({mw::net::node_identity(name), key.key_for(name)}),
                                                      *this, mw::channel::Times{});
    channel_->start();
  }

 private:
  void established() override {
    say(NodeHello{.slots = 1, .name = "", .host = "here", .platform = mw::builds::platform_of_file("/proc/self/exe")});
  }
  void frame(const Frame& frame) override {
    if (frame.type == FrameType::node_welcome) {
      say(BuildWanted{parse_node_welcome(frame.payload).size});
      say(SlotLent{1, true});
      mw::Bytes hello;
      append(hello,
             Hello{.identity = mw::registry::program_identity(), .build = mw::process::own_build(), .ahead = 511, .host = "here"});
      say(Relay{1, hello.span()});
    }
    if (frame.type != FrameType::relay) return;
    const auto relay = parse_relay(frame.payload);
    mw::Bytes answers;
    for (auto bytes = relay.bytes; !bytes.empty();) {
      const auto room = reader_.prepare();
      const std::size_t size = std::min(room.size(), bytes.size());
      std::copy_n(bytes.begin(), size, room.begin());
      reader_.commit(size);
      bytes = bytes.subspan(size);
      while (const auto one = reader_.next()) answer(*one, answers);
    }
    credit_ += relay.bytes.size();
    if (!answers.empty()) say(Relay{1, answers.span()});
    if (credit_ > 512 * 1024) say(Credit{1, std::exchange(credit_, 0)});
  }
  static void answer(const Frame& frame, mw::Bytes& answers) {
    if (frame.type == FrameType::task) {
      const auto task = parse_task(frame.payload);
      append(answers,
             Result{.id = task.id, .attempt = task.attempt, .run_ns = 1'000, .out = {}, .err = {}, .value = task.arguments});
    } else if (frame.type == FrameType::cancel) {  // all that came before it has been answered
    }
  }
  void closed(const std::string&) override {}
  template <class Message>
  void say(const Message& message) {
    append(channel_->outgoing().tail(), message);
    channel_->flush();
  }

  std::shared_ptr<mw::channel::Channel> channel_;
  FrameReader reader_;
  std::uint64_t credit_ = 0;
};

[[noreturn]] void play(int count, const std::string& address_file, const mw::net::KeyFile& key) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  mw::process::allow_descriptors(static_cast<std::size_t>(count) + 100);
  std::string address;
  while (!(std::ifstream{address_file} >> address)) std::this_thread::sleep_for(std::chrono::milliseconds{5});
  boost::asio::io_context io{1};
  std::vector<std::unique_ptr<PlayedNode>> nodes;
  for (int i = 0; i < count; ++i) nodes.push_back(std::make_unique<PlayedNode>(io, mw::net::endpoint_of(address), key, i));
  io.run();
  std::_Exit(0);
}

std::int64_t count_of(mw::Master& master, const std::string& key) {
  const auto status = master.get_status();
  const auto place = status.interface.find(key);
  return place == status.interface.end() ? -1 : std::get<std::int64_t>(place->second);
}

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

}  // namespace

int main(int argc, char** argv) {
  mw::init(argc, argv);
  const int count = argc > 1 ? std::atoi(argv[1]) : 1'000;
  const std::int64_t tasks = argc > 2 ? std::atoll(argv[2]) : 200'000;
  char folder[] = "/tmp/cppmw-nodes-XXXXXX";
  if (!::mkdtemp(folder)) return 1;
  const std::string base = folder;
  const mw::net::KeyFile key{mw::net::make_key(), {}};
  std::ofstream{base + "/key"} << mw::net::to_text(key);
  std::filesystem::permissions(base + "/key", std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  const pid_t player = ::fork();
  if (player == 0) play(count, base + "/address", key);

  int status = 1;
  {
    mw::TcpOptions options;
    options.listen = "127.0.0.1:0";
    options.key = base + "/key";
    mw::Master master{mw::TcpInterface{options}};
    const auto begun = Clock::now();
    std::ofstream{base + "/address.new"} << std::get<std::string>(master.get_status().interface.at("listens_at")) << '\n';
    std::filesystem::rename(base + "/address.new", base + "/address");
    while (count_of(master, "slots") < count && seconds_since(begun) < 100)
      std::this_thread::sleep_for(std::chrono::milliseconds{10});
    const double joined = seconds_since(begun);
    const auto start = Clock::now();
    std::int64_t sum = 0;
    std::vector<mw::Task<std::int64_t>> all;
    for (std::int64_t i = 0; i < tasks; ++i) all.push_back(master.submit_task<same>(i));
    for (const auto& task : all) sum += master.get_result(task);
    const double took = seconds_since(start);
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    const auto nodes = count_of(master, "nodes");
    std::cout << fmt::format("{} nodes joined in {:.2f} s; {} tasks in {:.2f} s; {} MB in the master\n", nodes, joined, tasks, took,
                             usage.ru_maxrss / 1024);
    const bool is_right =
        sum == tasks * (tasks - 1) / 2 && nodes == count && master.get_status().finished == static_cast<std::uint64_t>(tasks);
    status = is_right && joined < 100 ? 0 : 1;
  }
  ::kill(player, SIGKILL);
  ::waitpid(player, nullptr, 0);
  std::filesystem::remove_all(base);
  return status;
}
