// How a node's slots are shared by its masters.
//
// What:    decides which of its slots each master has at the moment. A master that is alone has all. Of several, those
//          that want slots have equal numbers of them, or as many as they want (max-min fairness); what does not divide
//          goes round by time. A master that wants none keeps what nobody else wants. A slot that is taken back is free
//          when the task that runs there has ended. **Pure**: it knows no connection, and time is stepped.
// Owner:   keeps what was lent and how long each master has had slots. The caller numbers masters; slots are from 1.
// Threads: one at a time.
// Use:
//     SlotShares shares{4, 50ms};
//     for (const SlotChange& one : shares.share(claims, now)) tell(one.master, one.slot, one.is_lent);
//     if (shares.goes_round()) …                            // again after a turn, whatever happens
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

namespace mw::tcp {

/// What a master wants, and how its workers are.
struct SlotClaim {
  struct Slot {
    bool holds_task = false;  ///< a task may be running there
    bool is_ready = false;    ///< its worker takes tasks
  };
  std::uint64_t master = 0;
  bool is_open = true;       ///< else it is about to go: it gets nothing, and what runs there still counts
  std::uint32_t wanted = 0;  ///< slots that would have something to do
  std::uint32_t first = 0;   ///< a slot that it must have among them; 0: any will do
  std::vector<Slot> slots = {};
};

struct SlotChange {
  std::uint64_t master = 0;
  std::uint32_t slot = 0;
  bool is_lent = false;
};

class SlotShares {
 public:
  using Time = std::chrono::nanoseconds;

  /// At most `slots` tasks run at a time; what goes round does so after about a `turn` of slot time.
  SlotShares(std::uint32_t slots, Time turn) : slots_{slots}, turn_{turn} {}

  /// What is to change now, in order. What changes by that (a worker gives a task back) may be told at once, by
  /// another call.
  std::vector<SlotChange> share(const std::vector<SlotClaim>& claims, Time now);
  /// Whether it may decide otherwise after a turn, if nothing happens before.
  bool goes_round() const noexcept { return goes_round_; }
  bool is_lent(std::uint64_t master, std::uint32_t slot) const;

 private:
  struct Account {
    std::vector<std::uint64_t> lent;  ///< by slot: since which change; 0: it is not
    Time used{0};                     ///< slots × time
    std::size_t held = 0;             ///< slots, since the last call
    bool wanted_some = false;
  };
  /// A master, during a call.
  struct Side {
    const SlotClaim& claim;
    Account& account;
    std::size_t wanted = 0, target = 0, lent = 0, draining = 0;
    bool is_alone = false;

    bool lacks() const noexcept { return lent < target; }
    bool is_lent(std::size_t slot) const { return account.lent[slot] != 0; }
    bool is_free(std::size_t slot) const { return !is_lent(slot) && !claim.slots[slot].holds_task; }
    bool may_be_lent(std::size_t slot) const { return is_free(slot) && (is_alone || claim.slots[slot].is_ready); }
    /// The slot that it must have, and does not.
    bool awaits_first() const;
  };
  static constexpr std::size_t none = SIZE_MAX;

  void pass_time(Time now);
  std::vector<Side> sides_of(const std::vector<SlotClaim>& claims);
  void begin_wanting(std::vector<Side>& sides);
  void set_targets(std::vector<Side>& sides);
  void rest_broken(Side& side);
  void lend_again(Side& side);
  bool lend_one(std::vector<Side>& sides);
  bool make_room(std::vector<Side>& sides);
  void make_room_for_first(Side& side);
  static std::size_t next_to_lend(const Side& side);
  static std::size_t next_to_rest(const Side& side);
  void lend(Side& side, std::size_t slot);
  void rest(Side& side, std::size_t slot);

  const std::uint32_t slots_;
  const Time turn_;
  Time last_{0};
  std::map<std::uint64_t, Account> accounts_;
  std::uint64_t last_change_ = 0;
  std::int64_t free_ = 0;  ///< slots, during a call
  std::vector<SlotChange> changes_;
  bool goes_round_ = false;
};

}  // namespace mw::tcp
