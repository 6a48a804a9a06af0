// A curve as a picture that scales.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <sstream>
#include <string>
#include <vector>

#include <mw/app.hpp>

#include "output_file.hpp"

namespace apps {

struct PlotLabels {
  std::string title, x, y;
  std::uint64_t first_x = 0;  ///< of the first value
};

/// A byte that is no UTF-8 may come from a file's name; a control character may, too, and no XML may hold one.
inline std::string escape_xml(const std::string& text) {
  std::string safe;
  for (const char c : mw::valid_utf8(text))
    safe += c == '<' ? "&lt;" : c == '>' ? "&gt;" : c == '&' ? "&amp;" : c >= '\0' && c < ' ' ? "?" : std::string(1, c);
  return safe;
}

/// Each column of the picture shows the least and the most of the values that fall into it. Throws mw::Error.
inline void write_svg_plot(const std::string& path, const std::vector<double>& values, const PlotLabels& labels) {
  constexpr double width = 960, height = 360, left = 60, right = 20, top = 40, bottom = 50;
  const double most = values.empty() ? 1 : std::max(1e-9, *std::max_element(values.begin(), values.end()) * 1.05);
  const std::size_t columns = std::min<std::size_t>(values.size(), static_cast<std::size_t>(width - left - right));
  const auto y_of = [&](double value) { return height - bottom - (height - top - bottom) * value / most; };
  std::ostringstream svg;
  svg << "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " << width << ' ' << height
      << "\" font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n";
  const auto text = [&svg](double x, double y, const char* anchor, const std::string& words) {
    svg << "<text x=\"" << x << "\" y=\"" << y << "\" text-anchor=\"" << anchor << "\">" << escape_xml(words) << "</text>\n";
  };
  text(left, 22, "start", labels.title);
  text((left + width - right) / 2, height - 12, "middle", labels.x);
  svg << "<text transform=\"translate(16," << (top + height - bottom) / 2 << ") rotate(-90)\" text-anchor=\"middle\">"
      << escape_xml(labels.y) << "</text>\n";
  for (int i = 0; i <= 4; ++i) {
    const double value = most * i / 4, x = left + (width - left - right) * i / 4;
    svg << "<line x1=\"" << left << "\" x2=\"" << width - right << "\" y1=\"" << y_of(value) << "\" y2=\"" << y_of(value)
        << "\" stroke=\"#ddd\"/>\n";
    std::ostringstream label;
    label.precision(2);
    label << std::fixed << value;
    text(left - 6, y_of(value) + 4, "end", label.str());
    const auto place = labels.first_x + static_cast<std::uint64_t>(static_cast<double>(values.size()) * i / 4);
    text(x, height - bottom + 18, i == 0 ? "start" : i == 4 ? "end" : "middle", std::to_string(place));
  }
  svg << "<polyline fill=\"none\" stroke=\"#0b5fa5\" stroke-width=\"1\" points=\"";
  for (std::size_t column = 0; column < columns; ++column) {
    const auto begin = values.begin() + static_cast<std::ptrdiff_t>(values.size() * column / columns);
    const auto end = values.begin() + static_cast<std::ptrdiff_t>(values.size() * (column + 1) / columns);
    const auto [least, largest] = std::minmax_element(begin, end);
    const double x = left + (width - left - right) * (static_cast<double>(column) + 0.5) / static_cast<double>(columns);
    svg << x << ',' << y_of(*least) << ' ' << x << ',' << y_of(*largest) << ' ';
  }
  svg << "\"/>\n</svg>\n";
  write_output(path, svg.str());
}

}  // namespace apps
