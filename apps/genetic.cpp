// A genetic algorithm, as PyMW's example: bit strings evolve towards all ones. Each generation is a round of small
// tasks; a generation begins when the one before it is done.
#include <mw/app.hpp>
#include <mw/mw.hpp>

#include <algorithm>
#include <random>
#include <vector>

using Gene = std::vector<bool>;
using Population = std::vector<Gene>;

std::uint64_t fitness(const Gene& gene) { return static_cast<std::uint64_t>(std::count(gene.begin(), gene.end(), true)); }

/// Some children of a population: the better of two random ones mates with the better of two others; a bit in `length`
/// flips.
Population breed(const Population& parents, std::uint64_t seed, std::uint64_t children) {
  std::mt19937_64 random{seed};
  const auto choose = [&]() -> const Gene& {
    const Gene &a = parents[random() % parents.size()], &b = parents[random() % parents.size()];
    return fitness(a) >= fitness(b) ? a : b;
  };
  Population population;
  for (std::uint64_t i = 0; i < children; ++i) {
    Gene child = choose();
    const Gene& other = choose();
    for (std::size_t bit = random() % child.size(); bit < child.size(); ++bit) child[bit] = other[bit];
    for (std::size_t bit = 0; bit < child.size(); ++bit)
      if (random() % child.size() == 0) child[bit] = !child[bit];
    population.push_back(std::move(child));
  }
  return population;
}

int main(int argc, char** argv) {
  mw::init(argc, argv);
  std::uint64_t length = 100, size = 200, generations = 1000, tasks_a_generation = 8, seed = 1;
  mw::App app{"genetic", "Evolves bit strings until one is all ones."};
  constexpr std::uint64_t most = 1'000'000;
  app.option("--length", length, "bits of a gene", 1, most);
  app.option("--population", size, "genes", 2, most);
  app.option("--generations", generations, "generations at most", 1);
  app.option("--tasks", tasks_a_generation, "tasks a generation; it changes the random numbers", 1);
  app.option("--seed", seed, "of the random numbers");
  app.check([&] {
    if (tasks_a_generation > size) throw mw::UsageError{"--tasks: more tasks than genes"};
  });
  return app.run(argc, argv, [&](mw::Master& master, mw::Report& report) {
    Population population(size, Gene(length, false));
    std::mt19937_64 random{seed};
    for (Gene& gene : population)
      for (std::size_t bit = 0; bit < length; ++bit) gene[bit] = random() % 2 != 0;
    std::uint64_t best = 0, generation = 0;
    const auto look = [&] {
      for (const Gene& gene : population) best = std::max(best, fitness(gene));
    };
    look();
    for (; best < length && generation < generations; ++generation) {
      std::vector<mw::Task<Population>> tasks;
      for (std::uint64_t i = 0; i < tasks_a_generation; ++i) {
        const std::uint64_t children = size / tasks_a_generation + (i < size % tasks_a_generation);
        tasks.push_back(master.submit_task<breed>(population, random(), children));
      }
      Population next;
      for (const auto& task : tasks)
        for (Gene& gene : master.get_result(task)) next.push_back(std::move(gene));
      population = std::move(next);
      look();
    }
    report.result("best_fitness", best);
    report.result("generations", generation);
  });
}
