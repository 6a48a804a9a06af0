#include "http/query.hpp"

#include "parse/number.hpp"

namespace mw::http {

std::string percent_decoded(std::string_view text) {
  constexpr std::size_t digits = 2;
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::string_view code = text.substr(i + 1, digits);
    const auto byte = text[i] == '%' && code.size() == digits ? parse::hex_number<unsigned char>(code) : std::nullopt;
    if (byte) i += digits;
    decoded += byte ? static_cast<char>(*byte) : text[i] == '+' ? ' ' : text[i];
  }
  return decoded;
}

std::string parameter(std::string_view query, std::string_view key) {
  while (!query.empty()) {
    const auto end = query.find('&');
    const std::string_view pair = query.substr(0, end);
    if (pair.starts_with(key) && pair.size() > key.size() && pair[key.size()] == '=')
      return percent_decoded(pair.substr(key.size() + 1));
    query = end == std::string_view::npos ? std::string_view{} : query.substr(end + 1);
  }
  return {};
}

}  // namespace mw::http
