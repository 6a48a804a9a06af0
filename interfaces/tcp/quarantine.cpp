#include "tcp/quarantine.hpp"

#include <algorithm>

namespace mw::tcp {

const Quarantine::Node* Quarantine::find(const std::string& node) const {
  const auto place = nodes_.find(node);
  return place == nodes_.end() ? nullptr : &place->second;
}

void Quarantine::joined(const std::string& node) {
  nodes_[node].is_there = true;
  let_all_back_if_none_does_well();
}

void Quarantine::left(const std::string& node) {
  const auto place = nodes_.find(node);
  if (place == nodes_.end()) return;
  place->second.is_there = false;
  if (place->second.state == State::well && place->second.losses.empty()) nodes_.erase(place);
  let_all_back_if_none_does_well();
}

void Quarantine::finished(const std::string& node) {
  Node& one = nodes_[node];
  one.has_finished = true;
  one.state = State::well;
  one.losses.clear();
  one.back_off.reset();
}

bool Quarantine::lost(const std::string& node, std::uint64_t task, Time now) {
  if (is_to_blame(node, task)) {
    acquit(task);
    return false;
  }
  Node& one = nodes_[node];
  if (one.losses.size() < most_losses) one.losses.push_back(task);
  const bool is_due = one.is_there && (one.state == State::tried || (one.state == State::well && one.losses.size() >= most_losses));
  const bool others_do_well = std::any_of(nodes_.begin(), nodes_.end(),
                                          [&](const auto& other) { return &other.second != &one && other.second.does_well(); });
  if (is_due && others_do_well) {
    set_aside(one, now);
    return true;
  }
  let_all_back_if_none_does_well();
  return false;
}

void Quarantine::set_aside(Node& node, Time now) {
  node.state = State::set_aside;
  node.has_finished = false;
  node.until = now + node.back_off.next();
}

/// It dies here, where others do not, and has died elsewhere.
bool Quarantine::is_to_blame(const std::string& node, std::uint64_t task) const {
  const Node* const here = find(node);
  if (task == 0 || !here || !here->has_finished || here->state != State::well) return false;
  const auto is_it = [task](std::uint64_t one) { return one == task; };
  return std::all_of(here->losses.begin(), here->losses.end(), is_it) &&
         std::any_of(nodes_.begin(), nodes_.end(), [&](const auto& other) {
           return &other.second != here && std::any_of(other.second.losses.begin(), other.second.losses.end(), is_it);
         });
}

/// Of the nodes on which it died.
void Quarantine::acquit(std::uint64_t task) {
  for (auto& [name, node] : nodes_) {
    if (std::erase(node.losses, task) == 0 || node.state == State::well || node.losses.size() >= most_losses) continue;
    node.state = State::well;
    node.back_off.reset();
  }
}

void Quarantine::let_all_back_if_none_does_well() {
  if (std::any_of(nodes_.begin(), nodes_.end(), [](const auto& one) { return one.second.does_well(); })) return;
  for (auto& [name, node] : nodes_)
    if (node.is_there) node.state = State::well;
}

void Quarantine::time_passed(Time now) {
  for (auto& [name, node] : nodes_)
    if (node.state == State::set_aside && now >= node.until) node.state = State::tried;
  std::erase_if(nodes_, [](const auto& one) { return one.second.state == State::tried && !one.second.is_there; });
}

std::size_t Quarantine::slots(const std::string& node) const {
  const Node* const one = find(node);
  if (!one || one->state == State::well) return all_slots;
  return one->state == State::tried ? 1 : 0;
}

bool Quarantine::awaits_success(const std::string& node) const {
  const Node* const one = find(node);
  return one && (!one->has_finished || one->state != State::well || !one->losses.empty());
}

std::optional<Quarantine::Time> Quarantine::next() const {
  std::optional<Time> first;
  for (const auto& [name, node] : nodes_)
    if (node.state == State::set_aside) first = std::min(first.value_or(Time::max()), node.until);
  return first;
}

std::vector<std::string> Quarantine::names() const {
  std::vector<std::string> names;
  for (const auto& [name, node] : nodes_)
    if (node.state != State::well) names.push_back(name);
  return names;
}

std::optional<Quarantine::Time> Quarantine::until(const std::string& node) const {
  const Node* const one = find(node);
  return one && one->state == State::set_aside ? std::optional{one->until} : std::nullopt;
}

}  // namespace mw::tcp
