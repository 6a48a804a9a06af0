// What Slurm 22.05 puts into the environment, and what mpi makes of it.
#include <catch2/catch.hpp>

#include <map>
#include <string>

#include <mw/error.hpp>

#include "mpi/slurm.hpp"
#include "support/errors.hpp"

using namespace mw;
using test::usage_error;
using namespace mw::mpi;

namespace {

SlurmAllocation allocation(const std::map<std::string, std::string>& variables) {
  return slurm_allocation([&](const char* name) -> const char* {
    const auto place = variables.find(name);
    return place == variables.end() ? nullptr : place->second.c_str();
  });
}

}  // namespace

TEST_CASE("Slurm's numbers per node are read, and nothing else is one", "[mpi]") {
  CHECK(numbers_per_node("2(x3),1") == std::vector<unsigned>{2, 2, 2, 1});
  CHECK(numbers_per_node("4") == std::vector<unsigned>{4});
  for (const char* text : {"", "x", "2(", "2(x", "2(x3", "2(x)", "2,", ",2", "2(x3)1", "2(x4000000000)", "99999999999", "-1"})
    CHECK(numbers_per_node(text).empty());
}

TEST_CASE("the tasks are those of the allocation, also where only nodes were asked for", "[mpi]") {
  // salloc -n 5
  CHECK(allocation({{"SLURM_JOB_NUM_NODES", "3"}, {"SLURM_TASKS_PER_NODE", "2(x2),1"}, {"SLURM_NTASKS", "5"}}).tasks == 5);
  // salloc -N 4
  const auto nodes = allocation({{"SLURM_JOB_NUM_NODES", "4"}, {"SLURM_TASKS_PER_NODE", "1(x4)"}});
  CHECK(nodes.tasks == 4);
  CHECK(nodes.for_mpiexec.empty());
  CHECK(allocation({}).tasks == 0);
}

TEST_CASE("in a step on some of the job's nodes, mpiexec hears of all of them", "[mpi]") {
  // salloc -n 6 srun -n 1
  const auto step = allocation({{"SLURM_JOB_NUM_NODES", "3"},
                                {"SLURM_TASKS_PER_NODE", "1"},
                                {"SLURM_JOB_CPUS_PER_NODE", "2(x3)"},
                                {"SLURM_NTASKS", "1"},
                                {"SLURM_NNODES", "1"}});
  CHECK(step.tasks == 6);
  CHECK(std::map<std::string, std::string>{step.for_mpiexec.begin(), step.for_mpiexec.end()} ==
        std::map<std::string, std::string>{
            {"SLURM_TASKS_PER_NODE", "2(x3)"}, {"SLURM_NNODES", "3"}, {"SLURM_NTASKS", "6"}, {"SLURM_NPROCS", "6"}});
  CHECK(usage_error([] {
          allocation({{"SLURM_JOB_NUM_NODES", "3"}, {"SLURM_TASKS_PER_NODE", "1"}});
        }).find("-N 3 in srun") != std::string::npos);
}

TEST_CASE("a heterogeneous allocation is refused, with what to write instead", "[mpi]") {
  // salloc -n 2 : -n 3
  const std::string why = usage_error([] {
    allocation({{"SLURM_HET_SIZE", "2"},
                {"SLURM_NTASKS", "5"},
                {"SLURM_JOB_NODELIST_HET_GROUP_0", "node1"},
                {"SLURM_JOB_NODELIST_HET_GROUP_1", "node[2-3]"}});
  });
  CHECK(why.find("2 groups: node1 and node[2-3]") != std::string::npos);
  CHECK(why.find("mpi:?hosts=") != std::string::npos);
}
