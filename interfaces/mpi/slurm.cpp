#include "mpi/slurm.hpp"

#include <cstdlib>
#include <numeric>

#include <fmt/format.h>

#include <mw/error.hpp>

#include "parse/number.hpp"

namespace mw::mpi {
namespace {

constexpr unsigned most_nodes = 65'536;

/// Takes a number from the front of the text.
bool take_number(std::string_view& text, unsigned& number) {
  const auto read = parse::take_number<unsigned>(text);
  number = read.value_or(number);
  return read.has_value();
}

bool take(std::string_view& text, std::string_view what) {
  if (!text.starts_with(what)) return false;
  text.remove_prefix(what.size());
  return true;
}

/// Each group has variables of its own, and mpiexec knows none of them: it would start everything on this node.
[[noreturn]] void refuse_groups(const Environment& environment, const char* size) {
  std::string groups;
  const int count = parse::leading_number<int>(size).value_or(0);
  for (int group = 0; group < count; ++group)
    if (const char* nodes = environment(fmt::format("SLURM_JOB_NODELIST_HET_GROUP_{}", group).c_str()))
      groups += fmt::format("{}{}", groups.empty() ? ": " : " and ", nodes);
  throw UsageError{
      fmt::format("mpi: this allocation of Slurm's is heterogeneous ({} groups{}), which mpiexec cannot use as one. Ask for one "
                  "group only (no ':' "
                  "in salloc, sbatch), or name the hosts and reach them by ssh: mpi:?hosts=NODE:SLOTS,NODE:SLOTS&launcher=ssh",
                  size, groups)};
}

std::string text_of(const Environment& environment, const char* name) {
  const char* value = environment(name);
  return value ? value : "";
}

unsigned sum_of(const std::vector<unsigned>& numbers) { return std::accumulate(numbers.begin(), numbers.end(), 0u); }

}  // namespace

std::vector<unsigned> numbers_per_node(std::string_view text) {
  std::vector<unsigned> numbers;
  while (!text.empty()) {
    unsigned number = 0;
    unsigned times = 1;
    if (!take_number(text, number)) return {};
    if (take(text, "(x") && (!take_number(text, times) || !take(text, ")"))) return {};
    if (times > most_nodes - numbers.size()) return {};
    numbers.insert(numbers.end(), times, number);
    if (!text.empty() && (!take(text, ",") || text.empty())) return {};
  }
  return numbers;
}

bool is_in_slurm() { return std::getenv("SLURM_JOB_ID") != nullptr; }

SlurmAllocation slurm_allocation(const Environment& environment) {
  if (const char* groups = environment("SLURM_HET_SIZE")) refuse_groups(environment, groups);
  SlurmAllocation allocation;
  const auto tasks = numbers_per_node(text_of(environment, "SLURM_TASKS_PER_NODE"));
  const auto nodes = numbers_per_node(text_of(environment, "SLURM_JOB_NUM_NODES"));
  if (tasks.empty() || nodes.size() != 1 || tasks.size() == nodes.front()) {
    const auto stated = numbers_per_node(text_of(environment, "SLURM_NTASKS"));
    allocation.tasks = stated.size() == 1 ? stated.front() : sum_of(tasks);
    return allocation;
  }
  // A step on some of the nodes: the job's processors are what was given.
  const std::string per_node = text_of(environment, "SLURM_JOB_CPUS_PER_NODE");
  const auto processors = numbers_per_node(per_node);
  if (processors.size() != nodes.front())
    throw UsageError{
        fmt::format("mpi: this step of Slurm's has {} of the {} nodes of its job, and nothing says what the others have; start the "
                    "program with "
                    "-N {} in srun, or keep to this node: mpi:N?launcher=fork",
                    tasks.size(), nodes.front(), nodes.front())};
  allocation.tasks = sum_of(processors);
  const std::string all = std::to_string(allocation.tasks);
  allocation.for_mpiexec = {{"SLURM_TASKS_PER_NODE", per_node},
                            {"SLURM_NNODES", std::to_string(nodes.front())},
                            {"SLURM_NTASKS", all},
                            {"SLURM_NPROCS", all}};
  return allocation;
}

SlurmAllocation slurm_allocation() {
  return slurm_allocation([](const char* name) { return std::getenv(name); });
}

}  // namespace mw::mpi
