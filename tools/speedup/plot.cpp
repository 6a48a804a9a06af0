// The speedup as a picture.
#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

#include <mw/app.hpp>

#include "speedup/table.hpp"

namespace mw::tool {
namespace {

constexpr double width = 640, height = 420, left = 60, right = 150, margin_top = 44, bottom = 52;
constexpr std::array<const char*, 6> colours{"#0b5fa5", "#c2410c", "#15803d", "#7e22ce", "#b91c1c", "#0e7490"};

std::string escaped(const std::string& text) {
  std::string safe;
  for (const char c : valid_utf8(text)) {
    if (c == '<')
      safe += "&lt;";
    else if (c == '>')
      safe += "&gt;";
    else if (c == '&')
      safe += "&amp;";
    else if (c == '"')
      safe += "&quot;";
    else
      safe += c;
  }
  return safe;
}

/// 1, 2 or 5 times a power of ten, for about five steps.
double step_of(double range) {
  const double rough = range / 5, power = std::pow(10, std::floor(std::log10(rough)));
  for (const double factor : {1.0, 2.0, 5.0})
    if (factor * power >= rough) return factor * power;
  return 10 * power;
}

struct Axes {
  double most_workers, most_speedup;
  double x(double workers) const { return left + (width - left - right) * workers / most_workers; }
  double y(double speedup) const { return height - bottom - (height - margin_top - bottom) * speedup / most_speedup; }
};

std::string text_at(double x, double y, const char* anchor, const std::string& text, int size = 12) {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\" font-size=\"{}\">{}</text>\n", x, y, anchor, size,
                     escaped(text));
}

std::string grid_of(const Axes& axes) {
  std::string svg;
  const double bottom_y = axes.y(0);
  for (double speedup = 0; speedup <= axes.most_speedup * 1.001; speedup += step_of(axes.most_speedup)) {
    svg += fmt::format("<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" stroke=\"#ddd\"/>\n", left, axes.y(speedup),
                       axes.x(axes.most_workers), axes.y(speedup));
    svg += text_at(left - 8, axes.y(speedup) + 4, "end", fmt::format("{:g}", speedup));
  }
  for (double workers = 0; workers <= axes.most_workers * 1.001; workers += std::max(1.0, step_of(axes.most_workers)))
    svg += text_at(axes.x(workers), bottom_y + 18, "middle", fmt::format("{:g}", workers));
  svg += text_at((left + axes.x(axes.most_workers)) / 2, height - 12, "middle", "workers");
  svg +=
      fmt::format("<text transform=\"translate(18,{:.1f}) rotate(-90)\" text-anchor=\"middle\" font-size=\"12\">speedup</text>\n",
                  (margin_top + bottom_y) / 2);
  return svg;
}

}  // namespace

std::string to_svg(const std::vector<Table>& tables, const std::string& title) {
  Axes axes{1, 1};
  for (const Table& table : tables)
    for (const TableRow& row : table.rows) {
      axes.most_workers = std::max(axes.most_workers, static_cast<double>(row.workers));
      axes.most_speedup =
          std::max({axes.most_speedup, row.gain.speedup * 1.05, static_cast<double>(std::min(row.workers, table.cores)) * 1.05});
    }
  std::string svg = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0:g} {1:g}\" width=\"{0:g}\" height=\"{1:g}\" "
      "font-family=\"sans-serif\">\n"
      "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n",
      width, height);
  svg += text_at(left, 24, "start", title, 14) + grid_of(axes);
  const auto cores = static_cast<double>(tables.front().cores);
  const double corner = std::min(cores, axes.most_workers);
  svg += fmt::format(
      "<polyline points=\"{:.1f},{:.1f} {:.1f},{:.1f} {:.1f},{:.1f}\" fill=\"none\" stroke=\"#888\" stroke-dasharray=\"5 4\"/>\n",
      axes.x(0), axes.y(0), axes.x(corner), axes.y(corner), axes.x(axes.most_workers), axes.y(corner));
  double legend = margin_top + 14;
  const double legend_x = axes.x(axes.most_workers) + 14;
  svg +=
      fmt::format("<line x1=\"{0:.1f}\" y1=\"{1:.1f}\" x2=\"{2:.1f}\" y2=\"{1:.1f}\" stroke=\"#888\" stroke-dasharray=\"5 4\"/>\n",
                  legend_x, legend - 4, legend_x + 20);
  svg += text_at(legend_x + 26, legend, "start", "maximum");
  for (std::size_t i = 0; i < tables.size(); ++i) {
    const char* const colour = colours[i % colours.size()];
    std::string points, dots;
    for (const TableRow& row : tables[i].rows) {
      const double x = axes.x(static_cast<double>(row.workers)), y = axes.y(row.gain.speedup);
      points += fmt::format("{:.1f},{:.1f} ", x, y);
      dots += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"4\" fill=\"{}\"/>\n", x, y, colour);
    }
    svg += fmt::format("<polyline points=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"2\"/>\n", points, colour) + dots;
    legend += 20;
    const std::string label = to_text(tables[i].name);
    svg += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"4\" fill=\"{}\"/>\n", legend_x + 10, legend - 4, colour);
    svg += text_at(legend_x + 26, legend, "start", label.empty() ? "measured" : label);
  }
  return svg + "</svg>\n";
}

}  // namespace mw::tool
