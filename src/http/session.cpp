#include "http/session.hpp"

#include <exception>
#include <optional>

#include <fmt/format.h>
#include <boost/system/system_error.hpp>

#include "http/client_stream.hpp"
#include "http/framing.hpp"

namespace mw::http {
namespace {

namespace asio = boost::asio;

/// Why this request is not answered as it wants to be.
std::optional<Refusal> refusal_of(Head head, const Framing& framing) {
  switch (head) {
    case Head::malformed: return Refusal{Status::bad_request, "This is no HTTP request."};
    case Head::too_long: return Refusal{Status::request_header_fields_too_large, "The head of the request is too long."};
    case Head::whole:
    case Head::none: break;
  }
  return framing.refusal;
}

/// False when the connection is over.
asio::awaitable<bool> serve_request(ClientStream& stream, Handler& handler, std::span<const asio::ip::address> proxies) {
  const Head head = co_await stream.read_head();
  if (head == Head::none) co_return false;
  const Framing framing = head == Head::whole ? framing_of(stream.head()) : Framing{};
  if (const auto refusal = refusal_of(head, framing)) {
    handler.refused();
    Answer answer{stream, false, false};
    answer.set(refusal->status, "text/plain", std::string{refusal->why} + "\n");
    co_await answer.send();
    co_return false;
  }
  stream.set_rank(Rank::stranger);
  Request request{stream, framing, proxies};
  Answer answer{stream, request.is_head(), framing.keeps_alive};
  co_await handler.answer(request, answer);
  stream.hold(0);
  stream.set_rank(Rank::stranger);
  stream.answered();
  co_return answer.keeps_alive() && !stream.is_ending();
}

}  // namespace

asio::awaitable<void> serve(asio::ip::tcp::socket socket, Handler& handler, std::span<const asio::ip::address> proxies,
                            Connections& connections) {
  boost::system::error_code ignored;
  const asio::ip::address address = socket.remote_endpoint(ignored).address();
  try {
    ClientStream stream{std::move(socket), connections};
    bool goes_on = true;
    while (goes_on && stream.is_open()) goes_on = co_await serve_request(stream, handler, proxies);
  } catch (const HangUp& e) {
    if (!e.why) co_return;
    handler.refused();
    handler.warn(e.why, fmt::format("{} was cut off: it {}", address.to_string(), e.why));
  } catch (const boost::system::system_error&) {
    // The client is gone.
  } catch (const std::exception& e) {
    handler.warn("answer", fmt::format("a request was not answered: {}", e.what()));
  }
}

}  // namespace mw::http
