// One end of an encrypted connection: TLS 1.3 with a key that both ends have (RFC 8446, 2.2).
//
// What:    turns what one end says into what travels, and back. It has no socket: bytes go in and come out. There are
//          no certificates; whoever has not the key that belongs to its name gets no further than the handshake, and
//          the key of each connection is a new one (Diffie-Hellman), so that a key that is stolen later opens no
//          recording.
// Owner:   holds the state of the connection.
// Threads: one at a time.
// Use:
//     Session session = Session::client({"node pi1", key}); // or Session::server(find_key)
//     session.receive(what_came);                           // throws TlsError
//     while (const std::size_t size = session.read(room)) …
//     session.write(what_is_to_be_said);
//     session.sent(send(socket, session.outgoing()));
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <mw/error.hpp>

namespace mw::tls {

/// What came is not from who has the key, or was changed on its way.
class TlsError : public Error {
 public:
  using Error::Error;
};

using Key = std::array<std::byte, 32>;

/// Who comes, and by which key. The name is sent in clear.
struct Identity {
  std::string name;
  Key key{};
};

/// Longest name of an identity, bytes.
inline constexpr std::size_t longest_identity = 256;

class Session {
 public:
  /// The key that belongs to this name; nothing where nobody is called so.
  using FindKey = std::function<std::optional<Key>(std::string_view name)>;

  /// Who dials. Both throw InterfaceError if there is no libssl.
  static Session client(const Identity& identity);
  /// Who listens.
  static Session server(FindKey find_key);

  Session(Session&&) noexcept;
  Session& operator=(Session&&) noexcept;
  ~Session();

  /// What came from the other end, in pieces of any size; until the handshake is over it is taken up here, then read()
  /// takes it up: all of it is to be read before more is received. Throws TlsError; the session is of no use then.
  void receive(std::span<const std::byte> bytes);
  /// The next bytes that the other end said; 0 if there are none yet. Throws TlsError.
  std::size_t read(std::span<std::byte> room);
  /// What this end says. Only when the handshake is over.
  void write(std::span<const std::byte> bytes);

  /// What is to be sent to the other end; valid until the next call.
  std::span<const std::byte> outgoing() const noexcept;
  /// So many bytes of that were sent.
  void sent(std::size_t size) noexcept;

  /// The handshake is over: the other end has the key.
  bool is_established() const noexcept;
  /// Of who dialled; empty before the handshake is over.
  const std::string& identity() const noexcept;

  struct Impl;

 private:
  explicit Session(std::unique_ptr<Impl> impl) noexcept;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mw::tls
