// Concurrent's Mandelbrot set: a task for each line, and the picture as text.
#include <complex>
#include <cstdio>
#include <ranges>

#include <mw/mw.hpp>

std::string line(int y) {
  std::string text;
  for (int x = 0; x < 60; ++x) {
    const std::complex<double> c{-2.2 + 3.2 * x / 59, -1.2 + 2.4 * y / 19};
    std::complex<double> z;
    int steps = 0;
    while (steps < 200 && std::norm(z) < 4) z = z * z + c, ++steps;
    text += steps == 200 ? '#' : steps > 8 ? '+' : steps > 4 ? '.' : ' ';
  }
  return text;
}

int main(int argc, char** argv) {
  mw::init(argc, argv);
  mw::Master master{mw::interface(argv[1])};
  for (const std::string& text : master.map<line>(std::views::iota(0, 20))) std::puts(text.c_str());
}
