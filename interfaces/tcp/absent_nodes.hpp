// Why nodes have not joined: what a master knows of each.
//
// What:    the last reason for each node, by its name or address, until it joins; so many and no more, the oldest goes
//          first. A node's words are made fit for a terminal. Pure.
// Owner:   values.
// Threads: one at a time.
// Use:
//     absent.note("the node pi1 (192.168.1.7)", "there is no worker build …");
//     absent.joined("the node pi1 (192.168.1.7)");
//     error += absent.text();
#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "log/escaped.hpp"

namespace mw::tcp {

class AbsentNodes {
 public:
  static constexpr std::size_t most = 64;

  void note(const std::string& who, const std::string& said) {
    const std::string why = log::escaped(std::string_view{said}.substr(0, said.find_last_not_of(" \n") + 1));
    if (const auto place = find(who); place != nodes_.end()) {
      place->second = why;
      return;
    }
    nodes_.emplace_back(who, why);
    if (nodes_.size() <= most) return;
    nodes_.pop_front();
    ++forgotten_;
  }
  void joined(std::string_view who) {
    if (const auto place = find(who); place != nodes_.end()) nodes_.erase(place);
  }
  bool is_empty() const noexcept { return nodes_.empty(); }
  /// "pi1: …; pi2: …"
  std::string text() const {
    std::string text;
    for (const auto& [who, why] : nodes_) text += fmt::format("{}{}: {}", text.empty() ? "" : "; ", who, why);
    return forgotten_ == 0 ? text : fmt::format("{}; and others before them", text);
  }

 private:
  using Node = std::pair<std::string, std::string>;
  std::deque<Node>::iterator find(std::string_view who) {
    return std::find_if(nodes_.begin(), nodes_.end(), [&](const Node& one) { return one.first == who; });
  }
  std::deque<Node> nodes_;  ///< the first that was noted first
  std::size_t forgotten_ = 0;
};

}  // namespace mw::tcp
