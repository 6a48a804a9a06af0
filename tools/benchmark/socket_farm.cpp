#include "benchmark/socket_farm.hpp"

#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <stdexcept>
#include <vector>

#include "benchmark/loopback.hpp"

namespace mw::benchmark::socket_farm {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

/// All of it; false at the end of the stream.
bool read_all(int fd, void* to, std::size_t size) {
  auto* at = static_cast<char*>(to);
  while (size > 0) {
    const ssize_t got = ::read(fd, at, size);
    if (got <= 0) return false;
    at += got;
    size -= static_cast<std::size_t>(got);
  }
  return true;
}

void write_all(int fd, const void* from, std::size_t size) {
  const auto* at = static_cast<const char*>(from);
  while (size > 0) {
    const ssize_t put = ::write(fd, at, size);
    if (put <= 0) throw std::runtime_error{"socket farm: a worker is gone"};
    at += put;
    size -= static_cast<std::size_t>(put);
  }
}

class Farm {
 public:
  Farm(unsigned workers, const std::function<void(int)>& serve, Link link = Link::socket_pair) {
    for (unsigned i = 0; i < workers; ++i) {
      int ends[2];
      if (link == Link::tcp)
        connect_loopback(ends);
      else if (::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0)
        throw std::runtime_error{"socket farm: no socket pair"};
      const pid_t pid = ::fork();
      if (pid == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (const int fd : sockets) ::close(fd);
        ::close(ends[0]);
        serve(ends[1]);
        ::_exit(0);
      }
      ::close(ends[1]);
      sockets.push_back(ends[0]);
      pids_.push_back(pid);
    }
  }
  ~Farm() {
    for (const int fd : sockets) ::close(fd);
    for (const pid_t pid : pids_) ::waitpid(pid, nullptr, 0);
  }
  Farm(const Farm&) = delete;
  Farm& operator=(const Farm&) = delete;

  /// Calls `handle` with each worker whose socket has something, until it returns false.
  template <class Handle>
  void while_readable(const Handle& handle) {
    std::vector<pollfd> polls;
    for (const int fd : sockets) polls.push_back({fd, POLLIN, 0});
    while (true) {
      ::poll(polls.data(), polls.size(), -1);
      for (std::size_t i = 0; i < polls.size(); ++i)
        if (polls[i].revents && !handle(i)) return;
    }
  }

  std::vector<int> sockets;

 private:
  std::vector<pid_t> pids_;
};

void echo_integers(int fd) {
  std::uint64_t value;
  while (read_all(fd, &value, sizeof value)) write_all(fd, &value, sizeof value);
}

}  // namespace

double tasks_per_second(unsigned workers, std::uint64_t tasks, unsigned outstanding, Link link) {
  Farm farm{workers, echo_integers, link};
  const auto start = Clock::now();
  std::uint64_t sent = 0, back = 0, sum = 0;
  for (unsigned k = 0; k < outstanding; ++k)
    for (const int fd : farm.sockets)
      if (sent < tasks) write_all(fd, &sent, sizeof sent), ++sent;
  farm.while_readable([&](std::size_t worker) {
    std::uint64_t values[64];
    const ssize_t got = ::read(farm.sockets[worker], values, sizeof values);
    const auto count = static_cast<std::size_t>(std::max<ssize_t>(got, 0)) / sizeof values[0];
    for (std::size_t i = 0; i < count; ++i) {
      sum += values[i];
      ++back;
      if (sent < tasks) write_all(farm.sockets[worker], &sent, sizeof sent), ++sent;
    }
    return back < tasks;
  });
  if (sum != tasks * (tasks - 1) / 2) throw std::runtime_error{"socket farm: a wrong sum"};
  return static_cast<double>(tasks) / seconds_since(start);
}

double elements_per_second(unsigned workers, std::uint64_t elements) {
  const std::uint64_t chunk = (elements + workers - 1) / workers;
  Farm farm{workers, [chunk](int fd) {
              std::vector<std::uint64_t> values(chunk);
              while (read_all(fd, values.data(), chunk * sizeof values[0])) write_all(fd, values.data(), chunk * sizeof values[0]);
            }};
  const auto start = Clock::now();
  std::vector<std::uint64_t> values(chunk);
  for (unsigned w = 0; w < workers; ++w) {
    for (std::uint64_t i = 0; i < chunk; ++i) values[i] = w * chunk + i;
    write_all(farm.sockets[w], values.data(), chunk * sizeof values[0]);
  }
  std::uint64_t sum = 0;
  for (unsigned w = 0; w < workers; ++w) {
    read_all(farm.sockets[w], values.data(), chunk * sizeof values[0]);
    for (const std::uint64_t value : values) sum += value;
  }
  if (sum == 0) throw std::runtime_error{"socket farm: a wrong sum"};
  return static_cast<double>(elements) / seconds_since(start);
}

double mib_per_second(unsigned workers, std::uint64_t tasks, std::size_t bytes, Link link) {
  const auto echo = [bytes](int fd) {
    std::vector<char> payload(bytes);
    while (read_all(fd, payload.data(), bytes)) write_all(fd, payload.data(), bytes);
  };
  Farm farm{workers, echo, link};
  const std::vector<char> payload(bytes, 'x');
  std::vector<char> result(bytes);
  const auto start = Clock::now();
  std::uint64_t sent = 0, back = 0;
  for (const int fd : farm.sockets)
    if (sent < tasks) write_all(fd, payload.data(), bytes), ++sent;
  farm.while_readable([&](std::size_t worker) {
    read_all(farm.sockets[worker], result.data(), bytes);
    ++back;
    if (sent < tasks) write_all(farm.sockets[worker], payload.data(), bytes), ++sent;
    return back < tasks;
  });
  return 2 * static_cast<double>(tasks * bytes) / (1 << 20) / seconds_since(start);
}

std::int64_t first_result_ns(unsigned workers) {
  Farm farm{workers, echo_integers};
  std::uint64_t value = 1;
  write_all(farm.sockets[0], &value, sizeof value);
  read_all(farm.sockets[0], &value, sizeof value);
  return Clock::now().time_since_epoch().count();
}

double round_trip_us(unsigned rounds, Link link) {
  Farm farm{2, echo_integers, link};
  std::vector<double> times;
  for (unsigned i = 0; i < rounds; ++i) {
    const auto start = Clock::now();
    std::uint64_t value = i;
    write_all(farm.sockets[0], &value, sizeof value);
    read_all(farm.sockets[0], &value, sizeof value);
    times.push_back(seconds_since(start) * 1e6);
  }
  std::nth_element(times.begin(), times.begin() + rounds / 2, times.end());
  return times[rounds / 2];
}

}  // namespace mw::benchmark::socket_farm
