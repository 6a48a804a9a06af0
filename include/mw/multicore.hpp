// The multicore interface: worker processes on this machine.
//
// What:    N persistent processes of this very program. One that dies is replaced and its task runs again.
// Owner:   the master that it is given to.
// Threads: the master's loop.
// Use:
//     mw::Master master{mw::MulticoreInterface{8}};        // or mw::interface("multicore:8")
//     mw::Master master{mw::MulticoreInterface{}};         // as many as this process may use cores
//     mw::Master master{mw::interface("multicore:2?threads=4")};    // two workers, whose tasks use four threads each
//     mw::Master master{mw::interface("multicore:8?gpus=2")};       // two of them have a GPU: see docs/where-tasks-go.md
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include <mw/interface.hpp>

namespace mw {

/// What a MulticoreInterface may be told. Durations of more than 10^6 hours count as that.
struct MulticoreOptions {
  /// How many worker processes, 1 to 65,536; 0: as many as this process may use cores (affinity and cgroup quota).
  unsigned workers = 0;
  /// When the master ends: how long a worker has to end by itself after its input is closed, before SIGTERM …
  std::chrono::milliseconds after_close{500};
  /// … and how long after SIGTERM, before SIGKILL.
  std::chrono::milliseconds after_terminate{500};
  /// How long a started process may take until it says that it is a worker; then it is ended and another is started.
  std::chrono::milliseconds handshake_limit{30'000};
  /// How long a worker may fall silent in the middle of a message before it is ended; and how long it may be stopped
  /// (SIGSTOP, a debugger) in the middle of a task before a warning and get_status() name it: it is not ended for that.
  std::chrono::milliseconds silence_limit{30'000};
  /// How many threads a task should use, up to 65,536: what OMP_NUM_THREADS says in the workers, which OpenMP, OpenBLAS
  /// and MKL go by. 0: what it says in the master's environment; if nothing, cores ÷ workers, at least 1.
  unsigned threads = 0;
  Shares shares = {};  ///< what each worker has, for tasks with needs
  /// A program whose functions are called by name (mw::Remote), which the workers are instead of this one: a Python
  /// file (".py", ".pyz"), run by the python3 that is found in PATH, or an executable file. Empty: this program.
  std::string worker = {};
};

/// The workers are started by start(), not here: it throws InterfaceError if main() did not call mw::init, or if not
/// even one worker can be started. See interfaces/multicore/README.md for what can fail.
class MulticoreInterface : public InterfaceHandle {
 public:
  /// How many there may be.
  static constexpr unsigned max_workers = 65'536;

  /// With this many workers, 1 to max_workers; 0: as many as this process may use cores. Throws UsageError for more.
  explicit MulticoreInterface(unsigned workers = 0);
  /// The same with all options.
  explicit MulticoreInterface(MulticoreOptions options);
  /// From what follows "multicore" in an interface's name: "", ":8", ":2?threads=4", ":2?worker=score.py". Throws
  /// UsageError, which says what would be right.
  static MulticoreInterface from_text(std::string_view text);

  /// How many workers there are to be: what was asked for, or, after start(), as many as the limits on files and
  /// processes allow.
  unsigned workers() const noexcept { return expected_slots(); }
};

}  // namespace mw
