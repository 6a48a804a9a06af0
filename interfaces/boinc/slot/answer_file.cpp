#include "boinc/slot/answer_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "process/file.hpp"

namespace mw::slot {

AnswerFile::AnswerFile(const std::string& path, bool is_compared)
    : is_compared_{is_compared}, file_{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644)} {
  if (file_.get() < 0) throw InterfaceError{fmt::format("{} cannot be written: {}", path, std::strerror(errno))};
  // A link that the client has put there, and nothing behind it yet, is no answer.
  const Bytes before = process::read_file(path);
  so_far_ = wire::answer_so_far(before.span());
  if (::ftruncate(file_.get(), static_cast<off_t>(so_far_.bytes)) != 0 || ::lseek(file_.get(), 0, SEEK_END) < 0)
    throw InterfaceError{fmt::format("{} cannot be cut to what is whole in it: {}", path, std::strerror(errno))};
}

void AnswerFile::append(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(file_.get(), bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) throw InterfaceError{fmt::format("the output cannot be written: {}", std::strerror(errno))};
    bytes = bytes.subspan(static_cast<std::size_t>(put));
  }
}

void AnswerFile::add(wire::Result result) {
  if (is_compared_) result.run_ns = 0;
  Bytes header;
  wire::append_result_header(header, result);
  append(header.span());
  append(result.value);
}

void AnswerFile::add(wire::FailureMessage message) {
  if (is_compared_) message.run_ns = 0;
  Bytes bytes;
  wire::append(bytes, message);
  append(bytes.span());
}

void AnswerFile::add(const wire::Part& part) {
  Bytes header;
  wire::append_part_header(header, part);
  append(header.span());
  append(part.value);
}

void AnswerFile::add(const wire::Measured& measured) {
  if (is_compared_) return;
  Bytes bytes;
  wire::append(bytes, measured);
  append(bytes.span());
}

bool AnswerFile::add_as_it_is(const wire::Frame& frame) {
  if (is_compared_) return false;
  append({frame.payload.data() - wire::header_size, frame.payload.size() + wire::header_size});
  return true;
}

void AnswerFile::add_failure(const wire::Task& task, std::chrono::nanoseconds ran, const Failure& failure) {
  add(wire::FailureMessage{task.id, task.attempt, told(ran), {}, {}, failure});
}

/// Without what differs from host to host.
std::string AnswerFile::text_of(const link::WorkerEnd& end) const {
  if (!is_compared_) return end.text();
  return end.kill_reason.empty() ? fmt::format("its process ended with {}", process::describe(end.death))
                                 : fmt::format("its process was ended: {}", end.kill_reason);
}

void AnswerFile::add_end(const wire::Task& task, std::chrono::nanoseconds ran, const link::WorkerEnd& end, bool is_out_of_time) {
  wire::FailureMessage message{task.id,
                               task.attempt,
                               told(ran),
                               std::as_bytes(std::span{end.out}),
                               std::as_bytes(std::span{end.err}),
                               process::to_failure(end.death)};
  Bytes bytes;
  if (is_out_of_time) {
    message.failure.cause = Cause::time_limit;
    message.failure.message =
        fmt::format("it ran longer than its limit of {} s", static_cast<double>(task.terms.hard_limit_ns) * 1e-9);
    wire::append(bytes, message);
  } else {
    if (!end.kill_reason.empty()) message.failure.cause = Cause::worker_lost;
    message.failure.message = text_of(end);
    wire::append_gone(bytes, message);
  }
  append(bytes.span());
}

void AnswerFile::finish() {
  Bytes end;
  wire::append(end, wire::Bye{});
  append(end.span());
  ::fsync(file_.get());
}

}  // namespace mw::slot
