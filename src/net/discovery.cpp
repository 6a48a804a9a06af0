#include "net/discovery.hpp"

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

#include "crypto/secrets.hpp"

namespace mw::net {
namespace {

namespace asio = boost::asio;

// Both datagrams have fixed places for everything; README: interfaces/tcp/PROTOCOL.md.
constexpr std::string_view question_magic = "CppMWdq1", offer_magic = "CppMWda1";
static_assert(question_magic.size() == magic_size && offer_magic.size() == magic_size);
constexpr std::size_t nonce_size = std::tuple_size_v<Nonce>, proof_size = std::tuple_size_v<Proof>, name_size = 64;
constexpr std::size_t address_size = 16, place_size = address_size + 2 + std::tuple_size_v<RunNumber>;
constexpr std::size_t signed_of_question = question_size - proof_size, signed_of_offer = offer_size - proof_size;

using Place = std::array<std::byte, place_size>;
static_assert(magic_size + 2 * nonce_size + place_size + proof_size == offer_size);

/// A key for one purpose: what is said here proves nothing in the handshake of a connection, and the reverse.
Key key_for(std::string_view purpose, const Key& key) { return crypto::hmac_sha256(key, std::as_bytes(std::span{purpose})); }
Key datagram_key(const Key& node) { return key_for("CppMW discovery 1", node); }

Proof proof_of(std::string_view purpose, const Key& key, std::span<const std::byte> said) {
  return crypto::hmac_sha256(key_for(purpose, key), said);
}

/// The place is hidden by what only who has the key can compute, and which is never the same twice.
Place hidden(Place place, const Key& key, std::span<const std::byte> nonces) {
  static_assert(place_size <= std::tuple_size_v<Proof>);
  const Proof pad = proof_of("pad", key, nonces);
  for (std::size_t i = 0; i < place.size(); ++i) place[i] ^= pad[i];
  return place;
}

template <std::size_t Size>
void copy_to(std::byte*& at, const std::array<std::byte, Size>& bytes) {
  at = std::copy(bytes.begin(), bytes.end(), at);
}

bool begins_with(std::span<const std::byte> bytes, std::string_view magic) {
  return bytes.size() >= magic.size() && std::memcmp(bytes.data(), magic.data(), magic.size()) == 0;
}

Place place_of(const asio::ip::tcp::endpoint& where, const RunNumber& run) {
  const asio::ip::address address = where.address();
  const auto v6 = address.is_v4() ? asio::ip::make_address_v6(asio::ip::v4_mapped, address.to_v4()) : address.to_v6();
  Place place{};
  const auto bytes = v6.to_bytes();
  std::memcpy(place.data(), bytes.data(), bytes.size());
  place[address_size] = static_cast<std::byte>(where.port() & 0xff);
  place[address_size + 1] = static_cast<std::byte>(where.port() >> 8);
  std::copy(run.begin(), run.end(), place.begin() + address_size + 2);
  return place;
}

Offer offer_of(const Place& place) {
  asio::ip::address_v6::bytes_type bytes{};
  std::memcpy(bytes.data(), place.data(), bytes.size());
  const asio::ip::address_v6 v6{bytes};
  const auto address =
      v6.is_v4_mapped() ? asio::ip::address{asio::ip::make_address_v4(asio::ip::v4_mapped, v6)} : asio::ip::address{v6};
  const unsigned port = std::to_integer<unsigned>(place[address_size]) | std::to_integer<unsigned>(place[address_size + 1]) << 8;
  Offer offer;
  offer.where = {address, static_cast<std::uint16_t>(port)};
  std::copy_n(place.begin() + address_size + 2, offer.run.size(), offer.run.begin());
  return offer;
}

/// A node that has masters looks for more from time to time.
constexpr std::chrono::milliseconds while_served{5'000};

}  // namespace

// A node

Asker::Asker(std::string name, const Key& key) : name_{std::move(name)}, key_{datagram_key(key)} {}

QuestionBytes Asker::ask(const Nonce& fresh, Time now) {
  open_.push_back({fresh, now});
  if (open_.size() > most_open) open_.pop_front();
  QuestionBytes bytes{};
  std::byte* at = bytes.data();
  std::memcpy(at, question_magic.data(), magic_size);
  at += magic_size;
  copy_to(at, fresh);
  std::memcpy(at, name_.data(), std::min(name_.size(), name_size));
  at += name_size;
  copy_to(at, proof_of("question", key_, std::span{bytes}.first(signed_of_question)));
  return bytes;
}

/// What costs little is looked at first: without the nonce of a question, nobody makes this end compute anything.
std::optional<Offer> Asker::read(std::span<const std::byte> bytes, Time now) {
  if (bytes.size() != offer_size || !begins_with(bytes, offer_magic)) return std::nullopt;
  std::erase_if(open_, [&](const Open& one) { return now - one.asked > patience; });
  const auto asked = bytes.subspan(magic_size, nonce_size);
  const auto is_answered = [&](const Open& one) { return crypto::is_same(one.nonce, asked); };
  if (std::none_of(open_.begin(), open_.end(), is_answered)) return std::nullopt;
  if (!crypto::is_same(proof_of("answer", key_, bytes.first(signed_of_offer)), bytes.last(proof_size))) return std::nullopt;
  Place place{};
  std::copy_n(bytes.begin() + magic_size + 2 * nonce_size, place.size(), place.begin());
  Offer offer = offer_of(hidden(place, key_, bytes.subspan(magic_size, 2 * nonce_size)));
  if (offer.where.port() == 0 || offer.where.address().is_unspecified() || offer.where.address().is_multicast())
    return std::nullopt;
  return offer;
}

std::chrono::nanoseconds Asker::next_delay(bool has_master, double chance) {
  if (!has_master) return while_alone_.next(chance);
  while_alone_.reset();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(while_served * (1 + chance) / 2);
}

// A master

std::optional<Heard> Answerer::hear(std::span<const std::byte> bytes) const {
  if (bytes.size() != question_size || !begins_with(bytes, question_magic)) return std::nullopt;
  Heard heard;
  std::copy_n(bytes.begin() + magic_size, nonce_size, heard.nonce.begin());
  const auto* name = reinterpret_cast<const char*>(bytes.data() + magic_size + nonce_size);
  const std::string_view field{name, name_size};
  heard.node = field.substr(0, field.find('\0'));
  const bool is_padded = field.find_first_not_of('\0', heard.node.size()) == std::string_view::npos;
  if (!is_padded || !is_node_name(heard.node)) return std::nullopt;
  heard.key = datagram_key(key_.key_for(heard.node));
  heard.is_proved = crypto::is_same(proof_of("question", heard.key, bytes.first(signed_of_question)), bytes.last(proof_size));
  return heard;
}

OfferBytes Answerer::answer(const Heard& heard, const asio::ip::tcp::endpoint& where, const Nonce& fresh) const {
  OfferBytes bytes{};
  std::byte* at = bytes.data();
  std::memcpy(at, offer_magic.data(), magic_size);
  at += magic_size;
  copy_to(at, heard.nonce);
  copy_to(at, fresh);
  copy_to(at, hidden(place_of(where, run_), heard.key, std::span{bytes}.subspan(magic_size, 2 * nonce_size)));
  copy_to(at, proof_of("answer", heard.key, std::span{bytes}.first(signed_of_offer)));
  return bytes;
}

}  // namespace mw::net
