// Frames: how messages lie in a stream of bytes.
//
// What:    a frame is an 8-byte little-endian header (low 56 bits: payload length; top 8 bits: type), then the payload.
//          FrameReader cuts a stream into frames, however the stream was cut on its way.
// Owner:   a reader owns its buffer; the frames it gives are views into it.
// Threads: one at a time.
// Use:
//     while (true) {
//       auto room = reader.prepare();
//       reader.commit(recv(socket, room));
//       while (auto frame = reader.next()) handle(*frame);
//     }
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include <mw/bytes.hpp>
#include <mw/error.hpp>

namespace mw::wire {

/// Bytes that break the protocol.
class ProtocolError : public Error {
 public:
  using Error::Error;
};

enum class FrameType : std::uint8_t {
  hello = 1,
  welcome,
  refuse,
  task,
  result,
  failure,
  progress,
  cancel,
  heartbeat,
  bye,
  task_apart,
  result_apart,
  task_in_memory,
  result_in_memory,
  returned,
  gone,
  file_piece,
  relay,
  ranks,
  credit,
  rank_lost,
  bundle,
  stopped,
  forget,
  part,
  file_here,
  file_link,
  file_missing,
  note,
  node_hello,
  node_welcome,
  build_wanted,
  build_piece,
  split,
  slot_lent,
  node_shared,
  slots_wanted,
  checkpoint,
  measures
};
inline constexpr FrameType last_frame_type = FrameType::measures;

inline constexpr std::size_t header_size = 8;
/// A header is one number: the type in its highest byte, the payload's length in the others.
inline constexpr std::uint64_t length_mask = (std::uint64_t{1} << 56) - 1;

struct Limits {
  std::uint64_t max_frame = std::uint64_t{64} << 30;  ///< longest payload, bytes
};

/// So many bytes of arguments go into a task's frame, whatever else is in it.
inline constexpr std::uint64_t longest_arguments = Limits{}.max_frame - (std::uint64_t{80} << 20);
/// What a task has saved of its state, bytes.
inline constexpr std::uint64_t longest_checkpoint = std::uint64_t{64} << 20;

/// What a task has counted and timed, bytes: a thousand names, each with values of all sizes.
inline constexpr std::uint64_t longest_measures = std::uint64_t{8} << 20;

struct Frame {
  FrameType type;
  std::span<const std::byte> payload;
};

/// Writes a header; `payload_length` bytes must follow. Throws ProtocolError above 2^56 - 1.
void append_header(Bytes& out, FrameType type, std::uint64_t payload_length);
/// The same to where there is room for header_size bytes.
void write_header(std::byte* to, FrameType type, std::uint64_t payload_length);

class FrameReader {
 public:
  explicit FrameReader(Limits limits = {}) : limits_{limits} {}

  /// Where the next bytes of the stream go: at least 1 byte, valid until the next call. Room grows with what has come,
  /// never with what a header claims: to twice the bytes held, at least to 64 KiB. Views of earlier frames end here.
  std::span<std::byte> prepare();
  /// The first `size` bytes of the prepared room hold data now.
  void commit(std::size_t size) noexcept { end_ += size; }

  /// The next whole frame; nothing if more bytes are needed. Throws ProtocolError for an unknown type, or a length over
  /// the limit, as soon as the header is there.
  std::optional<Frame> next();

  /// Whether a frame has begun and not ended: a stream that ends here was torn.
  bool mid_frame() const noexcept { return begin_ != end_; }

 private:
  static constexpr std::size_t usual_capacity = 64 * 1024;
  static constexpr std::size_t keep_up_to = 4 * 1024 * 1024;  ///< a larger buffer is given back when it is empty

  void grow_to(std::size_t capacity);

  Limits limits_;
  std::unique_ptr<std::byte[]> buffer_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace mw::wire
