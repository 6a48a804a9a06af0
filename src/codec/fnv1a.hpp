// A hash for names and contents that are nobody's secret.
//
// What:    FNV-1a, 64 bits (Fowler, Noll, Vo): the same number on every machine, with every compiler.
// Owner:   nothing.
// Threads: any.
// Use:
//     const std::uint64_t number = fnv1a(name);
//     hash = fnv1a(more, hash);                  // goes on
#pragma once

#include <cstdint>
#include <string_view>

namespace mw {

inline constexpr std::uint64_t fnv1a_of_nothing = 0xcbf29ce484222325;

constexpr std::uint64_t fnv1a(std::string_view bytes, std::uint64_t hash = fnv1a_of_nothing) noexcept {
  for (const char byte : bytes) hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3;
  return hash;
}

}  // namespace mw
