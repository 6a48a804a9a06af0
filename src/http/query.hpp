// What follows the '?' of an address, and the body of a form (application/x-www-form-urlencoded).
//
// What:    the value of a key in it, decoded.
// Owner:   values.
// Threads: any.
// Use:
//     parameter("name=J%C3%BCrgen+M&x=1", "name")           // "Jürgen M"
#pragma once

#include <string>
#include <string_view>

namespace mw::http {

/// "%41" is 'A' and '+' is a blank; a '%' that no two hexadecimal digits follow stands for itself.
std::string percent_decoded(std::string_view text);
/// The first value of this key; empty if there is none.
std::string parameter(std::string_view query, std::string_view key);

}  // namespace mw::http
