// Where a manager comes in.
//
// What:    listens for one connection whose other end has the key, on a Unix socket (abstract: it has no file) and, for managers
//          on other machines, on a TCP port. Whoever has no key is turned away, and so are, on the Unix socket, other users. Of those
//          that have not proved anything, only the latest few may wait: nobody can stand in the way by keeping silent.
// Owner:   owns the listening sockets until somebody came in.
// Threads: the master's loop.
// Use:
//     auto door = std::make_shared<Door>(io, key, Door::Reach::this_machine);
//     door->open([](Door::Socket socket) { … });            // once
//     environment = door->addresses();
#pragma once

#include <sys/types.h>
#include <unistd.h>

#include <array>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include "auth/key_proof.hpp"

namespace mw::mpi {

/// Variables of the environment in which a rank finds what it must know.
inline constexpr const char* variable_addresses = "MW_MPI_MASTER";
inline constexpr const char* variable_key = "MW_MPI_KEY";
inline constexpr const char* variable_place = "MW_MPI_PLACE";
inline constexpr const char* variable_probe = "MW_MPI_PROBE";
inline constexpr const char* variable_program = "MW_MPI_PROGRAM";
inline constexpr const char* variable_name = "MW_MPI_NAME";
inline constexpr const char* variable_lost_after = "MW_MPI_LOST_AFTER_MS";
inline constexpr const char* variable_folder = "MW_MPI_FOLDER";
inline constexpr const char* variable_peers = "MW_MPI_PEERS";
inline constexpr const char* variable_shell = "MW_MPI_SHELL";
inline constexpr const char* variable_words = "MW_MPI_WORDS";

/// A manager's first words …
struct Greeting {
  std::array<char, 8> magic{'C', 'P', 'M', 'W', 'M', 'P', 'I', '1'};
  auth::Nonce nonce{};
};
/// … and the master's; then the manager sends its Proof, and frames follow.
struct Answer {
  auth::Nonce nonce{};
  auth::Proof proof{};
};
static_assert(sizeof(Greeting) == 40 && sizeof(Answer) == 64);

class Door : public std::enable_shared_from_this<Door> {
 public:
  using Socket = boost::asio::generic::stream_protocol::socket;
  enum class Reach { this_machine, network };

  static constexpr std::size_t most_visitors = 16;  ///< that have not proved anything yet

  /// Throws InterfaceError if it can not listen. Only `owner`'s processes may come in on the Unix socket.
  Door(boost::asio::io_context& io, const auth::Key& key, Reach reach, uid_t owner = ::geteuid());
  void open(std::function<void(Socket)> came_in);
  void close();

  /// "unix:NAME tcp:ADDRESS:PORT …", those most likely to work first.
  std::string addresses() const;

 private:
  struct Visitor;
  template <class Acceptor>
  void accept(Acceptor& acceptor);
  void greet(const std::shared_ptr<Visitor>& visitor);
  void leave(Visitor& visitor);
  void let_in(Visitor& visitor);

  const auth::Key key_;
  const uid_t owner_;
  std::string name_;
  boost::asio::local::stream_protocol::acceptor local_;
  boost::asio::ip::tcp::acceptor tcp_;
  std::function<void(Socket)> came_in_;
  std::deque<std::shared_ptr<Visitor>> visitors_;  ///< the oldest first
};

}  // namespace mw::mpi
