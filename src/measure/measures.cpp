#include "measure/measures.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include <mw/codec.hpp>

namespace mw::measure {
namespace {

/// A measure as it travels.
struct Row {
  std::uint8_t kind = 0;
  std::string name;
  double sum = 0;
  std::uint64_t min = 0;
  std::uint64_t max = 0;
  std::vector<std::pair<std::uint16_t, std::uint64_t>> filled;
};

Row row_of(const Measures::One& one) {
  const Histogram& values = *one.values;
  Row row{static_cast<std::uint8_t>(one.kind), std::string{one.name}, values.sum(), values.min(), values.max(), {}};
  const auto& counts = values.counts();
  for (std::size_t place = 0; place < counts.size(); ++place)
    if (counts[place] != 0) row.filled.emplace_back(static_cast<std::uint16_t>(place), counts[place]);
  return row;
}

}  // namespace

Histogram* Measures::find_or_make(Kind kind, std::string_view name) {
  Names& names = by_kind_[static_cast<std::size_t>(kind)];
  if (const auto place = names.find(name); place != names.end()) return &place->second;
  if (name.empty() || name.size() > longest_name || size() >= most_names) return nullptr;
  return &names.try_emplace(std::string{name}).first->second;
}

bool Measures::add(Kind kind, std::string_view name, const Histogram& values) {
  Histogram* const own = find_or_make(kind, name);
  if (own) own->add(values);
  return own != nullptr;
}

bool Measures::add(const Measures& other) {
  bool have_all_room = true;
  for (const One& one : other.sorted()) have_all_room = add(one.kind, one.name, *one.values) && have_all_room;
  return have_all_room;
}

std::vector<Measures::One> Measures::sorted() const {
  std::vector<One> all;
  all.reserve(size());
  for (std::size_t kind = 0; kind < kinds; ++kind)
    for (const auto& [name, values] : by_kind_[kind]) all.push_back({static_cast<Kind>(kind), name, &values});
  std::sort(all.begin(), all.end(), [](const One& a, const One& b) { return std::tie(a.kind, a.name) < std::tie(b.kind, b.name); });
  return all;
}

Bytes encoded(const Measures& measures) {
  std::vector<Row> rows;
  for (const Measures::One& one : measures.sorted()) rows.push_back(row_of(one));
  return encode(rows);
}

Measures decoded(std::span<const std::byte> bytes) {
  const auto rows = decode<std::vector<Row>>(bytes);
  if (rows.size() > most_names) throw CodecError{"measures of too many names"};
  Measures measures;
  const Row* before = nullptr;
  for (const Row& row : rows) {
    if (row.kind >= kinds) throw CodecError{"a measure of an unknown kind"};
    if (before && std::tie(before->kind, before->name) >= std::tie(row.kind, row.name))
      throw CodecError{"measures that are not in order"};
    const auto values = Histogram::of_parts(row.sum, row.min, row.max, row.filled);
    if (!values) throw CodecError{"a measure whose numbers do not fit each other"};
    if (!measures.add(static_cast<Kind>(row.kind), row.name, *values))
      throw CodecError{"a measure without a name, or with a long one"};
    before = &row;
  }
  return measures;
}

}  // namespace mw::measure
