// The registry: which functions this program can run.
//
// What:    every function named in a submit_task<f>, found by its number on the wire.
// Owner:   entries are static objects of the program; the index over them is built on first use.
// Threads: any.
// Use:
//     const auto* entry = registry::find(id);          // null: this program does not have it
//     if (entry) outcome = worker::execute(*entry, arguments);
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <mw/function.hpp>

namespace mw::registry {

/// The function with this number, or null.
const detail::FunctionEntry* find(std::uint64_t id);

/// Whether a function with this number is one that workers have by name.
constexpr bool is_by_name(std::uint64_t id) noexcept { return id == detail::by_name_id || id == detail::map_by_name_id; }
/// What a C++ worker says of a call by name (mw::Remote), whose encoded arguments these are.
std::string refusal_by_name(std::span<const std::byte> arguments);

/// From now on what is registered (by a library that is loaded) is no part of the identity, and cannot be submitted:
/// mw::init calls this, at the point in main() that master and workers both come to.
void fix_functions();

/// What a master and its workers must have in common: a hash over all registered functions, independent of their order,
/// and over the sources that the program was made of, where its build says (mw_add_app). An application and its worker
/// builds agree.
std::uint64_t program_identity();
/// Of the sources; empty where the build does not say. It stands in the program's file as it is.
std::string_view build_stamp() noexcept;

}  // namespace mw::registry
