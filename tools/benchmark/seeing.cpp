// mw_seeing: what it costs a master to be watched, and how many requests its control channel answers. The table of
// docs/seeing.md.
#include <mw/mw.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "benchmark/own_process.hpp"
#include "process/terminal_line.hpp"
#include "process/unique_fd.hpp"

namespace {

using Clock = std::chrono::steady_clock;
using mw::bench::median, mw::bench::print_row;
using namespace std::chrono_literals;

namespace fs = std::filesystem;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

void nothing(std::uint64_t) {}

/// A client of a server on loopback that waits for its answers.
class Client {
 public:
  explicit Client(std::uint16_t port) : socket_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (socket_.get() < 0 || ::connect(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
      throw mw::Error{fmt::format("no connection to port {}: {}", port, std::strerror(errno))};
    const int on = 1;
    ::setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  void send(std::string_view text) {
    if (::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(text.size()))
      throw mw::Error{"the server has gone"};
  }
  /// Reads one answer with a length.
  void receive() {
    while (true) {
      if (const auto head = received_.find("\r\n\r\n"); head != std::string::npos) {
        const auto length = received_.find("Content-Length: ");
        const std::size_t size = head + 4 + (length < head ? std::stoul(received_.substr(length + 16)) : 0);
        if (received_.size() >= size) return static_cast<void>(received_.erase(0, size));
      }
      if (!more()) throw mw::Error{"the server has gone"};
    }
  }
  /// Reads, and forgets, until the server has no more to say.
  void receive_all() {
    while (more()) received_.clear();
  }

 private:
  bool more() {
    char buffer[64 * 1024];
    const ssize_t got = ::recv(socket_.get(), buffer, sizeof buffer, 0);
    if (got > 0) received_.append(buffer, static_cast<std::size_t>(got));
    return got > 0;
  }

  mw::process::UniqueFd socket_;
  std::string received_;
};

std::uint16_t port_of(const std::string& url) {
  return static_cast<std::uint16_t>(std::stoul(url.substr(url.find(':', std::string_view{"http://"}.size()) + 1)));
}

std::string get(const std::string& path) { return "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n"; }
std::string call(const std::string& body) {
  return fmt::format("POST /rpc HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{}",
                     body.size(), body);
}

/// A browser that follows the run and takes its rows, and a Prometheus that asks for figures every second.
class Audience {
 public:
  explicit Audience(std::uint16_t port)
      : browser_{[port] {
          Client events{port};
          events.send(get("/events"));
          events.receive_all();
        }},
        rows_{[this, port] { ask(port, "/rows?from=1", 500ms); }},
        prometheus_{[this, port] { ask(port, "/metrics", 1s); }} {}
  ~Audience() {
    is_over_ = true;
    for (std::thread* thread : {&browser_, &rows_, &prometheus_}) thread->join();
  }

 private:
  void ask(std::uint16_t port, const std::string& path, std::chrono::milliseconds pause) {
    try {
      Client client{port};
      while (!is_over_) {
        client.send(get(path));
        client.receive();
        for (auto left = pause; left > 0ms && !is_over_; left -= 10ms) std::this_thread::sleep_for(10ms);
      }
    } catch (const mw::Error&) {
      // The master has ended.
    }
  }

  std::atomic<bool> is_over_{false};
  std::thread browser_, rows_, prometheus_;
};

void submit_nothing(mw::Master& master, std::uint64_t count) {
  for (std::uint64_t i = 0; i < count; ++i) static_cast<void>(master.submit_task<nothing>(i));
}

/// Tasks that do nothing, a second.
double rate(mw::MasterOptions options, std::uint64_t tasks) {
  std::optional<Audience> audience;
  double seconds = 0;
  {
    mw::Master master{mw::interface("multicore:2"), std::move(options)};
    if (const std::string url = master.dashboard_url(); !url.empty()) audience.emplace(port_of(url));
    while (master.get_status().ready_workers() < 2) std::this_thread::sleep_for(1ms);
    const auto start = Clock::now();
    submit_nothing(master, tasks);
    master.wait_all();
    seconds = seconds_since(start);
  }
  return static_cast<double>(tasks) / seconds;
}

double plain_rate(std::uint64_t tasks) { return rate({}, tasks); }
double watched_rate(std::uint64_t tasks) { return rate({.dashboard = "127.0.0.1:0"}, tasks); }
double traced_rate(std::uint64_t tasks) {
  const fs::path file = fs::temp_directory_path() / fmt::format("mw-seeing-{}.json", ::getpid());
  const double value = rate({.trace = file}, tasks);
  fs::remove(file);
  return value;
}

/// Requests a second on ten connections, each of which waits for its answer.
double requests(const std::string& method, std::uint64_t count) {
  mw::Master master{mw::interface("multicore:2"), {.dashboard = "127.0.0.1:0"}};
  const std::uint16_t port = port_of(master.dashboard_url());
  const std::string text = call(fmt::format(R"({{"jsonrpc":"2.0","id":1,"method":"{}"}})", method));
  constexpr std::size_t connections = 10;
  std::vector<Client> clients;
  for (std::size_t i = 0; i < connections; ++i) clients.emplace_back(port);
  const auto start = Clock::now();
  // Each has one request on its way; one thread leaves the other core to the master.
  for (Client& client : clients) client.send(text);
  for (std::uint64_t i = 0; i < count; ++i) {
    Client& client = clients[i % connections];
    client.receive();
    if (i + connections < count) client.send(text);
  }
  return static_cast<double>(count) / seconds_since(start);
}

double status_requests(std::uint64_t count) { return requests("status", count); }
double small_requests(std::uint64_t count) { return requests("stats", count); }

constexpr std::uint64_t many_connections = 10'000;

void raise_descriptors() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

/// How many connections to this port, all open at the same time, get an answer each.
double answered_connections(std::uint64_t port) {
  raise_descriptors();
  std::vector<Client> clients;
  for (std::uint64_t i = 0; i < many_connections; ++i) clients.emplace_back(static_cast<std::uint16_t>(port));
  std::uint64_t answered = 0;
  const std::string text = call(R"({"jsonrpc":"2.0","id":1,"method":"stats"})");
  for (Client& client : clients) {
    try {
      client.send(text);
      client.receive();
      ++answered;
    } catch (const mw::Error&) {
      // It was turned away.
    }
  }
  return static_cast<double>(answered);
}

double measured(const std::string& name, std::uint64_t count);

double connections(std::uint64_t) {
  const mw::Master master{mw::interface("multicore:2"), {.dashboard = "127.0.0.1:0"}};
  return measured("answered", port_of(master.dashboard_url()));
}

using Measure = double (*)(std::uint64_t);
const std::vector<std::pair<std::string, Measure>> measures{
    {"plain", plain_rate},     {"watched", watched_rate},    {"traced", traced_rate},           {"status", status_requests},
    {"stats", small_requests}, {"connections", connections}, {"answered", answered_connections}};

/// In a process of its own.
double measured(const std::string& name, std::uint64_t count) {
  return mw::bench::value_of_own_process({"measure", name, std::to_string(count)});
}

/// In turn, so that what else the machine does meets all of them; ratios are of one turn.
void report(unsigned runs, std::uint64_t tasks) {
  mw::process::StatusLine line;
  std::vector<double> plain, watched, traced;
  for (unsigned run = 1; run <= runs; ++run) {
    line.show(fmt::format("run {} of {}", run, runs));
    plain.push_back(measured("plain", tasks));
    watched.push_back(measured("watched", tasks) / plain.back());
    traced.push_back(measured("traced", tasks) / plain.back());
  }
  line.clear();
  print_row("measure", "here", "wanted");
  print_row("---", "---:", "---:");
  print_row("no-op tasks", fmt::format("{:.0f}/s", median(plain)), "");
  print_row("… with a dashboard that is looked at, and figures asked for every second", fmt::format("{:.2f} ×", median(watched)),
            "0.95 ×");
  print_row("… with a trace", fmt::format("{:.2f} ×", median(traced)), "0.7 ×");
  print_row("requests on 10 connections, `stats`", fmt::format("{:.0f}/s", measured("stats", 100'000)), "20,000/s");
  print_row("requests on 10 connections, `status`", fmt::format("{:.0f}/s", measured("status", 50'000)), "");
  print_row("connections open at the same time that were answered, of 10,000",
            fmt::format("{:.0f}", measured("connections", many_connections)), "10,000");
}

}  // namespace

int main(int argc, char** argv) {
  mw::init(argc, argv);
  CLI::App app{"Measures what it costs a master to be watched: the table of docs/seeing.md, in Markdown."};
  unsigned runs = 5;
  std::uint64_t tasks = 5'000'000;
  app.add_option("--runs", runs, "how often each is measured")->check(CLI::Range(1, 100))->capture_default_str();
  app.add_option("--tasks", tasks, "how many no-op tasks a run")->check(CLI::Range(1'000, 1'000'000'000))->capture_default_str();
  std::string name;
  std::uint64_t count = 0;
  auto* one = app.add_subcommand("measure", "one of them; prints a number");
  one->group("");
  one->add_option("name", name)->required();
  one->add_option("count", count)->required();
  CLI11_PARSE(app, argc, argv);
  return mw::bench::status_of("mw_seeing", [&] {
    if (!*one) return report(runs, tasks);
    mw::bench::print_measure(measures, name, count);
  });
}
