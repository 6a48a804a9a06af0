// The names of all backends, for the table and for programs that know an interface by its name only.
//
// What:    what may stand before the ':' of an interface, in the order of the documentation.
// Owner:   constants.
// Threads: any.
// Use:
//     for (const std::string_view name : mw::backend_names) …
#pragma once

#include <array>
#include <string_view>

namespace mw {

inline constexpr std::array<std::string_view, 5> backend_names{"serial", "multicore", "tcp", "mpi", "boinc"};

}  // namespace mw
