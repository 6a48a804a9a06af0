#include "http/framing.hpp"

#include <algorithm>
#include <string>

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/http/rfc7230.hpp>
#include <boost/beast/http/verb.hpp>

#include "parse/number.hpp"

namespace mw::http {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;

/// Digits and nothing else: no sign, no list.
std::optional<std::uint64_t> number_in(beast::string_view text) { return parse::number<std::uint64_t>({text.data(), text.size()}); }

bool is_printable(beast::string_view target) {
  return std::all_of(target.begin(), target.end(), [](unsigned char c) { return c > 0x20 && c < 0x7f; });
}

/// Whether one of the Connection fields, which are one list (RFC 9110, 5.3), has this option.
bool has_option(const http::request_header<>& head, beast::string_view option) {
  const auto [begin, end] = head.equal_range(http::field::connection);
  return std::any_of(begin, end, [&](const auto& field) { return http::token_list{field.value()}.exists(option); });
}

bool is_continue(beast::string_view expectation) { return beast::iequals(expectation, "100-continue"); }

std::optional<Refusal> refusal_of(const http::request_header<>& head) {
  const bool is_1_1 = head.version() == 11;
  if (!is_1_1 && head.version() != 10) return Refusal{http::status::http_version_not_supported, "This is HTTP/1.1."};
  const std::size_t codings = head.count(http::field::transfer_encoding), lengths = head.count(http::field::content_length);
  if (codings > 0 && (lengths > 0 || !is_1_1 || codings > 1))
    return Refusal{http::status::bad_request, "It is not clear where the request ends."};
  if (codings > 0 && !beast::iequals(head[http::field::transfer_encoding], "chunked"))
    return Refusal{http::status::not_implemented, "There is no such transfer coding here."};
  if (codings > 0) return Refusal{http::status::length_required, "Say how long the body is: Content-Length."};
  if (lengths > 1 || (lengths == 1 && !number_in(head[http::field::content_length])))
    return Refusal{http::status::bad_request, "It is not clear how long the body is."};
  const std::size_t hosts = head.count(http::field::host);
  if (hosts > 1 || (is_1_1 && hosts == 0)) return Refusal{http::status::bad_request, "A request has one Host."};
  if (head.method() == http::verb::unknown) return Refusal{http::status::not_implemented, "There is no such method here."};
  if (!is_printable(head.target())) return Refusal{http::status::bad_request, "This is no address."};
  const auto [expects, end] = head.equal_range(http::field::expect);
  if (!std::all_of(expects, end, [](const auto& field) { return field.value().empty() || is_continue(field.value()); }))
    return Refusal{http::status::expectation_failed, "Nothing else than 100-continue can be expected."};
  return std::nullopt;
}

}  // namespace

Framing framing_of(const http::request_header<>& head) {
  Framing framing;
  framing.refusal = refusal_of(head);
  if (framing.refusal) return framing;
  framing.body_size = number_in(head[http::field::content_length]).value_or(0);
  const auto [expects, end] = head.equal_range(http::field::expect);
  framing.expects_continue =
      head.version() == 11 && std::any_of(expects, end, [](const auto& field) { return is_continue(field.value()); });
  framing.keeps_alive = !has_option(head, "close") && (head.version() == 11 || has_option(head, "keep-alive"));
  return framing;
}

}  // namespace mw::http
