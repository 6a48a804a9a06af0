// Entries ⇄ bytes.
#include <catch2/catch.hpp>

#include <string>
#include <vector>

#include "journal/entries.hpp"

using namespace mw::journal;

namespace {

Value text(std::string_view bytes) { return {.here = std::as_bytes(std::span{bytes.data(), bytes.size()}), .size = bytes.size()}; }

std::string text_of(const Value& value) { return {reinterpret_cast<const char*>(value.here.data()), value.here.size()}; }

std::vector<Entry> all_of(std::span<const std::byte> block, std::uint64_t base) {
  std::vector<Entry> entries;
  each(block, base, [&](const Entry& entry, std::size_t) { entries.push_back(entry); });
  return entries;
}

BlockWriter one_of_each() {
  BlockWriter writer{40};
  writer.submitted({.id = 41, .function = 3, .digest = {~0ull, 7}});
  writer.submitted({.id = 39, .function = 300, .digest = {1, 2}, .occurrence = 1ull << 40, .place = MapPlace{2, ~0ull, 5}});
  writer.finished({.id = ~0ull, .run_ns = 123'456, .value = text("value")});
  writer.finished({.id = 41, .value = text(""), .out = text("out"), .err = text("")});
  writer.finished({.id = 42, .value = {.size = largest_here + 1, .first_piece = 9, .checksum = 0xfedcba9876543210}});
  writer.failed({.id = 43, .cause = 4, .message = text("why")});
  return writer;
}

}  // namespace

TEST_CASE("entries of a journal come back as they were written", "[journal]") {
  const BlockWriter writer = one_of_each();
  const auto entries = all_of(writer.bytes(), writer.base());
  REQUIRE(entries.size() == 6);
  CHECK(writer.entries() == 6);
  const auto& first = std::get<Submitted>(entries[0]);
  CHECK((first.id == 41 && first.function == 3 && first.digest == Digest{~0ull, 7} && !first.occurrence && !first.place));
  const auto& second = std::get<Submitted>(entries[1]);
  CHECK((second.id == 39 && second.function == 300 && second.occurrence == 1ull << 40));
  CHECK(second.place == MapPlace{2, ~0ull, 5});
  const auto& third = std::get<Finished>(entries[2]);
  CHECK((third.id == ~0ull && third.run_ns == 123'456 && text_of(third.value) == "value"));
  const auto& fourth = std::get<Finished>(entries[3]);
  CHECK((fourth.id == 41 && fourth.value.size == 0 && text_of(fourth.out) == "out" && fourth.err.size == 0));
  const auto& fifth = std::get<Finished>(entries[4]);
  CHECK((fifth.value.first_piece == 9 && fifth.value.size == largest_here + 1 && fifth.value.checksum == 0xfedcba9876543210));
  const auto& sixth = std::get<Failed>(entries[5]);
  CHECK((sixth.id == 43 && sixth.cause == 4 && text_of(sixth.message) == "why"));
}

TEST_CASE("an entry can be read from the place where it begins", "[journal]") {
  const BlockWriter writer = one_of_each();
  std::vector<std::size_t> offsets;
  each(writer.bytes(), writer.base(), [&](const Entry&, std::size_t offset) { offsets.push_back(offset); });
  const Entry entry = entry_at(writer.bytes(), offsets[2]);
  CHECK(text_of(std::get<Finished>(entry).value) == "value");
}

TEST_CASE("a block that is cut off anywhere is an error, and what comes before the cut is told", "[journal]") {
  const BlockWriter writer = one_of_each();
  std::vector<std::size_t> ends;
  each(writer.bytes(), writer.base(), [&](const Entry&, std::size_t offset) { ends.push_back(offset); });
  for (std::size_t size = 1; size < writer.bytes().size(); ++size) {
    std::size_t told = 0;
    const bool is_whole = std::find(ends.begin(), ends.end(), size) != ends.end();
    const auto read = [&] { each(writer.bytes().first(size), writer.base(), [&](const Entry&, std::size_t) { ++told; }); };
    if (is_whole)
      CHECK_NOTHROW(read());
    else
      CHECK_THROWS_AS(read(), mw::JournalError);
    CHECK(told == static_cast<std::size_t>(std::upper_bound(ends.begin() + 1, ends.end(), size) - ends.begin() - 1));
  }
}

TEST_CASE("a task that does nothing takes less than 30 bytes in a journal", "[journal]") {
  BlockWriter writer{1'000'000};
  for (std::uint64_t id = 1'000'001; id <= 1'000'100; ++id) {
    writer.submitted({.id = id, .function = 1, .digest = {id * 0x9E3779B97F4A7C15, ~id}});
    if (id > 1'000'020) writer.finished({.id = id - 20, .run_ns = 1'700});
  }
  CHECK(writer.bytes().size() < 100 * 30);
}
