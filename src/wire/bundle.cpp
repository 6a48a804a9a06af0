#include "wire/bundle.hpp"

#include <utility>

#include "wire/payload.hpp"

namespace mw::wire {
namespace {

/// Cuts bytes that lie in one place into frames, without a copy.
class FrameCutter {
 public:
  explicit FrameCutter(std::span<const std::byte> bytes) : bytes_{bytes} {}

  /// Nothing at the end, or where a frame is not whole.
  std::optional<Frame> next() {
    if (bytes_.size() - at_ < header_size) return std::nullopt;
    const auto header = load<std::uint64_t>(bytes_.data() + at_);
    const std::uint64_t length = header & length_mask;
    if (length > bytes_.size() - at_ - header_size) return std::nullopt;
    const Frame frame{static_cast<FrameType>(header >> 56), bytes_.subspan(at_ + header_size, static_cast<std::size_t>(length))};
    at_ += header_size + static_cast<std::size_t>(length);
    return frame;
  }
  std::size_t position() const noexcept { return at_; }
  bool at_end() const noexcept { return at_ == bytes_.size(); }

 private:
  std::span<const std::byte> bytes_;
  std::size_t at_ = 0;
};

bool is_before_ending(FrameType type) noexcept { return type == FrameType::part || type == FrameType::measures; }

/// What comes before a task's ending.
struct Before {
  std::uint64_t task = 0;
  std::vector<std::span<const std::byte>> parts;
  std::span<const std::byte> measures;

  bool empty() const noexcept { return parts.empty() && measures.empty(); }
  /// False if it is another task's than what came before it.
  bool take(const Frame& frame) {
    if (frame.type == FrameType::part) {
      const Part part = parse_part(frame.payload);
      if (!is_of(part.id)) return false;
      parts.push_back(part.value);
      return true;
    }
    const Measured measured = parse_measured(frame.payload);
    if (!is_of(measured.id)) return false;
    measures = measured.measures;
    return true;
  }

 private:
  bool is_of(std::uint64_t id) noexcept {
    if (!empty() && id != task) return false;
    task = id;
    return true;
  }
};

Ending ending_of(const Frame& frame) {
  Ending ending;
  if (frame.type == FrameType::result) {
    ending.result = parse_result(frame.payload);
    return ending;
  }
  if (frame.type != FrameType::failure && frame.type != FrameType::gone)
    throw ProtocolError{fmt::format("an answer to a bundle does not hold frames of type {}", static_cast<int>(frame.type))};
  FailureMessage message = parse_failure(frame.payload);
  ending.result = {message.id, message.attempt, message.run_ns, message.out, message.err, {}};
  ending.failure = std::move(message.failure);
  ending.is_gone = frame.type == FrameType::gone;
  return ending;
}

}  // namespace

void append(Bytes& out, const BundleHead& head) {
  Writer{out, FrameType::bundle, 2 + 8 + 4 + 1}
      .number(head.version)
      .number(head.identity)
      .number(head.tasks)
      .number(std::uint8_t{head.is_compared});
}

BundleHead parse_bundle_head(std::span<const std::byte> payload) {
  Parser parser{"bundle", payload};
  BundleHead head;
  head.version = parser.number<std::uint16_t>();
  if (head.version != protocol_version) return head;
  head.identity = parser.number<std::uint64_t>();
  head.tasks = parser.number<std::uint32_t>();
  const auto is_compared = parser.number<std::uint8_t>();
  parser.end();
  if (is_compared > 1) throw ProtocolError{fmt::format("a bundle whose answer is compared {} times", is_compared)};
  head.is_compared = is_compared == 1;
  if (head.tasks > most_tasks_in_bundle)
    throw ProtocolError{fmt::format("a bundle of {} tasks; the limit is {}", head.tasks, most_tasks_in_bundle)};
  return head;
}

Bundle parse_bundle(std::span<const std::byte> bytes) {
  FrameCutter frames{bytes};
  const auto first = frames.next();
  if (!first || first->type != FrameType::bundle) throw ProtocolError{"a bundle without its head"};
  Bundle bundle{parse_bundle_head(first->payload), {}};
  if (bundle.head.version != protocol_version) return bundle;
  for (std::uint32_t i = 0; i < bundle.head.tasks; ++i) {
    const auto frame = frames.next();
    if (!frame || frame->type != FrameType::task)
      throw ProtocolError{fmt::format("a bundle of {} tasks ends after {}", bundle.head.tasks, i)};
    bundle.tasks.push_back(parse_task(frame->payload));
    if (bundle.tasks.back().id != i + 1) throw ProtocolError{"a bundle whose tasks are not in order"};
  }
  if (!frames.at_end()) throw ProtocolError{"a bundle with more behind its tasks"};
  return bundle;
}

std::vector<Ending> parse_answer(std::span<const std::byte> bytes, std::size_t tasks) {
  std::vector<Ending> endings(tasks);
  FrameCutter frames{bytes};
  std::size_t count = 0;
  Before before;
  while (auto frame = frames.next()) {
    if (is_before_ending(frame->type)) {
      if (!before.take(*frame)) break;
      continue;
    }
    if (frame->type == FrameType::bye) {
      if (!frames.at_end() || count != tasks || !before.empty()) break;
      return endings;
    }
    Ending ending = ending_of(*frame);
    const std::uint64_t id = ending.result.id;
    if (id == 0 || id > tasks) throw ProtocolError{fmt::format("an answer to {} tasks has one to task {}", tasks, id)};
    if (endings[id - 1].result.id != 0) throw ProtocolError{fmt::format("an answer has task {} twice", id)};
    if (!before.empty() && before.task != id)
      throw ProtocolError{fmt::format("an answer has parts or measures of task {} before task {}", before.task, id)};
    ending.parts = std::exchange(before.parts, {});
    ending.measures = std::exchange(before.measures, {});
    endings[id - 1] = std::move(ending);
    ++count;
  }
  throw ProtocolError{fmt::format("an answer to {} tasks is torn, or not all of them are in it", tasks)};
}

AnswerSoFar answer_so_far(std::span<const std::byte> bytes) {
  AnswerSoFar so_far;
  FrameCutter frames{bytes};
  try {
    while (auto frame = frames.next()) {
      if (is_before_ending(frame->type)) continue;  // without its task's ending it is none
      if (frame->type == FrameType::bye)
        so_far.is_complete = true;
      else
        so_far.tasks.push_back(ending_of(*frame).result.id);
      so_far.bytes = frames.position();
    }
  } catch (const ProtocolError&) {
    // What is before it counts.
  }
  return so_far;
}

}  // namespace mw::wire
