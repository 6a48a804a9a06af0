// Programs as tasks: the function behind submit_task(Program), and what a stand-alone program calls.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <mw/emit.hpp>
#include <mw/program.hpp>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <iostream>

#include <fmt/format.h>

#include "process/child.hpp"
#include "process/group_guard.hpp"
#include "process/run_program.hpp"
#include "process/unique_fd.hpp"
#include "worker/execute.hpp"
#include "worker/limits.hpp"
#include "worker/live_output.hpp"
#include "worker/start.hpp"
#include "worker/task_folder.hpp"

namespace mw {
namespace detail {

namespace {

/// A worker's master ends its program with it. A process that is no worker has nobody who would: it has a guard.
void guard_group(process::ProgramTerms& terms) {
  static thread_local process::GroupGuard guard;
  terms.group_note = worker::program_group();
  if (terms.group_note) return;
  terms.guard = &guard;
}

[[noreturn]] void not_started(std::string why) {
  Failure failure;
  failure.cause = Cause::not_started;
  failure.message = std::move(why);
  throw worker::TaskFailed{std::move(failure)};
}

std::string folder_for(const Program& program) {
  const std::string& folder = program.working_directory;
  if (folder.empty()) return {};
  struct stat status = {};
  const int error = ::stat(folder.c_str(), &status) != 0 ? errno : S_ISDIR(status.st_mode) ? 0 : ENOTDIR;
  if (error != 0)
    not_started(fmt::format("{} was not started: its working directory {}: {}", program.path, folder, std::strerror(error)));
  return folder;
}

/// A relative path is meant from here, not from where the program will work.
std::string executable_of(const Program& program) {
  std::string path = worker::program_path(program.path);
  if (program.working_directory.empty() || path.find('/') == std::string::npos) return path;
  return std::filesystem::absolute(path).string();
}

process::UniqueFd input_of(const Program& program) {
  if (program.stdin_file.empty()) return {};
  process::UniqueFd file{::open(program.stdin_file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  struct stat status = {};
  if (file.get() < 0 || ::fstat(file.get(), &status) != 0)
    not_started(fmt::format("{} was not started: its stdin_file {} cannot be read: {}", program.path, program.stdin_file,
                            std::strerror(errno)));
  if (!S_ISREG(status.st_mode))
    not_started(fmt::format("{} was not started: its stdin_file {} is not a regular file", program.path, program.stdin_file));
  return file;
}

/// What lies there already is replaced: it may be a data file, which is not to be written.
process::UniqueFd output_of(const Program& program) {
  if (program.stdout_file.empty()) return {};
  std::error_code ignored;
  std::filesystem::create_directories(std::filesystem::path{program.stdout_file}.parent_path(), ignored);
  ::unlink(program.stdout_file.c_str());
  process::UniqueFd file{::open(program.stdout_file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666)};
  if (file.get() < 0)
    not_started(fmt::format("{} was not started: its stdout_file {} cannot be written: {}", program.path, program.stdout_file,
                            std::strerror(errno)));
  return file;
}

}  // namespace

std::string program_task(const Program& program, const std::string& input) {
  const std::string& path = program.path;
  const worker::Deadlines deadlines = worker::current_deadlines();
  process::ProgramTerms terms{
      .terminate_at = deadlines.soft, .kill_at = deadlines.hard, .memory = deadlines.memory, .own_group = true};
  guard_group(terms);
  terms.environment.assign(program.environment.begin(), program.environment.end());
  terms.working_directory = folder_for(program);
  const process::UniqueFd in = input_of(program);
  const process::UniqueFd out = output_of(program);
  terms.stdin_fd = in.get();
  terms.stdout_fd = out.get();
  worker::LineCutter lines{[](const std::string& text) { emit(text); }};
  if (worker::LiveOutput::is_on()) terms.on_stdout = [&lines](std::string_view text) { lines.add(text); };
  process::ProgramRun run;
  try {
    run = process::run_program(executable_of(program), program.args, std::as_bytes(std::span{input}), terms);
  } catch (const process::StartError& e) {
    not_started(e.what());
  }
  lines.finish();
  std::cerr << run.err;  // becomes the task's stderr
  if (!run.death.signaled && run.death.exit_status == 0) return std::move(run.out);
  Failure failure = process::to_failure(run.death);
  if (run.death.unknown) failure.cause = Cause::exit_status;  // it is no worker
  if (run.out_of_time) failure.cause = Cause::time_limit;
  failure.message = fmt::format("{} ended with {}", path, failure.message);
  throw worker::TaskFailed{std::move(failure)};
}

}  // namespace detail

std::string task_input() {
  std::string input;
  char buffer[65'536];
  while (true) {
    const ssize_t got = ::read(STDIN_FILENO, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw Error{fmt::format("task_input: stdin cannot be read: {}", std::strerror(errno))};
    if (got == 0) return input;
    input.append(buffer, static_cast<std::size_t>(got));
  }
}

void return_output(std::string_view output) {
  std::cout.flush();
  while (!output.empty()) {
    const ssize_t put = ::write(STDOUT_FILENO, output.data(), output.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) throw Error{fmt::format("return_output: stdout cannot be written: {}", std::strerror(errno))};
    output.remove_prefix(static_cast<std::size_t>(put));
  }
}

}  // namespace mw
