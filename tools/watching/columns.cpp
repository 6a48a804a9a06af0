#include "watching/columns.hpp"

#include <algorithm>

namespace mw::tool {
namespace {

bool begins_character(char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }

std::size_t columns_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), begins_character));
}

void cut_widest(std::vector<std::size_t>& widths, std::string_view sides, std::size_t width) {
  constexpr std::size_t least = 8;
  std::size_t all = 2 * (widths.size() - 1);
  for (const std::size_t one : widths) all += one;
  while (all > width) {
    std::size_t* widest = nullptr;
    for (std::size_t i = 0; i < widths.size(); ++i)
      if (sides[i] == 'l' && widths[i] > least && (!widest || widths[i] > *widest)) widest = &widths[i];
    if (!widest) return;
    --*widest, --all;
  }
}

}  // namespace

std::string fitted(std::string_view text, std::size_t width) {
  if (columns_of(text) <= width) return std::string{text};
  if (width == 0) return {};
  std::size_t end = 0;
  for (std::size_t seen = 0; end < text.size(); ++end)
    if (begins_character(text[end]) && seen++ == width - 1) break;
  return std::string{text.substr(0, end)} + "…";
}

std::vector<std::string> columns(std::vector<std::vector<std::string>> rows, std::string_view sides, std::size_t width) {
  std::vector<std::size_t> widths(sides.size());
  for (const auto& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], columns_of(row[i]));
  cut_widest(widths, sides, width);
  std::vector<std::string> lines;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string cell = fitted(row[i], widths[i]);
      const std::string blanks(widths[i] - columns_of(cell), ' ');
      line += (i == 0 ? "" : "  ") + (sides[i] == 'r' ? blanks + cell : cell + blanks);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    lines.push_back(fitted(line, width));
  }
  return lines;
}

}  // namespace mw::tool
