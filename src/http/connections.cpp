#include "http/connections.hpp"

#include <utility>
#include <vector>

namespace mw::http {
namespace {

std::size_t index_of(Rank rank) { return static_cast<std::size_t>(rank); }

}  // namespace

std::size_t Connections::count() const noexcept {
  std::size_t count = 0;
  for (const auto& rank : ranks_) count += rank.size();
  return count;
}

Connections::Place Connections::add(Close close) {
  while (count() >= most_) make_room();
  auto& strangers = ranks_[index_of(Rank::stranger)];
  const Place place = strangers.insert(strangers.end(), Entry{std::move(close)});
  place->self = place;
  return place;
}

void Connections::remove(Place place) {
  hold(place, 0);
  owe(place, false);
  (place->close ? ranks_[index_of(place->rank)] : closed_).erase(place);
}

void Connections::set_rank(Place place, Rank rank) {
  if (!place->close) return;
  auto& list = ranks_[index_of(rank)];
  list.splice(list.end(), ranks_[index_of(place->rank)], place);
  place->rank = rank;
}

void Connections::hold(Place place, std::size_t bytes) {
  Entry& entry = *place;
  if (!entry.close) return;
  held_ = held_ - entry.held + bytes;
  entry.held = bytes;
  if (bytes > 0 && !entry.holder) entry.holder = holders_.insert(holders_.end(), &entry);
  if (bytes == 0 && entry.holder) {
    holders_.erase(*entry.holder);
    entry.holder.reset();
  }
  while (held_ > most_held_ && !holders_.empty()) {
    ++turned_away_;
    close(*holders_.front());
  }
}

void Connections::owe(Place place, bool is_owed) {
  if (!place->close || std::exchange(place->is_owed, is_owed) == is_owed) return;
  is_owed ? ++owed_ : --owed_;
  if (owed_ == 0 && paid_) paid_();
}

void Connections::end(std::function<void()> paid) {
  paid_ = std::move(paid);
  std::vector<Entry*> idle;
  for (auto& rank : ranks_)
    for (Entry& entry : rank)
      if (!entry.is_owed) idle.push_back(&entry);
  for (Entry* entry : idle) close(*entry);
}

void Connections::make_room() {
  for (auto& rank : ranks_) {
    if (rank.empty()) continue;
    ++turned_away_;
    return close(rank.front());
  }
}

/// It counts no more; its coroutine removes it.
void Connections::close(Entry& entry) {
  owe(entry.self, false);
  held_ -= entry.held;
  entry.held = 0;
  if (entry.holder) holders_.erase(*entry.holder);
  entry.holder.reset();
  closed_.splice(closed_.end(), ranks_[index_of(entry.rank)], entry.self);
  const Close close = std::exchange(entry.close, nullptr);
  close();
}

void Connections::close_late(Time now) {
  std::vector<Entry*> late;
  for (auto& rank : ranks_)
    for (Entry& entry : rank)
      if (entry.deadline <= now) late.push_back(&entry);
  for (Entry* entry : late) close(*entry);
}

void Connections::close_all() {
  for (auto& rank : ranks_)
    while (!rank.empty()) close(rank.front());
}

}  // namespace mw::http
