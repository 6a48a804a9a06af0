#include "boinc/server/web.hpp"

#include <string>

#include "boinc/server/call.hpp"
#include "boinc/server/master_page.hpp"
#include "boinc/server/pages.hpp"

namespace mw::boinc {
namespace {

namespace asio = boost::asio;

class WebCall final : Call {
 public:
  using Call::Call;

  asio::awaitable<void> answer() {
    const std::string name = request_.name();
    const bool is_account = name == "create_account.php" || name == "lookup_account.php";
    const bool takes_body = request_.is_post() && (name == "scheduler" || name == "file_upload_handler" || is_account);
    if (!request_.is_get() && !request_.is_post()) {
      co_await refuse(http::Status::method_not_allowed, "This is not done here.");
    } else if (!takes_body && request_.body_left() > 0) {
      co_await refuse(request_.is_get() ? http::Status::bad_request : http::Status::payload_too_large,
                      "Nothing is to be sent to this address.");
    } else if (name == "scheduler" || name == "file_upload_handler") {
      if (request_.is_get())
        co_await refuse(http::Status::method_not_allowed, "This address takes POST.");
      else if (name == "scheduler")
        co_await answer_scheduler(request_, answer_, rooms_);
      else
        co_await answer_upload(request_, answer_, rooms_);
    } else if (request_.is_get() && request_.path().find("/download/") != std::string::npos) {
      co_await answer_download(name);
    } else if (is_account) {
      co_await answer_account(request_, answer_, rooms_, name == "create_account.php");
    } else {
      set_page(name);
      co_await answer_.send();
    }
  }

 private:
  void set_page(const std::string& name) {
    answer_.add("Content-Security-Policy", page_policy);
    answer_.add("X-Content-Type-Options", "nosniff");
    if (request_.is_get() && name.empty())
      answer_.set(http::Status::ok, "text/html; charset=utf-8", master_page(project_, rooms_.intake.open_count()));
    else if (request_.is_get() && name == "page.css")
      answer_.set(http::Status::ok, "text/css; charset=utf-8", page_style());
    else if (name == "get_project_config.php")
      answer_.set(http::Status::ok, "text/xml", project_config(project_));
    else
      answer_.set(http::Status::not_found, "text/plain", "There is nothing here.\n");
  }

  asio::awaitable<void> answer_download(const std::string& name) {
    const auto content = rooms_.downloads.find(name);
    if (content) {
      co_await answer_.send_content(*content, request_);
    } else {
      answer_.set(http::Status::not_found, "text/plain", "There is no such file.\n");
      co_await answer_.send();
    }
  }
};

}  // namespace

asio::awaitable<void> Web::answer(http::Request& request, http::Answer& answer) {
  WebCall call{request, answer, rooms_};
  co_await call.answer();
}

}  // namespace mw::boinc
