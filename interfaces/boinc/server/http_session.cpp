#include "boinc/server/http_session.hpp"

#include <charconv>
#include <chrono>
#include <optional>
#include <span>

#include <fmt/format.h>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/http/status.hpp>
#include <boost/beast/http/verb.hpp>

#include "boinc/protocol/xml.hpp"
#include "boinc/server/client_stream.hpp"
#include "boinc/server/http_rules.hpp"
#include "boinc/server/pages.hpp"
#include "boinc/server/upload_handler.hpp"

namespace mw::boinc {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using Clock = std::chrono::steady_clock;

constexpr std::size_t longest_request = 8 * 1024 * 1024;
constexpr std::size_t longest_of_stranger = 64 * 1024;  // until its account is known
constexpr std::size_t longest_form = 16 * 1024;
constexpr std::size_t most_drained = 16 * 1024 * 1024;
constexpr double longest_wait_s = 20;  // for work; proxies end what takes longer
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

class Session {
 public:
  Session(asio::ip::tcp::socket socket, Rooms& rooms, Connections& connections)
      : stream_{std::move(socket), connections}, rooms_{rooms}, project_{rooms.project}, strangers_{rooms.strangers} {}

  bool is_open() const { return stream_.is_open(); }

  /// False when the connection is over.
  asio::awaitable<bool> next_request() {
    const Head head = co_await stream_.read_head();
    if (head == Head::none) co_return false;
    const Framing framing = head == Head::whole ? framing_of(stream_.request()) : Framing{};
    std::optional<HttpRefusal> refusal = framing.refusal;
    if (head == Head::malformed) refusal = HttpRefusal{http::status::bad_request, "This is no HTTP request."};
    if (head == Head::too_long)
      refusal = HttpRefusal{http::status::request_header_fields_too_large, "The head of the request is too long."};
    if (refusal) {
      ++project_.counts.bad_requests;
      is_head_ = false;
      keep_alive_ = false;
      answer_with(refusal->status, "text/plain", std::string{refusal->why} + "\n");
      co_await send();
      co_return false;
    }
    stream_.set_rank(Rank::stranger);
    stream_.begin_body(framing.body_size, framing.expects_continue);
    is_head_ = stream_.request().method() == http::verb::head;
    keep_alive_ = framing.keeps_alive;
    address_ = client_of(stream_.request(), stream_.address(), project_.settings.proxies);
    co_await answer();
    stream_.hold(0);
    stream_.set_rank(Rank::stranger);
    co_return keep_alive_;
  }

 private:
  asio::awaitable<void> answer() {
    const std::string target{stream_.request().target()};
    const auto question = target.find('?');
    const std::string path = target.substr(0, question);
    const std::string query = question == std::string::npos ? "" : target.substr(question + 1);
    const std::string name = path.substr(path.rfind('/') + 1);
    const http::verb method = stream_.request().method();
    const bool is_get = method == http::verb::get || method == http::verb::head;
    const bool is_post = method == http::verb::post;
    const bool is_account = name == "create_account.php" || name == "lookup_account.php";
    const bool takes_body = is_post && (name == "scheduler" || name == "file_upload_handler" || is_account);
    if (!is_get && !is_post) {
      co_await refuse(http::status::method_not_allowed, "This is not done here.");
    } else if (!takes_body && stream_.body_left() > 0) {
      co_await refuse(is_get ? http::status::bad_request : http::status::payload_too_large,
                      "Nothing is to be sent to this address.");
    } else if (name == "scheduler" || name == "file_upload_handler") {
      if (is_get)
        co_await refuse(http::status::method_not_allowed, "This address takes POST.");
      else if (name == "scheduler")
        co_await answer_scheduler();
      else
        co_await answer_upload();
    } else if (is_get && path.find("/download/") != std::string::npos) {
      co_await answer_download(name);
    } else if (is_account) {
      co_await answer_account(name == "create_account.php", query);
    } else {
      answer_page(is_get, name);
      co_await send();
    }
  }

  void answer_page(bool is_get, const std::string& name) {
    if (is_get && name.empty()) return answer_with(http::status::ok, "text/html; charset=utf-8", master_page(project_));
    if (name == "get_project_config.php") return answer_with(http::status::ok, "text/xml", project_config(project_));
    answer_with(http::status::not_found, "text/plain", "There is nothing here.\n");
  }

  asio::awaitable<void> refuse(http::status status, const char* why) {
    ++project_.counts.bad_requests;
    keep_alive_ = false;
    answer_with(status, "text/plain", std::string{why} + "\n");
    co_await send();
  }

  /// One more try of somebody who is no volunteer of ours, as far as he has shown. False if he has had too many: then that is answered.
  bool may_err(Pace& pace) {
    if (pace.take(network_of(address_), Clock::now())) return true;
    ++project_.counts.bad_requests;
    strangers_.warn("pace", fmt::format("boinc: {} errs too often, and is put off", address_.to_string()));
    keep_alive_ = false;
    answer_with(http::status::too_many_requests, "text/plain", "Too many tries: come again later.\n");
    return false;
  }

  asio::awaitable<void> answer_scheduler() {
    if (stream_.body_left() > longest_request) {
      co_await refuse(http::status::payload_too_large, "The request is too long.");
      co_return;
    }
    std::string body;
    co_await stream_.read_to(body, longest_of_stranger);
    if (!project_.opens(authenticator_in(body))) {
      answer_stranger(body);
      co_await send();
      co_return;
    }
    stream_.set_rank(Rank::known);
    co_await stream_.read_to(body, longest_request);
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
    stream_.hold(0);
    if (request)
      co_await answer_request(*request);
    else
      co_await send();
  }

  /// Whoever has none of our keys is told so; nothing is written for him.
  void answer_stranger(const std::string& body) {
    if (!may_err(strangers_.wrong_keys)) return;
    if (stream_.body_left() > 0) keep_alive_ = false;
    SchedulerRequest request;
    request.authenticator = authenticator_in(body);
    if (request.authenticator.empty()) return answer_unreadable("there is no account key in it, or not at its beginning");
    answer_with(http::status::ok, "text/xml", to_text(rooms_.scheduler.answer(request, address_)));
  }

  void answer_unreadable(const std::string& why) {
    ++project_.counts.bad_requests;
    strangers_.warn("request", fmt::format("boinc: a scheduler request that can not be read: {}", why));
    SchedulerReply refusal;
    refusal.master_url = project_.settings.url;
    refusal.request_delay_s = 60;
    refusal.messages.push_back({"The request can not be read: " + why, false});
    answer_with(http::status::ok, "text/xml", to_text(refusal));
  }

  asio::awaitable<void> answer_request(const SchedulerRequest& request) {
    const std::chrono::duration<double> patience_for_work{std::clamp(request.wait_s, 0.0, longest_wait_s)};
    const auto until = Clock::now() + std::chrono::duration_cast<std::chrono::milliseconds>(patience_for_work);
    SchedulerReply reply;
    bool asks_again = true;
    while (asks_again && is_open()) {
      stream_.expect_nothing_for(at_most_unheard);
      const std::uint64_t seen = rooms_.waiting.news();
      if (const auto durability = rooms_.scheduler.writes(request)) rooms_.committer.begin(*durability);
      reply = answer_in_transaction(request);
      co_await rooms_.committer.committed();
      asks_again = request.wait_s > 0 && has_nothing(reply);
      if (asks_again) asks_again = co_await rooms_.waiting.wait(seen, until);
    }
    answer_with(http::status::ok, "text/xml", to_text(reply));
    co_await send();
  }

  /// What goes wrong with one request is that request's error. A database that is broken is everybody's.
  SchedulerReply answer_in_transaction(const SchedulerRequest& request) {
    try {
      return rooms_.write([&] { return rooms_.scheduler.answer(request, address_); });
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

  asio::awaitable<void> answer_account(bool creates, std::string query) {
    if (stream_.request().method() == http::verb::post) {
      if (stream_.body_left() > longest_form) {
        co_await refuse(http::status::payload_too_large, "The request is too long.");
        co_return;
      }
      query.clear();
      co_await stream_.read_to(query, longest_form);
    }
    if (creates)
      co_await answer_creation(query);
    else
      answer_lookup(query);
    co_await send();
  }

  asio::awaitable<void> answer_creation(const std::string& query) {
    if (project_.settings.open_accounts && !may_err(strangers_.new_accounts)) co_return;
    rooms_.committer.begin(Durability::machine);
    std::string text = rooms_.write([&] { return create_account(project_, query); });
    co_await rooms_.committer.committed();
    answer_with(http::status::ok, "text/xml", std::move(text));
  }

  /// Who has erred too often is not told whether he is right now.
  void answer_lookup(const std::string& query) {
    const std::string address = network_of(address_), email = email_in(query);
    const auto now = Clock::now();
    if (!strangers_.wrong_for_account.may(email, now) || !strangers_.wrong_passwords.may(address, now)) {
      static_cast<void>(may_err(strangers_.wrong_passwords));
      keep_alive_ = false;
      return answer_with(http::status::too_many_requests, "text/plain", "Too many tries: come again later.\n");
    }
    AccountAnswer answer = lookup_account(project_, query);
    if (answer.is_refusal) {
      static_cast<void>(strangers_.wrong_for_account.take(email, now));
      static_cast<void>(strangers_.wrong_passwords.take(address, now));
    }
    answer_with(http::status::ok, "text/xml", std::move(answer.text));
  }

  asio::awaitable<void> answer_upload() {
    std::string text;
    std::optional<std::size_t> end;
    while (!end && stream_.body_left() > 0 && text.size() <= longest_upload_head) {
      const std::size_t more = std::min(text.size() + longest_upload_head / 4, longest_upload_head + 1);
      co_await stream_.read_to(text, more);
      end = head_end(text);
    }
    const std::optional<UploadHead> head = end ? parse_head(std::string_view{text}.substr(0, *end)) : std::nullopt;
    if (!end) refuse_upload("the head of the upload has no end");
    if (head && !head->asks_size) {
      Upload upload{project_, rooms_.uploads, *head};
      if (!upload.answer()) stream_.set_rank(Rank::permitted);
      if (!upload.answer()) upload.write(std::as_bytes(std::span{text}.subspan(*end)));
      text = {};
      co_await take_upload(upload);
    } else {
      if (head) answer_upload_with(size_here(project_, rooms_.uploads, *head));
      co_await send();
    }
  }

  /// Nothing, and an answer that says why, if it makes no sense.
  std::optional<UploadHead> parse_head(std::string_view text) {
    try {
      return parse_upload_head(text);
    } catch (const BadMessage& e) {
      refuse_upload(e.what());
      return std::nullopt;
    }
  }

  asio::awaitable<void> take_upload(Upload& upload) {
    while (!upload.answer() && upload.missing() > 0 && stream_.body_left() > 0) {
      const std::span<const std::byte> piece = co_await stream_.read_some();
      upload.write(piece);
      stream_.hold(upload.held());
    }
    while (!upload.catch_up()) co_await asio::post(asio::use_awaitable);
    // What comes after a refusal is read, so that the client hears why; but not without end.
    const bool is_more = stream_.body_left() > 0;
    co_await stream_.drain(most_drained);
    if (is_more && !upload.answer()) upload.refuse_rest();
    if (!upload.answer()) rooms_.committer.begin(Durability::process);
    const UploadReply reply = rooms_.write([&] { return upload.finish(); });
    co_await rooms_.committer.committed();
    if (!upload.is_of_stranger() || may_err(strangers_.wrong_keys)) answer_upload_with(reply);
    if (reply.status != UploadStatus::done)
      strangers_.warn("upload", fmt::format("boinc: the upload of {} was refused: {}", upload.name(), reply.message));
    co_await send();
  }

  void refuse_upload(const std::string& why) {
    if (!may_err(strangers_.wrong_keys)) return;
    strangers_.warn("upload", fmt::format("boinc: an upload was refused: {}", why));
    ++project_.counts.refused_uploads;
    answer_upload_with({UploadStatus::permanent, why, {}});
  }

  void answer_upload_with(const UploadReply& answer) {
    if (stream_.body_left() > 0) keep_alive_ = false;
    answer_with(http::status::ok, "text/xml", to_text(answer));
  }

  /// Where a download that broke off goes on: "bytes=17-".
  std::int64_t range_begin(std::int64_t size) {
    const std::string range{stream_.request()[http::field::range]};
    constexpr std::string_view form = "bytes=";
    std::int64_t begin = 0;
    if (!range.starts_with(form) || !range.ends_with('-')) return 0;
    const auto [end, error] = std::from_chars(range.data() + form.size(), range.data() + range.size(), begin);
    return error == std::errc{} && begin > 0 && begin < size ? begin : 0;
  }

  asio::awaitable<void> answer_download(const std::string& name) {
    const auto content = rooms_.downloads.find(name);
    if (!content) {
      answer_with(http::status::not_found, "text/plain", "There is no such file.\n");
      co_await send();
      co_return;
    }
    const std::int64_t begin = range_begin(content->size);
    std::string head = head_of(begin > 0 ? http::status::partial_content : http::status::ok, "application/octet-stream",
                               static_cast<std::uint64_t>(content->size - begin));
    if (begin > 0) head += fmt::format("Content-Range: bytes {}-{}/{}\r\n", begin, content->size - 1, content->size);
    head += "\r\n";
    const bool is_here = !is_head_ && !content->file;
    if (is_here) head += std::string_view{content->bytes}.substr(static_cast<std::size_t>(begin));
    co_await stream_.write(head);
    if (!is_head_ && content->file) co_await stream_.write_file(content->file->get(), begin, content->size);
  }

  /// Without the empty line at its end.
  std::string head_of(http::status status, std::string_view type, std::uint64_t length) const {
    const boost::beast::string_view reason = http::obsolete_reason(status);
    std::string head = fmt::format("HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nServer: CppMW\r\n",
                                   static_cast<unsigned>(status), std::string_view{reason.data(), reason.size()}, type, length);
    if (!keep_alive_)
      head += "Connection: close\r\n";
    else if (stream_.request().version() == 10)
      head += "Connection: keep-alive\r\n";
    if (status == http::status::method_not_allowed) head += "Allow: GET, HEAD, POST\r\n";
    if (status == http::status::too_many_requests) head += "Retry-After: 60\r\n";
    return head;
  }

  /// Says what the answer is; send() sends it. Apart, since g++ 12 destroys a temporary twice that lives across a co_await in some
  /// expressions: here no argument of a coroutine is one.
  void answer_with(http::status status, const char* type, std::string text) {
    status_ = status;
    type_ = type;
    text_ = std::move(text);
  }

  asio::awaitable<void> send() {
    if (stream_.body_left() > 0) keep_alive_ = false;
    std::string all = head_of(status_, type_, text_.size()) + "Cache-Control: no-store\r\n\r\n";
    if (!is_head_) all += text_;
    text_ = {};
    stream_.hold(all.capacity());
    co_await stream_.write(all);
    if (!keep_alive_) co_await stream_.linger();
  }

  ClientStream stream_;
  asio::ip::address address_;  ///< of the client that sent this request
  Rooms& rooms_;
  Project& project_;
  Strangers& strangers_;
  http::status status_ = http::status::ok;
  const char* type_ = "text/plain";
  std::string text_;
  bool keep_alive_ = true;
  bool is_head_ = false;
};

}  // namespace

asio::awaitable<void> serve(asio::ip::tcp::socket socket, Rooms& rooms, Connections& connections) {
  boost::system::error_code ignored;
  const asio::ip::address address = socket.remote_endpoint(ignored).address();
  try {
    Session session{std::move(socket), rooms, connections};
    bool goes_on = true;
    while (goes_on && session.is_open()) goes_on = co_await session.next_request();
  } catch (const HangUp& e) {
    if (!e.why) co_return;
    ++rooms.project.counts.bad_requests;
    rooms.strangers.warn(e.why, fmt::format("boinc: {} was cut off: it {}", address.to_string(), e.why));
  } catch (const boost::system::system_error&) {
    // The client is gone.
  } catch (const std::exception& e) {
    rooms.strangers.warn("answer", fmt::format("boinc: a request was not answered: {}", e.what()));
  }
}

}  // namespace mw::boinc
