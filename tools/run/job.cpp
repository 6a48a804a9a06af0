#include "run/job.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <span>

#include <fmt/format.h>

#include <mw/emit.hpp>
#include <mw/error.hpp>

#include "process/child.hpp"
#include "process/place.hpp"
#include "process/run_program.hpp"
#include "process/unique_fd.hpp"
#include "run/bundle_size.hpp"
#include "worker/live_output.hpp"
#include "worker/start.hpp"
#include "worker/task_folder.hpp"

namespace mw::run {
namespace {

constexpr off_t most_in_message = 256 * 1024;
constexpr std::chrono::seconds time_to_end{2};  // from SIGTERM to SIGKILL

/// A file that nobody else sees, for one stream of one job after the other.
class OutputFile {
 public:
  /// What the job writes goes there.
  int begin(const std::string& folder) {
    if (file_.get() >= 0 && folder == folder_ && ::ftruncate(file_.get(), 0) == 0 && ::lseek(file_.get(), 0, SEEK_SET) == 0)
      return file_.get();
    folder_ = folder;
    file_ = process::UniqueFd{::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600)};
    if (file_.get() < 0) {  // a file system that has none
      std::string name = folder + "/mw-run-XXXXXX";
      file_ = process::UniqueFd{::mkostemp(name.data(), O_CLOEXEC)};
      if (file_.get() >= 0) ::unlink(name.c_str());
    }
    if (file_.get() < 0)
      throw InterfaceError{fmt::format("no file for the output can be made in {}: {}", folder, std::strerror(errno))};
    return file_.get();
  }

  /// What it has written, as a text, or, if it is much and `name` is not empty, in a file of that name.
  std::string take(const std::string& name, std::string& file) {
    struct stat status = {};
    if (::fstat(file_.get(), &status) != 0 || status.st_size == 0) return {};
    if (status.st_size > most_in_message && !name.empty() && give_name(name)) {
      file = name;
      file_ = {};
      return {};
    }
    std::string text(static_cast<std::size_t>(status.st_size), '\0');
    std::size_t at = 0;
    while (at < text.size()) {
      const ssize_t got = ::pread(file_.get(), text.data() + at, text.size() - at, static_cast<off_t>(at));
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) throw InterfaceError{fmt::format("the output of a job cannot be read: {}", std::strerror(errno))};
      at += static_cast<std::size_t>(got);
    }
    if (status.st_size > most_in_message) file_ = {};  // its pages may go
    return text;
  }

 private:
  bool give_name(const std::string& name) const {
    const std::string self = fmt::format("/proc/self/fd/{}", file_.get());
    return ::linkat(AT_FDCWD, self.c_str(), AT_FDCWD, name.c_str(), AT_SYMLINK_FOLLOW) == 0;
  }

  process::UniqueFd file_;
  std::string folder_;
};

/// The lowest number, from 1, that no other worker of this user on this host holds.
std::uint32_t own_place(const std::string& spool) {
  static const std::uint32_t place = [&] {
    static process::UniqueFd lock;  // goes with the process
    for (std::uint32_t number = 1; number < 100'000; ++number) {
      const std::string name = fmt::format("{}/place-{}", spool, number);
      process::UniqueFd file{::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
      if (file.get() < 0) throw InterfaceError{fmt::format("{} cannot be opened: {}", name, std::strerror(errno))};
      if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) continue;
      lock = std::move(file);
      return number;
    }
    return 0U;
  }();
  return place;
}

std::vector<std::string> words_here(const Job& job, bool sees_spool) {
  std::vector<std::string> words = job.words;
  if (!job.places.empty()) {
    // Where the master's folder is not to be seen, all runs of this user's on this host share the numbers.
    const std::string place = std::to_string(own_place(sees_spool ? job.spool : process::temporary_folder_path()));
    // From the back, so that the positions of the others stay right.
    for (auto one = job.places.rbegin(); one != job.places.rend(); ++one) words.at(one->first).insert(one->second, place);
  }
  if (!job.for_shell) return words;
  const char* const shell = std::getenv("SHELL");
  return {shell && *shell ? shell : "/bin/sh", "-c", words.at(0)};
}

process::ProgramTerms terms_of(const Job& job) {
  process::ProgramTerms terms;
  terms.own_group = true;
  terms.group_note = worker::program_group();
  terms.environment = job.environment;
  terms.memory = job.memory;
  terms.working_directory = job.folder;
  if (job.timeout_ms != 0) {
    terms.terminate_at = std::chrono::steady_clock::now() + std::chrono::milliseconds{job.timeout_ms};
    terms.kill_at = *terms.terminate_at + time_to_end;
  }
  return terms;
}

}  // namespace

std::uint64_t inode_of_folder(const std::string& path) noexcept {
  struct stat status = {};
  return !path.empty() && ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode) ? status.st_ino : 0;
}

Ran run_job(const Job& job) {
  static OutputFile out, err;
  const bool sees_spool = job.spool_inode != 0 && inode_of_folder(job.spool) == job.spool_inode;
  const std::string folder = sees_spool ? job.spool : worker::own_folder();
  Ran ran;
  ran.host = process::host_name();
  ran.words = words_here(job, sees_spool);
  process::ProgramTerms terms = terms_of(job);
  worker::LineCutter out_lines{[](const std::string& text) { emit(Lines{false, text}); }};
  worker::LineCutter err_lines{[](const std::string& text) { emit(Lines{true, text}); }};
  if (job.is_live) {
    terms.keeps_output = false;
    terms.on_stdout = [&](std::string_view text) { out_lines.add(text), ran.live_size += text.size(); };
    terms.on_stderr = [&](std::string_view text) { err_lines.add(text); };
  } else {
    terms.stdout_fd = out.begin(folder);
    terms.stderr_fd = err.begin(folder);
  }
  std::vector<std::string> words = ran.words;
  if (job.nice != 0) words.insert(words.begin(), {"nice", "-n", std::to_string(job.nice)});
  const auto start = std::chrono::steady_clock::now();
  ran.started_ns = std::chrono::system_clock::now().time_since_epoch().count();
  try {
    const auto run =
        process::run_program(words.at(0), {words.begin() + 1, words.end()}, std::as_bytes(std::span{job.input}), terms);
    ran.exit_status = run.death.signaled ? 0 : run.death.exit_status;
    ran.signal = run.death.signaled ? run.death.signal : 0;
    ran.timed_out = job.timeout_ms != 0 && std::chrono::steady_clock::now() >= *terms.terminate_at;
  } catch (const process::StartError& e) {
    ran.exit_status = e.error() == ENOENT ? 127 : 126;
    ran.trouble = e.what();
  }
  ran.ran_ns = (std::chrono::steady_clock::now() - start).count();
  if (job.is_live) {
    out_lines.finish();
    err_lines.finish();
    return ran;
  }
  static std::uint64_t count = 0;
  const std::string name = sees_spool ? fmt::format("{}/{}-{}", job.spool, ::getpid(), ++count) : "";
  ran.out = out.take(name.empty() ? "" : name + ".out", ran.out_file);
  ran.err = err.take(name.empty() ? "" : name + ".err", ran.err_file);
  return ran;
}

std::vector<Ran> run_jobs(const std::vector<Job>& jobs) {
  const auto start = std::chrono::steady_clock::now();
  std::vector<Ran> all;
  for (const Job& job : jobs) {
    if (!all.empty() && std::chrono::steady_clock::now() - start > BundleSize::longest) break;
    all.push_back(run_job(job));
  }
  return all;
}

}  // namespace mw::run
