// A stream from a master, most of which goes on to a worker as it is.
//
// What:    cuts a stream, in pieces of any size, into plain tasks (no terms, arguments in the stream), whose bytes are
//          passed on as they come, and all other frames, which come whole.
// Owner:   keeps what it has of a frame that is not complete.
// Threads: one at a time.
// Use:
//     relay.receive(bytes, target);                         // … target.plain_task(…); target.pass(…); target.whole(frame);
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "wire/frame.hpp"

namespace mw::wire {

class FrameRelay {
 public:
  class Target {
   public:
    virtual ~Target() = default;
    /// A plain task begins. True: its bytes are to be passed on; false: they are to be dropped.
    virtual bool plain_task(std::uint64_t id, std::uint32_t attempt) = 0;
    /// More bytes of plain tasks: of the last one, or of several.
    virtual void pass(std::span<const std::byte> bytes) = 0;
    /// Any other frame; valid during the call.
    virtual void whole(const Frame& frame) = 0;
  };

  /// Throws ProtocolError, and what the target throws.
  void receive(std::span<const std::byte> bytes, Target& target);

  /// Whether the last plain task that was passed on has not come whole.
  bool is_mid_task() const noexcept { return plain_rest_ > 0 && !dropping_; }
  /// What is still to come of the current plain task is for nobody.
  void drop_rest() noexcept { dropping_ = true; }

 private:
  /// The header, and what a task has before its terms.
  static constexpr std::size_t head_size = header_size + 8 + 8 + 4 + 4;

  struct Head {
    std::uint64_t total = 0;  ///< of the frame, bytes
    bool may_be_plain = false;
  };
  static Head read_header(std::span<const std::byte> bytes);
  static bool is_plain(std::span<const std::byte> head);
  std::span<const std::byte> take_plain_run(std::span<const std::byte> bytes, Target& target);
  std::span<const std::byte> take_head(std::span<const std::byte> bytes, Target& target);
  std::span<const std::byte> take_whole(std::span<const std::byte> bytes, Target& target);
  void begin_whole(std::span<const std::byte> bytes, std::uint64_t total);

  std::array<std::byte, head_size> head_;
  std::size_t head_filled_ = 0;
  std::uint64_t plain_rest_ = 0;  ///< bytes of the current plain task that are still to come
  bool dropping_ = false;         ///< … and are dropped
  std::uint64_t whole_rest_ = 0;  ///< bytes of the current other frame that are still to come
  FrameReader whole_;
};

}  // namespace mw::wire
