// Payloads, written and read front to back.
//
// What:    Writer puts numbers, texts and bytes into room taken at once; Parser takes them out again and checks every
//          step.
// Owner:   a Parser refers to the payload, and what it takes are views into it.
// Threads: one at a time.
// Use:
//     Writer{out, FrameType::welcome, 2 + 8}.number(version).number(worker);
//     Parser parser{"welcome", payload};  version = parser.number<std::uint16_t>();  …  parser.end();
#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "wire/frame.hpp"
#include "wire/little_endian.hpp"

namespace mw::wire {

/// Writes to where there is room.
class Writer {
 public:
  explicit Writer(std::byte* at) : at_{at} {}
  /// A frame with a payload of `size` bytes here, and `more` that follow elsewhere.
  Writer(Bytes& out, FrameType type, std::size_t size, std::uint64_t more = 0) : at_{out.extend(header_size + size)} {
    write_header(at_, type, size + more);
    at_ += header_size;
  }
  template <class T>
  Writer& number(T value) {
    at_ = store(at_, value);
    return *this;
  }
  Writer& bytes(std::span<const std::byte> bytes) {
    if (!bytes.empty()) std::memcpy(at_, bytes.data(), bytes.size());
    at_ += bytes.size();
    return *this;
  }
  Writer& text(std::string_view text) {
    number(static_cast<std::uint32_t>(text.size()));
    return bytes(std::as_bytes(std::span{text}));
  }

 private:
  std::byte* at_;
};

/// What a text takes.
constexpr std::size_t size_of(std::string_view text) { return 4 + text.size(); }

/// Reads a payload front to back; every step is checked.
class Parser {
 public:
  Parser(std::string_view what, std::span<const std::byte> payload) : what_{what}, rest_{payload} {}

  template <class T>
  T number() {
    const auto from = take(sizeof(T));
    return load<T>(from.data());
  }
  std::span<const std::byte> take(std::uint64_t size) {
    if (size > rest_.size()) refuse_torn(size - rest_.size());
    const auto taken = rest_.first(static_cast<std::size_t>(size));
    rest_ = rest_.subspan(taken.size());
    return taken;
  }
  std::string text(std::size_t limit) {
    const auto size = number<std::uint32_t>();
    if (size > limit) refuse_text(size, limit);
    const auto bytes = take(size);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  std::span<const std::byte> rest() { return take(rest_.size()); }
  void end() const {
    if (!rest_.empty()) refuse_rest();
  }

 private:
  // Apart, so that what goes well is compiled into whoever reads.
  [[noreturn]] void refuse_torn(std::uint64_t missing) const;
  [[noreturn]] void refuse_text(std::uint64_t size, std::size_t limit) const;
  [[noreturn]] void refuse_rest() const;

  std::string_view what_;
  std::span<const std::byte> rest_;
};

}  // namespace mw::wire
