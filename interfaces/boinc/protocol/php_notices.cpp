#include "boinc/protocol/php_notices.hpp"

#include <algorithm>

namespace mw::boinc {
namespace {

constexpr std::string_view begin_mark = "<br />\n<b>", kind_end = "</b>:", end_mark = "<br />";
constexpr std::string_view kinds[] = {"Deprecated", "Fatal error", "Notice", "Parse error", "Strict Standards", "Warning"};

/// Without tags, up to the end of the line.
std::string words_of(std::string_view html) {
  std::string text;
  bool is_tag = false;
  for (const char c : html.substr(0, html.find('\n'))) {
    if (c == '<') is_tag = true;
    if (!is_tag && (c != ' ' || (!text.empty() && text.back() != ' '))) text += c;
    if (c == '>') is_tag = false;
  }
  while (!text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

}  // namespace

PhpAnswer without_notices(std::string_view reply) {
  PhpAnswer answer;
  while (true) {
    const auto begin = reply.find(begin_mark);
    if (begin == std::string_view::npos) break;
    const std::string_view inside = reply.substr(begin + begin_mark.size());
    const auto end_of_kind = inside.find(kind_end);
    const std::string_view kind = inside.substr(0, end_of_kind);
    const bool is_notice = end_of_kind != std::string_view::npos && std::ranges::find(kinds, kind) != std::end(kinds);
    if (!is_notice) {
      answer.text += reply.substr(0, begin + begin_mark.size());
      reply = inside;
      continue;
    }
    const std::string_view said = inside.substr(kind.size() + kind_end.size());
    const auto end = std::min(said.find(end_mark), said.size());
    if (kind.ends_with("error"))
      answer.death = words_of(said.substr(0, end));
    else
      answer.warnings.push_back(std::string{kind} + ": " + words_of(said.substr(0, end)));
    answer.text += reply.substr(0, begin);
    reply = said.substr(std::min(said.size(), end + end_mark.size()));
    if (reply.starts_with('\n')) reply.remove_prefix(1);
  }
  answer.text += reply;
  return answer;
}

}  // namespace mw::boinc
