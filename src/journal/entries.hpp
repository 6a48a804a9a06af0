// What stands in a journal: entries ⇄ bytes.
//
// What:    a block is a run of entries, one behind the other: a task was submitted, finished, or failed. BlockWriter
//          makes blocks, each() reads one. A no-op task takes about 25 bytes.
//
//          entry   = kind id …                  ; `kind` a byte, of which the upper four bits are flags
//          id      = zigzag                     ; less the id of the entry before; the first less the block's base
//          kind 1  = function digest [occurrence] [map first count]    ; submitted; flags: 0x10 occurrence, 0x20 map
//          kind 2  = run_ns value [out err]     ; finished; flag 0x10: it has printed something
//          kind 3  = cause value                ; ended without a result; the value is a message
//          value   = size bytes | size first checksum                  ; the second above `largest_here`: in pieces
//
//          All numbers are in LEB128, but the digest (16 bytes) and checksums (8 bytes), little-endian.
//
// Owner:   a writer owns its bytes; what each() gives refers to the block.
// Threads: plain values.
// Use:
//     writer.submitted({.id = 7, .function = 1, .digest = digest});
//     each(block, base, [&](const Entry& entry, std::size_t offset) { … });       // throws JournalError
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <variant>
#include <vector>

#include <mw/error.hpp>

#include "journal/digest.hpp"

namespace mw::journal {

/// Values of more bytes are kept in pieces of their own.
inline constexpr std::size_t largest_here = 16 * 1024;

/// Which inputs of which map() a task has: maps are counted for each function, from 0.
struct MapPlace {
  std::uint64_t map = 0;
  std::uint64_t first = 0;
  std::uint64_t count = 0;
  bool operator==(const MapPlace&) const = default;
};

struct Submitted {
  std::uint64_t id = 0;
  std::uint64_t function = 0;  ///< its number in the journal
  Digest digest = {};
  std::optional<std::uint64_t> occurrence = {};  ///< of the digest in its run; where it is left out, it is counted
  std::optional<MapPlace> place = {};
};

/// Bytes in the entry, or where they are.
struct Value {
  std::span<const std::byte> here = {};
  std::uint64_t size = 0;
  std::uint64_t first_piece = 0;  ///< 0: the bytes are here
  std::uint64_t checksum = 0;     ///< of those in pieces
};

struct Finished {
  std::uint64_t id = 0;
  std::uint64_t run_ns = 0;
  Value value = {};
  Value out = {};  ///< what it printed to stdout
  Value err = {};  ///< … and to stderr
};

struct Failed {
  std::uint64_t id = 0;
  std::uint64_t cause = 0;
  Value message = {};
};

using Entry = std::variant<Submitted, Finished, Failed>;

/// What is in pieces has got its place before; see Value.
class BlockWriter {
 public:
  /// Ids are written as their distance from the one before; from this one the first time.
  explicit BlockWriter(std::uint64_t base = 0) : base_{base}, last_{base} {}
  void submitted(const Submitted& entry);
  void finished(const Finished& entry);
  void failed(const Failed& entry);
  void reserve(std::size_t bytes) { bytes_.reserve(bytes); }

  std::uint64_t base() const noexcept { return base_; }
  std::span<const std::byte> bytes() const noexcept { return bytes_; }
  std::size_t entries() const noexcept { return entries_; }
  bool empty() const noexcept { return bytes_.empty(); }

 private:
  void begin(unsigned kind, std::uint64_t id);
  void byte(unsigned value) { bytes_.push_back(static_cast<std::byte>(value)); }
  void number(std::uint64_t value);
  void eight(std::uint64_t value);
  void value(const Value& value);

  std::uint64_t base_;
  std::uint64_t last_;
  std::size_t entries_ = 0;
  std::vector<std::byte> bytes_;
};

/// Calls with each entry, and where in the block it begins. Throws JournalError for bytes that are no block; what came
/// before has been told by then.
void each(std::span<const std::byte> block, std::uint64_t base, const std::function<void(const Entry&, std::size_t offset)>& call);

/// The one that begins there, without its id, which only each() knows. Throws JournalError.
Entry entry_at(std::span<const std::byte> block, std::size_t offset);

}  // namespace mw::journal
