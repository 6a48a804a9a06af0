// What kind of a task it is, for those who put tasks together and learn how long they take.
//
// What:    a number for its function, and whether it brings back output files: then its results begin with their list
//          (wire/output_list.hpp).
// Owner:   nothing.
// Threads: any.
// Use:
//     row.function = kind_of(task.function_id(), !task.options().outputs.empty());
#pragma once

#include <cstdint>

namespace mw::boinc {

/// Functions have a hash for a number: that two of them differ by this is as likely as that two have the same.
inline constexpr std::uint64_t brings_files = 0x6f757470'75742121;  // "output!!"

constexpr std::uint64_t kind_of(std::uint64_t function, bool has_outputs) noexcept {
  return has_outputs ? function ^ brings_files : function;
}

}  // namespace mw::boinc
