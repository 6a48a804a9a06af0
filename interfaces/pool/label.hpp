// What a pool calls its members, and their workers.
//
// What:    a member has the name of its interface, and from the second of that name on a number behind it: "tcp",
//          "tcp_2". So begin the keys of its status, and the names of its workers, which all differ.
// Owner:   plain values.
// Threads: any.
// Use:
//     const std::vector<Label> labels = labels_of({"multicore", "multicore"});    // "multicore", "multicore_2"
//     labels[1].worker("multicore worker 3");                                     // "multicore_2 worker 3"
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mw::pool {

struct Label {
  std::string name;  ///< that of the interface, which others may have, too
  std::string text;  ///< for people; no other member's
  std::string key;   ///< the same in snake_case, at most 24 characters; no other member's

  /// The name of a worker, as the pool calls it: the same where text is name.
  std::string worker(const std::string& own_name) const;
  /// What the member says, with the member in front of it.
  std::string saying(std::string_view what) const;
};

/// In the same order.
std::vector<Label> labels_of(const std::vector<std::string>& names);

}  // namespace mw::pool
