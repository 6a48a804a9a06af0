// Messages: what masters and workers say to each other. README.md in this folder is the grammar.
//
// What:    a struct for each message, append() that writes it as a whole frame, parse_…() that reads its payload.
// Owner:   parsed messages hold views into the payload where they say span; strings are copies.
// Threads: any.
// Use:
//     append(out, Task{id, function, attempt, arguments});
//     Result result = parse_result(frame.payload);         // throws ProtocolError
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <mw/bytes.hpp>
#include <mw/error.hpp>
#include <mw/shared_input.hpp>
#include <mw/task_options.hpp>

#include "wire/frame.hpp"

namespace mw::wire {

inline constexpr std::uint16_t protocol_version = 14;

inline constexpr std::size_t longest_name = 4 * 1024;     ///< platform, host, bytes
inline constexpr std::size_t longest_text = 1024 * 1024;  ///< reasons and messages, bytes

/// How long lies between two checkpoints of a task, unless its options say otherwise.
inline constexpr std::uint64_t usual_checkpoint_interval_ns = 1'000'000'000;

/// A worker's first words.
struct Hello {
  std::uint16_t version = protocol_version;
  std::uint64_t identity = 0;  ///< of the program: what functions it has, and of which sources it was made
  std::uint64_t build = 0;     ///< of the file that runs: process::own_build()
  std::uint32_t slots = 1;     ///< how many tasks it runs at a time
  std::uint32_t ahead = 0;     ///< how many more it holds and gives back
  std::uint32_t pid = 0;
  std::string platform = {};  ///< "Linux-x86_64"
  std::string host = {};
};

/// The master's answer: you are worker number `worker`.
struct Welcome {
  std::uint16_t version = protocol_version;
  std::uint64_t worker = 0;
};

/// … or: I cannot take you, and why.
struct Refuse {
  std::string reason;
};

/// What a task wants beyond its arguments: see mw/task_options.hpp.
struct Terms {
  std::uint64_t soft_limit_ns = 0;  ///< 0: none
  std::uint64_t hard_limit_ns = 0;
  std::uint64_t memory_limit = 0;
  std::vector<DataFile> files = {};
  bool own_folder = false;
  std::vector<std::string> outputs = {};  ///< paths and patterns in the task's folder; see output_list.hpp
  std::uint64_t outputs_limit = 0;        ///< bytes
  /// Where the worker is to put them, on its machine; empty: they come with the result.
  std::string outputs_folder = {};
  std::vector<SharedInput> shared = {};  ///< what the arguments refer to, by its place here; then a start call
  /// So many of `shared`, its last, are a call that a worker makes before its first task and what that refers to.
  std::uint32_t start_values = 0;
  bool is_start = false;     ///< there is nothing to do but that call
  bool emit_stdout = false;  ///< parts come of what it prints
  std::uint64_t checkpoint_interval_ns = usual_checkpoint_interval_ns;
  std::span<const std::byte> checkpoint = {};  ///< what an attempt before this one saved last; empty: nothing

  /// It works in a folder of its own.
  bool has_folder() const noexcept { return own_folder || !files.empty() || !outputs.empty(); }
  /// Nothing has to be done for it before it runs and after.
  bool is_plain() const noexcept {
    return soft_limit_ns == 0 && hard_limit_ns == 0 && memory_limit == 0 && !has_folder() && !emit_stdout;
  }
  bool empty() const noexcept {
    return is_plain() && shared.empty() && checkpoint.empty() && checkpoint_interval_ns == usual_checkpoint_interval_ns;
  }
};
/// All but the folder for outputs.
Terms terms_of(const TaskOptions& options);

struct Task {
  std::uint64_t id = 0;
  std::uint64_t function = 0;
  std::uint32_t attempt = 0;
  Terms terms = {};
  std::span<const std::byte> arguments = {};
};

struct Result {
  std::uint64_t id = 0;
  std::uint32_t attempt = 0;
  std::uint64_t run_ns = 0;
  std::span<const std::byte> out;  ///< what it printed to stdout
  std::span<const std::byte> err;
  std::span<const std::byte> value;
};

struct FailureMessage {
  std::uint64_t id = 0;
  std::uint32_t attempt = 0;
  std::uint64_t run_ns = 0;
  std::span<const std::byte> out;
  std::span<const std::byte> err;
  Failure failure;
};

struct Progress {
  std::uint64_t id = 0;
  std::uint32_t attempt = 0;
  double fraction = 0;  ///< 0 to 1
};

/// A value that the task has emitted.
struct Part {
  std::uint64_t id = 0;
  std::uint32_t attempt = 0;
  std::span<const std::byte> value;
};

/// The state of the task, for its next attempt; the newest one counts.
struct Checkpoint {
  std::uint64_t id = 0;
  std::uint32_t attempt = 0;
  std::span<const std::byte> state;  ///< at least 1 byte, at most longest_checkpoint
};

/// What the attempt has counted and timed; right before its result or failure. What the bytes mean is src/measure's.
struct Measured {
  std::uint64_t id = 0;
  std::uint32_t attempt = 0;
  std::span<const std::byte> measures;  ///< at least 1 byte, at most longest_measures
};

/// To an agent: give the task back if its worker has not begun it (Returned answers); with `end`, else end that worker.
struct Cancel {
  std::uint64_t id = 0;
  std::uint32_t attempt = 0;
  bool end = false;
};

/// From an agent: the worker has not begun this task and will not.
struct Returned {
  std::uint64_t id = 0;
  std::uint32_t attempt = 0;
};

/// To an agent: the task is a chunk of map(), and its worker is to keep what it has begun of that, and no more. From an
/// agent: that is done, and the worker keeps the first `kept` inputs. Without an answer it keeps all.
struct Split {
  std::uint64_t id = 0;
  std::uint32_t attempt = 0;
  std::uint32_t kept = 0;
};

/// From an agent: its worker is stopped by a signal in the middle of a task, and has been for a while; or goes on.
struct Stopped {
  bool is_stopped = false;
};

/// To an agent: a part of a data file, which tasks name as "#<number>". The parts of a file come in order.
struct FilePiece {
  std::uint64_t file = 0;  ///< its number on this connection, from 1
  bool is_executable = false;
  bool is_last = false;
  bool is_asked_for = false;  ///< other workers of its host want it, too: say FileHere when it is whole
  std::span<const std::byte> bytes;
};

/// From an agent: a file that came in pieces is whole, and where it is on its host.
struct FileHere {
  std::uint64_t file = 0;
  std::string path;
};

/// To an agent: the file of this number is there already, for another agent of its host.
struct FileLink {
  std::uint64_t file = 0;
  std::string path;
};

/// From an agent: it cannot have that file from there, and gives back tasks that need it.
struct FileMissing {
  std::uint64_t file = 0;
};

/// What whoever writes the program should know of its tasks.
struct Note {
  std::string text;
};

/// Where arguments or a value lie: a memory file that a process on the same machine has open.
struct MemoryPlace {
  std::uint32_t pid = 0;
  std::uint32_t descriptor = 0;
  std::uint64_t inode = 0;  ///< the file's, as a descriptor may be another file's by now
  std::uint64_t size = 0;   ///< of the data, bytes
};

/// No task takes this shared value any more.
struct Forget {
  std::uint64_t number = 0;
  std::uint64_t file = 0;  ///< to an agent: as which file it was sent; 0: it was not
};

struct Heartbeat {};
struct Bye {};

void append(Bytes& out, const Hello& hello);
void append(Bytes& out, const Welcome& welcome);
void append(Bytes& out, const Refuse& refuse);
void append(Bytes& out, const Task& task);
void append(Bytes& out, const Result& result);
void append(Bytes& out, const FailureMessage& message);
void append(Bytes& out, const Progress& progress);
void append(Bytes& out, const Part& part);
/// All but the value, which is to follow.
void append_part_header(Bytes& out, const Part& part);
void append(Bytes& out, const Checkpoint& checkpoint);
/// All but the state, which is to follow.
void append_checkpoint_header(Bytes& out, const Checkpoint& checkpoint);
void append(Bytes& out, const Measured& measured);
void append(Bytes& out, const Cancel& cancel);
void append(Bytes& out, const Returned& returned);
void append(Bytes& out, const Split& split);
void append(Bytes& out, const Stopped& stopped);
void append(Bytes& out, const FilePiece& piece);
void append(Bytes& out, const FileHere& here);
void append(Bytes& out, const FileLink& link);
void append(Bytes& out, const FileMissing& missing);
void append(Bytes& out, const Note& note);
void append(Bytes& out, const Forget& forget);
/// The worker process behind an agent has ended: `id` is the task that it was in, 0 if none, and `failure` how it
/// ended.
void append_gone(Bytes& out, const FailureMessage& message);
void append(Bytes& out, const Heartbeat& heartbeat);
void append(Bytes& out, const Bye& bye);

/// A task whose arguments are in a memory file, whose descriptor travels beside the frame: `arguments` is their size,
/// `size` bytes.
void append_task_apart(Bytes& out, const Task& task, std::uint64_t size);
/// The same for a result's value.
void append_result_apart(Bytes& out, const Result& result, std::uint64_t size);
/// A task whose arguments are in a memory file that another process can open by itself.
void append_task_in_memory(Bytes& out, const Task& task, const MemoryPlace& place);
void append_result_in_memory(Bytes& out, const Result& result, const MemoryPlace& place);
MemoryPlace parse_memory_place(std::span<const std::byte> in_place);
/// What they have in place of arguments or a value.
std::uint64_t parse_size_apart(std::span<const std::byte> in_place);

/// All of a Task but its arguments, `arguments_size` bytes of which must follow.
void append_task_header(Bytes& out, const Task& task, std::uint64_t arguments_size);
/// All of a Result but its value, whose bytes must follow.
void append_result_header(Bytes& out, const Result& result);

/// Which task, and which attempt at it, a result or failure is of; what follows is not looked at.
struct TaskOf {
  std::uint64_t id = 0;
  std::uint32_t attempt = 0;
};
TaskOf parse_task_of(std::span<const std::byte> payload);

Hello parse_hello(std::span<const std::byte> payload);  ///< of another version: the version only
Welcome parse_welcome(std::span<const std::byte> payload);
Refuse parse_refuse(std::span<const std::byte> payload);
Task parse_task(std::span<const std::byte> payload);
Result parse_result(std::span<const std::byte> payload);
FailureMessage parse_failure(std::span<const std::byte> payload);
Progress parse_progress(std::span<const std::byte> payload);
Part parse_part(std::span<const std::byte> payload);
Checkpoint parse_checkpoint(std::span<const std::byte> payload);
Measured parse_measured(std::span<const std::byte> payload);
Cancel parse_cancel(std::span<const std::byte> payload);
Returned parse_returned(std::span<const std::byte> payload);
Split parse_split(std::span<const std::byte> payload);
Stopped parse_stopped(std::span<const std::byte> payload);
FilePiece parse_file_piece(std::span<const std::byte> payload);
FileHere parse_file_here(std::span<const std::byte> payload);
FileLink parse_file_link(std::span<const std::byte> payload);
FileMissing parse_file_missing(std::span<const std::byte> payload);
Note parse_note(std::span<const std::byte> payload);
Forget parse_forget(std::span<const std::byte> payload);
Heartbeat parse_heartbeat(std::span<const std::byte> payload);
Bye parse_bye(std::span<const std::byte> payload);

/// Why a master with this identity, of this build, cannot take that worker; nothing if it can.
std::optional<std::string> refusal(const Hello& hello, std::uint64_t own_identity, std::uint64_t own_build);

}  // namespace mw::wire
