#include "speedup/text_grid.hpp"

#include <algorithm>

namespace mw::tool {
namespace {

/// Code points of UTF-8: how wide it is, as long as nobody writes Chinese into a table of numbers.
std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

void escape_bars(std::string& text) {
  for (std::size_t at = 0; (at = text.find('|', at)) != std::string::npos; at += 2) text.insert(at, 1, '\\');
}

std::string line_of(const std::vector<std::string>& cells, const std::vector<std::size_t>& widths, bool markdown) {
  std::string line = markdown ? "| " : "";
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (i > 0) line += markdown ? " | " : "   ";
    line += std::string(widths[i] - width_of(cells[i]), ' ') + cells[i];
  }
  return line + (markdown ? " |\n" : "\n");
}

}  // namespace

std::string text_grid(std::vector<std::vector<std::string>> rows, bool markdown) {
  std::vector<std::size_t> widths(rows.front().size());
  for (auto& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (markdown) escape_bars(row[i]);
      widths[i] = std::max(widths[i], width_of(row[i]));
    }
  std::string text = line_of(rows.front(), widths, markdown);
  if (markdown) {
    text += "|";
    for (std::size_t i = 0; i < widths.size(); ++i) text += " ---: |";
    text += "\n";
  }
  for (std::size_t i = 1; i < rows.size(); ++i) text += line_of(rows[i], widths, markdown);
  return text;
}

}  // namespace mw::tool
