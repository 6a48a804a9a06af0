// The answer to a workunit, as it grows.
//
// What:    the endings of its tasks, one behind the other, in the slot's output file; a computation that was broken off
//          goes on behind what is whole there. Where answers of several hosts are compared byte by byte, what differs
//          from host to host is left out.
// Owner:   owns the open file.
// Threads: one.
// Use:
//     AnswerFile answer{slot.path_of("out"), bundle.head.is_compared};     // throws InterfaceError, as all that follows
//     answer.add(wire::parse_result(frame.payload));  …  answer.finish();
#pragma once

#include <chrono>
#include <span>
#include <string>

#include "link/worker_process.hpp"
#include "process/unique_fd.hpp"
#include "wire/bundle.hpp"

namespace mw::slot {

class AnswerFile {
 public:
  AnswerFile(const std::string& path, bool is_compared);

  const wire::AnswerSoFar& so_far() const noexcept { return so_far_; }

  void add(wire::Result result);
  void add(wire::FailureMessage message);
  /// Before the ending of its task.
  void add(const wire::Part& part);
  /// The same; left out where answers are compared: times differ, and counts may.
  void add(const wire::Measured& measured);
  /// A whole frame as it came, where nothing in it needs to be left out; else false, and nothing is done.
  bool add_as_it_is(const wire::Frame& frame);
  /// The task ran for so long, and failed.
  void add_failure(const wire::Task& task, std::chrono::nanoseconds ran, const Failure& failure);
  /// Its process ended under it. `is_out_of_time`: because of the task's own limit.
  void add_end(const wire::Task& task, std::chrono::nanoseconds ran, const link::WorkerEnd& end, bool is_out_of_time);
  /// That was all.
  void finish();

 private:
  /// As far as the answer may say it.
  std::uint64_t told(std::chrono::nanoseconds ran) const noexcept {
    return is_compared_ ? 0 : static_cast<std::uint64_t>(ran.count());
  }
  std::string text_of(const link::WorkerEnd& end) const;
  void append(std::span<const std::byte> bytes);

  const bool is_compared_;
  process::UniqueFd file_;
  wire::AnswerSoFar so_far_;
};

}  // namespace mw::slot
