#include "app/count.hpp"

#include <mw/error.hpp>

#include <cmath>
#include <limits>
#include <string_view>

#include <fmt/format.h>

#include "parse/number.hpp"

namespace mw::app {
namespace {

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

/// The digits at the start of `text`, which it loses.
std::string take_digits(std::string_view& text) {
  std::string digits;
  while (!text.empty() && is_digit(text.front())) {
    digits += text.front();
    text.remove_prefix(1);
  }
  return digits;
}

}  // namespace

std::uint64_t parse_count(const std::string& text) {
  const UsageError error{fmt::format("\"{}\" is not a whole number from 0 to {}", text, std::numeric_limits<std::uint64_t>::max())};
  std::string_view rest = text;
  std::string digits = take_digits(rest);
  std::string fraction;
  if (rest.starts_with('.')) {
    rest.remove_prefix(1);
    fraction = take_digits(rest);
  }
  if (digits.empty() && fraction.empty()) throw error;
  int exponent = 0;
  if (rest.starts_with('e') || rest.starts_with('E')) {
    rest.remove_prefix(rest.substr(1).starts_with('+') ? 2 : 1);
    exponent = parse::take_number<int>(rest).value_or(-1);
    if (exponent < 0 || exponent > 40) throw error;
  }
  while (fraction.ends_with('0')) fraction.pop_back();
  if (!rest.empty() || fraction.size() > static_cast<std::size_t>(exponent)) throw error;
  digits += fraction + std::string(static_cast<std::size_t>(exponent) - fraction.size(), '0');
  const auto value = parse::number<std::uint64_t>(digits);
  if (!value) throw error;
  return *value;
}

double parse_number(const std::string& text) {
  const auto value = parse::number<double>(text);
  if (!value || !std::isfinite(*value)) throw UsageError{fmt::format("\"{}\" is not a number", text)};
  return *value;
}

}  // namespace mw::app
