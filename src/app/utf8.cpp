#include <mw/app.hpp>

#include <boost/locale/utf.hpp>

namespace mw {

std::string valid_utf8(std::string_view text) {
  using Traits = boost::locale::utf::utf_traits<char>;
  constexpr std::string_view replacement = "\xEF\xBF\xBD";
  std::string valid;
  valid.reserve(text.size());
  const char* const end = text.data() + text.size();
  for (const char* at = text.data(); at != end;) {
    const char* next = at;
    const auto point = Traits::decode(next, end);
    if (point == boost::locale::utf::illegal || point == boost::locale::utf::incomplete) {
      valid += replacement;
      ++at;
    } else {
      valid.append(at, next);
      at = next;
    }
  }
  return valid;
}

}  // namespace mw
