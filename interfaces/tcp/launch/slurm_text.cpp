#include "tcp/launch/slurm_text.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "log/escaped.hpp"
#include "parse/number.hpp"

namespace mw::tcp::slurm {
namespace {

constexpr std::string_view node_prefix = "slurm.";
/// Longer ones are none of Slurm's.
constexpr std::size_t longest_field = 4'096, longest_id = 32;

/// Takes what is before the next `mark`, or all, off the text.
std::string_view take_until(std::string_view& text, char mark) {
  const auto end = text.find(mark);
  const std::string_view part = text.substr(0, end);
  text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
  return part;
}

using mw::slurm::last_line_of;
using mw::slurm::without_blanks;

bool is_job(std::string_view id) noexcept {
  if (id.size() > longest_id || !parse::take_number<std::uint64_t>(id)) return false;
  if (id.empty()) return true;
  if (id.front() != '_') return false;
  id.remove_prefix(1);
  return parse::number<std::uint64_t>(id).has_value();
}

/// Words that are not known are those of a later Slurm, and of a job that is there.
Phase phase_of(std::string_view state) {
  constexpr std::array over{"CANCELLED", "COMPLETED", "COMPLETING", "FAILED",  "TIMEOUT",      "NODE_FAIL",
                            "PREEMPTED", "BOOT_FAIL", "DEADLINE",   "REVOKED", "OUT_OF_MEMORY"};
  constexpr std::array pending{"PENDING",     "CONFIGURING",   "REQUEUED",    "REQUEUE_HOLD",
                               "REQUEUE_FED", "RESV_DEL_HOLD", "SPECIAL_EXIT"};
  if (std::find(over.begin(), over.end(), state) != over.end()) return Phase::over;
  return std::find(pending.begin(), pending.end(), state) != pending.end() ? Phase::pending : Phase::running;
}

std::optional<Job> job_in(std::string_view line) {
  Job job;
  job.id = without_blanks(take_until(line, '|'));
  job.state = without_blanks(take_until(line, '|'));
  const auto rest = line.find('|');
  if (!is_job(job.id) || job.state.empty() || rest == std::string_view::npos || line.size() > longest_field) return std::nullopt;
  if (job.state.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ_") != std::string::npos) return std::nullopt;
  job.node = log::escaped(without_blanks(line.substr(0, rest)));
  job.reason = log::escaped(without_blanks(line.substr(rest + 1)));
  if (job.reason == "None") job.reason.clear();
  job.phase = phase_of(job.state);
  return job;
}

/// For a shell, in single quotes.
std::string for_shell(std::string_view text) {
  std::string word = "'";
  for (const char c : text) c == '\'' ? word += "'\\''" : word += c;
  return word + "'";
}

}  // namespace

std::optional<std::uint64_t> submitted_array(std::string_view answer) {
  std::string_view line = last_line_of(answer);
  const auto number = parse::number<std::uint64_t>(take_until(line, ';'));
  return number && *number > 0 ? number : std::nullopt;
}

std::optional<std::vector<Job>> listed_jobs(std::string_view answer) {
  std::vector<Job> jobs;
  while (!answer.empty()) {
    const std::string_view line = take_until(answer, '\n');
    // Where there are several clusters, their names stand between.
    if (without_blanks(line).empty() || line.starts_with("CLUSTER: ")) continue;
    auto job = job_in(line);
    if (!job) return std::nullopt;
    jobs.push_back(std::move(*job));
  }
  return jobs;
}

std::optional<std::string_view> job_of_node(std::string_view node) noexcept {
  if (!node.starts_with(node_prefix)) return std::nullopt;
  node.remove_prefix(node_prefix.size());
  return is_job(node) ? std::optional{node} : std::nullopt;
}

std::string node_of_job(std::string_view job) { return fmt::format("{}{}", node_prefix, job); }

std::optional<std::vector<std::string>> words_of(std::string_view text) {
  std::vector<std::string> words;
  bool is_inside = false;
  char quote = 0;
  for (const char c : text) {
    if (quote == 0 && (c == ' ' || c == '\t')) {
      is_inside = false;
      continue;
    }
    if (!std::exchange(is_inside, true)) words.emplace_back();
    if (c == quote)
      quote = 0;
    else if (quote == 0 && (c == '\'' || c == '"'))
      quote = c;
    else
      words.back() += c;
  }
  return quote == 0 ? std::optional{words} : std::nullopt;
}

std::string fault_of_option(std::string_view word) {
  // What makes of the job something else than a node of this master, or of the answer something that nobody reads.
  constexpr std::array ours{"--array",     "--job-name", "--nodes", "--wrap", "--wait",  "--parsable",
                            "--test-only", "--clusters", "--input", "--help", "--usage", "--version"};
  constexpr std::string_view short_ones = "aJNWMihV";
  if (word.size() < 2 || word.front() != '-' || word == "--")
    return "it is no option: write each as one word, --partition=short, -pshort";
  const std::string_view name = word.substr(0, word.find('='));
  const bool is_ours =
      word[1] == '-' ? std::find(ours.begin(), ours.end(), name) != ours.end() : short_ones.find(word[1]) != std::string_view::npos;
  return is_ours ? "that one is not for choice: each job of the array is one node" : "";
}

/// The program starts in the shell's place, so that it is what Slurm signals. It ends by itself if its master is not
/// there, or ends in a way that nobody can tell Slurm of.
std::string text_of(const Script& script) {
  std::string text = "#!/bin/sh\n# A node of CppMW, which ends with its master.\n";
  text += script.program.empty() ? "mw=mw\n" : fmt::format("mw={}\n[ -x \"$mw\" ] || mw=mw\n", for_shell(script.program));
  text += fmt::format("job=\"{}${{SLURM_ARRAY_JOB_ID}}_${{SLURM_ARRAY_TASK_ID}}\"\n", node_prefix);
  text += fmt::format(
      "exec \"$mw\" node --connect {} --key {} --name \"$job\" --slots \"${{SLURM_CPUS_ON_NODE:-1}}\" --once --idle-exit 30 "
      "--quiet",
      for_shell(script.master), script.key_file.empty() ? "-" : for_shell(script.key_file));
  return text + (script.key_file.empty() ? fmt::format(" <<'END'\n{}\nEND\n", without_blanks(script.key)) : "\n");
}

}  // namespace mw::tcp::slurm
