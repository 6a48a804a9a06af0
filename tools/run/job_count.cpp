#include "run/job_count.hpp"

#include <algorithm>

#include <fmt/format.h>

#include <mw/error.hpp>

#include "parse/number.hpp"

namespace mw::run {
namespace {

constexpr std::int64_t most_jobs = 65'536;

}  // namespace

std::uint64_t job_count_of(std::string_view text, unsigned cores) {
  std::string_view digits = text;
  const bool adds = digits.starts_with('+'), subtracts = digits.starts_with('-'), is_percent = digits.ends_with('%');
  if (adds || subtracts) digits.remove_prefix(1);
  if (is_percent) digits.remove_suffix(1);
  const auto number = parse::number<std::int64_t>(digits, 0, most_jobs);
  if (!number || (is_percent && (adds || subtracts)) || (*number == 0 && !adds && !subtracts))
    throw UsageError{
        fmt::format("--jobs \"{}\": write a number from 1 to {}, or one that follows the cores: 50%, +1, -1", text, most_jobs)};
  const std::int64_t all = cores;
  const std::int64_t count = adds ? all + *number : subtracts ? all - *number : is_percent ? all * *number / 100 : *number;
  return static_cast<std::uint64_t>(std::clamp<std::int64_t>(count, 1, most_jobs));
}

}  // namespace mw::run
