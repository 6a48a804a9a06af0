// The messages about files that go to other hosts.
#include <cstdint>

#include "wire/messages.hpp"
#include "wire/payload.hpp"

namespace mw::wire {

void append(Bytes& out, const FilePiece& piece) {
  Writer{out, FrameType::file_piece, 8 + 1 + 1 + 1 + piece.bytes.size()}
      .number(piece.file)
      .number(static_cast<std::uint8_t>(piece.is_executable))
      .number(static_cast<std::uint8_t>(piece.is_last))
      .number(static_cast<std::uint8_t>(piece.is_asked_for))
      .bytes(piece.bytes);
}

FilePiece parse_file_piece(std::span<const std::byte> payload) {
  Parser parser{"piece of a file", payload};
  FilePiece piece;
  piece.file = parser.number<std::uint64_t>();
  const auto is_executable = parser.number<std::uint8_t>();
  const auto is_last = parser.number<std::uint8_t>();
  const auto is_asked_for = parser.number<std::uint8_t>();
  if (is_executable > 1 || is_last > 1 || is_asked_for > 1) throw ProtocolError{"a piece of a file with flags that mean nothing"};
  piece.is_executable = is_executable == 1;
  piece.is_last = is_last == 1;
  piece.is_asked_for = is_asked_for == 1;
  piece.bytes = parser.rest();
  return piece;
}

void append(Bytes& out, const FileHere& here) {
  Writer{out, FrameType::file_here, 8 + size_of(here.path)}.number(here.file).text(here.path);
}

FileHere parse_file_here(std::span<const std::byte> payload) {
  Parser parser{"word of a file", payload};
  FileHere here;
  here.file = parser.number<std::uint64_t>();
  here.path = parser.text(longest_text);
  parser.end();
  return here;
}

void append(Bytes& out, const FileLink& link) {
  Writer{out, FrameType::file_link, 8 + size_of(link.path)}.number(link.file).text(link.path);
}

FileLink parse_file_link(std::span<const std::byte> payload) {
  Parser parser{"place of a file", payload};
  FileLink link;
  link.file = parser.number<std::uint64_t>();
  link.path = parser.text(longest_text);
  parser.end();
  return link;
}

void append(Bytes& out, const FileMissing& missing) { Writer{out, FrameType::file_missing, 8}.number(missing.file); }

FileMissing parse_file_missing(std::span<const std::byte> payload) {
  Parser parser{"word of a missing file", payload};
  FileMissing missing;
  missing.file = parser.number<std::uint64_t>();
  parser.end();
  return missing;
}

}  // namespace mw::wire
