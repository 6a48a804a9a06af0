// Keys in files, for masters and nodes.
//
// What:    a master's key opens everything; from it follows a key for each node, by its name, which opens a connection
//          of that node and nothing else. A node may have the master's key, and makes its own of it, or only its own.
// Owner:   values.
// Threads: any.
// Use:
//     const KeyFile own = read_key_file("cppmw.key");       // throws InterfaceError, UsageError
//     const Key key = own.key_for("pi1");
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "net/key_proof.hpp"

namespace mw::net {

struct KeyFile {
  Key key{};
  std::string node = {};  ///< whose it is; empty: a master's

  /// What `name` proves itself by. Of a node's key: that key.
  Key key_for(std::string_view name) const;
};

/// The line that a file has.
std::string to_text(const KeyFile& file);
/// … and back. Throws UsageError; `where` is for its text.
KeyFile key_file_of(std::string_view text, std::string_view where);
/// Refuses a file that others may read.
KeyFile read_key_file(const std::string& path);

/// Letters, digits, '.', '-' and '_', up to 64: what a node may be called.
bool is_node_name(std::string_view name) noexcept;

/// The same of a machine's name: what cannot stay is '_'.
std::string as_node_name(std::string_view machine);

/// The key of the node that is called so.
Key node_key(const Key& master, std::string_view name);

/// "node pi1": what the node pi1 says of itself in a handshake.
std::string node_identity(std::string_view name);
/// … and back: "pi1"; nothing if that is no node's.
std::optional<std::string_view> node_in(std::string_view identity) noexcept;

}  // namespace mw::net
