// Any bytes are a block, or a JournalError; what was read before the error is right, an entry is the same one wherever
// one begins to read, and what is read is written as it was read. An index can be made of whatever is read.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>
#include <variant>
#include <vector>

#include "journal/entries.hpp"
#include "journal/index.hpp"

using namespace mw::journal;

namespace {

bool same(const Value& a, const Value& b) {
  return a.size == b.size && a.first_piece == b.first_piece && a.checksum == b.checksum && a.here.size() == b.here.size() &&
         (a.here.empty() || std::memcmp(a.here.data(), b.here.data(), a.here.size()) == 0);
}
bool same(const Submitted& a, const Submitted& b) {
  return a.function == b.function && a.digest == b.digest && a.occurrence == b.occurrence && a.place == b.place;
}
bool same(const Finished& a, const Finished& b) {
  return a.run_ns == b.run_ns && same(a.value, b.value) && same(a.out, b.out) && same(a.err, b.err);
}
bool same(const Failed& a, const Failed& b) { return a.cause == b.cause && same(a.message, b.message); }

bool same(const Entry& a, const Entry& b) {
  return a.index() == b.index() &&
         std::visit([&](const auto& one) { return same(one, std::get<std::decay_t<decltype(one)>>(b)); }, a);
}
std::uint64_t id_of(const Entry& entry) {
  return std::visit([](const auto& one) { return one.id; }, entry);
}

struct Read {
  Entry entry;
  std::size_t offset;
};
std::vector<Read> read_all(std::span<const std::byte> block, std::uint64_t base) {
  std::vector<Read> entries;
  try {
    each(block, base, [&](const Entry& entry, std::size_t offset) { entries.push_back({entry, offset}); });
  } catch (const mw::JournalError&) {
  }
  return entries;
}

void write(BlockWriter& writer, const Entry& entry) {
  if (const auto* const submitted = std::get_if<Submitted>(&entry)) writer.submitted(*submitted);
  if (const auto* const finished = std::get_if<Finished>(&entry)) writer.finished(*finished);
  if (const auto* const failed = std::get_if<Failed>(&entry)) writer.failed(*failed);
}

void check(bool is_right) {
  if (!is_right) std::abort();
}

void use_index(std::span<const std::byte> block, std::uint64_t base, const std::vector<Read>& entries) {
  IndexBuilder builder;
  for (std::uint64_t number = 1; number <= 3; ++number) {
    try {
      builder.add({number, 1 + number / 3, base, entries.size(), block});
    } catch (const mw::JournalError&) {
    }
  }
  Index index = builder.finish();
  for (const Read& read : entries) {
    const auto* const submitted = std::get_if<Submitted>(&read.entry);
    if (!submitted) continue;
    if (submitted->place) static_cast<void>(index.inputs_at(submitted->function, *submitted->place));
    const auto taken = index.take(submitted->digest);
    if (taken.position) check(std::holds_alternative<Finished>(entry_at(block, taken.position->offset)));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::uint64_t base = data[0] < 250 ? data[0] : ~std::uint64_t{0} - data[0];
  const auto block = std::as_bytes(std::span{data + 1, size - 1});
  const auto entries = read_all(block, base);
  BlockWriter writer{base};
  for (const Read& read : entries) {
    check(same(entry_at(block, read.offset), read.entry));
    write(writer, read.entry);
  }
  const auto again = read_all(writer.bytes(), base);
  check(again.size() == entries.size() && writer.entries() == entries.size());
  for (std::size_t i = 0; i < again.size(); ++i)
    check(same(again[i].entry, entries[i].entry) && id_of(again[i].entry) == id_of(entries[i].entry));
  use_index(block, base, entries);
  try {
    static_cast<void>(entry_at(block, data[0]));
  } catch (const mw::JournalError&) {
  }
  return 0;
}
