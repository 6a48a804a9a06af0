// Whether text is UTF-8.
//
// What:    finds the first byte that is not.
// Owner:   nothing.
// Threads: any.
// Use:
//     if (const auto at = find_no_utf8(text)) refuse(*at);
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include <boost/locale/utf.hpp>

namespace mw {

/// Where it is none: overlong forms, surrogates, and a sequence that ends too early are none.
inline std::optional<std::size_t> find_no_utf8(std::string_view text) noexcept {
  using Traits = boost::locale::utf::utf_traits<char>;
  const char* const end = text.data() + text.size();
  for (const char* at = text.data(); at != end;) {
    if (static_cast<unsigned char>(*at) < 0x80) {
      ++at;
      continue;
    }
    const char* next = at;
    const auto point = Traits::decode(next, end);
    if (point == boost::locale::utf::illegal || point == boost::locale::utf::incomplete)
      return static_cast<std::size_t>(at - text.data());
    at = next;
  }
  return std::nullopt;
}

}  // namespace mw
