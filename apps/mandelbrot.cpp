// The Mandelbrot set as a picture: rows, square tiles or lists of pixels are tasks (Concurrent's example), as a task
// system, plain tasks or a batch. The hash of the iteration counts is the same whatever the parts, the form and the
// interface.
#include <mw/app.hpp>
#include <mw/mw.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numbers>
#include <optional>
#include <string>
#include <vector>

#include "escape_time.hpp"
#include "output_file.hpp"
#include "png_image.hpp"

struct View {
  std::string center_x = "-0.75", center_y = "0";  // of the plane, in decimal digits
  double span = 3.5;                               // of the plane, from left to right
  std::uint64_t width = 800, height = 600, iterations = 1000;
  bool operator==(const View&) const = default;
};
using Pixels = std::vector<std::uint64_t>;  // numbers of pixels, row by row
using Counts = std::vector<std::uint32_t>;

double number(const std::string& text) {
  double value = NAN;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() ? value : NAN;
}

/// Whether double-precision numbers are too coarse to tell its pixels apart.
bool is_deep(const View& view) {
  return view.span / static_cast<double>(view.width) <
         std::max(std::abs(number(view.center_x)), std::abs(number(view.center_y))) * 0x1p-40;
}

/// A worker computes it once for all parts of a picture.
const apps::ReferenceOrbit& orbit_of(const View& view) {
  static thread_local std::optional<std::pair<View, apps::ReferenceOrbit>> last;
  if (!last || !(last->first == view)) last.emplace(view, apps::ReferenceOrbit{view.center_x, view.center_y, view.iterations});
  return last->second;
}

Counts escape_counts(const View& view, const Pixels& pixels) {
  const double step = view.span / static_cast<double>(view.width);
  const double center_x = number(view.center_x), center_y = number(view.center_y);
  const apps::ReferenceOrbit* const orbit = is_deep(view) ? &orbit_of(view) : nullptr;
  Counts counts;
  counts.reserve(pixels.size());
  for (const std::uint64_t pixel : pixels) {
    const double x = (static_cast<double>(pixel % view.width) - static_cast<double>(view.width) / 2 + 0.5) * step;
    const double y = (static_cast<double>(pixel / view.width) - static_cast<double>(view.height) / 2 + 0.5) * step;
    counts.push_back(orbit ? orbit->escape_count(x, y) : apps::escape_count(center_x + x, center_y + y, view.iterations));
  }
  return counts;
}
Counts escape_counts_of(const std::pair<View, Pixels>& part) { return escape_counts(part.first, part.second); }

/// Tiles of `width` by `height` pixels; a row is one, too.
std::vector<Pixels> tiles(const View& view, std::uint64_t width, std::uint64_t height) {
  std::vector<Pixels> parts;
  for (std::uint64_t top = 0; top < view.height; top += height)
    for (std::uint64_t left = 0; left < view.width; left += width) {
      Pixels part;
      for (std::uint64_t y = top; y < std::min(view.height, top + height); ++y)
        for (std::uint64_t x = left; x < std::min(view.width, left + width); ++x) part.push_back(y * view.width + x);
      parts.push_back(std::move(part));
    }
  return parts;
}

/// Lists of pixels from all over the picture, so that all lists take about as long.
std::vector<Pixels> scattered(const View& view, std::uint64_t size) {
  const std::uint64_t all = view.width * view.height, lists = (all + size - 1) / size;
  std::vector<Pixels> parts(lists);
  for (std::uint64_t pixel = 0; pixel < all; ++pixel) parts[pixel % lists].push_back(pixel);
  return parts;
}

class Picture final : public mw::TaskSystem<Counts, Counts> {
 public:
  Picture(const View& view, const std::vector<Pixels>& parts) : view_{view}, parts_{parts}, counts_(view.width * view.height) {}
  void generate_tasks(Tasks& tasks) override {
    for (const Pixels& part : parts_) tasks.submit<escape_counts>(view_, part);
  }
  void task_finished(std::size_t number, Counts counts, Tasks&) override { place(number, counts); }
  Counts gather_result() override { return std::move(counts_); }
  void place(std::size_t number, const Counts& counts) {
    for (std::size_t i = 0; i < counts.size(); ++i) counts_[parts_[number][i]] = counts[i];
  }

 private:
  const View& view_;
  const std::vector<Pixels>& parts_;
  Counts counts_;
};

Counts compute(mw::Master& master, const std::string& form, const View& view, const std::vector<Pixels>& parts) {
  Picture picture{view, parts};
  if (form == "system") return master.run(picture);
  if (form == "tasks") {
    std::vector<mw::Task<Counts>> tasks;
    for (const Pixels& part : parts) tasks.push_back(master.submit_task<escape_counts>(view, part));
    for (const auto& done : master.as_completed(tasks)) picture.place(done.index, done.result());
  } else {
    std::vector<std::pair<View, Pixels>> inputs;
    for (const Pixels& part : parts) inputs.emplace_back(view, part);
    std::size_t number = 0;
    for (const Counts& counts : master.map<escape_counts_of>(inputs)) picture.place(number++, counts);
  }
  return picture.gather_result();
}

/// FNV-1a over the counts, low byte first.
std::string hash_of(const Counts& counts) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const std::uint32_t count : counts)
    for (int shift = 0; shift < 32; shift += 8) hash = (hash ^ ((count >> shift) & 0xff)) * 0x100000001b3;
  constexpr const char* digits = "0123456789abcdef";
  std::string text;
  for (int shift = 60; shift >= 0; shift -= 4) text += digits[(hash >> shift) & 0xf];
  return text;
}

/// Black inside; outside, a circle of colours that goes slower the longer it took to escape.
apps::Image paint(const View& view, const Counts& counts) {
  apps::Image image{static_cast<std::uint32_t>(view.width), static_cast<std::uint32_t>(view.height), {}};
  for (const std::uint32_t count : counts) {
    const double turn = 2 * std::numbers::pi * std::sqrt(static_cast<double>(count)) / 8;
    for (const double phase : {0.0, 0.6, 1.2})
      image.rgb.push_back(count >= view.iterations ? 0 : static_cast<std::uint8_t>(127.5 - 127.5 * std::cos(turn + phase)));
  }
  return image;
}

int main(int argc, char** argv) {
  mw::init(argc, argv);
  View view;
  std::uint64_t tile = 64, list = 4096;
  std::string by = "row", form = "system", output;
  mw::App app{"mandelbrot", "Draws the Mandelbrot set."};
  constexpr std::uint64_t most_side = 65'536, most_iterations = 4'000'000'000;
  app.option("--width", view.width, "pixels", 1, most_side);
  app.option("--height", view.height, "pixels", 1, most_side);
  app.option("--iterations", view.iterations, "after which a point counts as inside", 1, most_iterations);
  app.option("--center-x", view.center_x, "of the plane, with as many digits as a deep zoom needs");
  app.option("--center-y", view.center_y, "of the plane");
  app.option("--span", view.span, "how much of the plane lies between left and right, down to 1e-290");
  app.option("--by", by, "what a task is: row, tile or pixels");
  app.option("--tile", tile, "pixels of a tile's side", 1, most_side);
  app.option("--list", list, "pixels of a list", 1, most_side * most_side);
  app.option("--form", form, "system, tasks or batch");
  app.option("--output", output, "a PNG file; none: only the hash");
  app.check([&] {
    for (const std::string* center : {&view.center_x, &view.center_y})
      if (!(std::abs(number(*center)) <= 4) || center->size() > 320)
        throw mw::UsageError{"--center-x and --center-y: \"" + *center + "\" is no number from -4 to 4 with up to 300 digits"};
    if (!(view.span >= 1e-290 && view.span <= 1e6)) throw mw::UsageError{"--span: from 1e-290 to 1e6"};
    if (by != "row" && by != "tile" && by != "pixels") throw mw::UsageError{"--by: \"" + by + "\" is none of row, tile, pixels"};
    if (form != "system" && form != "tasks" && form != "batch")
      throw mw::UsageError{"--form: \"" + form + "\" is none of system, tasks, batch"};
    if (!output.empty()) apps::check_output("--output", output);
  });
  return app.run(argc, argv, [&](mw::Master& master, mw::Report& report) {
    const std::vector<Pixels> parts = by == "row"    ? tiles(view, view.width, 1)
                                      : by == "tile" ? tiles(view, tile, tile)
                                                     : scattered(view, list);
    const Counts counts = compute(master, form, view, parts);
    if (!output.empty()) apps::write_png(paint(view, counts), output);
    report.result("hash", hash_of(counts));
    report.result("inside", static_cast<std::uint64_t>(std::count(counts.begin(), counts.end(), view.iterations)));
    report.result("pixels", std::uint64_t{counts.size()});
  });
}
