// my_app: integrates 4 / (1 + x²) from 0 to 1, which is pi, in many tasks.
//
//     my_app --help
//     my_app -i multicore:2 --pieces 1e4
//     my_app -i 'mpi:?hosts=pi1:4,pi2:4'
//     my_app -i boinc:2
#include <mw/app.hpp>
#include <mw/mw.hpp>

#include <cmath>
#include <cstdint>
#include <numbers>
#include <ranges>

namespace {

/// What travels to a task, and back, is a number, a string, a container, or a plain struct like this one.
struct Piece {
  std::uint64_t index;
  std::uint64_t count;
};

/// The work: an ordinary function. It runs in the workers, and perhaps more than once for the same piece.
double area(Piece piece) {
  constexpr int steps = 100'000;
  const double width = 1.0 / (static_cast<double>(piece.count) * steps);
  double sum = 0;
  for (int i = 0; i < steps; ++i) {
    const double x = (static_cast<double>(piece.index) * steps + i + 0.5) * width;
    sum += 4 / (1 + x * x) * width;
  }
  return sum;
}

}  // namespace

int main(int argc, char** argv) {
  mw::init(argc, argv);  // first: a worker goes no further

  std::uint64_t pieces = 1'000;
  mw::App app{"my_app", "Integrates 4 / (1 + x²) from 0 to 1."};
  app.option("--pieces", pieces, "how many tasks", 1, 1'000'000'000);

  return app.run(argc, argv, [&](mw::Master& master, mw::Report& report) {
    const auto inputs = std::views::iota(std::uint64_t{0}, pieces) | std::views::transform([&](std::uint64_t i) {
                          return Piece{i, pieces};
                        });
    double sum = 0;
    for (const double part : master.map<area>(inputs)) sum += part;
    report.result("pi", sum);
    report.result("error", std::abs(sum - std::numbers::pi));
  });
}
