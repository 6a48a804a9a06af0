// What a master says of itself, in JSON, read with care.
//
// What:    members of an object by name, which are something empty where they are not there, or are something else: who
//          answers may be a master of another version, or none at all. Text is made fit for a terminal.
// Owner:   copies; lists refer to the object.
// Threads: any.
// Use:
//     fmt::print("{} of {}\n", count(status, "finished"), count(status, "tasks"));
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

namespace mw::tool {

std::string text(const boost::json::object& object, std::string_view key);
double number(const boost::json::object& object, std::string_view key);
/// 0 for what is no whole number from 0 on.
std::uint64_t count(const boost::json::object& object, std::string_view key);
bool is_true(const boost::json::object& object, std::string_view key);
const boost::json::object& object(const boost::json::object& in, std::string_view key);
/// Its members that are objects.
std::vector<const boost::json::object*> objects(const boost::json::object& in, std::string_view key);

}  // namespace mw::tool
