// The validators that come with CppMW.
#include <mw/boinc.hpp>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <sstream>

#include "parse/number.hpp"
#include "registry/registry.hpp"

namespace mw {
namespace {

struct Tolerance {
  double relative;
  double absolute;

  /// Two that are no numbers agree, as do two infinities of one sign.
  bool agree(double a, double b) const {
    if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
    if (a == b) return true;
    const double difference = std::abs(a - b);
    return difference <= absolute || difference <= relative * std::max(std::abs(a), std::abs(b));
  }
};

double number_at(std::span<const std::byte> bytes, std::size_t offset, std::size_t width) {
  return width == sizeof(float) ? decode<float>(bytes.subspan(offset, width)) : decode<double>(bytes.subspan(offset, width));
}

/// Bytes outside the runs must be equal, numbers in them must agree.
bool agree_in_runs(const ResultPair& pair, const std::vector<detail::FloatRun>& runs, const Tolerance& tolerance) {
  std::size_t at = 0;
  const auto equal_up_to = [&](std::size_t end) {
    const bool is_equal = std::ranges::equal(pair.first.subspan(at, end - at), pair.second.subspan(at, end - at));
    at = end;
    return is_equal;
  };
  for (const detail::FloatRun& run : runs) {
    if (!equal_up_to(run.offset)) return false;
    for (std::size_t i = 0; i < run.count; ++i, at += run.width)
      if (!tolerance.agree(number_at(pair.first, at, run.width), number_at(pair.second, at, run.width))) return false;
  }
  return equal_up_to(pair.first.size());
}

bool agree_as_words(const std::string& first, const std::string& second, const Tolerance& tolerance) {
  std::istringstream a{first}, b{second};
  std::string word, other;
  while (true) {
    const bool has_word = static_cast<bool>(a >> word), has_other = static_cast<bool>(b >> other);
    if (has_word != has_other) return false;
    if (!has_word) return true;
    if (word == other) continue;
    const auto x = parse::number<double>(word), y = parse::number<double>(other);
    if (!x || !y || !tolerance.agree(*x, *y)) return false;
  }
}

}  // namespace

Validator bitwise_validator() {
  return [](const ResultPair& pair) { return std::ranges::equal(pair.first, pair.second); };
}

Validator numeric_validator(double relative, double absolute) {
  return [tolerance = Tolerance{relative, absolute}](const ResultPair& pair) {
    const auto* entry = registry::find(pair.function_id);
    if (!entry) return false;
    if (entry->result() == typeid(std::string))
      return agree_as_words(pair.first_as<std::string>(), pair.second_as<std::string>(), tolerance);
    const auto runs = entry->find_floats(pair.first);
    return pair.first.size() == pair.second.size() && runs == entry->find_floats(pair.second) &&
           agree_in_runs(pair, runs, tolerance);
  };
}

}  // namespace mw
