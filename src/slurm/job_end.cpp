#include "slurm/job_end.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <vector>

#include <fmt/format.h>

#include "parse/number.hpp"
#include "process/launch.hpp"
#include "process/run_program.hpp"
#include "slurm/answers.hpp"

namespace mw::slurm {
namespace {

using SystemClock = std::chrono::system_clock;

/// No job ends before 2000, or after 2200.
constexpr std::int64_t earliest = 946'684'800, latest = 7'258'118'400;

std::optional<JobEnd> end_at(std::int64_t seconds) {
  if (seconds < earliest || seconds > latest) return std::nullopt;
  return JobEnd{SystemClock::time_point{std::chrono::seconds{seconds}}};
}

/// "2026-11-28T09:42:21" here.
std::optional<JobEnd> read_date(const std::string& text) {
  std::tm date{};
  const char* const end = ::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &date);
  if (!end || *end != '\0') return std::nullopt;
  date.tm_isdst = -1;
  return end_at(std::mktime(&date));
}

struct Question {
  const char* command;
  std::vector<std::string> arguments;
  std::optional<JobEnd> (*read)(std::string_view);
};

std::optional<JobEnd> first_line(std::string_view text) {
  text = without_blanks(text);
  return read_end(text.substr(0, text.find('\n')));
}

/// What came of it, in words; empty where `end` is known.
std::string ask(const Question& question, std::chrono::milliseconds limit, std::optional<JobEnd>& end) {
  if (process::find_program(question.command).empty()) return fmt::format("there is no {} in the PATH", question.command);
  process::ProgramTerms terms;
  terms.kill_at = std::chrono::steady_clock::now() + limit;
  terms.own_group = true;
  // As the number that needs no time zone.
  terms.environment = {{"SLURM_TIME_FORMAT", "%s"}};
  try {
    const process::ProgramRun run = process::run_program(question.command, question.arguments, {}, terms);
    if (run.out_of_time)
      return fmt::format("{} did not answer within {:g} s", question.command, std::chrono::duration<double>{limit}.count());
    if (run.death.signaled || run.death.exit_status != 0)
      return fmt::format("{}: {}: {}", question.command, process::describe(run.death), last_line(run.err));
    end = question.read(run.out);
    return end ? "" : fmt::format("{}: nobody can read what it said: \"{}\"", question.command, last_line(run.out));
  } catch (const Error& e) {
    return e.what();
  }
}

}  // namespace

std::optional<JobEnd> read_end(std::string_view text) {
  constexpr std::array endless{"N/A", "NONE", "None", "Unknown", "UNLIMITED"};
  constexpr std::size_t longest = 40;
  text = without_blanks(text);
  if (text.empty() || text.size() > longest) return std::nullopt;
  if (std::find(endless.begin(), endless.end(), text) != endless.end()) return JobEnd{};
  if (const auto seconds = parse::number<std::int64_t>(text)) return end_at(*seconds);
  return read_date(std::string{text});
}

std::optional<JobEnd> read_end_in_description(std::string_view text) {
  constexpr std::string_view name = "EndTime=";
  for (auto place = text.find(name); place != std::string_view::npos; place = text.find(name, place + 1)) {
    if (place != 0 && text[place - 1] != ' ' && text[place - 1] != '\n') continue;
    const std::string_view rest = text.substr(place + name.size());
    return read_end(rest.substr(0, rest.find_first_of(" \t\r\n")));
  }
  return std::nullopt;
}

std::optional<std::string> own_job() {
  const char* const id = std::getenv("SLURM_JOB_ID");
  if (!id || !parse::number<std::uint64_t>(id)) return std::nullopt;
  return id;
}

JobEnd end_of(const std::string& job, std::chrono::milliseconds limit) {
  if (const char* const known = std::getenv("SLURM_JOB_END_TIME"))
    if (const auto end = read_end(known); end && end->at) return *end;
  const Question questions[] = {{"squeue", {"--noheader", "--jobs=" + job, "--format=%e"}, first_line},
                                {"scontrol", {"show", "job", job}, read_end_in_description}};
  std::string why;
  for (const Question& question : questions) {
    std::optional<JobEnd> end;
    const std::string trouble = ask(question, limit, end);
    if (end) return *end;
    why += (why.empty() ? "" : "; ") + trouble;
  }
  throw InterfaceError{fmt::format("nobody knows when job {} of Slurm's ends: {}", job, why)};
}

}  // namespace mw::slurm
