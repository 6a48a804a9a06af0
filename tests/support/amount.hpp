// How much of the same a test does.
//
// What:    the release build does it all. A build with a sanitizer is five to fifteen times as slow, and what it looks
//          for shows after a few already: it does a part.
// Use:
//     for (int i = 0; i < test::amount(3'000, 1'000); ++i) …
#pragma once

namespace test {

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
inline constexpr bool is_sanitized = true;
#else
inline constexpr bool is_sanitized = false;
#endif

/// `all`, or `part` of it under a sanitizer.
template <class Number>
constexpr Number amount(Number all, Number part) noexcept {
  return is_sanitized ? part : all;
}

}  // namespace test
