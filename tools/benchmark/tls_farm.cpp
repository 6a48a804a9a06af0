#include "benchmark/tls_farm.hpp"

#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <vector>

#include "benchmark/loopback.hpp"
#include "tls/session.hpp"

namespace mw::benchmark::tls_farm {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

/// One end of a connection, whose calls block.
class End {
 public:
  End(int socket, tls::Session session) : socket_{socket}, session_{std::move(session)} {
    flush();
    while (!session_.is_established()) fill();
  }
  ~End() { ::close(socket_); }
  End(const End&) = delete;
  End& operator=(const End&) = delete;

  int socket() const noexcept { return socket_; }
  void write_all(std::span<const std::byte> bytes) {
    constexpr std::size_t step = 256 * 1024;
    for (; !bytes.empty(); bytes = bytes.subspan(std::min(step, bytes.size()))) {
      session_.write(bytes.first(std::min(step, bytes.size())));
      flush();
    }
  }
  /// False at the end of the stream.
  bool read_all(std::span<std::byte> room) {
    while (!room.empty()) {
      if (const std::size_t size = session_.read(room); size > 0)
        room = room.subspan(size);
      else if (!fill())
        return false;
    }
    return true;
  }

 private:
  bool fill() {
    const ssize_t size = ::recv(socket_, buffer_.data(), buffer_.size(), 0);
    if (size <= 0) return false;
    session_.receive(std::span{buffer_}.first(static_cast<std::size_t>(size)));
    flush();
    return true;
  }
  void flush() {
    while (!session_.outgoing().empty()) {
      const ssize_t size = ::send(socket_, session_.outgoing().data(), session_.outgoing().size(), MSG_NOSIGNAL);
      if (size <= 0) throw std::runtime_error{"TLS farm: a worker is gone"};
      session_.sent(static_cast<std::size_t>(size));
    }
  }

  int socket_;
  tls::Session session_;
  std::vector<std::byte> buffer_ = std::vector<std::byte>(64 * 1024);
};

/// Echoes messages of one size.
class Farm {
 public:
  Farm(unsigned workers, std::size_t bytes) {
    tls::Key key{};
    key.fill(std::byte{1});
    for (unsigned i = 0; i < workers; ++i) {
      int ends[2];
      connect_loopback(ends);
      const pid_t pid = ::fork();
      if (pid == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (const auto& end : ends_) ::close(end->socket());
        ::close(ends[0]);
        End end{ends[1], tls::Session::client({"worker", key})};
        std::vector<std::byte> message(bytes);
        while (end.read_all(message)) end.write_all(message);
        ::_exit(0);
      }
      ::close(ends[1]);
      pids_.push_back(pid);
      ends_.push_back(std::make_unique<End>(ends[0], tls::Session::server([key](std::string_view) { return std::optional{key}; })));
    }
  }
  ~Farm() {
    ends_.clear();
    for (const pid_t pid : pids_) ::waitpid(pid, nullptr, 0);
  }
  Farm(const Farm&) = delete;
  Farm& operator=(const Farm&) = delete;
  std::vector<std::unique_ptr<End>>& ends() noexcept { return ends_; }

 private:
  std::vector<std::unique_ptr<End>> ends_;
  std::vector<pid_t> pids_;
};

}  // namespace

double mib_per_second(unsigned workers, std::uint64_t tasks, std::size_t bytes) {
  Farm farm{workers, bytes};
  std::vector<std::byte> message(bytes);
  std::vector<pollfd> polls;
  const auto start = Clock::now();
  std::uint64_t sent = 0, back = 0;
  for (const auto& end : farm.ends()) {
    polls.push_back({end->socket(), POLLIN, 0});
    end->write_all(message), ++sent;
  }
  while (back < tasks) {
    ::poll(polls.data(), polls.size(), -1);
    for (std::size_t i = 0; i < polls.size() && back < tasks; ++i) {
      if (!polls[i].revents) continue;
      if (!farm.ends()[i]->read_all(message)) throw std::runtime_error{"TLS farm: a worker is gone"};
      ++back;
      if (sent < tasks) farm.ends()[i]->write_all(message), ++sent;
    }
  }
  return 2 * static_cast<double>(tasks * bytes) / (1 << 20) / seconds_since(start);
}

double round_trip_us(unsigned rounds) {
  Farm farm{2, sizeof(std::uint64_t)};
  std::vector<double> times;
  for (unsigned i = 0; i < rounds; ++i) {
    const auto start = Clock::now();
    std::uint64_t value = i;
    farm.ends()[0]->write_all(std::as_bytes(std::span{&value, 1}));
    if (!farm.ends()[0]->read_all(std::as_writable_bytes(std::span{&value, 1})))
      throw std::runtime_error{"TLS farm: a worker is gone"};
    times.push_back(seconds_since(start) * 1e6);
  }
  std::nth_element(times.begin(), times.begin() + rounds / 2, times.end());
  return times[rounds / 2];
}

}  // namespace mw::benchmark::tls_farm
