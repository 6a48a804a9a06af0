#include "wire/messages.hpp"

#include <bit>
#include <cstring>
#include <string_view>

#include <fmt/format.h>

#include "wire/little_endian.hpp"
#include "wire/payload.hpp"
#include "wire/terms.hpp"

namespace mw::wire {
namespace {

constexpr std::uint32_t magic = 0x574d5043;  // "CPMW"
constexpr std::size_t task_fixed = 8 + 8 + 4 + 4;
constexpr std::size_t result_fixed = 8 + 4 + 8 + 8 + 8;

/// A text of at most `limit` bytes; a longer one is cut and says so.
std::string cut(const std::string& text, std::size_t limit) {
  constexpr std::string_view note = " […]";
  return text.size() <= limit ? text : text.substr(0, limit - note.size()).append(note);
}

}  // namespace

void append(Bytes& out, const Hello& hello) {
  const std::string platform = cut(hello.platform, longest_name);
  const std::string host = cut(hello.host, longest_name);
  Writer{out, FrameType::hello, 4 + 2 + 8 + 8 + 4 + 4 + 4 + size_of(platform) + size_of(host)}
      .number(magic)
      .number(hello.version)
      .number(hello.identity)
      .number(hello.build)
      .number(hello.slots)
      .number(hello.ahead)
      .number(hello.pid)
      .text(platform)
      .text(host);
}

Hello parse_hello(std::span<const std::byte> payload) {
  Parser parser{"hello", payload};
  if (parser.number<std::uint32_t>() != magic) throw ProtocolError{"a hello without the magic number: this is no CppMW worker"};
  Hello hello;
  hello.version = parser.number<std::uint16_t>();
  if (hello.version != protocol_version) return hello;  // what follows is that version's business
  hello.identity = parser.number<std::uint64_t>();
  hello.build = parser.number<std::uint64_t>();
  hello.slots = parser.number<std::uint32_t>();
  hello.ahead = parser.number<std::uint32_t>();
  hello.pid = parser.number<std::uint32_t>();
  hello.platform = parser.text(longest_name);
  hello.host = parser.text(longest_name);
  parser.end();
  if (hello.slots == 0) throw ProtocolError{"a hello from a worker that takes no task"};
  return hello;
}

void append(Bytes& out, const Welcome& welcome) {
  Writer{out, FrameType::welcome, 2 + 8}.number(welcome.version).number(welcome.worker);
}

Welcome parse_welcome(std::span<const std::byte> payload) {
  Parser parser{"welcome", payload};
  Welcome welcome;
  welcome.version = parser.number<std::uint16_t>();
  welcome.worker = parser.number<std::uint64_t>();
  parser.end();
  return welcome;
}

void append(Bytes& out, const Refuse& refuse) {
  const std::string reason = cut(refuse.reason, longest_text);
  Writer{out, FrameType::refuse, size_of(reason)}.text(reason);
}

Refuse parse_refuse(std::span<const std::byte> payload) {
  Parser parser{"refuse", payload};
  Refuse refuse{parser.text(longest_text)};
  parser.end();
  return refuse;
}

namespace {

void write_task(Writer& writer, const Task& task, std::size_t terms_size) {
  writer.number(task.id).number(task.function).number(task.attempt).number(static_cast<std::uint32_t>(terms_size));
  if (terms_size == 0) return;
  write_terms(writer, task.terms);
}

constexpr std::size_t memory_place_size = 4 + 4 + 8 + 8;

void write_place(Writer& writer, const MemoryPlace& place) {
  writer.number(place.pid).number(place.descriptor).number(place.inode).number(place.size);
}

}  // namespace

void append_task_header(Bytes& out, const Task& task, std::uint64_t arguments_size) {
  const std::size_t terms_size = terms_size_of(task.terms);
  Writer writer{out, FrameType::task, task_fixed + terms_size, arguments_size};
  write_task(writer, task, terms_size);
}

void append_task_apart(Bytes& out, const Task& task, std::uint64_t size) {
  const std::size_t terms_size = terms_size_of(task.terms);
  Writer writer{out, FrameType::task_apart, task_fixed + terms_size + sizeof size};
  write_task(writer, task, terms_size);
  writer.number(size);
}

std::uint64_t parse_size_apart(std::span<const std::byte> in_place) {
  Parser parser{"size of a payload apart", in_place};
  const auto size = parser.number<std::uint64_t>();
  parser.end();
  if (size > Limits{}.max_frame)
    throw ProtocolError{fmt::format("a payload of {} bytes is over the limit of {}", size, Limits{}.max_frame)};
  return size;
}

void append_task_in_memory(Bytes& out, const Task& task, const MemoryPlace& place) {
  const std::size_t terms_size = terms_size_of(task.terms);
  Writer writer{out, FrameType::task_in_memory, task_fixed + terms_size + memory_place_size};
  write_task(writer, task, terms_size);
  write_place(writer, place);
}

MemoryPlace parse_memory_place(std::span<const std::byte> in_place) {
  Parser parser{"place of a payload in memory", in_place};
  MemoryPlace place;
  place.pid = parser.number<std::uint32_t>();
  place.descriptor = parser.number<std::uint32_t>();
  place.inode = parser.number<std::uint64_t>();
  place.size = parser.number<std::uint64_t>();
  parser.end();
  if (place.size > Limits{}.max_frame)
    throw ProtocolError{fmt::format("a payload of {} bytes is over the limit of {}", place.size, Limits{}.max_frame)};
  return place;
}

void append(Bytes& out, const Task& task) {
  const std::size_t terms_size = terms_size_of(task.terms);
  Writer writer{out, FrameType::task, task_fixed + terms_size + task.arguments.size()};
  write_task(writer, task, terms_size);
  writer.bytes(task.arguments);
}

Task parse_task(std::span<const std::byte> payload) {
  Parser parser{"task", payload};
  Task task;
  task.id = parser.number<std::uint64_t>();
  task.function = parser.number<std::uint64_t>();
  task.attempt = parser.number<std::uint32_t>();
  if (const auto terms_size = parser.number<std::uint32_t>(); terms_size != 0) task.terms = parse_terms(parser.take(terms_size));
  task.arguments = parser.rest();
  return task;
}

namespace {

/// What results and failures begin with.
template <class Message>
Writer& write_ended(Writer& writer, const Message& message) {
  return writer.number(message.id)
      .number(message.attempt)
      .number(message.run_ns)
      .number(std::uint64_t{message.out.size()})
      .number(std::uint64_t{message.err.size()})
      .bytes(message.out)
      .bytes(message.err);
}

template <class Message>
void parse_ended(Parser& parser, Message& message) {
  message.id = parser.number<std::uint64_t>();
  message.attempt = parser.number<std::uint32_t>();
  message.run_ns = parser.number<std::uint64_t>();
  const auto out_size = parser.number<std::uint64_t>();
  const auto err_size = parser.number<std::uint64_t>();
  message.out = parser.take(out_size);
  message.err = parser.take(err_size);
}

}  // namespace

TaskOf parse_task_of(std::span<const std::byte> payload) {
  Parser parser{"result", payload};
  TaskOf task;
  task.id = parser.number<std::uint64_t>();
  task.attempt = parser.number<std::uint32_t>();
  return task;
}

void append_result_header(Bytes& out, const Result& result) {
  Writer writer{out, FrameType::result, result_fixed + result.out.size() + result.err.size(), result.value.size()};
  write_ended(writer, result);
}

void append_result_apart(Bytes& out, const Result& result, std::uint64_t size) {
  Writer writer{out, FrameType::result_apart, result_fixed + result.out.size() + result.err.size() + sizeof size};
  write_ended(writer, result).number(size);
}

void append_result_in_memory(Bytes& out, const Result& result, const MemoryPlace& place) {
  Writer writer{out, FrameType::result_in_memory, result_fixed + result.out.size() + result.err.size() + memory_place_size};
  write_ended(writer, result);
  write_place(writer, place);
}

void append(Bytes& out, const Result& result) {
  Writer writer{out, FrameType::result, result_fixed + result.out.size() + result.err.size() + result.value.size()};
  write_ended(writer, result).bytes(result.value);
}

Result parse_result(std::span<const std::byte> payload) {
  Parser parser{"result", payload};
  Result result;
  parse_ended(parser, result);
  result.value = parser.rest();
  return result;
}

namespace {

void append_as(Bytes& out, FrameType frame, const FailureMessage& message) {
  const Failure& failure = message.failure;
  const std::string type = cut(failure.type, longest_name);
  const std::string text = cut(failure.message, longest_text);
  Writer writer{out, frame, result_fixed + message.out.size() + message.err.size() + 1 + 1 + 4 + 4 + size_of(type) + size_of(text)};
  write_ended(writer, message)
      .number(static_cast<std::uint8_t>(failure.cause))
      .number(static_cast<std::uint8_t>(failure.out_of_memory))
      .number(static_cast<std::uint32_t>(failure.exit_status))
      .number(static_cast<std::uint32_t>(failure.signal))
      .text(type)
      .text(text);
}

}  // namespace

void append(Bytes& out, const FailureMessage& message) { append_as(out, FrameType::failure, message); }
void append_gone(Bytes& out, const FailureMessage& message) { append_as(out, FrameType::gone, message); }

FailureMessage parse_failure(std::span<const std::byte> payload) {
  Parser parser{"failure", payload};
  FailureMessage message;
  parse_ended(parser, message);
  const auto cause = parser.number<std::uint8_t>();
  if (cause > static_cast<std::uint8_t>(last_cause)) throw ProtocolError{fmt::format("a failure of unknown cause {}", cause)};
  message.failure.cause = static_cast<Cause>(cause);
  const auto out_of_memory = parser.number<std::uint8_t>();
  if (out_of_memory > 1) throw ProtocolError{fmt::format("a failure with a flag of {}", out_of_memory)};
  message.failure.out_of_memory = out_of_memory == 1;
  message.failure.exit_status = static_cast<std::int32_t>(parser.number<std::uint32_t>());
  message.failure.signal = static_cast<std::int32_t>(parser.number<std::uint32_t>());
  message.failure.type = parser.text(longest_name);
  message.failure.message = parser.text(longest_text);
  parser.end();
  return message;
}

void append(Bytes& out, const Progress& progress) {
  Writer{out, FrameType::progress, 8 + 4 + 8}
      .number(progress.id)
      .number(progress.attempt)
      .number(std::bit_cast<std::uint64_t>(progress.fraction));
}

void append_part_header(Bytes& out, const Part& part) {
  Writer{out, FrameType::part, 8 + 4, part.value.size()}.number(part.id).number(part.attempt);
}

void append(Bytes& out, const Part& part) {
  Writer{out, FrameType::part, 8 + 4 + part.value.size()}.number(part.id).number(part.attempt).bytes(part.value);
}

Part parse_part(std::span<const std::byte> payload) {
  Parser parser{"part", payload};
  Part part;
  part.id = parser.number<std::uint64_t>();
  part.attempt = parser.number<std::uint32_t>();
  part.value = parser.rest();
  return part;
}

void append_checkpoint_header(Bytes& out, const Checkpoint& checkpoint) {
  Writer{out, FrameType::checkpoint, 8 + 4, checkpoint.state.size()}.number(checkpoint.id).number(checkpoint.attempt);
}

void append(Bytes& out, const Checkpoint& checkpoint) {
  append_checkpoint_header(out, checkpoint);
  out.append(checkpoint.state.data(), checkpoint.state.size());
}

Checkpoint parse_checkpoint(std::span<const std::byte> payload) {
  Parser parser{"checkpoint", payload};
  Checkpoint checkpoint;
  checkpoint.id = parser.number<std::uint64_t>();
  checkpoint.attempt = parser.number<std::uint32_t>();
  checkpoint.state = parser.rest();
  check_checkpoint_size(checkpoint.state.size());
  if (checkpoint.state.empty()) throw ProtocolError{"a checkpoint without a state"};
  return checkpoint;
}

void append(Bytes& out, const Measured& measured) {
  Writer{out, FrameType::measures, 8 + 4 + measured.measures.size()}
      .number(measured.id)
      .number(measured.attempt)
      .bytes(measured.measures);
}

Measured parse_measured(std::span<const std::byte> payload) {
  Parser parser{"measures", payload};
  Measured measured;
  measured.id = parser.number<std::uint64_t>();
  measured.attempt = parser.number<std::uint32_t>();
  measured.measures = parser.rest();
  const std::size_t size = measured.measures.size();
  if (size == 0 || size > longest_measures)
    throw ProtocolError{fmt::format("measures of {} bytes; 1 to {} are possible", size, longest_measures)};
  return measured;
}

Progress parse_progress(std::span<const std::byte> payload) {
  Parser parser{"progress", payload};
  Progress progress;
  progress.id = parser.number<std::uint64_t>();
  progress.attempt = parser.number<std::uint32_t>();
  progress.fraction = std::bit_cast<double>(parser.number<std::uint64_t>());
  parser.end();
  if (!(progress.fraction >= 0 && progress.fraction <= 1)) throw ProtocolError{"a progress outside 0 to 1"};
  return progress;
}

void append(Bytes& out, const Cancel& cancel) {
  Writer{out, FrameType::cancel, 8 + 4 + 1}.number(cancel.id).number(cancel.attempt).number(static_cast<std::uint8_t>(cancel.end));
}

Cancel parse_cancel(std::span<const std::byte> payload) {
  Parser parser{"cancel", payload};
  Cancel cancel;
  cancel.id = parser.number<std::uint64_t>();
  cancel.attempt = parser.number<std::uint32_t>();
  const auto end = parser.number<std::uint8_t>();
  parser.end();
  if (end > 1) throw ProtocolError{fmt::format("a cancel of unknown kind {}", end)};
  cancel.end = end == 1;
  return cancel;
}

void append(Bytes& out, const Heartbeat&) { append_header(out, FrameType::heartbeat, 0); }
void append(Bytes& out, const Bye&) { append_header(out, FrameType::bye, 0); }

void append(Bytes& out, const Returned& returned) {
  Writer{out, FrameType::returned, 8 + 4}.number(returned.id).number(returned.attempt);
}

Returned parse_returned(std::span<const std::byte> payload) {
  Parser parser{"returned task", payload};
  Returned returned;
  returned.id = parser.number<std::uint64_t>();
  returned.attempt = parser.number<std::uint32_t>();
  parser.end();
  return returned;
}

void append(Bytes& out, const Split& split) {
  Writer{out, FrameType::split, 8 + 4 + 4}.number(split.id).number(split.attempt).number(split.kept);
}

Split parse_split(std::span<const std::byte> payload) {
  Parser parser{"split task", payload};
  Split split;
  split.id = parser.number<std::uint64_t>();
  split.attempt = parser.number<std::uint32_t>();
  split.kept = parser.number<std::uint32_t>();
  parser.end();
  return split;
}

void append(Bytes& out, const Stopped& stopped) {
  Writer{out, FrameType::stopped, 1}.number(static_cast<std::uint8_t>(stopped.is_stopped));
}

Stopped parse_stopped(std::span<const std::byte> payload) {
  Parser parser{"word of a stopped worker", payload};
  const auto is_stopped = parser.number<std::uint8_t>();
  parser.end();
  if (is_stopped > 1) throw ProtocolError{fmt::format("a worker that is stopped in way {}", is_stopped)};
  return {is_stopped == 1};
}

void append(Bytes& out, const Forget& forget) { Writer{out, FrameType::forget, 8 + 8}.number(forget.number).number(forget.file); }

Forget parse_forget(std::span<const std::byte> payload) {
  Parser parser{"word of a shared value", payload};
  Forget forget;
  forget.number = parser.number<std::uint64_t>();
  forget.file = parser.number<std::uint64_t>();
  parser.end();
  return forget;
}

void append(Bytes& out, const Note& note) {
  const std::string text = cut(note.text, longest_text);
  Writer{out, FrameType::note, size_of(text)}.text(text);
}

Note parse_note(std::span<const std::byte> payload) {
  Parser parser{"note", payload};
  Note note{parser.text(longest_text)};
  parser.end();
  return note;
}

Heartbeat parse_heartbeat(std::span<const std::byte> payload) {
  Parser{"heartbeat", payload}.end();
  return {};
}

Bye parse_bye(std::span<const std::byte> payload) {
  Parser{"bye", payload}.end();
  return {};
}

std::optional<std::string> refusal(const Hello& hello, std::uint64_t own_identity, std::uint64_t own_build) {
  if (hello.version != protocol_version)
    return fmt::format("the worker speaks version {} of the protocol and the master version {}: build the {} with the newer CppMW",
                       hello.version, protocol_version, hello.version < protocol_version ? "worker" : "master");
  if (hello.identity != own_identity)
    return fmt::format(
        "the worker is another program, or made of other sources: its functions have identity {:#018x}, the master's {:#018x}",
        hello.identity, own_identity);
  if (hello.build != own_build)
    return fmt::format(
        "the worker is another build of this program ({:#018x}) than the master ({:#018x}): was it built anew since the master "
        "started, or is an older copy on {}? Put the same file everywhere, and start again",
        hello.build, own_build, hello.host.empty() ? "that host" : hello.host);
  return std::nullopt;
}

}  // namespace mw::wire
