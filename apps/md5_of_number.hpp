// MD5 of a number's decimal digits (RFC 1321): one block, no allocation, which is several times quicker than a
// library's general one.
#pragma once

#include <array>
#include <bit>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace apps {

using Digest = std::array<std::uint32_t, 4>;

inline constexpr std::array<int, 16> md5_shifts{7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21};
/// The integer part of 2^32 |sin(i + 1)|.
inline constexpr std::array<std::uint32_t, 64> md5_sines{
    0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501, 0x698098d8, 0x8b44f7af,
    0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821, 0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa,
    0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8, 0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8,
    0x676f02d9, 0x8d2a4c8a, 0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
    0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665, 0xf4292244, 0x432aff97,
    0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1, 0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1,
    0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391};

inline Digest md5_of_number(std::uint64_t number) {
  std::array<unsigned char, 64> block{};
  char* const text = reinterpret_cast<char*>(block.data());
  const auto size = static_cast<std::size_t>(std::to_chars(text, text + 20, number).ptr - text);
  block[size] = 0x80;
  block[56] = static_cast<unsigned char>(size * 8);
  std::array<std::uint32_t, 16> words{};
  for (std::size_t i = 0; i < 16; ++i)
    for (std::size_t byte = 0; byte < 4; ++byte) words[i] |= std::uint32_t{block[4 * i + byte]} << (8 * byte);
  constexpr Digest start{0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
  auto [a, b, c, d] = start;
  for (std::size_t i = 0; i < 64; ++i) {
    const std::size_t round = i / 16;
    const std::uint32_t mixed = round == 0   ? (b & c) | (~b & d)
                                : round == 1 ? (d & b) | (~d & c)
                                : round == 2 ? b ^ c ^ d
                                             : c ^ (b | ~d);
    const std::size_t word = round == 0 ? i : round == 1 ? (5 * i + 1) % 16 : round == 2 ? (3 * i + 5) % 16 : 7 * i % 16;
    const std::uint32_t turned = std::rotl(a + mixed + md5_sines[i] + words[word], md5_shifts[4 * round + i % 4]);
    a = d;
    d = c;
    c = b;
    b += turned;
  }
  return {start[0] + a, start[1] + b, start[2] + c, start[3] + d};
}

/// 32 hex digits; nothing for anything else.
inline std::optional<Digest> parse_md5(std::string_view text) {
  if (text.size() != 32) return std::nullopt;
  Digest digest{};
  for (std::size_t i = 0; i < 16; ++i) {
    unsigned byte = 0;
    const char* const begin = text.data() + 2 * i;
    const auto [end, error] = std::from_chars(begin, begin + 2, byte, 16);
    if (error != std::errc{} || end != begin + 2) return std::nullopt;
    digest[i / 4] |= std::uint32_t{byte} << (8 * (i % 4));
  }
  return digest;
}

}  // namespace apps
