// The interface's name, as people write it, and what options may be.
//
// What:    text to options, and what is wrong with either.
// Owner:   values.
// Threads: any.
// Use:
//     MulticoreOptions options = options_of(":2?threads=4");        // throws UsageError
//     options = checked(std::move(options));                        // the same
#pragma once

#include <string_view>

#include <mw/multicore.hpp>

namespace mw::multicore {

MulticoreOptions options_of(std::string_view text);
/// Throws UsageError for what makes no sense; as many workers as there are cores, if no number was given.
MulticoreOptions checked(MulticoreOptions options);

}  // namespace mw::multicore
