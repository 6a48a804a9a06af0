#include "dashboard/report.hpp"

#include <cstdint>
#include <string_view>

#include <boost/json.hpp>

#include "dashboard/page.hpp"

namespace mw::dashboard {
namespace {

/// What stands in the page's head in place of its files.
constexpr std::string_view style_link = "<link rel=\"stylesheet\" href=\"page.css\">";
/// A report needs nothing from anywhere, and nothing in it can send anything.
constexpr std::string_view report_policy =
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src 'unsafe-inline'; "
    "style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'\">\n";
constexpr std::string_view script_link = "<script src=\"page.js\"></script>";

std::string base64(std::string_view bytes) {
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::size_t left = std::min<std::size_t>(bytes.size() - at, 3);
    std::uint32_t three = 0;
    for (std::size_t i = 0; i < 3; ++i) three = three << 8 | (i < left ? static_cast<unsigned char>(bytes[at + i]) : 0u);
    for (std::size_t i = 0; i < 4; ++i) text += i <= left ? digits[three >> (18 - 6 * i) & 63] : '=';
  }
  return text;
}

/// JSON in which nothing can end, or begin, a part of the page.
std::string embedded(const boost::json::object& data) {
  std::string text;
  for (const char c : boost::json::serialize(data)) {
    if (c == '<')
      text += "\\u003c";
    else
      text += c;
  }
  return text;
}

void replace(std::string& text, std::string_view what, const std::string& with) {
  if (const auto at = text.find(what); at != std::string::npos) text.replace(at, what.size(), with);
}

/// All rows, as the answers to whoever asks for one after the other.
std::string all_rows(const watch::Picture& picture) {
  std::string text;
  std::uint64_t from = 0;
  do {
    const std::string bytes = picture.rows(from);
    if (!text.empty()) text += '\n';
    text += base64(bytes);
    std::uint64_t first = 0;
    for (int i = 7; i >= 0; --i) first = first << 8 | static_cast<unsigned char>(bytes[static_cast<std::size_t>(i)]);
    from = first + (bytes.size() - 16) / 24;
  } while (from < picture.rows_end());
  return text;
}

}  // namespace

std::string report(const watch::Picture& picture) {
  std::string page{page_html()};
  watch::Reader everything;
  const std::string data = "<script type=\"application/json\" id=\"data\">" + embedded(picture.to_json(everything)) +
                           "</script>\n" + "<script type=\"text/plain\" id=\"rows\">" + all_rows(picture) + "</script>\n";
  replace(page, style_link, std::string{report_policy} + "<style>\n" + std::string{page_css()} + "</style>");
  replace(page, script_link, data + "<script>\n" + std::string{page_js()} + "</script>");
  return page;
}

}  // namespace mw::dashboard
