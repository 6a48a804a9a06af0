// The curvature of DNA along its sequence, by the dinucleotide wedge model (Concurrent's example): pieces of the
// sequences are tasks.
// Angles: Bolshoy, McNamara, Harrington and Trifonov, PNAS 88 (1991) 2312, as in Nucleic Acids Res. 22 (1994) 5498,
// table 1c; steps as in El Hassan and Calladine, J. Mol. Biol. 251 (1995) 648. 1 is the curvature of DNA in a
// nucleosome, 0.0234 / Å.
#include <mw/app.hpp>
#include <mw/mw.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <numbers>
#include <string>
#include <vector>

#include "svg_plot.hpp"

using Vector = std::array<double, 3>;
using Matrix = std::array<Vector, 3>;  // rows

struct Step {
  double twist, roll, tilt;  // degrees
};
constexpr double rise = 3.38;  // Å

/// Of two bases one after the other, A, C, G, T as 0 to 3. A step on the other strand has the same twist and roll, and
/// the tilt reversed.
constexpr std::array<Step, 16> steps{{{35.62, -6.5, 3.2},
                                      {34.4, -0.9, -0.7},
                                      {27.7, 8.4, -0.3},
                                      {31.5, 2.6, 0},
                                      {34.5, 1.6, 3.1},
                                      {33.67, 1.2, 1.8},
                                      {29.8, 6.7, 0},
                                      {27.7, 8.4, 0.3},
                                      {36.9, -2.7, -4.6},
                                      {40.0, -5.0, 0},
                                      {33.67, 1.2, -1.8},
                                      {34.4, -0.9, 0.7},
                                      {36.0, 0.9, 0},
                                      {36.9, -2.7, 4.6},
                                      {34.5, 1.6, -3.1},
                                      {35.62, -6.5, -3.2}}};

Matrix multiply(const Matrix& a, const Matrix& b) {
  Matrix product{};
  for (std::size_t i = 0; i < 3; ++i)
    for (std::size_t j = 0; j < 3; ++j) product[i][j] = a[i][0] * b[0][j] + a[i][1] * b[1][j] + a[i][2] * b[2][j];
  return product;
}
Matrix around_z(double angle) {
  return {{{std::cos(angle), -std::sin(angle), 0}, {std::sin(angle), std::cos(angle), 0}, {0, 0, 1}}};
}
Matrix around_y(double angle) {
  return {{{std::cos(angle), 0, std::sin(angle)}, {0, 1, 0}, {-std::sin(angle), 0, std::cos(angle)}}};
}

/// What a step does: it turns the frame of one base pair into that of the next, and moves along the z axis of the frame
/// in the middle.
struct Motion {
  Matrix turn;
  Vector move;
};
Motion motion_of(const Step& step) {
  constexpr double degree = std::numbers::pi / 180;
  const double bend = std::hypot(step.roll, step.tilt) * degree, direction = std::atan2(step.tilt, step.roll),
               half = step.twist * degree / 2;
  const Matrix before = around_z(half - direction), middle = multiply(before, around_y(bend / 2));
  return {multiply(multiply(before, around_y(bend)), around_z(half + direction)),
          {rise * middle[0][2], rise * middle[1][2], rise * middle[2][2]}};
}

const std::array<Motion, 16>& motions() {
  static const std::array<Motion, 16> all = [] {
    std::array<Motion, 16> made{};
    std::transform(steps.begin(), steps.end(), made.begin(), motion_of);
    return made;
  }();
  return all;
}

double length(const Vector& v) { return std::sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2]); }
Vector operator-(const Vector& a, const Vector& b) { return {a[0] - b[0], a[1] - b[1], a[2] - b[2]}; }
Vector cross(const Vector& a, const Vector& b) {
  return {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]};
}

/// Of the circle through the axis at three base pairs, `window` apart. `bases` are the 2 * window + 1 from the first to
/// the last.
double curvature(const char* bases, std::size_t window) {
  constexpr std::string_view letters = "ACGT";
  Matrix frame{{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}};
  Vector at{}, middle{};
  for (std::size_t i = 0; i < 2 * window; ++i) {
    const auto first = letters.find(bases[i]), second = letters.find(bases[i + 1]);
    if (first == std::string_view::npos || second == std::string_view::npos) return 0;  // an unknown base
    const Motion& motion = motions()[4 * first + second];
    for (std::size_t k = 0; k < 3; ++k)
      at[k] += frame[k][0] * motion.move[0] + frame[k][1] * motion.move[1] + frame[k][2] * motion.move[2];
    frame = multiply(frame, motion.turn);
    if (i + 1 == window) middle = at;
  }
  constexpr double nucleosome = 0.0234;
  return 2 * length(cross(middle, at)) / (length(middle) * length(at - middle) * length(at)) / nucleosome;
}

/// Of each base that has `window` bases on both sides.
std::vector<double> curvatures(const std::string& bases, std::uint64_t window) {
  std::vector<double> values;
  for (std::size_t i = 0; i + 2 * window < bases.size(); ++i) values.push_back(curvature(bases.data() + i, window));
  return values;
}

/// The sequences of a FASTA file, in capitals. Throws mw::UsageError.
std::vector<std::string> read_fasta(const std::string& path) {
  std::ifstream file{path};
  if (!file) throw mw::UsageError{"--fasta: " + path + " cannot be read"};
  std::vector<std::string> sequences;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with('>')) {
      sequences.emplace_back();
      continue;
    }
    if (sequences.empty()) throw mw::UsageError{"--fasta: " + path + " is no FASTA file: it does not begin with '>'"};
    for (const char c : line)
      if (c >= 'a' && c <= 'z')
        sequences.back() += static_cast<char>(c - 'a' + 'A');
      else if (c >= 'A' && c <= 'Z')
        sequences.back() += c;
  }
  if (sequences.empty()) throw mw::UsageError{"--fasta: " + path + " has no sequence"};
  return sequences;
}

int main(int argc, char** argv) {
  mw::init(argc, argv);
  std::string fasta, output;
  std::uint64_t window = 10, chunk = 10'000;
  mw::App app{"dna_curve", "Calculates how curved DNA is along its sequence."};
  app.option("--fasta", fasta, "a file with sequences");
  constexpr std::uint64_t most_window = 1000, most_chunk = 1'000'000'000;
  app.option("--window", window, "base pairs to both sides of the one whose curvature is calculated", 1, most_window);
  app.option("--chunk", chunk, "base pairs a task", 1, most_chunk);
  app.option("--output", output, "an SVG file with the curve of the first sequence; none: only the figures");
  std::vector<std::string> sequences;
  app.check([&] {
    if (fasta.empty()) throw mw::UsageError{"--fasta: whose curvature is to be calculated?"};
    sequences = read_fasta(fasta);
    if (!output.empty()) apps::check_output("--output", output);
  });
  return app.run(argc, argv, [&](mw::Master& master, mw::Report& report) {
    std::vector<mw::Task<std::vector<double>>> tasks;
    std::vector<std::size_t> first_tasks;
    std::uint64_t bases = 0;
    for (const std::string& sequence : sequences) {
      first_tasks.push_back(tasks.size());
      bases += sequence.size();
      // A piece has its neighbours' bases at both ends, so that the cuts make no difference.
      for (std::size_t first = 0; first + 2 * window < sequence.size(); first += chunk)
        tasks.push_back(master.submit_task<curvatures>(sequence.substr(first, chunk + 2 * window), window));
    }
    double sum = 0, largest = 0;
    std::uint64_t count = 0, place = 0;
    std::vector<double> curve;
    for (std::size_t i = 0; i < tasks.size(); ++i) {
      const std::vector<double> values = master.get_result(tasks[i]);
      const std::size_t sequence =
          static_cast<std::size_t>(std::upper_bound(first_tasks.begin(), first_tasks.end(), i) - first_tasks.begin());
      const std::uint64_t start = (i - first_tasks[sequence - 1]) * chunk + window + 1;
      for (std::size_t k = 0; k < values.size(); ++k, ++count) {
        sum += values[k];
        if (values[k] > largest) largest = values[k], place = start + k;
      }
      if (sequence == 1) curve.insert(curve.end(), values.begin(), values.end());
    }
    if (!output.empty())
      apps::write_svg_plot(output, curve,
                           {"Curvature along " + std::filesystem::path{fasta}.filename().string(), "base pair",
                            "curvature; 1: in a nucleosome", window + 1});
    report.result("sequences", std::uint64_t{sequences.size()});
    report.result("bases", bases);
    report.result("curvatures", count);
    report.result("mean", count > 0 ? sum / static_cast<double>(count) : 0.0);
    report.result("largest", largest);
    report.result("at", place);
  });
}
