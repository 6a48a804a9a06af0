#include "http/answer.hpp"

#include <fmt/format.h>

#include "parse/number.hpp"

namespace mw::http {
namespace {

namespace asio = boost::asio;

/// Where a download that broke off goes on: "bytes=17-".
std::int64_t range_begin(std::string_view range, std::int64_t size) {
  constexpr std::string_view form = "bytes=";
  if (!range.starts_with(form)) return 0;
  range.remove_prefix(form.size());
  const auto begin = parse::take_number<std::int64_t>(range);
  return begin && range.ends_with('-') && *begin > 0 && *begin < size ? *begin : 0;
}

}  // namespace

/// Without the empty line at its end.
std::string Answer::head_of(Status status, std::string_view type, std::optional<std::uint64_t> length) const {
  const boost::beast::string_view reason = boost::beast::http::obsolete_reason(status);
  std::string head = fmt::format("HTTP/1.1 {} {}\r\nContent-Type: {}\r\n", static_cast<unsigned>(status),
                                 std::string_view{reason.data(), reason.size()}, type);
  if (length) head += fmt::format("Content-Length: {}\r\n", *length);
  head += "Server: CppMW\r\n" + fields_;
  if (!keeps_alive_)
    head += "Connection: close\r\n";
  else if (stream_.head().version() == 10)
    head += "Connection: keep-alive\r\n";
  if (status == Status::method_not_allowed) head += "Allow: GET, HEAD, POST\r\n";
  if (status == Status::too_many_requests) head += "Retry-After: 60\r\n";
  return head;
}

void Answer::set(Status status, const char* type, std::string text) {
  status_ = status;
  type_ = type;
  text_ = std::move(text);
}

void Answer::add(std::string_view name, std::string_view value) { fields_ += fmt::format("{}: {}\r\n", name, value); }

asio::awaitable<void> Answer::send() {
  if (stream_.body_left() > 0 || stream_.is_ending()) keeps_alive_ = false;
  std::string all = head_of(status_, type_, text_.size()) + "Cache-Control: no-store\r\n\r\n";
  if (!is_to_head_) all += text_;
  text_ = {};
  stream_.hold(all.capacity());
  co_await stream_.write(all);
  stream_.answered();
  if (!keeps_alive_) co_await stream_.linger();
}

asio::awaitable<void> Answer::send_content(const Content& content, const Request& request) {
  const std::int64_t begin = range_begin(request.field(boost::beast::http::field::range), content.size);
  std::string head = head_of(begin > 0 ? Status::partial_content : Status::ok, "application/octet-stream",
                             static_cast<std::uint64_t>(content.size - begin));
  if (begin > 0) head += fmt::format("Content-Range: bytes {}-{}/{}\r\n", begin, content.size - 1, content.size);
  head += "\r\n";
  if (content.file) stream_.answered();  // it may be long, and can be fetched from where it broke off
  const bool is_here = !is_to_head_ && !content.file;
  if (is_here) head += std::string_view{content.bytes}.substr(static_cast<std::size_t>(begin));
  co_await stream_.write(head);
  stream_.answered();
  if (!is_to_head_ && content.file) co_await stream_.write_file(content.file->get(), begin, content.size);
}

asio::awaitable<void> Answer::begin_stream() {
  keeps_alive_ = false;
  std::string all = head_of(status_, type_, std::nullopt) + "Cache-Control: no-store\r\n\r\n";
  if (!is_to_head_) all += text_;
  text_ = {};
  stream_.answered();
  co_await stream_.write(all);
}

asio::awaitable<void> Answer::send_more(std::string_view text) {
  stream_.begin_piece();
  if (!is_to_head_) co_await stream_.write(text);
}

}  // namespace mw::http
