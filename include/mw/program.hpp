// Programs as tasks.
//
// What:    Program names an executable that a worker runs for a task: the input comes on its stdin, its stdout is the
//          result, its stderr is kept with the task. The second half is for the other side: a stand-alone program,
//          written in C++, that reads its input and returns its output.
// Owner:   plain values.
// Threads: Program is a value; task_input and return_output are for one thread.
// Use (master):
//     auto task = master.submit_task(mw::Program{"./fold", {"--steps", "1000"}}, protein);
//     std::string folded = master.get_result(task);       // a status other than 0, or a signal, is a TaskError
//     auto run = master.submit_task({.files = {"run.in"}, .outputs = {{"run.out", "run-17.out"}}},
//                                   mw::Program{.path = "/opt/md/md", .environment = {{"OMP_NUM_THREADS", "1"}},
//                                               .stdin_file = "run.in", .stdout_file = "run.out"});
// Use (the program itself):
//     int main() { mw::return_output(fold(mw::task_input())); }
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <mw/codec.hpp>

namespace mw {

/// An executable, its arguments, and what it finds around it. No shell is involved: arguments are passed as they are.
/// submit_task throws UsageError if a text has a zero byte in it, a variable's name is empty or has a '=' in it,
/// `stdin_file` or `stdout_file` is no path in the task's folder, or there are both a `stdin_file` and an input. The
/// program leads a process group of its own: a soft limit's SIGTERM reaches all that it has started, and what it leaves
/// behind when it ends is ended, too.
struct Program {
  /// With a '/' in it, taken as it is, relative to the folder that the task runs in; else looked up in the worker's
  /// PATH.
  std::string path;
  /// What main() gets behind its own name.
  std::vector<std::string> args = {};
  /// Variables that are set for it, besides those of its worker and in place of those of the same name.
  std::map<std::string, std::string> environment = {};
  /// Where it works: relative to the folder that the task runs in, or an absolute path on the worker's machine; empty:
  /// that folder itself. If there is no such folder, the program does not start (Cause::not_started).
  std::string working_directory = {};
  /// The next two are paths in the folder that the task runs in, whatever `working_directory` is: relative, without
  /// "..".
  std::string stdin_file = {};   ///< a regular file that is its stdin, in place of submit_task's input
  std::string stdout_file = {};  ///< a new file for its stdout; then the result is empty (see TaskOptions::outputs)
};

namespace detail {
/// The function behind submit_task(Program): runs in the worker, and returns the program's stdout. Throws what ends the
/// task.
std::string program_task(const Program& program, const std::string& input);
}  // namespace detail

/// In a stand-alone program: reads stdin to its end and returns it. Throws Error if it cannot be read.
std::string task_input();
/// The same, decoded: the master submitted mw::encode(value) as input. Throws CodecError also.
template <class T>
T task_input() {
  const std::string input = task_input();
  return decode<T>(std::as_bytes(std::span{input}));
}

/// In a stand-alone program: writes to stdout, which is the task's result, in the order of the calls; returns when it
/// is written. Throws Error if stdout cannot be written.
void return_output(std::string_view output);
/// The same, encoded: the master decodes the result with mw::decode<T>().
template <class T>
  requires(!std::is_convertible_v<const T&, std::string_view>)
void return_output(const T& value) {
  const Bytes bytes = encode(value);
  return_output(std::string_view{reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

}  // namespace mw
