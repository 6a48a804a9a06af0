// Uploads: what a client says to the upload handler, and what it hears.
//
// What:    an upload request is a head of XML, then raw bytes to the end of the body; or the question how much of a
//          file is there.
// Owner:   values.
// Threads: values.
// Use:
//     if (const auto end = head_end(body_so_far)) head = parse_upload_head(body_so_far.substr(0, *end));    // throws BadMessage
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mw::boinc {

/// Longest head that is looked at, bytes.
inline constexpr std::size_t longest_upload_head = 16 * 1024;

struct UploadHead {
  std::string name;
  bool asks_size = false;  ///< the question, not the file: what follows is empty then
  std::string permission;  ///< signature of upload_permission_text()
  double max_nbytes = 0;
  std::int64_t nbytes = 0;  ///< of the whole file
  std::string md5;
  std::int64_t offset = 0;  ///< where the bytes belong
};

/// Where the head ends and the bytes begin; nothing if the head is not whole yet.
std::optional<std::size_t> head_end(std::string_view body_so_far);
/// Throws BadMessage: also for names, sizes and sums that make no sense.
UploadHead parse_upload_head(std::string_view head);
std::string to_text(const UploadHead& head);

enum class UploadStatus : int { done = 0, transient = 1, permanent = -1 };

struct UploadReply {
  UploadStatus status = UploadStatus::done;
  std::string message;
  std::optional<std::int64_t> file_size;
};

std::string to_text(const UploadReply& reply);
UploadReply parse_upload_reply(std::string_view text);

}  // namespace mw::boinc
