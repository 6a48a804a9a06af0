#include "journal/entries.hpp"

#include <cstring>

#include <fmt/format.h>

namespace mw::journal {
namespace {

enum Kind : unsigned { submitted_kind = 1, finished_kind = 2, failed_kind = 3 };
constexpr unsigned kind_mask = 0x0f;
constexpr unsigned has_occurrence = 0x10;
constexpr unsigned has_place = 0x20;
constexpr unsigned has_printed = 0x10;

std::uint64_t zigzag(std::uint64_t to, std::uint64_t from) noexcept {
  const auto distance = static_cast<std::int64_t>(to - from);
  return (static_cast<std::uint64_t>(distance) << 1) ^ static_cast<std::uint64_t>(distance >> 63);
}

std::uint64_t unzigzag(std::uint64_t value, std::uint64_t from) noexcept { return from + ((value >> 1) ^ (0 - (value & 1))); }

class Reader {
 public:
  explicit Reader(std::span<const std::byte> block, std::size_t at = 0) : block_{block}, at_{at} {}

  bool at_end() const noexcept { return at_ >= block_.size(); }
  std::size_t offset() const noexcept { return at_; }

  unsigned byte() {
    if (at_end()) fail("it ends in the middle of an entry");
    return std::to_integer<unsigned>(block_[at_++]);
  }
  std::uint64_t number() {
    constexpr unsigned bits = 64, per_byte = 7;
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < bits; shift += per_byte) {
      const unsigned next = byte();
      value |= std::uint64_t{next & 0x7f} << shift;
      if ((next & 0x80) != 0) continue;
      if (shift == bits - 1 && next > 1) break;
      return value;
    }
    fail("a number has more than 64 bits");
  }
  std::uint64_t eight() {
    std::uint64_t value = 0;
    for (unsigned i = 0; i < sizeof value; ++i) value |= std::uint64_t{byte()} << (8 * i);
    return value;
  }
  Value value() {
    Value value;
    value.size = number();
    if (value.size > largest_here) {
      value.first_piece = number();
      value.checksum = eight();
      if (value.first_piece == 0) fail("a value is said to be in pieces, and has none");
      return value;
    }
    if (value.size > block_.size() - at_) fail("a value is longer than the block");
    value.here = block_.subspan(at_, static_cast<std::size_t>(value.size));
    at_ += static_cast<std::size_t>(value.size);
    return value;
  }
  /// `last` is the id of the entry before, and becomes this one's.
  Entry entry(std::uint64_t& last) {
    const unsigned kind = byte();
    last = unzigzag(number(), last);
    switch (kind & kind_mask) {
      case submitted_kind: return submitted(kind, last);
      case finished_kind: return finished(kind, last);
      case failed_kind: {
        Failed failed{.id = last, .cause = number()};
        failed.message = value();
        return failed;
      }
      default: fail(fmt::format("there is no entry of kind {}", kind & kind_mask));
    }
  }

 private:
  Submitted submitted(unsigned kind, std::uint64_t id) {
    Submitted entry{.id = id, .function = number()};
    entry.digest.high = eight();
    entry.digest.low = eight();
    if ((kind & has_occurrence) != 0) entry.occurrence = number();
    if ((kind & has_place) != 0) {
      entry.place.emplace();
      entry.place->map = number();
      entry.place->first = number();
      entry.place->count = number();
    }
    return entry;
  }
  Finished finished(unsigned kind, std::uint64_t id) {
    Finished entry{.id = id, .run_ns = number()};
    entry.value = value();
    if ((kind & has_printed) != 0) {
      entry.out = value();
      entry.err = value();
    }
    return entry;
  }
  [[noreturn]] void fail(const std::string& what) const {
    throw JournalError{fmt::format("a block is damaged at byte {}: {}", at_, what)};
  }

  std::span<const std::byte> block_;
  std::size_t at_;
};

}  // namespace

void BlockWriter::number(std::uint64_t value) {
  for (; value > 0x7f; value >>= 7) byte(static_cast<unsigned>(value & 0x7f) | 0x80);
  byte(static_cast<unsigned>(value));
}

void BlockWriter::eight(std::uint64_t value) {
  for (unsigned i = 0; i < sizeof value; ++i, value >>= 8) byte(static_cast<unsigned>(value & 0xff));
}

void BlockWriter::value(const Value& value) {
  number(value.size);
  if (value.size > largest_here) {
    number(value.first_piece);
    eight(value.checksum);
    return;
  }
  bytes_.insert(bytes_.end(), value.here.begin(), value.here.end());
}

void BlockWriter::begin(unsigned kind, std::uint64_t id) {
  byte(kind);
  number(zigzag(id, last_));
  last_ = id;
  ++entries_;
}

void BlockWriter::submitted(const Submitted& entry) {
  begin(submitted_kind | (entry.occurrence ? has_occurrence : 0) | (entry.place ? has_place : 0), entry.id);
  number(entry.function);
  eight(entry.digest.high);
  eight(entry.digest.low);
  if (entry.occurrence) number(*entry.occurrence);
  if (!entry.place) return;
  number(entry.place->map);
  number(entry.place->first);
  number(entry.place->count);
}

void BlockWriter::finished(const Finished& entry) {
  const bool printed = entry.out.size != 0 || entry.err.size != 0;
  begin(finished_kind | (printed ? has_printed : 0), entry.id);
  number(entry.run_ns);
  value(entry.value);
  if (!printed) return;
  value(entry.out);
  value(entry.err);
}

void BlockWriter::failed(const Failed& entry) {
  begin(failed_kind, entry.id);
  number(entry.cause);
  value(entry.message);
}

void each(std::span<const std::byte> block, std::uint64_t base, const std::function<void(const Entry&, std::size_t)>& call) {
  Reader reader{block};
  std::uint64_t last = base;
  while (!reader.at_end()) {
    const std::size_t offset = reader.offset();
    call(reader.entry(last), offset);
  }
}

Entry entry_at(std::span<const std::byte> block, std::size_t offset) {
  std::uint64_t unknown = 0;
  return Reader{block, offset}.entry(unknown);
}

}  // namespace mw::journal
