#include "boinc/protocol/xml.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include <fmt/format.h>

#include "parse/number.hpp"

namespace mw::boinc {
namespace {

std::string_view trimmed(std::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

struct StringWriter : pugi::xml_writer {
  std::string text;
  void write(const void* data, std::size_t size) override { text.append(static_cast<const char*>(data), size); }
};

}  // namespace

Document parse_document(std::string_view text, const char* root) {
  const std::string open = fmt::format("<{}", root);
  std::size_t begin = text.find(open);
  while (begin != std::string_view::npos && begin + open.size() < text.size() && text[begin + open.size()] != '>' &&
         text[begin + open.size()] != '/' && text[begin + open.size()] != ' ')
    begin = text.find(open, begin + 1);
  if (begin == std::string_view::npos) throw BadMessage{fmt::format("there is no <{}> in it", root)};
  Document document;
  const auto result = document.tree.load_buffer(text.data() + begin, text.size() - begin, pugi::parse_cdata | pugi::parse_escapes,
                                                pugi::encoding_utf8);
  if (!result) throw BadMessage{fmt::format("<{}> is no XML: {} at byte {}", root, result.description(), result.offset)};
  document.root = document.tree.child(root);
  if (!document.root) throw BadMessage{fmt::format("there is no <{}> in it", root)};
  return document;
}

std::string text_in(const pugi::xml_node& node, const char* child) { return std::string{trimmed(node.child(child).text().get())}; }

double number_in(const pugi::xml_node& node, const char* child, double otherwise) {
  const auto number = parse::number<double>(trimmed(node.child(child).text().get()));
  return number && std::isfinite(*number) ? *number : otherwise;
}

std::int64_t integer_in(const pugi::xml_node& node, const char* child) {
  const double number = number_in(node, child);
  constexpr double most = 9e15;
  return std::abs(number) <= most ? static_cast<std::int64_t>(number) : 0;
}

bool flag_in(const pugi::xml_node& node, const char* child) {
  const pugi::xml_node flag = node.child(child);
  if (!flag) return false;
  const std::string_view text = trimmed(flag.text().get());
  return text.empty() || text != "0";
}

pugi::xml_node add(pugi::xml_node node, const char* child) { return node.append_child(child); }
void add(pugi::xml_node node, const char* child, const char* text) { node.append_child(child).text().set(text); }
void add(pugi::xml_node node, const char* child, const std::string& text) { add(node, child, text.c_str()); }
void add(pugi::xml_node node, const char* child, std::string_view text) { add(node, child, std::string{text}); }
void add(pugi::xml_node node, const char* child, double number) { add(node, child, fmt::format("{:.6f}", number)); }
void add(pugi::xml_node node, const char* child, std::int64_t number) { add(node, child, std::to_string(number)); }
void add_flag(pugi::xml_node node, const char* child) { add(node, child, "1"); }

std::string to_text(const pugi::xml_document& document, const char* indent, unsigned format) {
  StringWriter writer;
  document.save(writer, indent, format, pugi::encoding_utf8);
  return std::move(writer.text);
}

std::string to_text(const pugi::xml_document& document) {
  return to_text(document, "", pugi::format_indent | pugi::format_no_declaration | pugi::format_no_empty_element_tags);
}

bool is_file_name(std::string_view name) noexcept {
  constexpr std::size_t longest = 200;
  const auto is_fine = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.' ||
           c == '+';
  };
  return !name.empty() && name.size() <= longest && name.front() != '.' && name.find("..") == std::string_view::npos &&
         std::all_of(name.begin(), name.end(), is_fine);
}

}  // namespace mw::boinc
