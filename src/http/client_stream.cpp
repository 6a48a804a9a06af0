#include "http/client_stream.hpp"

#include <sys/sendfile.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <exception>
#include <memory>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>

namespace mw::http {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds header_limit{30};
constexpr std::chrono::seconds piece_limit{30};
constexpr std::chrono::seconds linger_limit{3};
constexpr std::chrono::seconds patience{60};  // a slower client than the next line must be done by then
constexpr double slowest_bytes_a_second = 1024;
constexpr std::uint32_t longest_header = 8 * 1024;
constexpr std::size_t piece_size = 64 * 1024;
constexpr std::size_t file_step = 1024 * 1024;
constexpr std::size_t most_in_a_row = 1024 * 1024;

/// What comes in lies here between a read and its use, which nobody else's read can come between.
std::array<std::byte, piece_size>& scratch() {
  static thread_local const auto buffer = std::make_unique<std::array<std::byte, piece_size>>();
  return *buffer;
}

bool is_later(const boost::system::error_code& error) {
  return error == asio::error::would_block || error == asio::error::try_again || error == asio::error::interrupted;
}

}  // namespace

ClientStream::ClientStream(asio::ip::tcp::socket socket, Connections& connections)
    : socket_{std::move(socket)}, connections_{connections}, place_{connections.add([this] {
        boost::system::error_code ignored;
        socket_.close(ignored);
      })} {
  boost::system::error_code ignored;
  socket_.set_option(asio::ip::tcp::no_delay{true}, ignored);
  socket_.non_blocking(true, ignored);
  address_ = socket_.remote_endpoint(ignored).address();
}

ClientStream::~ClientStream() { connections_.remove(place_); }

void ClientStream::expect_nothing_for(std::chrono::seconds time) { connections_.expect(place_, Clock::now() + time); }

asio::awaitable<Head> ClientStream::read_head() {
  began_ = Clock::now();
  moved_ = 0;
  connections_.expect(place_, began_ + header_limit);
  http::request_parser<http::empty_body> parser;
  parser.header_limit(longest_header);
  parser.body_limit(boost::none);
  while (true) {
    boost::system::error_code error;
    if (!in_.empty()) {
      in_.erase(0, parser.put(asio::buffer(in_), error));
      if (parser.is_header_done()) break;
      if (error == http::error::header_limit) co_return Head::too_long;
      if (error && error != http::error::need_more) co_return Head::malformed;
    }
    auto& buffer = scratch();
    const std::size_t size = socket_.read_some(asio::buffer(buffer.data(), longest_header), error);
    if (error && !is_later(error)) co_return Head::none;
    in_.append(reinterpret_cast<const char*>(buffer.data()), size);
    if (!error) continue;
    const auto [broken] = co_await socket_.async_wait(asio::socket_base::wait_read, asio::as_tuple(asio::use_awaitable));
    if (broken) co_return Head::none;
  }
  began_ = Clock::now();
  head_ = parser.release().base();
  co_return Head::whole;
}

void ClientStream::begin_body(std::uint64_t size, bool expects_continue) {
  body_left_ = size;
  expects_continue_ = expects_continue && size > 0;
  if (size == 0) connections_.owe(place_, true);
}

asio::awaitable<void> ClientStream::wait(asio::socket_base::wait_type what) {
  connections_.expect(place_, Clock::now() + piece_limit);
  const auto [error] = co_await socket_.async_wait(what, asio::as_tuple(asio::use_awaitable));
  if (error) throw HangUp{};
}

void ClientStream::count(std::size_t bytes) {
  moved_ += bytes;
  const std::chrono::duration<double> taken = Clock::now() - began_;
  if (taken > patience && static_cast<double>(moved_) < taken.count() * slowest_bytes_a_second) throw HangUp{"is too slow"};
}

asio::awaitable<std::span<const std::byte>> ClientStream::read_some() {
  if (body_left_ == 0) co_return std::span<const std::byte>{};
  if (expects_continue_) {
    expects_continue_ = false;
    co_await write("HTTP/1.1 100 Continue\r\n\r\n");
  }
  // A client that is never waited for would be the only one.
  if (in_a_row_ >= most_in_a_row) {
    in_a_row_ = 0;
    co_await asio::post(socket_.get_executor(), asio::use_awaitable);
  }
  const std::size_t most = std::min<std::uint64_t>(body_left_, piece_size);
  std::size_t size = std::min(in_.size(), most);
  if (size > 0) {
    std::copy_n(reinterpret_cast<const std::byte*>(in_.data()), size, scratch().data());
    in_.erase(0, size);
    if (in_.empty()) in_.shrink_to_fit();
  }
  while (size == 0) {
    boost::system::error_code error;
    size = socket_.read_some(asio::buffer(scratch().data(), most), error);
    if (error && !is_later(error)) throw HangUp{};
    if (error) {
      in_a_row_ = 0;
      co_await wait(asio::socket_base::wait_read);
    }
  }
  in_a_row_ += size;
  body_left_ -= size;
  if (body_left_ == 0) connections_.owe(place_, true);
  count(size);
  co_return std::span<const std::byte>{scratch()}.first(size);
}

asio::awaitable<void> ClientStream::read_to(std::string& text, std::size_t size) {
  while (text.size() < size && body_left_ > 0) {
    const std::span<const std::byte> piece = co_await read_some();
    text.append(reinterpret_cast<const char*>(piece.data()), piece.size());
    hold(text.capacity());
  }
}

asio::awaitable<void> ClientStream::drain(std::uint64_t most) {
  for (std::uint64_t drained = 0; body_left_ > 0 && drained < most;) {
    const std::span<const std::byte> piece = co_await read_some();
    drained += piece.size();
  }
}

asio::awaitable<void> ClientStream::write(std::string_view text) {
  while (!text.empty()) {
    boost::system::error_code error;
    const std::size_t size = socket_.write_some(asio::buffer(text), error);
    if (error && !is_later(error)) throw HangUp{};
    text.remove_prefix(size);
    count(size);
    if (error) co_await wait(asio::socket_base::wait_write);
  }
}

void ClientStream::begin_piece() {
  began_ = Clock::now();
  moved_ = 0;
}

asio::awaitable<void> ClientStream::write_file(int file, std::int64_t begin, std::int64_t end) {
  while (begin < end) {
    off_t at = begin;
    const auto step = std::min<std::size_t>(static_cast<std::size_t>(end - begin), file_step);
    const ssize_t size = ::sendfile(socket_.native_handle(), file, &at, step);
    const bool is_full = size < 0 && (errno == EAGAIN || errno == EINTR);
    if (size == 0 || (size < 0 && !is_full)) throw HangUp{};  // it became shorter; or the client is gone
    if (size > 0) {
      begin += size;
      count(static_cast<std::size_t>(size));
    }
    if (is_full)
      co_await wait(asio::socket_base::wait_write);
    else
      co_await asio::post(asio::use_awaitable);  // others have their turn
  }
}

asio::awaitable<void> ClientStream::linger() {
  boost::system::error_code error;
  socket_.shutdown(asio::socket_base::shutdown_send, error);
  if (error) co_return;
  connections_.expect(place_, Clock::now() + linger_limit);
  constexpr std::size_t most = 1024 * 1024;
  for (std::size_t read = 0; read < most;) {
    const std::size_t size = socket_.read_some(asio::buffer(scratch()), error);
    if (error && !is_later(error)) co_return;
    read += size;
    if (!error) continue;
    const auto [broken] = co_await socket_.async_wait(asio::socket_base::wait_read, asio::as_tuple(asio::use_awaitable));
    if (broken) co_return;
  }
}

}  // namespace mw::http
