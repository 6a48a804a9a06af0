// The errors of CppMW.
//
// What:    Error and its kinds: TaskError (a task has no result), InterfaceError (the environment is broken),
//          UsageError (what was asked for makes no sense), CodecError (bytes that do not say what they should),
//          TimeoutError (it is not done yet), Stopped (it will not be done, as the master was asked to stop),
//          JournalError (a journal that cannot be used).
// Owner:   every error owns copies of what it names, and outlives the master it came from.
// Threads: plain values; any thread.
// Use:
//     try {
//       Hits hits = master.get_result(task);
//     } catch (const mw::TaskError& e) {
//       if (e.cause() == mw::Cause::signal) std::cerr << e.function() << " died of signal " << e.failure().signal << '\n';
//       std::cerr << e.what() << '\n';                  // says all of it: task, function, worker, attempt, cause, stderr
//     }
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace mw {

/// The base of everything that CppMW throws. what() is fit for a terminal: control characters that came from outside
/// (from a worker, a volunteer, a server) are shown, not sent.
class Error : public std::runtime_error {
 public:
  /// With control characters in `text` made visible.
  explicit Error(const std::string& text);
  explicit Error(const char* text);
};

/// What was asked for makes no sense (an unknown interface, "-n 0"): the text says what would be right.
class UsageError : public Error {
 public:
  using Error::Error;
};

/// Bytes that do not decode to the type asked for: too short, too long, or a size larger than what is left.
class CodecError : public Error {
 public:
  using Error::Error;
};

/// The environment is broken (no such host, no port, a manager that died): the text names what was tried, on what, and
/// the system's own error.
class InterfaceError : public Error {
 public:
  using Error::Error;
};

/// What was waited for was not done in the time given. Nothing is lost: it can be waited for again.
class TimeoutError : public Error {
 public:
  using Error::Error;
};

/// A journal or a cache cannot be used: the text says which file, why, and what can be done.
class JournalError : public Error {
 public:
  using Error::Error;
};

/// What was waited for was not done when its master had stopped (Master::stop), and will not be; or what was submitted
/// then. what() says how many tasks are done. Nothing else is wrong: a program lets it end what it does.
class Stopped : public Error {
 public:
  explicit Stopped(const std::string& text, int signal = 0) : Error{text}, signal_{signal} {}
  /// The signal because of which it stopped (SIGINT is Ctrl-C): a program ends with status 128 + signal(). 0: stop()
  /// was called without one.
  int signal() const noexcept { return signal_; }

 private:
  int signal_;
};

/// Why a task has no result.
enum class Cause : std::uint8_t {
  exception,            ///< the function threw
  exit_status,          ///< the program, or the worker process, ended by itself: exit(), or a status other than 0
  signal,               ///< the program, or the worker process, was killed by a signal
  time_limit,           ///< it ran into its hard limit
  memory_limit,         ///< it ran into its memory limit
  not_started,          ///< the program could not be started (missing, not executable)
  worker_lost,          ///< the worker went away and nobody knows why
  no_worker,            ///< no worker can ever run this task
  interface_error,      ///< the interface failed while it handled the task
  data_file,            ///< one of its data files could not be placed in its folder
  bad_message,          ///< arguments, or a result, that do not decode
  unknown_function,     ///< the worker does not have the function
  cancelled,            ///< cancelled, or its master ended first
  not_submitted,        ///< asked for the result of a task that this master never submitted
  nothing_to_wait_for,  ///< asked for the next result when every result was handed out, or nothing was submitted
  output_file,          ///< a file that was to come back was not there, or could not be put in its place
  worker_start,         ///< the start function of its worker failed, and that of others (MasterOptions::worker_start)
};
/// The one with the highest number.
inline constexpr Cause last_cause = Cause::worker_start;

/// The cause in words: "exception", "exit status", "signal", …
std::string_view to_string(Cause cause) noexcept;

/// How one attempt failed, as the worker or the interface reports it.
struct Failure {
  Cause cause = Cause::interface_error;  ///< the kind of failure, which says what of the following is set
  std::string type;                      ///< the exception's type, demangled; empty unless cause is `exception`
  std::string message;                   ///< what() of the exception, or what happened in words
  std::int32_t exit_status = 0;          ///< of `exit_status`; -1: it ended, and nobody knows how
  std::int32_t signal = 0;               ///< of `signal`
  bool out_of_memory = false;            ///< the kernel killed it for want of memory, or it ran into its memory limit
};

/// Which task it was, and where: the fixed part of a TaskError.
struct TaskFacts {
  std::uint64_t task = 0;  ///< number within its master, from 1; 0 where there is no task
  std::string function;    ///< qualified name with parameters, or the program's path
  std::string worker;      ///< "multicore worker 3", its successor "multicore worker 3 (process 2)"; empty if it never reached one
  std::string host;        ///< the machine of the worker
  std::uint32_t attempt = 0;  ///< how often it was started
  std::uint32_t faults = 0;   ///< how often it failed by itself
  std::uint32_t losses = 0;   ///< how often its worker was lost
  std::string stderr_tail;    ///< the last part of what it wrote to stderr
};

/// A task that has no result. what() is the whole story: one line, and below it the end of stderr where there was any.
/// The facts are as they came: not made fit for a terminal.
class TaskError : public Error {
 public:
  /// Writes what() from the two.
  TaskError(TaskFacts facts, Failure failure);

  /// Which task, where; and why. Valid as long as the error.
  const TaskFacts& facts() const noexcept { return facts_; }
  const Failure& failure() const noexcept { return failure_; }

  // The same, one by one: see TaskFacts and Failure.
  std::uint64_t task() const noexcept { return facts_.task; }
  const std::string& function() const noexcept { return facts_.function; }
  const std::string& worker() const noexcept { return facts_.worker; }
  const std::string& host() const noexcept { return facts_.host; }
  std::uint32_t attempt() const noexcept { return facts_.attempt; }
  std::uint32_t faults() const noexcept { return facts_.faults; }
  std::uint32_t losses() const noexcept { return facts_.losses; }
  const std::string& stderr_tail() const noexcept { return facts_.stderr_tail; }
  Cause cause() const noexcept { return failure_.cause; }
  const std::string& exception_type() const noexcept { return failure_.type; }
  const std::string& message() const noexcept { return failure_.message; }

 private:
  TaskFacts facts_;
  Failure failure_;
};

}  // namespace mw
