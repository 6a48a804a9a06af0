#include <chrono>
#include <string>

#include "boinc/server/call.hpp"
#include "boinc/server/pages.hpp"
#include "http/address.hpp"

namespace mw::boinc {
namespace {

namespace asio = boost::asio;

constexpr std::size_t longest_form = 16 * 1024;

class AccountCall final : Call {
 public:
  using Call::Call;

  asio::awaitable<void> answer(bool creates) {
    std::string query = request_.query();
    if (request_.is_post()) {
      if (request_.body_left() > longest_form) {
        co_await refuse(http::Status::payload_too_large, "The request is too long.");
        co_return;
      }
      query.clear();
      co_await request_.read_to(query, longest_form);
    }
    if (creates)
      co_await answer_creation(query);
    else
      answer_lookup(query);
    co_await answer_.send();
  }

 private:
  asio::awaitable<void> answer_creation(const std::string& query) {
    if (project_.settings.open_accounts && !may_err(strangers_.new_accounts)) co_return;
    rooms_.committer.begin(Durability::machine);
    std::string text = rooms_.write([&] { return create_account(project_, query); });
    co_await rooms_.committer.committed();
    answer_.set(http::Status::ok, "text/xml", std::move(text));
  }

  /// Who has erred too often is not told whether he is right now.
  void answer_lookup(const std::string& query) {
    const std::string address = http::network_of(request_.address()), email = email_in(query);
    const auto now = std::chrono::steady_clock::now();
    if (!strangers_.wrong_for_account.may(email, now) || !strangers_.wrong_passwords.may(address, now)) {
      static_cast<void>(may_err(strangers_.wrong_passwords));
      answer_.end_connection();
      return answer_.set(http::Status::too_many_requests, "text/plain", "Too many tries: come again later.\n");
    }
    AccountAnswer answer = lookup_account(project_, query);
    if (answer.is_refusal) {
      static_cast<void>(strangers_.wrong_for_account.take(email, now));
      static_cast<void>(strangers_.wrong_passwords.take(address, now));
    }
    answer_.set(http::Status::ok, "text/xml", std::move(answer.text));
  }
};

}  // namespace

asio::awaitable<void> answer_account(http::Request& request, http::Answer& answer, Rooms& rooms, bool creates) {
  AccountCall call{request, answer, rooms};
  co_await call.answer(creates);
}

}  // namespace mw::boinc
