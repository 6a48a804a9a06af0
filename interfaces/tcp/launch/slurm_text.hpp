// What is said to Slurm's commands, and what they answer, as text.
//
// What:    the script of a job, the options of its users; sbatch's and squeue's answers, which are checked. Pure.
// Owner:   values.
// Threads: any.
// Use:
//     const auto array = slurm::submitted_array("1234\n");
//     const auto jobs = slurm::listed_jobs("1234_0|PENDING||Resources\n");
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "slurm/answers.hpp"

namespace mw::tcp::slurm {

enum class Phase : std::uint8_t { pending, running, over };

/// A job, that is one of an array, as squeue tells of it.
struct Job {
  std::string id = {};  ///< "1234_0"
  Phase phase = Phase::pending;
  std::string state = {};   ///< in Slurm's words: "NODE_FAIL"
  std::string node = {};    ///< where it runs or has run; empty before
  std::string reason = {};  ///< why it waits, or why it failed: "Resources"; empty where Slurm gives none
};

/// The options of squeue by which listed_jobs() can read what it says.
inline constexpr const char* list_format = "%i|%T|%N|%r";

/// What `sbatch --parsable` says, "1234" or "1234;cluster", after whatever else it may say. Empty: that is no answer.
std::optional<std::uint64_t> submitted_array(std::string_view answer);
/// Empty if any line is none of a job's: then nobody can tell which jobs there are.
std::optional<std::vector<Job>> listed_jobs(std::string_view answer);
using mw::slurm::last_line;
using mw::slurm::says_no_such_job;

/// "1234_0" of the node "slurm.1234_0"; empty if that is no such name.
std::optional<std::string_view> job_of_node(std::string_view node) noexcept;
std::string node_of_job(std::string_view job);

/// "--partition=short --comment='two words'" as words. Empty if a quotation mark has no counterpart.
std::optional<std::vector<std::string>> words_of(std::string_view text);
/// What is wrong with it as an option for sbatch; empty: nothing.
std::string fault_of_option(std::string_view word);

struct Script {
  std::string program;   ///< mw's path here, which may be the same there; empty: nobody knows
  std::string master;    ///< "lab:9470"
  std::string key;       ///< the line of a key file …
  std::string key_file;  ///< … or the path of such a file, which the nodes see; then `key` does not count
};
/// What each job runs: a node for this master alone, which ends with it, or after half a minute without it.
std::string text_of(const Script& script);

}  // namespace mw::tcp::slurm
