#include "wire/frame.hpp"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "wire/little_endian.hpp"

namespace mw::wire {
void write_header(std::byte* to, FrameType type, std::uint64_t payload_length) {
  if (payload_length > length_mask)
    throw ProtocolError{fmt::format("a payload of {} bytes is longer than a frame can be", payload_length)};
  store(to, static_cast<std::uint64_t>(type) << 56 | payload_length);
}

void append_header(Bytes& out, FrameType type, std::uint64_t payload_length) {
  write_header(out.extend(header_size), type, payload_length);
}

std::span<std::byte> FrameReader::prepare() {
  if (begin_ == end_) {
    begin_ = end_ = 0;
    if (capacity_ > keep_up_to) capacity_ = 0, buffer_.reset();
  }
  if (capacity_ == 0) grow_to(usual_capacity);
  // Move what is left to the front only where there is little room behind it.
  if (begin_ > 0 && capacity_ - end_ < capacity_ / 2) {
    std::memmove(buffer_.get(), buffer_.get() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (end_ == capacity_) grow_to(2 * capacity_);
  return {buffer_.get() + end_, capacity_ - end_};
}

void FrameReader::grow_to(std::size_t capacity) {
  auto larger = std::make_unique_for_overwrite<std::byte[]>(capacity);
  if (end_ != begin_) std::memcpy(larger.get(), buffer_.get() + begin_, end_ - begin_);
  buffer_ = std::move(larger);
  capacity_ = capacity;
  end_ -= begin_;
  begin_ = 0;
}

std::optional<Frame> FrameReader::next() {
  if (end_ - begin_ < header_size) return std::nullopt;
  const auto header = load<std::uint64_t>(buffer_.get() + begin_);
  const auto type = static_cast<std::uint8_t>(header >> 56);
  const std::uint64_t length = header & length_mask;
  if (type < static_cast<std::uint8_t>(FrameType::hello) || type > static_cast<std::uint8_t>(last_frame_type))
    throw ProtocolError{fmt::format("no frame has type {}: these bytes are no CppMW stream", type)};
  if (length > limits_.max_frame)
    throw ProtocolError{fmt::format("a frame of {} bytes is over the limit of {}", length, limits_.max_frame)};
  if (end_ - begin_ - header_size < length) return std::nullopt;
  const std::span<const std::byte> payload{buffer_.get() + begin_ + header_size, static_cast<std::size_t>(length)};
  begin_ += header_size + static_cast<std::size_t>(length);
  return Frame{static_cast<FrameType>(type), payload};
}

}  // namespace mw::wire
