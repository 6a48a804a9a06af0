// What an exception says, whoever threw it.
//
// What:    text and type of the exception being handled, and of those that are nested in it (std::throw_with_nested).
// Owner:   nothing.
// Threads: any.
// Use:
//     catch (...) { log::warn(exception_text()); }      // "the table cannot be read; caused by std::ios_base::failure: …"
#pragma once

#include <string>

namespace mw::detail {

/// To be called in a catch block, as the other one. An exception that says nothing has a text, too.
std::string exception_text();

/// "std::runtime_error"; empty where nobody knows.
std::string exception_type();

}  // namespace mw::detail
