#include "dashboard/pages.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/json.hpp>

#include "dashboard/page.hpp"
#include "dashboard/report.hpp"
#include "http/query.hpp"
#include "metrics/prometheus.hpp"
#include "parse/number.hpp"

namespace mw::dashboard {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;
using boost::beast::http::field;
using Clock = std::chrono::steady_clock;

constexpr std::size_t longest_call = 1 << 20;
constexpr std::size_t most_followers = 200;
constexpr std::chrono::milliseconds fresh{200};

/// No page of ours needs anything from elsewhere, nor a script within itself; and none is to be in another's frame.
constexpr std::string_view policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'";

void set(http::Answer& answer, http::Status status, const char* type, std::string text) {
  answer.add("Content-Security-Policy", policy);
  answer.add("X-Content-Type-Options", "nosniff");
  answer.add("Cross-Origin-Resource-Policy", "same-origin");
  answer.add("Referrer-Policy", "no-referrer");
  answer.set(status, type, std::move(text));
}

std::string event(std::string_view name, const json::object& data) {
  return fmt::format("event: {}\ndata: {}\n\n", name, json::serialize(data));
}

std::string_view media_type(std::string_view field) {
  field = field.substr(0, field.find(';'));
  while (field.ends_with(' ')) field.remove_suffix(1);
  return field;
}

}  // namespace

void Pages::warn(std::string_view, const std::string&) {
  // Who looks at a run, and how, is no business of whoever runs it.
}

asio::awaitable<void> Pages::answer(http::Request& request, http::Answer& answer) {
  if (const char* why = gate_.refusal_of(request.field(field::host), request.field(field::origin))) {
    set(answer, http::Status::forbidden, "text/plain", fmt::format("{}\n", why));
    answer.end_connection();
    co_await answer.send();
  } else if (request.is_get()) {
    co_await answer_get(request, answer);
  } else if (request.is_post() && request.path() == "/rpc") {
    co_await answer_call(request, answer);
  } else {
    const auto status = request.is_post() ? http::Status::not_found : http::Status::method_not_allowed;
    set(answer, status, "text/plain", "There is GET, and POST to /rpc.\n");
    co_await answer.send();
  }
}

asio::awaitable<void> Pages::answer_get(http::Request& request, http::Answer& answer) {
  const std::string& path = request.path();
  if (path == "/events") {
    co_await follow(answer);
    co_return;
  }
  if (path == "/picture" || path == "/report.html" || path == "/metrics") co_await board_.refresh(fresh);
  if (path == "/") {
    set(answer, http::Status::ok, "text/html; charset=utf-8", std::string{page_html()});
  } else if (path == "/page.css") {
    set(answer, http::Status::ok, "text/css; charset=utf-8", std::string{page_css()});
  } else if (path == "/page.js") {
    set(answer, http::Status::ok, "text/javascript; charset=utf-8", std::string{page_js()});
  } else if (path == "/picture") {
    watch::Reader everything;
    set(answer, http::Status::ok, "application/json", json::serialize(board_.picture().to_json(everything)));
  } else if (path == "/rows") {
    const auto from = parse::number<std::uint64_t>(http::parameter(request.query(), "from")).value_or(0);
    set(answer, http::Status::ok, "application/octet-stream", board_.picture().rows(from));
  } else if (path == "/metrics") {
    const watch::Picture& picture = board_.picture();
    set(answer, http::Status::ok, metrics::prometheus_type.data(),
        metrics::prometheus_text(picture.status(), {picture.facts().program, picture.facts().version}));
  } else if (path == "/openrpc.json") {
    set(answer, http::Status::ok, "application/json", json::serialize(control::open_rpc()));
  } else if (path == "/report.html") {
    answer.add("Content-Disposition", "attachment; filename=\"report.html\"");
    set(answer, http::Status::ok, "text/html; charset=utf-8", report(board_.picture()));
  } else {
    set(answer, http::Status::not_found, "text/plain", "There is nothing here.\n");
  }
  co_await answer.send();
}

asio::awaitable<void> Pages::answer_call(http::Request& request, http::Answer& answer) {
  if (media_type(request.field(field::content_type)) != "application/json") {
    set(answer, http::Status::unsupported_media_type, "text/plain", "A call is application/json.\n");
  } else if (request.body_left() > longest_call) {
    set(answer, http::Status::payload_too_large, "text/plain", "A call has at most 1 MiB.\n");
  } else {
    std::string text;
    co_await request.read_to(text, longest_call);
    const std::string address = request.address().to_string();
    const bool has_key = gate_.has_key(request.field(field::authorization), address, Clock::now());
    if (has_key) request.set_rank(http::Rank::known);
    std::string said = co_await methods_.answer(std::move(text), has_key);
    const auto status = said.empty() ? http::Status::no_content : http::Status::ok;
    set(answer, status, "application/json", std::move(said));
  }
  co_await answer.send();
}

/// Twice a second, less often where there is more to say.
std::chrono::milliseconds Pages::pace() const {
  return std::chrono::milliseconds{500 + std::min<std::size_t>(board_.picture().status().workers.size(), 1500)};
}

asio::awaitable<void> Pages::follow(http::Answer& answer) {
  if (followers_.size() >= most_followers) {
    set(answer, http::Status::service_unavailable, "text/plain", "Too many look at this run at the same time.\n");
    co_await answer.send();
    co_return;
  }
  process::Timer timer{board_.io()};
  followers_.insert(&timer);
  struct Leave {
    std::set<process::Timer*>& followers;
    process::Timer& timer;
    ~Leave() { followers.erase(&timer); }
  } const leave{followers_, timer};
  co_await stream(answer, timer);
}

asio::awaitable<void> Pages::stream(http::Answer& answer, process::Timer& timer) {
  set(answer, http::Status::ok, "text/event-stream", "retry: 1000\n\n");
  co_await answer.begin_stream();
  watch::Reader reader;
  while (!has_ended_) {
    co_await board_.refresh(fresh);
    if (has_ended_) break;
    const std::string text = event("picture", board_.picture().to_json(reader));
    co_await answer.send_more(text);
    if (has_ended_) break;
    timer.expires_after(pace());
    answer.expect_nothing_for(std::chrono::hours{1});
    co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
  }
  const std::string last = event("end", board_.picture().to_json(reader));
  co_await answer.send_more(last);
}

void Pages::end() {
  has_ended_ = true;
  for (process::Timer* timer : followers_) timer->cancel();
}

}  // namespace mw::dashboard
