// Programs as tasks: the function behind submit_task(Program), and what a stand-alone program calls.
#include <unistd.h>
#include <mw/master.hpp>
#include <mw/program.hpp>

#include <cerrno>
#include <cstring>
#include <iostream>

#include <fmt/format.h>

#include "process/child.hpp"
#include "process/group_guard.hpp"
#include "process/run_program.hpp"
#include "worker/execute.hpp"
#include "worker/limits.hpp"
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

}  // namespace

std::string program_task(const std::string& path, const std::vector<std::string>& args, const std::string& input) {
  const worker::Deadlines deadlines = worker::current_deadlines();
  process::ProgramTerms terms{
      .terminate_at = deadlines.soft, .kill_at = deadlines.hard, .memory = deadlines.memory, .own_group = true};
  guard_group(terms);
  process::ProgramRun run;
  try {
    run = process::run_program(worker::program_path(path), args, std::as_bytes(std::span{input}), terms);
  } catch (const process::StartError& e) {
    Failure failure;
    failure.cause = Cause::not_started;
    failure.message = e.what();
    throw worker::TaskFailed{std::move(failure)};
  }
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
