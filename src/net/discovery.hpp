// How nodes find masters on the network that they share, without knowing an address: the pure part.
//
// What:    a node asks everybody, with its name and a fresh nonce, and proves that it has the key of that name; a
//          master answers where it listens, and proves that it has it, too, over both nonces. So an echo, a recorded
//          question and a recorded answer are worth nothing; what the answer says is hidden from those who have no key.
//          Here are the bytes, the proofs, when to ask again, and how many may be looked at. No socket and no clock.
// Owner:   values.
// Threads: one at a time.
// Use:
//     Asker asker{"pi1", key.key_for("pi1")};               // a node
//     send(asker.ask(make_nonce(), now));  …  if (auto offer = asker.read(bytes, now)) dial(offer->where);
//     Answerer answerer{key};                               // a master
//     const auto heard = answerer.hear(bytes);
//     if (heard && heard->is_proved) send(answerer.answer(*heard, endpoint, make_nonce()));
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>

#include <boost/asio/ip/tcp.hpp>

#include "net/key_file.hpp"
#include "net/key_proof.hpp"
#include "process/back_off.hpp"

namespace mw::net {

/// Which run of a master answers: new for each, so that answers by several ways are known to be of one.
using RunNumber = std::array<std::byte, 8>;

inline constexpr std::size_t magic_size = 8;
inline constexpr std::size_t question_size = magic_size + 32 + 64 + 32;
inline constexpr std::size_t offer_size = magic_size + 32 + 32 + 26 + 32;
/// Nobody gets more bytes sent to a place, by asking in its name, than he sends himself.
static_assert(offer_size <= question_size);
/// What is longer than that is neither.
inline constexpr std::size_t longest_datagram = question_size;

using QuestionBytes = std::array<std::byte, question_size>;
using OfferBytes = std::array<std::byte, offer_size>;

/// Where a master listens, as it says itself; an address of IPv4 is one.
struct Offer {
  RunNumber run{};
  boost::asio::ip::tcp::endpoint where;
};

class Asker {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// Answers to what was asked earlier than that come too late; and so do those to more than the last few questions.
  static constexpr std::chrono::seconds patience{10};
  static constexpr std::size_t most_open = 4;

  /// `key`: the node's, not the master's.
  Asker(std::string name, const Key& key);

  QuestionBytes ask(const Nonce& fresh, Time now);
  /// Nothing if these bytes are no answer to a question of these last seconds, from who has the key.
  std::optional<Offer> read(std::span<const std::byte> bytes, Time now);
  /// How long to wait before the next question: ever longer while there is no master, up to 2 s; 5 s where there is
  /// one, as there may be others. `chance` is from 0 to 1: many nodes do not ask at the same moment.
  std::chrono::nanoseconds next_delay(bool has_master, double chance);
  /// A master was lost: the next one may be there soon.
  void begin_anew() noexcept { while_alone_.reset(); }

 private:
  struct Open {
    Nonce nonce;
    Time asked;
  };
  const std::string name_;
  const Key key_;
  std::deque<Open> open_;
  process::BackOff while_alone_{std::chrono::milliseconds{250}, std::chrono::milliseconds{2'000}};
};

/// A question that somebody has asked.
struct Heard {
  std::string node;  ///< who it says it is: letters, digits, '.', '-' and '_'
  Nonce nonce{};
  Key key{};               ///< of that node's datagrams
  bool is_proved = false;  ///< it has that key
};

class Answerer {
 public:
  /// The master's key, and what is to be this run's number.
  Answerer(const KeyFile& key, const RunNumber& run) : key_{key}, run_{run} {}

  /// Nothing if these bytes are no question.
  std::optional<Heard> hear(std::span<const std::byte> bytes) const;
  OfferBytes answer(const Heard& heard, const boost::asio::ip::tcp::endpoint& where, const Nonce& fresh) const;

 private:
  const KeyFile key_;
  const RunNumber run_;
};

/// So many in each stretch of time and no more: what comes beyond is not looked at.
class Budget {
 public:
  using Time = std::chrono::steady_clock::time_point;

  Budget(unsigned most, std::chrono::milliseconds stretch) : most_{most}, stretch_{stretch} {}
  bool take(Time now) noexcept {
    if (now >= end_) end_ = now + stretch_, left_ = most_;
    return left_ > 0 && left_-- > 0;
  }
  /// When there is some again, if take() said no.
  Time refilled_at() const noexcept { return end_; }

 private:
  unsigned most_;
  std::chrono::milliseconds stretch_;
  unsigned left_ = 0;
  Time end_{};
};

}  // namespace mw::net
