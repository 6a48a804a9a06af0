#include <algorithm>
#include <optional>
#include <span>

#include <fmt/format.h>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "boinc/protocol/xml.hpp"
#include "boinc/server/call.hpp"
#include "boinc/server/upload_handler.hpp"

namespace mw::boinc {
namespace {

namespace asio = boost::asio;

constexpr std::size_t most_drained = 16 * 1024 * 1024;

class UploadCall final : Call {
 public:
  using Call::Call;

  asio::awaitable<void> answer() {
    std::string text;
    std::optional<std::size_t> end;
    while (!end && request_.body_left() > 0 && text.size() <= longest_upload_head) {
      const std::size_t more = std::min(text.size() + longest_upload_head / 4, longest_upload_head + 1);
      co_await request_.read_to(text, more);
      end = head_end(text);
    }
    const std::optional<UploadHead> head = end ? parse_head(std::string_view{text}.substr(0, *end)) : std::nullopt;
    if (!end) refuse_upload("the head of the upload has no end");
    if (head && !head->asks_size) {
      Upload upload{project_, rooms_.uploads, *head};
      if (!upload.answer()) request_.set_rank(http::Rank::permitted);
      if (!upload.answer()) upload.write(std::as_bytes(std::span{text}.subspan(*end)));
      text = {};
      co_await take_upload(upload);
    } else {
      if (head) answer_upload_with(size_here(project_, rooms_.uploads, *head));
      co_await answer_.send();
    }
  }

 private:
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
    while (!upload.answer() && upload.missing() > 0 && request_.body_left() > 0) {
      const std::span<const std::byte> piece = co_await request_.read_some();
      upload.write(piece);
      request_.hold(upload.held());
    }
    while (!upload.catch_up()) co_await asio::post(asio::use_awaitable);
    // What comes after a refusal is read, so that the client hears why; but not without end.
    const bool is_more = request_.body_left() > 0;
    co_await request_.drain(most_drained);
    if (is_more && !upload.answer()) upload.refuse_rest();
    if (!upload.answer()) rooms_.committer.begin(Durability::process);
    const UploadReply reply = rooms_.write([&] { return upload.finish(); });
    co_await rooms_.committer.committed();
    if (!upload.is_of_stranger() || may_err(strangers_.wrong_keys)) answer_upload_with(reply);
    if (reply.status != UploadStatus::done)
      strangers_.warn("upload", fmt::format("boinc: the upload of {} was refused: {}", upload.name(), reply.message));
    co_await answer_.send();
  }

  void refuse_upload(const std::string& why) {
    if (!may_err(strangers_.wrong_keys)) return;
    strangers_.warn("upload", fmt::format("boinc: an upload was refused: {}", why));
    ++project_.counts.refused_uploads;
    answer_upload_with({UploadStatus::permanent, why, {}});
  }

  void answer_upload_with(const UploadReply& answer) {
    if (request_.body_left() > 0) answer_.end_connection();
    answer_.set(http::Status::ok, "text/xml", to_text(answer));
  }
};

}  // namespace

asio::awaitable<void> answer_upload(http::Request& request, http::Answer& answer, Rooms& rooms) {
  UploadCall call{request, answer, rooms};
  co_await call.answer();
}

}  // namespace mw::boinc
