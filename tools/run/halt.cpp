#include "run/halt.hpp"

#include <string>

#include <fmt/format.h>

#include <mw/error.hpp>

#include "parse/number.hpp"

namespace mw::run {
namespace {

/// A percentage of fewer jobs says nothing.
constexpr std::uint64_t least_for_percent = 3;

}  // namespace

Halt Halt::of(std::string_view text) {
  const auto wrong = [text = std::string{text}] {
    return UsageError{
        fmt::format("--halt \"{}\": write never, or WHEN,WHAT=N, as in now,fail=1 or soon,fail=10%; WHEN is now or soon, "
                    "WHAT is fail, success or done",
                    text)};
  };
  Halt halt;
  if (text == "never") return halt;
  const auto comma = text.find(','), equals = text.find('=');
  if (comma == text.npos || equals == text.npos || equals < comma) throw wrong();
  const auto when = text.substr(0, comma), what = text.substr(comma + 1, equals - comma - 1);
  auto count = text.substr(equals + 1);
  if (when != "now" && when != "soon") throw wrong();
  halt.is_now_ = when == "now";
  halt.of_ = what == "fail" ? Of::failed : what == "success" ? Of::good : what == "done" ? Of::all : Of::nothing;
  if (count.ends_with('%')) halt.is_percent_ = true, count.remove_suffix(1);
  const auto number = parse::number<std::uint32_t>(count);
  if (halt.of_ == Of::nothing || !number || *number == 0 || (halt.is_percent_ && *number > 100)) throw wrong();
  halt.limit_ = *number;
  return halt;
}

void Halt::count(bool is_good) noexcept { ++(is_good ? good_ : failed_); }

bool Halt::is_due() const noexcept {
  if (of_ == Of::nothing) return false;
  const std::uint64_t all = good_ + failed_;
  const std::uint64_t counted = of_ == Of::failed ? failed_ : of_ == Of::good ? good_ : all;
  if (!is_percent_) return static_cast<double>(counted) >= limit_;
  return all >= least_for_percent && 100 * static_cast<double>(counted) >= limit_ * static_cast<double>(all);
}

}  // namespace mw::run
