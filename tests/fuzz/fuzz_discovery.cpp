// Whatever comes in for discovery is no question and no answer, or it is one that who has the key has made. What a
// master answers leads a node to no place that is none.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "net/discovery.hpp"
#include "net/multicast.hpp"

#include <mw/error.hpp>

using namespace mw::net;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const KeyFile key{Key{}, {}};
  static const Answerer master{key, {}};
  const auto bytes = std::as_bytes(std::span{data, size});
  Asker node{"pi1", key.key_for("pi1")};
  const auto question = node.ask(Nonce{}, {});
  if (node.read(bytes, {})) std::abort();  // nobody guesses the proof
  // Proofs are taken for granted here: what is behind them is to stand anything, too.
  if (const auto heard = master.hear(bytes)) {
    if (!is_node_name(heard->node)) std::abort();
    if (size >= 18) {
      boost::asio::ip::address_v6::bytes_type address{};
      std::copy_n(data, address.size(), address.begin());
      const boost::asio::ip::tcp::endpoint where{boost::asio::ip::address_v6{address}, data[16]};
      const auto asked = master.hear(question);
      const auto offer = node.read(master.answer(*asked, where, Nonce{}), {});
      if (offer && (offer->where.port() == 0 || offer->where.address().is_multicast())) std::abort();
    }
  }
  try {
    static_cast<void>(groups_of({reinterpret_cast<const char*>(data), size}));
  } catch (const mw::UsageError&) {
  }
  return 0;
}
