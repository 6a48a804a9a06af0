#include "log/escaped.hpp"

#include <algorithm>
#include <cstdint>

#include <fmt/format.h>

namespace mw::log {
namespace {

struct Character {
  std::uint32_t code = 0;
  std::size_t size = 0;  ///< bytes; 0: no UTF-8 begins here
};

Character first_of(std::string_view text) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  const unsigned char head = byte(0);
  if (head < 0x80) return {head, 1};
  const std::size_t size = head >= 0xf0 ? 4 : head >= 0xe0 ? 3 : 2;
  if (head < 0xc2 || head > 0xf4 || text.size() < size) return {};
  std::uint32_t code = head & (0xffu >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return {};
    code = code << 6 | (byte(i) & 0x3fu);
  }
  constexpr std::uint32_t least_of[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool is_surrogate = code >= 0xd800 && code <= 0xdfff;
  return code < least_of[size] || is_surrogate || code > 0x10ffff ? Character{} : Character{code, size};
}

/// Control characters, and those that turn the direction of writing or end a line (Unicode's Cc, bidirectional
/// controls, Zl, Zp).
bool is_control(std::uint32_t code) {
  return code < 0x20 || (code >= 0x7f && code < 0xa0) || (code >= 0x200e && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
         (code >= 0x2066 && code <= 0x2069);
}

std::string escape(std::string_view text, std::string_view kept) {
  const auto is_plain = [](char c) { return c >= 0x20 && c < 0x7f; };
  if (std::all_of(text.begin(), text.end(), is_plain)) return std::string{text};
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    const Character next = first_of(text);
    const std::size_t size = std::max<std::size_t>(next.size, 1);
    if (next.size == 0)
      result += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[0]));
    else if (!is_control(next.code) || (next.size == 1 && kept.find(text[0]) != std::string_view::npos))
      result += text.substr(0, size);
    else if (next.code == '\n')
      result += "\\n";
    else if (next.code == '\r')
      result += "\\r";
    else if (next.code == '\t')
      result += "\\t";
    else
      result += next.code < 0x100 ? fmt::format("\\x{:02x}", next.code) : fmt::format("\\u{:04x}", next.code);
    text.remove_prefix(size);
  }
  return result;
}

}  // namespace

std::string escaped(std::string_view text) { return escape(text, {}); }
std::string escaped_lines(std::string_view text) { return escape(text, "\n\t"); }

std::string json_string(std::string_view text) {
  std::string json = "\"";
  for (const char c : escaped(text)) {
    if (c == '"' || c == '\\') json += '\\';
    json += c;
  }
  return json += '"';
}

}  // namespace mw::log
