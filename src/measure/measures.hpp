// What tasks have counted and timed, by name.
//
// What:    Measures keeps a histogram for each name: of counts as they are, of times in nanoseconds. encoded() and
//          decoded() are its form on the way from a worker to its master; src/wire/README.md has the grammar.
// Owner:   a value.
// Threads: as a value.
// Use:
//     Measures measures;
//     measures.add(Kind::count, "collisions", 3);
//     all.add(decoded(encoded(measures).span()));          // throws CodecError
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <mw/bytes.hpp>

#include "measure/histogram.hpp"

namespace mw::measure {

enum class Kind : std::uint8_t { count, time };
inline constexpr std::size_t kinds = 2;

inline constexpr std::size_t most_names = 1000;   ///< of both kinds together
inline constexpr std::size_t longest_name = 128;  ///< bytes; an empty one is none

class Measures {
 public:
  struct One {
    Kind kind;
    std::string_view name;
    const Histogram* values;
  };

  /// False, and nothing is added, if the name is too long or empty, or there are too many of them.
  bool add(Kind kind, std::string_view name, std::uint64_t value) {
    Histogram* const values = find_or_make(kind, name);
    if (values) values->add(value);
    return values != nullptr;
  }
  /// What the other one has. False if a part of that had no room.
  bool add(const Measures& other);
  bool add(Kind kind, std::string_view name, const Histogram& values);

  bool empty() const noexcept { return size() == 0; }
  std::size_t size() const noexcept { return by_kind_[0].size() + by_kind_[1].size(); }
  void clear() noexcept {
    for (Names& names : by_kind_) names.clear();
  }
  /// In order: counts by their names, then times.
  std::vector<One> sorted() const;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const noexcept { return std::hash<std::string_view>{}(name); }
  };
  using Names = std::unordered_map<std::string, Histogram, Hash, std::equal_to<>>;

  Histogram* find_or_make(Kind kind, std::string_view name);

  std::array<Names, kinds> by_kind_;
};

Bytes encoded(const Measures& measures);
/// Whatever the bytes are, this ends in what encoded() could have written, or throws CodecError.
Measures decoded(std::span<const std::byte> bytes);

}  // namespace mw::measure
