#include "journal/index.hpp"

#include <algorithm>
#include <tuple>

namespace mw::journal {
namespace {

constexpr unsigned offset_bits = 24;

std::uint64_t place_of(std::uint64_t block, std::uint64_t offset) noexcept { return block << offset_bits | offset; }
Position position_of(std::uint64_t place) noexcept {
  return {place >> offset_bits, place & ((std::uint64_t{1} << offset_bits) - 1)};
}

/// Two that have the same key are no harm: it is a guess of how many inputs go together.
std::uint64_t key_of(std::uint64_t function, std::uint64_t map, std::uint64_t first) noexcept {
  constexpr std::uint64_t odd = 0x9E3779B97F4A7C15;
  return ((function * odd + map) * odd + first) * odd;
}

}  // namespace

Index::Taken Index::take(const Digest& digest) {
  const auto first = std::lower_bound(calls_.begin(), calls_.end(), digest,
                                      [](const Call& call, const Digest& wanted) { return call.digest < wanted; });
  if (first == calls_.end() || first->digest != digest) return {};
  Taken taken{.occurrence = first->taken(), .position = {}};
  ++first->number;
  // Those that did not finish are not there, so it is at its place or before.
  const auto last =
      std::upper_bound(first, calls_.end(), digest, [](const Digest& wanted, const Call& call) { return wanted < call.digest; });
  const auto found = std::lower_bound(first, last, *taken.occurrence,
                                      [](const Call& call, std::uint64_t wanted) { return call.occurrence() < wanted; });
  if (found == last || found->occurrence() != *taken.occurrence) return taken;
  ++found_;
  taken.position = position_of(found->place);
  return taken;
}

bool Index::has(const Digest& digest, std::uint64_t occurrence) const {
  const auto found =
      std::lower_bound(calls_.begin(), calls_.end(), std::tie(digest, occurrence), [](const Call& call, const auto& wanted) {
        return std::tuple{call.digest, call.occurrence()} < wanted;
      });
  return found != calls_.end() && found->digest == digest && found->occurrence() == occurrence;
}

std::vector<Index::Known> Index::all() const {
  std::vector<Known> all;
  all.reserve(calls_.size());
  for (const Call& call : calls_) all.push_back({call.digest, call.occurrence(), position_of(call.place)});
  return all;
}

std::uint64_t Index::inputs_at(std::uint64_t function, const MapPlace& place) const {
  const auto found = inputs_.find(key_of(function, place.map, place.first));
  return found == inputs_.end() ? 0 : found->second;
}

void IndexBuilder::reserve(std::size_t calls) { index_.calls_.reserve(calls); }

void IndexBuilder::add(const Block& block) {
  if (block.run != run_) end_run();
  run_ = block.run;
  each(block.bytes, block.base, [&](const Entry& entry, std::size_t offset) { note(entry, place_of(block.number, offset)); });
}

void IndexBuilder::note(const Entry& entry, std::uint64_t place) {
  if (const auto* const finished = std::get_if<Finished>(&entry)) finished_.emplace_back(finished->id, place);
  const auto* const submitted = std::get_if<Submitted>(&entry);
  if (!submitted) return;
  index_.calls_.push_back({submitted->digest, submitted->id, 0});
  if (submitted->occurrence) occurrences_.emplace(submitted->id, *submitted->occurrence);
  if (submitted->place) of_maps_.emplace_back(submitted->id, *submitted);
}

void IndexBuilder::end_run() {
  auto& calls = index_.calls_;
  const auto begin = calls.begin() + static_cast<std::ptrdiff_t>(begin_);
  std::sort(begin, calls.end(), [](const auto& a, const auto& b) { return a.number < b.number; });
  std::sort(finished_.begin(), finished_.end());
  const auto place_at = [&](std::uint64_t id) {
    const auto found = std::lower_bound(finished_.begin(), finished_.end(), std::pair{id, std::uint64_t{0}});
    return found == finished_.end() || found->first != id ? 0 : found->second;
  };
  for (const auto& [id, submitted] : of_maps_)
    if (place_at(id) != 0)
      index_.inputs_[key_of(submitted.function, submitted.place->map, submitted.place->first)] = submitted.place->count;
  auto next = finished_.begin();
  for (auto call = begin; call != calls.end(); ++call) {
    while (next != finished_.end() && next->first < call->number) ++next;
    if (next != finished_.end() && next->first == call->number) call->place = next->second;
  }
  std::sort(begin, calls.end(),
            [](const auto& a, const auto& b) { return std::tie(a.digest, a.number) < std::tie(b.digest, b.number); });
  std::uint64_t counted = 0;
  Digest before;
  for (auto call = begin; call != calls.end(); ++call) {
    counted = call != begin && call->digest == before ? counted + 1 : 0;
    before = call->digest;
    const auto written = occurrences_.find(call->number);
    const std::uint64_t occurrence = written == occurrences_.end() ? counted : written->second;
    if (call->place == 0 && looked_for_.contains({run_, call->number}))
      unfinished_.push_back({call->digest, occurrence, {run_, call->number}});
    call->number = occurrence << 32;
  }
  calls.erase(std::remove_if(begin, calls.end(), [](const auto& call) { return call.place == 0; }), calls.end());
  begin_ = calls.size();
  finished_.clear();
  occurrences_.clear();
  of_maps_.clear();
}

Index IndexBuilder::finish() {
  end_run();
  auto& calls = index_.calls_;
  // What a later run wrote is further behind.
  std::sort(calls.begin(), calls.end(), [](const auto& a, const auto& b) {
    return std::tie(a.digest, a.number, b.place) < std::tie(b.digest, b.number, a.place);
  });
  const auto same = [](const auto& a, const auto& b) { return a.digest == b.digest && a.number == b.number; };
  calls.erase(std::unique(calls.begin(), calls.end(), same), calls.end());
  calls.shrink_to_fit();
  return std::move(index_);
}

}  // namespace mw::journal
