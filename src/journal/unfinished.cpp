#include "journal/unfinished.hpp"

namespace mw::journal {

std::vector<TaskKey> Checkpoints::fill(const std::vector<Unfinished>& tasks, const Index& index) {
  std::vector<TaskKey> of_no_use;
  for (const Unfinished& one : tasks) {
    if (index.has(one.digest, one.occurrence)) {
      of_no_use.push_back(one.task);
      continue;
    }
    const auto [place, is_new] = calls_[one.digest].by_occurrence.try_emplace(one.occurrence, one.task);
    if (is_new) continue;
    of_no_use.push_back(place->second);
    place->second = one.task;
  }
  return of_no_use;
}

std::optional<TaskKey> Checkpoints::take(const Digest& digest) {
  const auto found = calls_.find(digest);
  if (found == calls_.end()) return std::nullopt;
  Call& call = found->second;
  const auto place = call.by_occurrence.find(call.taken++);
  return place == call.by_occurrence.end() ? std::nullopt : std::optional{place->second};
}

std::vector<Unfinished> Checkpoints::all() const {
  std::vector<Unfinished> all;
  for (const auto& [digest, call] : calls_)
    for (const auto& [occurrence, task] : call.by_occurrence) all.push_back({digest, occurrence, task});
  return all;
}

}  // namespace mw::journal
