// A connection to who listens with an Acceptor.
//
// What:    tries the addresses that it told, one after the other, and proves the key.
// Owner:   the caller gets the socket.
// Threads: any; it blocks.
// Use:
//     UniqueFd socket = net::dial(addresses, magic, key);    // throws InterfaceError
#pragma once

#include <string>

#include "net/handshake.hpp"
#include "process/unique_fd.hpp"

namespace mw::net {

/// Tries each of the addresses (see Acceptor::addresses) for some seconds, and all of them anew after a second, so many
/// times. Throws InterfaceError that says what each of them answered.
process::UniqueFd dial(const std::string& addresses, const Magic& magic, const Key& key, int rounds = 3);

}  // namespace mw::net
