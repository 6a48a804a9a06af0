// Several interfaces in one argument: "multicore,mpi:?hosts=a,b".
//
// What:    cuts at commas; one within options ("hosts=a,b") belongs to them, unless the name of an interface begins
//          behind it.
// Owner:   plain values.
// Threads: any.
// Use:
//     for (const std::string& spec : interfaces_in(text)) …
#pragma once

#include <string>
#include <vector>

namespace mw::tool {

std::vector<std::string> interfaces_in(const std::string& text);

}  // namespace mw::tool
