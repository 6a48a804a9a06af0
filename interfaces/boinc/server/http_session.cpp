#include "boinc/server/http_session.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <chrono>

#include <fmt/format.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

#include "boinc/protocol/xml.hpp"
#include "boinc/server/pages.hpp"
#include "boinc/server/upload_handler.hpp"
#include "log/log.hpp"
#include "process/unique_fd.hpp"

namespace mw::boinc {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using Parser = http::request_parser<http::buffer_body>;

constexpr std::chrono::seconds header_limit{30};
constexpr std::chrono::seconds piece_limit{30};
constexpr std::chrono::seconds patience{60};  // a slower client than the next line must be done by then
constexpr double slowest_bytes_a_second = 1024;
constexpr std::uint32_t longest_header = 16 * 1024;
constexpr std::size_t longest_request = 8 * 1024 * 1024;
constexpr std::size_t piece_size = 64 * 1024;
constexpr double longest_wait_s = 20;  // for work; proxies end what takes longer

/// The client is gone, or is to be sent away without a word.
struct HangUp {};

/// What there is to download.
struct Content {
  std::optional<Bytes> bytes;
  process::UniqueFd file;
  std::int64_t size = 0;
};

class Session {
 public:
  Session(asio::ip::tcp::socket socket, Rooms& rooms) : stream_{std::move(socket)}, rooms_{rooms}, project_{rooms.project} {}

  void close() { stream_.close(); }
  bool is_open() { return stream_.socket().is_open(); }

  /// False when the connection is over.
  asio::awaitable<bool> next_request(const std::function<void()>& begun) {
    parser_.emplace();
    parser_->header_limit(longest_header);
    parser_->body_limit(boost::none);
    stream_.expires_after(header_limit);
    const auto [error, size] = co_await http::async_read_header(stream_, buffer_, *parser_, asio::as_tuple(asio::use_awaitable));
    if (error == http::error::end_of_stream || error == http::error::partial_message || error == beast::error::timeout)
      co_return false;
    if (error && !parser_->is_header_done() && error.category() == http::make_error_code(http::error::bad_target).category()) {
      ++project_.counts.bad_requests;
      keep_alive_ = false;
      answer_with(http::status::bad_request, "text/plain", "This is no HTTP request.\n");
      co_await send();
      co_return false;
    }
    if (error) co_return false;
    begun();
    began_ = std::chrono::steady_clock::now();
    received_ = 0;
    keep_alive_ = parser_->get().keep_alive();
    co_await answer();
    co_return keep_alive_;
  }

 private:
  asio::awaitable<void> answer() {
    const auto& request = parser_->get();
    if (beast::iequals(request[http::field::expect], "100-continue")) co_await write_continue();
    const std::string target{request.target()};
    const auto question = target.find('?');
    const std::string path = target.substr(0, question);
    const std::string query = question == std::string::npos ? "" : target.substr(question + 1);
    const std::string name = path.substr(path.rfind('/') + 1);
    const bool is_get = request.method() == http::verb::get || request.method() == http::verb::head;
    const bool is_post = request.method() == http::verb::post;
    if (is_post && name == "file_upload_handler") {
      co_await answer_upload();
      co_return;
    }
    std::string body;
    co_await read_body(body);
    if (is_post && name == "scheduler") {
      co_await answer_scheduler(body);
    } else if (is_get && path.find("/download/") != std::string::npos) {
      co_await answer_download(name);
    } else if (name == "create_account.php" || name == "lookup_account.php") {
      co_await answer_account(name == "create_account.php" ? create_account : lookup_account, is_get ? query : body);
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

  asio::awaitable<void> answer_scheduler(const std::string& body) {
    std::optional<SchedulerRequest> request;
    std::string why;
    try {
      request = parse_scheduler_request(body);
    } catch (const BadMessage& e) {
      why = e.what();
    }
    if (!request) {
      ++project_.counts.bad_requests;
      log::warn(fmt::format("boinc: a scheduler request that can not be read: {}", why));
      SchedulerReply refusal;
      refusal.master_url = project_.settings.url;
      refusal.request_delay_s = 60;
      refusal.messages.push_back({"The request can not be read: " + why, false});
      answer_with(http::status::ok, "text/xml", to_text(refusal));
      co_await send();
      co_return;
    }
    const std::chrono::duration<double> patience_for_work{std::clamp(request->wait_s, 0.0, longest_wait_s)};
    const auto until = std::chrono::steady_clock::now() + std::chrono::duration_cast<std::chrono::milliseconds>(patience_for_work);
    SchedulerReply reply;
    bool asks_again = true;
    while (asks_again && is_open()) {
      const std::uint64_t seen = rooms_.waiting.news();
      if (const auto durability = rooms_.scheduler.writes(*request)) rooms_.committer.begin(*durability);
      reply = write([&] { return rooms_.scheduler.answer(*request); });
      co_await rooms_.committer.committed();
      asks_again = request->wait_s > 0 && has_nothing(reply);
      if (asks_again) asks_again = co_await rooms_.waiting.wait(seen, until);
    }
    answer_with(http::status::ok, "text/xml", to_text(reply));
    co_await send();
  }

  static bool has_nothing(const SchedulerReply& reply) {
    return reply.instances.empty() && reply.aborted.empty() && reply.acknowledged.empty() && reply.host_id == 0;
  }

  asio::awaitable<void> answer_account(std::string (*call)(Project&, std::string_view), const std::string& query) {
    rooms_.committer.begin(Durability::machine);
    answer_with(http::status::ok, "text/xml", write([&] { return call(project_, query); }));
    co_await rooms_.committer.committed();
    co_await send();
  }

  /// What is thrown in the middle of writing leaves the database half changed: nothing of the batch may stand.
  template <class Call>
  auto write(const Call& call) -> decltype(call()) {
    try {
      return call();
    } catch (const std::exception& e) {
      rooms_.committer.fail(e.what());
      throw;
    }
  }

  asio::awaitable<void> answer_upload() {
    std::string piece, text;
    std::optional<std::size_t> end;
    bool has_more = true;
    while (has_more && !end && text.size() <= longest_upload_head) {
      has_more = co_await read_some(piece);
      if (has_more) text += piece;
      end = head_end(text);
    }
    const std::optional<UploadHead> head = end ? parse_head(std::string_view{text}.substr(0, *end)) : std::nullopt;
    if (!end) refuse_upload("the head of the upload has no end");
    if (head && !head->asks_size) {
      Upload upload{project_, rooms_.uploads, *head};
      if (!upload.answer()) upload.write(std::as_bytes(std::span{text}.subspan(*end)));
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
    std::string piece;
    bool has_more = true;
    while (has_more && !upload.answer() && upload.missing() > 0) {
      has_more = co_await read_some(piece);
      if (has_more) upload.write(std::as_bytes(std::span{piece}));
    }
    while (!upload.catch_up()) co_await asio::post(asio::use_awaitable);
    // What comes after a refusal is read, so that the client hears why; but not without end.
    constexpr std::size_t most_drained = 16 * 1024 * 1024;
    std::size_t drained = 0;
    while (has_more && drained < most_drained) {
      has_more = co_await read_some(piece);
      if (has_more) drained += piece.size();
    }
    if (drained > 0 && !upload.answer()) upload.refuse_rest();
    if (!upload.answer()) rooms_.committer.begin(Durability::process);
    const UploadReply reply = write([&] { return upload.finish(); });
    co_await rooms_.committer.committed();
    answer_upload_with(reply);
    co_await send();
  }

  void refuse_upload(const std::string& why) {
    log::warn(fmt::format("boinc: an upload was refused: {}", why));
    ++project_.counts.refused_uploads;
    answer_upload_with({UploadStatus::permanent, why, {}});
  }

  void answer_upload_with(const UploadReply& answer) {
    if (!parser_->is_done()) keep_alive_ = false;
    answer_with(http::status::ok, "text/xml", to_text(answer));
  }

  std::optional<Content> find_content(const std::string& name) {
    Content content;
    std::string path;
    if (const WorkerBuild* build = project_.versions.by_file_name(name)) {
      path = build->path();
    } else if (const auto workunit = project_.names.find_input(name)) {
      content.bytes = project_.work.input(*workunit);
      if (!content.bytes) return std::nullopt;
      content.size = static_cast<std::int64_t>(content.bytes->size());
      return content;
    } else if (project_.names.find_data_file(name)) {
      path = download_folder(project_.settings) + "/" + name;
    } else {
      return std::nullopt;
    }
    content.file = process::UniqueFd{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    struct stat status = {};
    if (content.file.get() < 0 || ::fstat(content.file.get(), &status) != 0) return std::nullopt;
    content.size = status.st_size;
    return content;
  }

  /// Where a download that broke off goes on: "bytes=17-".
  std::int64_t range_begin(std::int64_t size) {
    const std::string range{parser_->get()[http::field::range]};
    constexpr std::string_view form = "bytes=";
    std::int64_t begin = 0;
    if (!range.starts_with(form) || !range.ends_with('-')) return 0;
    const auto [end, error] = std::from_chars(range.data() + form.size(), range.data() + range.size(), begin);
    return error == std::errc{} && begin > 0 && begin < size ? begin : 0;
  }

  asio::awaitable<void> answer_download(const std::string& name) {
    const auto content = find_content(name);
    if (!content) {
      answer_with(http::status::not_found, "text/plain", "There is no such file.\n");
      co_await send();
      co_return;
    }
    const std::int64_t begin = range_begin(content->size);
    http::response<http::empty_body> head{begin > 0 ? http::status::partial_content : http::status::ok, parser_->get().version()};
    head.set(http::field::content_type, "application/octet-stream");
    head.content_length(static_cast<std::uint64_t>(content->size - begin));
    if (begin > 0) head.set(http::field::content_range, fmt::format("bytes {}-{}/{}", begin, content->size - 1, content->size));
    head.keep_alive(keep_alive_);
    http::response_serializer<http::empty_body> serializer{head};
    stream_.expires_after(piece_limit);
    co_await http::async_write_header(stream_, serializer, asio::use_awaitable);
    if (parser_->get().method() == http::verb::head) co_return;
    std::vector<std::byte> buffer(content->bytes ? 0 : piece_size);
    for (std::int64_t at = begin; at < content->size;) {
      std::span<const std::byte> piece;
      if (content->bytes) {
        piece = content->bytes->span().subspan(static_cast<std::size_t>(at));
        piece = piece.first(std::min(piece.size(), piece_size));
      } else {
        const ssize_t got = ::pread(content->file.get(), buffer.data(), buffer.size(), at);
        if (got <= 0) throw HangUp{};
        piece = std::span{buffer}.first(static_cast<std::size_t>(got));
      }
      stream_.expires_after(piece_limit);
      co_await asio::async_write(stream_, asio::buffer(piece.data(), piece.size()), asio::use_awaitable);
      at += static_cast<std::int64_t>(piece.size());
    }
  }

  asio::awaitable<void> write_continue() {
    http::response<http::empty_body> response{http::status::continue_, parser_->get().version()};
    stream_.expires_after(piece_limit);
    co_await http::async_write(stream_, response, asio::use_awaitable);
  }

  /// The next piece of the body. False at its end.
  asio::awaitable<bool> read_some(std::string& piece) {
    if (parser_->is_done()) co_return false;
    piece.resize(piece_size);
    auto& body = parser_->get().body();
    body.data = piece.data();
    body.size = piece.size();
    body.more = true;
    stream_.expires_after(piece_limit);
    const auto [error, size] = co_await http::async_read(stream_, buffer_, *parser_, asio::as_tuple(asio::use_awaitable));
    if (error && error != http::error::need_buffer) throw HangUp{};
    piece.resize(piece.size() - body.size);
    received_ += piece.size();
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - began_;
    if (taken > patience && static_cast<double>(received_) < taken.count() * slowest_bytes_a_second) {
      log::warn("boinc: a client that sends too slowly was cut off");
      ++project_.counts.bad_requests;
      throw HangUp{};
    }
    co_return true;
  }

  asio::awaitable<void> read_body(std::string& body) {
    std::string piece;
    bool has_more = true;
    while (has_more && body.size() <= longest_request) {
      has_more = co_await read_some(piece);
      if (has_more) body += piece;
    }
    if (body.size() <= longest_request) co_return;
    keep_alive_ = false;
    ++project_.counts.bad_requests;
    answer_with(http::status::payload_too_large, "text/plain", "The request is too long.\n");
    co_await send();
    throw HangUp{};
  }

  /// Says what the answer is; send() sends it. Apart, since g++ 12 destroys a temporary twice that lives across a co_await in some
  /// expressions: here no argument of a coroutine is one.
  void answer_with(http::status status, const char* type, std::string text) {
    status_ = status;
    type_ = type;
    text_ = std::move(text);
  }

  asio::awaitable<void> send() {
    http::response<http::string_body> response{status_, parser_->get().version()};
    response.set(http::field::content_type, type_);
    response.set(http::field::server, "CppMW");
    response.set(http::field::cache_control, "no-store");
    response.keep_alive(keep_alive_);
    response.body() = std::move(text_);
    response.prepare_payload();
    stream_.expires_after(piece_limit);
    co_await http::async_write(stream_, response, asio::use_awaitable);
  }

  beast::tcp_stream stream_;
  beast::flat_buffer buffer_;
  std::optional<Parser> parser_;
  Rooms& rooms_;
  Project& project_;
  http::status status_ = http::status::ok;
  const char* type_ = "text/plain";
  std::string text_;
  bool keep_alive_ = true;
  std::chrono::steady_clock::time_point began_;
  std::size_t received_ = 0;
};

}  // namespace

Connections::Place Connections::add(Close close) {
  if (count() >= most_ && !idle_.empty()) {
    ++turned_away_;
    idle_.front().is_idle = false;
    idle_.front().close();  // its coroutine removes it
    busy_.splice(busy_.end(), idle_, idle_.begin());
  }
  return idle_.insert(idle_.end(), Entry{std::move(close)});
}

void Connections::remove(Place place) { (place->is_idle ? idle_ : busy_).erase(place); }

void Connections::set_idle(Place place, bool is_idle) {
  if (place->is_idle == is_idle) return;
  place->is_idle = is_idle;
  (is_idle ? idle_ : busy_).splice((is_idle ? idle_ : busy_).end(), is_idle ? busy_ : idle_, place);
}

void Connections::close_all() {
  for (Entry& entry : idle_) entry.close();
  for (Entry& entry : busy_) entry.close();
}

asio::awaitable<void> serve(asio::ip::tcp::socket socket, Rooms& rooms, Connections& connections) {
  boost::system::error_code ignored;
  socket.set_option(asio::ip::tcp::no_delay{true}, ignored);
  Session session{std::move(socket), rooms};
  const auto place = connections.add([&session] { session.close(); });
  const std::function<void()> begun = [&] { connections.set_idle(place, false); };
  try {
    bool goes_on = true;
    while (goes_on && session.is_open()) {
      goes_on = co_await session.next_request(begun);
      connections.set_idle(place, true);
    }
  } catch (const HangUp&) {
  } catch (const boost::system::system_error&) {
    // The client is gone.
  } catch (const std::exception& e) {
    log::warn(fmt::format("boinc: a request was not answered: {}", e.what()));
  }
  connections.remove(place);
}

}  // namespace mw::boinc
