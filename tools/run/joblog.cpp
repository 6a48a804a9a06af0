#include "run/joblog.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <system_error>
#include <vector>

#include <fmt/format.h>

#include <mw/error.hpp>

#include "parse/number.hpp"

namespace mw::run {
namespace {

constexpr std::string_view header = "Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\tSignal\tCommand";

/// A job is one line, whatever is in its command.
std::string one_line(const std::string& text) {
  std::string line;
  for (const char c : text) line += c == '\n' ? std::string{"\\n"} : c == '\t' ? std::string{"\\t"} : std::string{c};
  return line;
}

std::vector<std::string_view> columns_of(std::string_view line) {
  std::vector<std::string_view> columns;
  while (columns.size() < 8) {
    const auto tab = line.find('\t');
    if (tab == line.npos) break;
    columns.push_back(line.substr(0, tab));
    line.remove_prefix(tab + 1);
  }
  columns.push_back(line);
  return columns;
}

/// All lines that have their end, and where the last of them ends.
std::vector<std::string> whole_lines(const std::string& path, std::uintmax_t& end) {
  std::vector<std::string> lines;
  end = 0;
  std::ifstream file{path, std::ios::binary};
  for (std::string line; std::getline(file, line) && !file.eof();) {
    end += line.size() + 1;
    lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace

Joblog::Joblog(const std::string& path, bool goes_on) : path_{path} {
  std::uintmax_t end = 0;
  if (goes_on) whole_lines(path, end);
  file_ = process::UniqueFd{::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | (goes_on ? 0 : O_TRUNC), 0666)};
  if (file_.get() < 0) throw InterfaceError{fmt::format("the joblog {} cannot be written: {}", path, std::strerror(errno))};
  // A pipe, or /dev/null, cannot be cut.
  if (goes_on && ::ftruncate(file_.get(), static_cast<off_t>(end)) != 0 && errno != EINVAL)
    throw InterfaceError{fmt::format("the joblog {} cannot be cut to its whole lines: {}", path, std::strerror(errno))};
  if (end == 0) write(std::string{header} + "\n");
}

void Joblog::add(const LoggedJob& job) {
  write(fmt::format("{}\t{}\t{:.3f}\t{:10.3f}\t{}\t{}\t{}\t{}\t{}\n", job.number, one_line(job.host), job.started, job.seconds,
                    job.sent, job.received, job.exit_status, job.signal, one_line(job.command)));
}

void Joblog::write(const std::string& text) const {
  std::string_view rest = text;
  while (!rest.empty()) {
    const ssize_t put = ::write(file_.get(), rest.data(), rest.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) throw InterfaceError{fmt::format("the joblog {} cannot be written: {}", path_, std::strerror(errno))};
    rest.remove_prefix(static_cast<std::size_t>(put));
  }
}

std::set<std::uint64_t> done_in_joblog(const std::string& path, bool failed_run_again) {
  std::set<std::uint64_t> done;
  std::uintmax_t end = 0;
  const auto lines = whole_lines(path, end);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (i == 0 && lines[i] == header) continue;
    const auto columns = columns_of(lines[i]);
    const auto number = parse::number<std::uint64_t>(columns[0]);
    if (!number || columns.size() != 9) throw UsageError{fmt::format("{} is no joblog: line {} has not its columns", path, i + 1)};
    const bool has_failed = columns[6] != "0" || columns[7] != "0";
    if (has_failed && failed_run_again)
      done.erase(*number);
    else
      done.insert(*number);
  }
  return done;
}

LoggedJob logged(std::uint64_t number, const Job& job, const Ran& ran, const std::string& own_host) {
  LoggedJob line;
  line.number = number;
  line.host = ran.host.empty() || ran.host == own_host ? ":" : ran.host;
  line.started = static_cast<double>(ran.started_ns) * 1e-9;
  line.seconds = static_cast<double>(ran.ran_ns) * 1e-9;
  line.sent = job.input.size();
  std::error_code error;
  const auto in_file = ran.out_file.empty() ? 0 : std::filesystem::file_size(ran.out_file, error);
  line.received = ran.out.size() + ran.live_size + (error ? 0 : in_file);
  // A job that ran out of time counts as one that was ended, whatever it made of that.
  line.exit_status = ran.timed_out && ran.exit_status == 0 && ran.signal == 0 ? -1 : ran.exit_status;
  line.signal = ran.signal;
  line.command = job.for_shell ? job.words.at(0) : shown(ran.words.empty() ? job.words : ran.words);
  return line;
}

}  // namespace mw::run
