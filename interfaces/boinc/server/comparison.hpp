// What hosts sent back for one workunit, read and compared.
//
// What:    compare() sees whether each output is what was uploaded and holds an answer to every task, finds those that
//          agree, and takes the tasks' outcomes from the one that counts. Large outputs are looked at one or two at a
//          time. It knows neither the database nor the hosts, so that it may run beside the server's loop.
// Owner:   a Question owns small outputs; large ones are files, which may go meanwhile: then they cannot be read.
// Threads: any. A validator of the user's is called here.
// Use:
//     const Verdict verdict = compare(question, {});
//     if (verdict.canonical) …question.outputs[*verdict.canonical]…
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <variant>
#include <vector>

#include <mw/boinc.hpp>
#include <mw/interface.hpp>

#include "process/mapped_file.hpp"
#include "wire/bundle.hpp"

namespace mw::boinc {

/// What an instance has uploaded, as the server keeps it.
struct StoredOutput {
  std::int64_t instance = 0;
  std::int64_t nbytes = 0;
  std::string md5;                                      ///< that it came with
  std::variant<std::monostate, Bytes, std::string> at;  ///< nowhere; here; in the file of this path
  bool is_summed_up = false;                            ///< a file that was seen to have this MD5, and that nobody can write since
  bool was_decoded = false;                             ///< its values were seen to be the function's results
  std::uint64_t longest_run_ns = 0;                     ///< no task ran longer than its host had it
};

/// An output, whole and parsed. Refers to the StoredOutput that it was read from.
struct Answer {
  std::optional<process::MappedFile> file;
  std::vector<wire::Ending> endings;
};
/// Throws wire::ProtocolError if it is no answer, InterfaceError if it cannot be read, or is not what was uploaded.
Answer read_answer(const StoredOutput& output, std::size_t tasks);

struct Question {
  std::uint64_t function = 0;
  std::size_t tasks = 0;
  std::int64_t quorum = 1;
  std::optional<std::size_t> canonical;  ///< what the others are compared with, where that is decided
  std::vector<StoredOutput> outputs;
  Validator validator;  ///< empty: byte by byte

  /// Whether it takes so long that the loop should do something else meanwhile.
  bool is_large() const noexcept;
  /// Whether the answer to the other one is an answer to this one.
  bool is_same(const Question& other) const;
};

struct TaskOutcome {
  Outcome outcome;
  bool is_gone = false;  ///< nobody computed it
};

struct Verdict {
  std::vector<std::string> errors;       ///< for each output, why it cannot be read; empty if it can
  std::optional<std::size_t> canonical;  ///< as in the question, or the first that enough agree with
  std::vector<bool> valid;               ///< for each output, if there is a canonical one: whether it agrees with that
  std::vector<TaskOutcome> outcomes;     ///< for each task, if the canonical one was found here
};
/// What the tasks' outcomes are according to an output.
std::vector<TaskOutcome> outcomes_of(const Answer& answer);
/// Ends early, with any verdict, when it is stopped.
Verdict compare(const Question& question, const std::stop_token& stop);

}  // namespace mw::boinc
