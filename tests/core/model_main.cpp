// core_model: the task machine under random events, by the million.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <random>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "core/model.hpp"

int main(int argc, char** argv) {
  std::uint64_t schedules = 0, seed = (std::uint64_t{std::random_device{}()} << 20);
  double seconds = 20;
  CLI::App app{"Drives the task machine with random events, and checks after each that no task is lost, doubled or stuck."};
  app.add_option("--seconds", seconds, "for so long, unless a number of schedules is given")->capture_default_str();
  app.add_option("--schedules", schedules, "so many schedules");
  app.add_option("--seed", seed, "of the first schedule; the next ones count up from it");
  CLI11_PARSE(app, argc, argv);
  const auto begin = std::chrono::steady_clock::now();
  const auto is_over = [&](std::uint64_t done) {
    return schedules != 0 ? done >= schedules
                          : std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count() >= seconds;
  };
  std::uint64_t done = 0, events = 0, copies = 0, won = 0;
  try {
    for (; !is_over(done); ++done) {
      mw::core::model::World world{seed + done};
      world.run();
      events += world.events();
      copies += world.copies();
      won += world.copies_that_won();
    }
  } catch (const std::exception& e) {
    fmt::print(stderr, "core_model: {}\n  again: core_model --schedules 1 --seed {}\n", e.what(), seed + done);
    return 1;
  }
  fmt::print("{} schedules, {} events, {} copies of tasks, {} of them first; seeds from {}: all held\n", done, events, copies, won,
             seed);
  return 0;
}
