#include "boinc/protocol/upload.hpp"

#include <fmt/format.h>

#include "boinc/protocol/md5.hpp"
#include "boinc/protocol/xml.hpp"

namespace mw::boinc {
namespace {

constexpr std::string_view data_mark = "<data>\n";
constexpr std::string_view size_question_end = "</get_file_size>";

void check_name(const UploadHead& head) {
  if (!is_file_name(head.name)) throw BadMessage{"an upload whose file name is none"};
}

}  // namespace

std::optional<std::size_t> head_end(std::string_view body) {
  if (const auto mark = body.find(data_mark); mark != std::string_view::npos) return mark + data_mark.size();
  if (body.find(size_question_end) != std::string_view::npos) return body.size();
  return std::nullopt;
}

UploadHead parse_upload_head(std::string_view text) {
  UploadHead head;
  if (const auto question = text.find("<get_file_size>"); question != std::string_view::npos) {
    const auto end = text.find(size_question_end, question);
    if (end == std::string_view::npos) throw BadMessage{"a question for a file's size that has no end"};
    const Document document = parse_document(text.substr(question, end + size_question_end.size() - question), "get_file_size");
    head.name = document.root.text().get();
    head.asks_size = true;
    check_name(head);
    return head;
  }
  const auto begin = text.find("<file_upload>");
  const auto end = text.rfind(data_mark);
  if (begin == std::string_view::npos || end == std::string_view::npos || end < begin)
    throw BadMessage{"neither a file nor a question for its size"};
  const Document document = parse_document(std::string{text.substr(begin, end - begin)} + "</file_upload>", "file_upload");
  const pugi::xml_node info = document.root.child("file_info");
  head.name = text_in(info, "name");
  head.permission = text_in(info, "xml_signature");
  head.max_nbytes = number_in(info, "max_nbytes");
  head.nbytes = integer_in(document.root, "nbytes");
  head.md5 = text_in(document.root, "md5_cksum");
  head.offset = integer_in(document.root, "offset");
  check_name(head);
  if (head.nbytes < 0 || head.offset < 0 || head.offset > head.nbytes || head.max_nbytes < 0 || !is_md5(head.md5))
    throw BadMessage{fmt::format("the upload of {} has a size, an offset or an MD5 that is none", head.name)};
  return head;
}

std::string to_text(const UploadHead& head) {
  pugi::xml_document document;
  pugi::xml_node root = document.append_child("data_server_request");
  if (head.asks_size) {
    add(root, "get_file_size", head.name);
    return to_text(document);
  }
  pugi::xml_node upload = add(root, "file_upload");
  pugi::xml_node info = add(upload, "file_info");
  add(info, "name", head.name);
  add(info, "xml_signature", "\n" + head.permission);
  add(info, "max_nbytes", head.max_nbytes);
  add(upload, "nbytes", head.nbytes);
  add(upload, "md5_cksum", head.md5);
  add(upload, "offset", head.offset);
  // The bytes follow, and nothing closes the elements.
  std::string text = to_text(document);
  text.resize(text.rfind("</file_upload>"));
  return text + std::string{data_mark};
}

std::string to_text(const UploadReply& reply) {
  pugi::xml_document document;
  pugi::xml_node root = document.append_child("data_server_reply");
  add(root, "status", static_cast<std::int64_t>(reply.status));
  if (!reply.message.empty()) add(root, "message", reply.message);
  if (reply.file_size) add(root, "file_size", *reply.file_size);
  return to_text(document);
}

UploadReply parse_upload_reply(std::string_view text) {
  const Document document = parse_document(text, "data_server_reply");
  UploadReply reply;
  const std::int64_t status = integer_in(document.root, "status");
  reply.status = status == 0 ? UploadStatus::done : status == 1 ? UploadStatus::transient : UploadStatus::permanent;
  reply.message = text_in(document.root, "message");
  if (document.root.child("file_size")) reply.file_size = std::max<std::int64_t>(0, integer_in(document.root, "file_size"));
  return reply;
}

}  // namespace mw::boinc
