#include <algorithm>
#include <chrono>
#include <optional>

#include <fmt/format.h>

#include "boinc/protocol/xml.hpp"
#include "boinc/server/call.hpp"

namespace mw::boinc {
namespace {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;

constexpr std::size_t longest_request = 8 * 1024 * 1024;
constexpr std::size_t longest_of_stranger = 64 * 1024;  // until its account is known
constexpr double longest_wait_s = 20;                   // for work; proxies end what takes longer
constexpr std::chrono::seconds at_most_unheard{60};

/// The account that a scheduler request names, before it is read as a whole.
std::string_view authenticator_in(std::string_view text) {
  constexpr std::string_view begin_mark = "<authenticator>", end_mark = "</authenticator>";
  const auto begin = text.find(begin_mark);
  const auto end = begin == std::string_view::npos ? begin : text.find(end_mark, begin);
  if (end == std::string_view::npos) return {};
  std::string_view key = text.substr(begin + begin_mark.size(), end - begin - begin_mark.size());
  constexpr std::string_view blank = " \t\r\n";
  key.remove_prefix(std::min(key.find_first_not_of(blank), key.size()));
  return key.substr(0, key.find_last_not_of(blank) + 1);
}

class SchedulerCall final : Call {
 public:
  using Call::Call;

  asio::awaitable<void> answer() {
    if (request_.body_left() > longest_request) {
      co_await refuse(http::Status::payload_too_large, "The request is too long.");
      co_return;
    }
    std::string body;
    co_await request_.read_to(body, longest_of_stranger);
    if (!project_.opens(authenticator_in(body))) {
      answer_stranger(body);
      co_await answer_.send();
      co_return;
    }
    request_.set_rank(http::Rank::known);
    co_await request_.read_to(body, longest_request);
    std::optional<SchedulerRequest> request;
    try {
      request = parse_scheduler_request(body);
    } catch (const BadMessage& e) {
      answer_unreadable(e.what());
    }
    if (request && !project_.opens(request->authenticator)) {
      answer_stranger(body);
      request.reset();
    }
    body = {};
    request_.hold(0);
    if (request)
      co_await answer_request(*request);
    else
      co_await answer_.send();
  }

 private:
  /// Whoever has none of our keys is told so; nothing is written for him.
  void answer_stranger(const std::string& body) {
    if (!may_err(strangers_.wrong_keys)) return;
    if (request_.body_left() > 0) answer_.end_connection();
    SchedulerRequest request;
    request.authenticator = authenticator_in(body);
    if (request.authenticator.empty()) return answer_unreadable("there is no account key in it, or not at its beginning");
    answer_.set(http::Status::ok, "text/xml", to_text(rooms_.scheduler.answer(request, request_.address())));
  }

  void answer_unreadable(const std::string& why) {
    ++project_.counts.bad_requests;
    strangers_.warn("request", fmt::format("boinc: a scheduler request that cannot be read: {}", why));
    SchedulerReply refusal;
    refusal.master_url = project_.settings.url;
    refusal.request_delay_s = 60;
    refusal.messages.push_back({"The request cannot be read: " + why, false});
    answer_.set(http::Status::ok, "text/xml", to_text(refusal));
  }

  asio::awaitable<void> answer_request(const SchedulerRequest& request) {
    const std::chrono::duration<double> patience_for_work{std::clamp(request.wait_s, 0.0, longest_wait_s)};
    const auto until = Clock::now() + std::chrono::duration_cast<std::chrono::milliseconds>(patience_for_work);
    SchedulerReply reply;
    bool asks_again = true;
    while (asks_again && request_.is_open()) {
      request_.expect_nothing_for(at_most_unheard);
      const std::uint64_t seen = rooms_.waiting.news();
      if (const auto durability = rooms_.scheduler.writes(request)) rooms_.committer.begin(*durability);
      reply = answer_in_transaction(request);
      co_await rooms_.committer.committed();
      asks_again = request.wait_s > 0 && has_nothing(reply);
      if (asks_again) asks_again = co_await rooms_.waiting.wait(seen, until);
    }
    answer_.set(http::Status::ok, "text/xml", to_text(reply));
    co_await answer_.send();
  }

  /// What goes wrong with one request is that request's error. A database that is broken is everybody's.
  SchedulerReply answer_in_transaction(const SchedulerRequest& request) {
    try {
      return rooms_.write([&] { return rooms_.scheduler.answer(request, request_.address()); });
    } catch (const std::exception& e) {
      if (!rooms_.committer.is_usable()) throw;
      ++project_.counts.bad_requests;
      strangers_.warn("answer", fmt::format("boinc: a request was not answered: {}", e.what()));
      SchedulerReply refusal;
      refusal.master_url = project_.settings.url;
      refusal.request_delay_s = 60;
      refusal.messages.push_back({"The server could not handle this request; ask again later", false});
      return refusal;
    }
  }

  static bool has_nothing(const SchedulerReply& reply) {
    return reply.instances.empty() && reply.aborted.empty() && reply.acknowledged.empty() && reply.host_id == 0;
  }
};

}  // namespace

asio::awaitable<void> answer_scheduler(http::Request& request, http::Answer& answer, Rooms& rooms) {
  SchedulerCall call{request, answer, rooms};
  co_await call.answer();
}

}  // namespace mw::boinc
