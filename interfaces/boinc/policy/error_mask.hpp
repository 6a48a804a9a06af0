// Why a project has given a workunit up.
//
// What:    BOINC's error_mask in words.
// Owner:   values.
// Threads: any.
// Use:
//     describe_error_mask("0x2\n")           // "more copies of it failed than the project allows (error mask 2)"
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "boinc/policy/states.hpp"
#include "parse/number.hpp"

namespace mw::boinc {

inline std::string describe_error_mask(std::int64_t mask) {
  const auto is = [mask](std::int64_t bit) { return (mask & bit) != 0; };
  const std::string_view why =
      is(workunit_error::too_many_errors)      ? "more copies of it failed than the project allows"
      : is(workunit_error::too_many_successes) ? "more copies of it were computed than the project allows, and no quorum agrees"
      : is(workunit_error::too_many_total)     ? "as many copies of it were made as the project allows, and they do not suffice"
      : is(workunit_error::cancelled)          ? "it was cancelled"
      : is(workunit_error::could_not_send)     ? "no host could be sent it"
      : is(workunit_error::no_canonical)       ? "its result was lost"
                                               : "it was given up";
  return fmt::format("{} (error mask {})", why, mask);
}

/// As sample_assimilator writes it: "0x2\n".
inline std::string describe_error_mask(std::string_view text) {
  if (text.starts_with("0x")) text.remove_prefix(2);
  constexpr int hexadecimal = 16;
  return describe_error_mask(parse::leading_number<std::int64_t>(text, hexadecimal).value_or(0));
}

}  // namespace mw::boinc
