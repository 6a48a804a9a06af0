// Names of functions and types as people write them.
//
// What:    demangled, without what nobody writes: default template arguments, inline namespaces, the machinery around a
//          function.
// Owner:   nothing.
// Threads: any.
// Use:
//     readable_type(typeid(std::vector<std::string>))           // "std::vector<std::string>"
//     readable_function(typeid(detail::Tag<&monte_pi>))         // "monte_pi(unsigned long, unsigned long)"
#pragma once

#include <string>
#include <typeinfo>

namespace mw::registry {

std::string readable_type(const std::type_info& type);

/// The function in a detail::Tag, with its parameters. Chunks of map() are "map of f(int)", those of map_reduce()
/// "map_reduce of f(int)".
std::string readable_function(const std::type_info& tag);

}  // namespace mw::registry
