// tcp under fire: nodes that die, fall silent, lose their connection or have no business here; a master that is back.
#include <catch2/catch.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "contract/functions.hpp"
#include "support/cable.hpp"
#include "support/captured_stderr.hpp"
#include "support/lan.hpp"
#include "support/processes.hpp"
#include "support/program.hpp"
#include "support/redirected.hpp"
#include "support/temporary.hpp"
#include "support/text.hpp"

using namespace contract;
using namespace test::lan;
using namespace std::chrono_literals;

namespace {

std::int64_t index_in_a_while(std::int64_t index) {
  std::this_thread::sleep_for(3ms);
  return index;
}

std::int64_t sleep_then(std::int64_t milliseconds) {
  std::this_thread::sleep_for(std::chrono::milliseconds{milliseconds});
  return milliseconds;
}

/// When it began, by the clock that all processes share.
std::int64_t begun_at_ns(std::int64_t milliseconds) {
  const auto begun = std::chrono::steady_clock::now().time_since_epoch().count();
  std::this_thread::sleep_for(std::chrono::milliseconds{milliseconds});
  return begun;
}

/// What this process starts has this home, as long as it lives.
class OwnHome {
 public:
  explicit OwnHome(const std::string& folder) : before_{std::getenv("HOME") ? std::getenv("HOME") : ""} {
    ::setenv("HOME", folder.c_str(), 1);
    ::unsetenv("XDG_STATE_HOME");
  }
  ~OwnHome() { ::setenv("HOME", before_.c_str(), 1); }

 private:
  std::string before_;
};

/// Every result once, and the right sum.
void check_all_of(mw::Master& master, std::size_t count) {
  std::set<std::uint64_t> seen;
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const auto task = master.get_result();
    CHECK(seen.insert(task.id()).second);
    sum += task.result<std::int64_t>();
  }
  CHECK(sum == static_cast<std::int64_t>(count * (count - 1) / 2));
}

std::vector<mw::Task<std::int64_t>> submit_many(mw::Master& master, int count) {
  std::vector<mw::Task<std::int64_t>> tasks;
  for (int i = 0; i < count; ++i) tasks.push_back(master.submit_task<index_in_a_while>(i));
  return tasks;
}

int connected_to(std::uint16_t port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  return socket;
}

}  // namespace

TEST_CASE("P7: nodes that are killed and come while 1,500 tasks run: the right answer, each once", "[faults][tcp][P7][P14]") {
  const unsigned seed = std::random_device{}();
  INFO("seed " << seed);
  const Lan lan;
  {
    mw::Master master{mw::interface(lan.spec())};
    const std::uint16_t port = port_of(master);
    std::array<std::unique_ptr<test::Program>, 3> nodes;
    const auto start = [&](std::size_t i) { nodes[i] = lan.node(port, "n" + std::to_string(i), {"--slots", "2"}); };
    for (std::size_t i = 0; i < nodes.size(); ++i) start(i);
    REQUIRE(has_slots(master, 6));
    const auto tasks = submit_many(master, 1'500);
    std::mt19937 random{seed};
    for (int i = 0; i < 6; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds{30 + random() % 60});
      const std::size_t which = random() % nodes.size();
      nodes[which].reset();
      start(which);
    }
    check_all_of(master, tasks.size());
    CHECK(count_of(master, "nodes_lost") >= 1);
    CHECK(has_slots(master, 6));
  }
  CHECK(nothing_is_left());
}

TEST_CASE("a task waits for a node that has what it needs, and can be cancelled meanwhile, and a warning says what is missing",
          "[faults][tcp][needs]") {
  const Lan lan;
  {
    mw::MasterOptions options;
    options.warn_after = 200ms;
    const auto said = [&] { return test::file_text(lan.path("said")); };
    const test::Redirected file{STDERR_FILENO, lan.path("said")};
    mw::Master master{mw::interface(lan.spec()), options};
    const std::uint16_t port = port_of(master);
    const auto plain = lan.node(port, "plain", {"--slots", "1", "--gpus", "0"});
    REQUIRE(has_slots(master, 1));
    const auto on_gpu = master.submit_task<index_in_a_while>({.needs = {.gpus = 1, .labels = {"big"}}}, 7);
    const auto never = master.submit_task<index_in_a_while>({.needs = {.gpus = 64}}, 8);
    CHECK(master.get_result(master.submit_task<index_in_a_while>(1)) == 1);
    REQUIRE(test::eventually([&] { return said().find("for a worker to join") != std::string::npos; }));
    CHECK(said().find("64 GPUs") != std::string::npos);
    CHECK(said().find("\"tcp worker plain/1\", has no GPU") != std::string::npos);
    CHECK(on_gpu.state() == mw::TaskState::submitted);
    CHECK(master.cancel(never));
    const auto big =
        lan.node(port, "big", {"--slots", "2", "--gpus", "1", "--label", "big,rack=3", "--cores", "3", "--memory", "1G"});
    CHECK(master.get_result(on_gpu) == 7);
    CHECK(on_gpu.worker() == "tcp worker big/1");
    const auto status = master.get_status();
    const auto worker = std::find_if(status.workers.begin(), status.workers.end(),
                                     [](const mw::WorkerStatus& one) { return one.name == "tcp worker big/1"; });
    REQUIRE(worker != status.workers.end());
    CHECK(worker->resources.cores == 3);
    CHECK(worker->resources.memory == mw::GiB(1));
    CHECK(worker->resources.gpus == std::vector<std::string>{"0"});
  }
  CHECK(nothing_is_left());
}

TEST_CASE("in a pool, a node that is killed with all its workers: multicore goes on, and each task ends once",
          "[faults][tcp][pool]") {
  const Lan lan;
  {
    mw::Master master{mw::interface("multicore:1+" + lan.spec())};
    const std::string address = text_of(master, "tcp_listens_at");
    const auto port = static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
    auto node = lan.node(port, "pi", {"--slots", "2"});
    const auto ready = [&](std::size_t count) {
      return test::eventually([&] { return master.get_status().ready_workers() == count; }, slow_by * 20s);
    };
    REQUIRE(ready(3));
    const auto tasks = submit_many(master, 600);
    REQUIRE(test::eventually([&] { return count_of(master, "tcp_slots") == 2 && master.get_status().finished > 60; }));
    node.reset();
    check_all_of(master, tasks.size());
    CHECK(count_of(master, "tcp_nodes_lost") == 1);
    std::uint64_t done_here = 0, done_there = 0;
    for (const auto& worker : master.get_status().workers)
      (worker.name == "multicore worker 1" ? done_here : done_there) += worker.done;
    CHECK(done_here > 0);
    CHECK(done_there > 0);
    CHECK(done_here + done_there == 600);
    node = lan.node(port, "pi", {"--slots", "2"});  // and it may come back
    CHECK(ready(3));
    const auto named = master.submit_task<sleep_then>({.worker = "tcp worker pi/1"}, 1);
    CHECK(master.get_result(named) == 1);
  }
  CHECK(nothing_is_left());
}

TEST_CASE("in a pool, a tcp that gives up leaves its tasks to multicore", "[faults][tcp][pool]") {
  const Lan lan;
  std::optional<mw::Master> master;
  const std::string said = test::stderr_of([&] {
    master.emplace(mw::interface("multicore:1+tcp:3?" + lan.spec("&join_within_s=" + std::to_string(slow_by * 1.5)).substr(4)));
    const std::string address = text_of(*master, "tcp_listens_at");
    const auto port = static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
    const auto node = lan.node(port, "pi", {"--slots", "1"});
    REQUIRE(test::eventually([&] { return master->get_status().ready_workers() == 2; }, slow_by * 20s));
    const auto tasks = submit_many(*master, slow_by * 1'500);
    check_all_of(*master, tasks.size());
  });
  CHECK_THAT(said, Catch::Contains("the pool goes on without \"tcp\", which has failed: tcp: 3 slots were to be there within"));
  const mw::Status status = master->get_status();
  CHECK(status.interface_status == "ok");
  CHECK(status.lost == 0);
  CHECK(status.ready_workers() == 1);
  CHECK(status.interface.count("tcp_failed") == 1);
  CHECK(nothing_is_left());
}

TEST_CASE("a connection that is cut again and again: tasks run elsewhere or later, and each ends once", "[faults][tcp][P27]") {
  const Lan lan;
  mw::Master master{mw::interface(lan.spec())};
  test::Cable cable{port_of(master)};
  const auto node = lan.node(cable.port(), "far", {"--slots", "2"});
  const auto other = lan.node(port_of(master), "near", {"--slots", "1"});
  REQUIRE(has_slots(master, 3));
  const auto tasks = submit_many(master, 800);
  for (int i = 0; i < 4; ++i) {
    std::this_thread::sleep_for(100ms);
    cable.cut();
  }
  check_all_of(master, tasks.size());
  CHECK(has_slots(master, 3));
  CHECK(cable.connections() >= 2);
}

TEST_CASE("a node that falls silent is given up after its time, and its tasks run elsewhere", "[faults][tcp][P20][P36]") {
  const Lan lan;
  mw::Master master{mw::interface(lan.spec("&lost_after_s=" + std::to_string(slow_by)))};
  const std::uint16_t port = port_of(master);
  const auto silent = lan.node(port, "silent", {"--slots", "1"});
  REQUIRE(has_slots(master, 1));
  const auto task = master.submit_task<sleep_then>(1);
  CHECK(master.get_result(task) == 1);
  const auto stuck = master.submit_task<sleep_then>(slow_by * 500);
  REQUIRE(test::eventually([&] { return stuck.state() == mw::TaskState::running; }));
  silent->kill(SIGSTOP);
  const auto other = lan.node(port, "other", {"--slots", "1"});
  CHECK(master.get_result(stuck) == slow_by * 500);
  CHECK(stuck.losses() == 1);
  CHECK(count_of(master, "nodes_lost") == 1);
  silent->kill(SIGCONT);  // as a laptop that wakes up: it comes back by itself
  CHECK(has_slots(master, 2));
}

TEST_CASE("P29: a node that is lost costs its tasks no retry", "[faults][tcp][P29]") {
  const Lan lan;
  mw::Master master{mw::interface(lan.spec())};
  auto node = lan.node(port_of(master), "n", {"--slots", "1"});
  REQUIRE(has_slots(master, 1));
  const auto task = master.submit_task<sleep_then>(slow_by * 300);
  REQUIRE(test::eventually([&] { return task.state() == mw::TaskState::running; }));
  node.reset();
  node = lan.node(port_of(master), "n", {"--slots", "1"});
  CHECK(master.get_result(task) == slow_by * 300);
  CHECK(task.losses() == 1);
  CHECK(task.faults() == 0);
}

TEST_CASE("a master that is started again finds its nodes again", "[faults][tcp]") {
  const Lan lan;
  std::optional<mw::Master> master{std::in_place, mw::interface(lan.spec())};
  const std::uint16_t port = port_of(*master);
  const auto node = lan.node(port, "n", {"--slots", "2"});
  REQUIRE(has_slots(*master, 2));
  CHECK(master->get_result(master->submit_task<sleep_then>(1)) == 1);
  master.reset();
  master.emplace(mw::interface(lan.spec("", "127.0.0.1:" + std::to_string(port))));
  REQUIRE(has_slots(*master, 2));
  CHECK(master->get_result(master->submit_task<sleep_then>(2)) == 2);
}

TEST_CASE("S2: a wrong key, another node's key, garbage, a flood of half-open connections: refused, and the run goes on",
          "[faults][tcp][S2][S7]") {
  const Lan lan;
  const std::string said = test::stderr_of([&] {
    mw::Master master{mw::interface(lan.spec())};
    const std::uint16_t port = port_of(master);
    const auto honest = lan.node(port, "honest", {"--slots", "1"});
    REQUIRE(has_slots(master, 1));
    const auto tasks = submit_many(master, 200);
    lan.write_node_key("pi1.key", "pi1");
    const auto stranger = lan.node(port, "stranger", {}, "wrong");
    std::vector<int> sockets;
    for (int i = 0; i < 300; ++i) sockets.push_back(connected_to(port));  // and say nothing
    for (const std::string& garbage : {std::string(1'000, 'x'), std::string{"GET / HTTP/1.1\r\n\r\n"}, std::string(70'000, '\0')}) {
      const int socket = connected_to(port);
      static_cast<void>(::send(socket, garbage.data(), garbage.size(), MSG_NOSIGNAL));
      sockets.push_back(socket);
    }
    check_all_of(master, tasks.size());
    const auto known = lan.node(port, "pi1", {"--slots", "1"}, "pi1.key");
    CHECK(has_slots(master, 2));
    for (const int socket : sockets) ::close(socket);
    const auto names = text_of(master, "node_names");
    CHECK(names.find("stranger") == std::string::npos);
    CHECK(names.find("pi1") != std::string::npos);
  });
  // It came again and again, and was told of once.
  std::size_t lines = 0;
  for (std::size_t at = said.find("was turned away"); at != std::string::npos; at = said.find("was turned away", at + 1)) ++lines;
  CHECK(lines <= 2);
}

TEST_CASE("a node that is told to stop finishes what it runs, gives back the rest, and nothing counts as lost", "[faults][tcp]") {
  const Lan lan;
  mw::Master master{mw::interface(lan.spec())};
  const auto leaving = lan.node(port_of(master), "leaving", {"--slots", "1"});
  REQUIRE(has_slots(master, 1));
  CHECK(master.get_result(master.submit_task<sleep_then>(1)) == 1);
  const auto running = master.submit_task<sleep_then>(slow_by * 300);
  REQUIRE(test::eventually([&] { return running.state() == mw::TaskState::running; }));
  std::vector<mw::Task<std::int64_t>> waiting;
  for (int i = 0; i < 20; ++i) waiting.push_back(master.submit_task<sleep_then>(2));
  leaving->kill(SIGTERM);
  CHECK(master.get_result(running) == slow_by * 300);
  CHECK(running.losses() == 0);
  CHECK(running.attempts() == 1);
  CHECK(leaving->wait() == 0);
  const auto other = lan.node(port_of(master), "other", {"--slots", "1"});
  for (const auto& task : waiting) {
    CHECK(master.get_result(task) == 2);
    CHECK(task.losses() == 0);
  }
}

TEST_CASE("a node that is told to stop twice stops at once, and its task runs elsewhere", "[faults][tcp]") {
  const Lan lan;
  mw::Master master{mw::interface(lan.spec())};
  const auto leaving = lan.node(port_of(master), "leaving", {"--slots", "1"});
  REQUIRE(has_slots(master, 1));
  const auto task = master.submit_task<sleep_then>(slow_by * 700);
  REQUIRE(test::eventually([&] { return task.state() == mw::TaskState::running; }));
  leaving->kill(SIGTERM);
  std::this_thread::sleep_for(50ms);
  CHECK(task.state() == mw::TaskState::running);
  leaving->kill(SIGTERM);
  CHECK(leaving->wait() == 0);
  const auto other = lan.node(port_of(master), "other", {"--slots", "1"});
  CHECK(master.get_result(task) == slow_by * 700);
  CHECK(task.losses() == 0);
}

TEST_CASE("a local node that cannot work, and is the only one, ends the wait", "[faults][tcp]") {
  const test::TemporaryFolder home;
  std::filesystem::create_directories(home.path(".local/state/cppmw"));
  std::filesystem::create_directory_symlink("/sys/kernel", home.path(".local/state/cppmw/node"));  // nobody can write there
  const OwnHome own{home.path("")};
  {
    mw::Master master{mw::interface("tcp:1")};
    try {
      master.get_result(master.submit_task<sleep_then>(1), slow_by * 60s);
      FAIL("it has a result");
    } catch (const mw::TaskError& e) {
      CHECK(e.cause() == mw::Cause::no_worker);
      CHECK(std::string{e.what()}.find("the node on this machine: it ended with exit status 1") != std::string::npos);
    }
  }
  CHECK(nothing_is_left());
}

TEST_CASE("P33: kill -9 of the master leaves no local node and no worker", "[faults][tcp][P33]") {
  const test::TemporaryFolder folder;
  const std::string master_tag = "CPPMW_TEST_TAG=" + std::to_string(::getpid()) + "-tcp-master";
  test::Program master{test::beside("long_run"), {folder.path("ready"), "tcp:3"}, master_tag};
  REQUIRE(test::eventually([&] { return !test::file_text(folder.path("ready")).empty(); }, slow_by * 20s));
  // The node, three workers, sh and two sleep; not all need be there when the first task says that it runs.
  CHECK(test::eventually([&] { return test::processes_with(master_tag).size() >= 7; }, slow_by * 20s));
  master.kill();
  master.wait();
  CHECK(test::eventually([&] { return test::processes_with(master_tag).empty(); }, slow_by * 5s));
}

TEST_CASE("P28: too few slots within the time is an error that says how many there are", "[faults][tcp][P28]") {
  const Lan lan;
  mw::TcpOptions options;
  options.listen = "127.0.0.1:0";
  options.key = lan.path("key");
  options.expected = 3;
  options.join_within = slow_by * 1s;
  mw::Master master{mw::TcpInterface{options}};
  const auto node = lan.node(port_of(master), "n", {"--slots", "1"});
  const auto task = master.submit_task<sleep_then>(slow_by * 60'000);
  CHECK_THROWS_WITH(master.get_result(task), Catch::Contains("3 slots were to be there") && Catch::Contains("1 are"));
  master.cancel(task);
}

TEST_CASE("how long it takes from the end of a node until its task runs elsewhere", "[.][measurement][tcp]") {
  const Lan lan;
  mw::Master master{mw::interface(lan.spec())};
  std::vector<double> times;
  for (int i = 0; i < 11; ++i) {
    auto first = lan.node(port_of(master), "first", {"--slots", "1"});
    REQUIRE(has_slots(master, 1));
    const auto task = master.submit_task<begun_at_ns>(slow_by * 500);
    REQUIRE(test::eventually([&] { return task.state() == mw::TaskState::running; }));
    const auto second = lan.node(port_of(master), "second", {"--slots", "1"});
    REQUIRE(has_slots(master, 2));
    const auto killed = std::chrono::steady_clock::now().time_since_epoch().count();
    first->kill(SIGKILL);
    times.push_back(static_cast<double>(master.get_result(task) - killed) * 1e-6);
    CHECK(task.losses() == 1);
  }
  std::sort(times.begin(), times.end());
  WARN("median " << times[5] << " ms, from " << times.front() << " to " << times.back());
}
