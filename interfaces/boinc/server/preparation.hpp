// A task made ready to travel.
//
// What:    what takes long of it: its data files are copied and summed up, and arguments that are large are written to
//          a file of their own, which is the input of a workunit with this task alone. It knows neither the database
//          nor the project, so that it may run beside the server's loop.
// Owner:   what was written is the caller's, under names that begin with the stem.
// Threads: any.
// Use:
//     const Prepared ready = prepare(task, folder + "/incoming_7");        // a failure of the task's is in it
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <mw/interface.hpp>

#include "boinc/jobs/data_files.hpp"
#include "boinc/server/settings.hpp"
#include "wire/messages.hpp"

namespace mw::boinc {

/// Arguments with more bytes are not copied, summed up or written to the database on the server's loop.
inline constexpr std::size_t large_arguments = std::size_t{1} << 20;

/// A copy of a data file, under a name of its own.
struct PreparedFile {
  std::string path;
  CopiedFile copy;
};
/// The copy of a shared value, which several tasks take.
struct SharedCopy {
  PreparedFile file;        ///< written where it is copied, before it is read there
  std::string error;        ///< the same: why there is none
  std::string number;       ///< the loop's: in the project; empty before it is stored
  bool has_failed = false;  ///< the loop's
};
/// The bundle that a task with large arguments is.
struct PreparedInput {
  std::string path;
  std::int64_t nbytes = 0;
  std::string md5;
  /// By which the task is known again: no other has it. It is no task frame.
  std::string digest;
};
struct Prepared {
  std::vector<PreparedFile> files = {};  ///< in the task's own order; so are its shared values
  std::vector<std::shared_ptr<const SharedCopy>> shared = {};
  std::optional<PreparedInput> input = {};
  std::optional<Failure> failure = {};  ///< then there is nothing else

  /// All that was written for this task alone.
  std::vector<std::string> paths() const;
};

/// Bytes that the output files of a workunit's tasks may have together: the answer has room for their results, too.
std::uint64_t outputs_limit(const Settings& settings) noexcept;
/// A task alone may bring no more than a workunit.
void limit_outputs(wire::Task& message, std::uint64_t most_outputs) noexcept;

/// Whether it is worth a thread.
bool takes_long_to_prepare(const TaskRef& task) noexcept;
Prepared prepare(const TaskRef& task, const std::string& stem, std::uint64_t most_outputs,
                 std::vector<std::shared_ptr<const SharedCopy>> shared = {});

}  // namespace mw::boinc
