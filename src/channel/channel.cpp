#include "channel/channel.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "net/endpoint.hpp"
#include "process/close_on_exec.hpp"

namespace mw::channel {
namespace {

using boost::system::error_code;

/// Most reads in a row, so that one connection cannot keep the others waiting.
constexpr int most_reads = 16;
constexpr std::size_t read_size = 64 * 1024;
/// So much is encrypted before it is sent: enough for one system call, and little beside what a node may hold.
constexpr std::size_t most_encrypted = 256 * 1024;

/// One for all channels of a thread: nothing stays in it between two calls.
std::span<std::byte> read_buffer() {
  thread_local std::vector<std::byte> buffer(read_size);
  return buffer;
}

std::string address_of(const Channel::Socket& socket) {
  error_code error;
  const auto endpoint = socket.remote_endpoint(error);
  return error ? "an address that is not known" : net::text_of(endpoint);
}

}  // namespace

Channel::Channel(Socket socket, tls::Session session, ChannelUser& user, Times times)
    : socket_{std::move(socket)},
      session_{std::move(session)},
      user_{&user},
      times_{times},
      address_{address_of(socket_)},
      timer_{socket_.get_executor()} {
  error_code ignored;
  socket_.non_blocking(true, ignored);
  process::close_on_exec(socket_.native_handle());
  socket_.set_option(boost::asio::ip::tcp::no_delay{true}, ignored);
}

void Channel::start() {
  flush();
  beat();
  read();
}

void Channel::read() {
  socket_.async_wait(Socket::wait_read, [self = shared_from_this()](error_code error) {
    if (self->is_over_) return;
    if (error) return self->end(error.message());
    if (self->take_what_is_there()) self->read();
  });
}

/// False when the channel is over.
bool Channel::take_what_is_there() {
  const auto buffer = read_buffer();
  try {
    for (int i = 0; i < most_reads && !is_over_; ++i) {
      const ssize_t size = ::recv(socket_.native_handle(), buffer.data(), buffer.size(), MSG_DONTWAIT);
      if (size < 0 && errno == EINTR) continue;
      if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) break;
      if (size < 0) return end(std::strerror(errno)), false;
      if (size == 0) return end("it has closed the connection"), false;
      heard_ = Clock::now();
      take(buffer.first(static_cast<std::size_t>(size)));
      if (static_cast<std::size_t>(size) < buffer.size()) break;
    }
  } catch (const tls::TlsError& e) {
    send_encrypted();  // what it has to say to that
    return end(e.what()), false;
  } catch (const Error& e) {
    return end(fmt::format("it broke the protocol: {}", e.what())), false;
  }
  return !is_over_;
}

void Channel::take(std::span<const std::byte> bytes) {
  const bool was_established = session_.is_established();
  session_.receive(bytes);
  if (!was_established) flush();
  if (!was_established && session_.is_established()) user_->established();
  while (!is_over_) {
    const std::size_t size = session_.read(reader_.prepare());
    if (size == 0) return;
    reader_.commit(size);
    while (const auto frame = reader_.next()) {
      if (frame->type != wire::FrameType::heartbeat) user_->frame(*frame);
      if (is_over_) return;
    }
  }
}

void Channel::flush() {
  if (waits_for_room_ || is_over_) return;
  const auto encrypt = [this](std::span<const iovec> pieces, int) -> wire::Transfer {
    if (session_.outgoing().size() >= most_encrypted) return {0, EAGAIN};
    std::size_t size = 0;
    for (const iovec& piece : pieces) {
      const std::size_t room = most_encrypted - std::min(session_.outgoing().size(), most_encrypted);
      const std::size_t part = std::min(piece.iov_len, room);
      session_.write({static_cast<const std::byte*>(piece.iov_base), part});
      size += part;
      if (part < piece.iov_len) break;
    }
    return {size, 0};
  };
  while (true) {
    if (session_.is_established() && !outgoing_.empty()) {
      outgoing_.write_to(encrypt);
      told_ = Clock::now();
    }
    if (!send_encrypted()) return wait_for_room();
    if (outgoing_.empty() || !session_.is_established()) return;
  }
}

/// False if the socket has no room. A broken connection shows when it is read.
bool Channel::send_encrypted() {
  while (!session_.outgoing().empty()) {
    const auto bytes = session_.outgoing();
    const ssize_t size = ::send(socket_.native_handle(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return false;
    if (size < 0) {
      session_.sent(bytes.size());
      outgoing_.clear();
      return true;
    }
    session_.sent(static_cast<std::size_t>(size));
  }
  return true;
}

void Channel::wait_for_room() {
  waits_for_room_ = true;
  socket_.async_wait(Socket::wait_write, [self = shared_from_this()](error_code error) {
    self->waits_for_room_ = false;
    if (error || self->is_over_) return;
    self->flush();
    if (!self->waits_for_room_) self->user_->has_room();
  });
}

/// The clock counts what this process could have heard: while it did not run itself, nobody was silent.
void Channel::beat() {
  const auto now = Clock::now();
  if (const auto stall = now - std::exchange(looked_, now) - times_.heartbeat(); stall > times_.heartbeat()) {
    heard_ = std::min(heard_ + stall, now);
    begun_ = std::min(begun_ + stall, now);
  }
  if (!session_.is_established() && now - begun_ > times_.handshake)
    return end(fmt::format("it did not shake hands within {:g} s", std::chrono::duration<double>(times_.handshake).count()));
  if (now - heard_ > times_.lost_after) {
    if (!take_what_is_there()) return;  // it may have spoken while this loop was busy
    if (Clock::now() - heard_ > times_.lost_after)
      return end(fmt::format("nothing was heard of it for {:.1f} s", std::chrono::duration<double>(now - heard_).count()));
  }
  if (session_.is_established() && now - told_ >= times_.heartbeat() && outgoing_.empty()) {
    wire::append_header(outgoing_.tail(), wire::FrameType::heartbeat, 0);
    flush();
  }
  set_timer();
}

void Channel::set_timer() {
  timer_.expires_after(times_.heartbeat());
  timer_.async_wait([self = shared_from_this()](error_code error) {
    if (!error && !self->is_over_) self->beat();
  });
}

/// The timer may be set to a longer time than the new one.
void Channel::set_silence(std::chrono::milliseconds lost_after) {
  times_.lost_after = lost_after;
  if (!is_over_) set_timer();
}

void Channel::close() {
  if (std::exchange(is_over_, true)) return;
  timer_.cancel();
  error_code ignored;
  socket_.shutdown(Socket::shutdown_both, ignored);
  socket_.close(ignored);
}

void Channel::end(const std::string& why) {
  if (is_over_) return;
  const auto self = shared_from_this();
  close();
  user_->closed(why);
}

}  // namespace mw::channel
