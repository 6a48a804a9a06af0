// A task's terms as bytes: what of a task's message is not there for most tasks.
//
// What:    their size, and writing and reading them.
// Owner:   nothing.
// Threads: any.
// Use:     internal: messages.cpp.
#pragma once

#include <cstddef>
#include <span>

#include "wire/messages.hpp"
#include "wire/payload.hpp"

namespace mw::wire {

/// 0 for terms that say nothing, which are not written.
std::size_t terms_size_of(const Terms& terms);
void write_terms(Writer& writer, const Terms& terms);
/// Throws ProtocolError for one that is too large.
void check_checkpoint_size(std::uint64_t size);
/// The checkpoint is a view into the bytes. Throws ProtocolError.
Terms parse_terms(std::span<const std::byte> bytes);

}  // namespace mw::wire
