// Which nodes are set aside, as tasks die there and not elsewhere.
//
// What:    a node with bad memory, a full disk or a missing library fails fast, and so it would get ever more tasks.
//          After `most_losses` workers in a row that died there without a task finished in between, it gets nothing for
//          a while, then one slot for a try: a task that it finishes brings it back. A task that dies on a node that
//          does well is to blame itself: its deaths elsewhere count no more. There always is a node that is not set
//          aside: if none does better, none is, and the tasks' own limits decide. **Pure**: time is stepped.
// Owner:   knows nodes by name, also while they are away.
// Threads: one at a time.
// Use:
//     quarantine.joined("pi1");
//     if (quarantine.lost("pi1", task.id(), now)) warn(…);
//     quarantine.finished("pi1");
//     give_slots(quarantine.slots("pi1"));                  // after each of these, and when next() says so
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "process/back_off.hpp"

namespace mw::tcp {

class Quarantine {
 public:
  using Time = std::chrono::nanoseconds;

  /// As many as a task survives unless it is told otherwise (TaskOptions::max_losses): even one that went to the same
  /// node again and again can still go elsewhere.
  static constexpr std::size_t most_losses = 3;
  static constexpr process::BackOff pauses{std::chrono::seconds{30}, std::chrono::minutes{10}};
  static constexpr std::size_t all_slots = SIZE_MAX;

  /// A worker of it is ready; called again, it does nothing.
  void joined(const std::string& node);
  /// Its connection is over.
  void left(const std::string& node);
  /// A task has come to an end there, and its worker lives.
  void finished(const std::string& node);
  /// A worker died there, or did not start: under this task, 0 if under none. True if the node is set aside for it.
  bool lost(const std::string& node, std::uint64_t task, Time now);
  /// The pauses that are over end with a try.
  void time_passed(Time now);

  /// How many of its slots may be given tasks: none, one, or all of them.
  std::size_t slots(const std::string& node) const;
  /// Whether finished() would change anything.
  bool awaits_success(const std::string& node) const;
  /// When time_passed() is to be called.
  std::optional<Time> next() const;
  /// Those that are set aside, or tried.
  std::vector<std::string> names() const;
  /// Until when it is set aside, from then on; nothing if it is not.
  std::optional<Time> until(const std::string& node) const;

 private:
  enum class State : std::uint8_t { well, set_aside, tried };
  struct Node {
    bool is_there = false;
    bool has_finished = false;  ///< something, since it was set aside the last time
    State state = State::well;
    std::vector<std::uint64_t> losses;  ///< in a row: the tasks, 0 for none
    Time until{0};
    process::BackOff back_off = pauses;

    bool does_well() const noexcept { return is_there && state == State::well && losses.size() < most_losses; }
  };
  const Node* find(const std::string& node) const;
  bool is_to_blame(const std::string& node, std::uint64_t task) const;
  void acquit(std::uint64_t task);
  void let_all_back_if_none_does_well();
  void set_aside(Node& node, Time now);

  std::map<std::string, Node> nodes_;
};

}  // namespace mw::tcp
