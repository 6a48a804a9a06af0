#include "watch/picture.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <boost/json.hpp>

#include "log/escaped.hpp"
#include "watch/status_json.hpp"

namespace mw::watch {
namespace {

namespace json = boost::json;

/// Rows of one look, of which there are ten a second: 20,000 a second can be sent and drawn.
constexpr std::uint64_t wanted_rows = 2000;
constexpr std::uint32_t most_one_in = 1u << 20;
constexpr std::size_t most_lanes = 20'000;

template <class Value>
std::uint32_t clamped(Value value) {
  return static_cast<std::uint32_t>(std::clamp<Value>(value, 0, std::numeric_limits<std::uint32_t>::max()));
}

template <class Number>
void put(std::string& out, Number number) {
  static_assert(std::endian::native == std::endian::little);
  out.append(reinterpret_cast<const char*>(&number), sizeof number);
}

json::object series_json(const std::vector<Point>& points, std::size_t from) {
  json::array t, waiting, running, finished, errors, cancelled, workers;
  for (std::size_t i = from; i < points.size(); ++i) {
    const Point& one = points[i];
    t.emplace_back(std::round(one.seconds * 1000) / 1000);
    waiting.emplace_back(one.waiting);
    running.emplace_back(one.running);
    finished.emplace_back(one.finished);
    errors.emplace_back(one.errors);
    cancelled.emplace_back(one.cancelled);
    workers.emplace_back(one.workers);
  }
  return {{"t", std::move(t)},
          {"waiting", std::move(waiting)},
          {"running", std::move(running)},
          {"finished", std::move(finished)},
          {"errors", std::move(errors)},
          {"cancelled", std::move(cancelled)},
          {"workers", std::move(workers)}};
}

std::string_view in_words(End end) {
  switch (end) {
    case End::finished: return "finished";
    case End::error: return "failed";
    case End::cancelled: return "was cancelled";
    case End::lost: return "lost its worker";
  }
  return "ended";
}

json::array texts(const std::vector<std::string>& list) {
  json::array array;
  for (const std::string& one : list) array.emplace_back(log::escaped(one));
  return array;
}

}  // namespace

std::string_view to_string(End end) noexcept {
  switch (end) {
    case End::finished: return "finished";
    case End::error: return "error";
    case End::cancelled: return "cancelled";
    case End::lost: return "lost";
  }
  return "unknown";
}

Picture::Picture(RunFacts facts, Recorder& recorder, const detail::WorkerDirectory& directory)
    : facts_{std::move(facts)}, recorder_{recorder}, directory_{directory} {}

void Picture::look() {
  taken_ = 0;
  const std::uint64_t skipped = recorder_.skipped();
  recorder_.take([this](const Ended& one) {
    ++taken_;
    add(one);
  });
  for (std::string& name : recorder_.names(functions_.size())) functions_.push_back(std::move(name));
  auto failed = recorder_.take_failed().first;
  for (FailedTask& one : failed) failed_.push_front(std::move(one));
  if (failed_.size() > most_listed) failed_.resize(most_listed);
  if (taken_ > 2 * wanted_rows || (recorder_.skipped() != skipped && taken_ > wanted_rows))
    one_in_ = std::min(one_in_ * 2, most_one_in);
  else if (taken_ < wanted_rows / 2)
    one_in_ = std::max(one_in_ / 2, 1u);
  recorder_.keep_one_in(one_in_);
}

void Picture::add(const Ended& one) {
  Row row;
  row.start_us = static_cast<std::uint64_t>(one.start_ns / 1000);
  row.run_us = clamped(one.run_ns / 1000);
  row.lane = lane_of(one.worker);
  row.id = static_cast<std::uint32_t>(one.id);
  row.function = one.function;
  row.end = one.end;
  row.attempt = static_cast<std::uint8_t>(std::min<std::uint32_t>(one.attempt, 255));
  rows_.push_back(row);
  if (rows_.size() > most_rows) {
    rows_.pop_front();
    ++forgotten_;
  }
  keep_if_slow(one, row.lane);
}

void Picture::keep_if_slow(const Ended& one, std::uint32_t lane) {
  const auto is_slower = [](const Slow& a, const Slow& b) { return a.run_ns > b.run_ns; };
  if (slow_.size() >= most_listed) {
    if (one.run_ns <= slow_.front().run_ns) return;
    std::pop_heap(slow_.begin(), slow_.end(), is_slower);
    slow_.pop_back();
  }
  slow_.push_back({one.id, one.run_ns, one.start_ns, one.function, lane, one.end});
  std::push_heap(slow_.begin(), slow_.end(), is_slower);
  // Twice as long: else, where all take as long, each would be a new record.
  recorder_.keep_slower_than(slow_.size() < most_listed ? std::numeric_limits<std::int64_t>::max() : 2 * slow_.front().run_ns);
}

/// A worker and its successors, which have its name and a number behind it, have lanes of their own.
std::uint32_t Picture::lane_of(std::uint32_t worker) {
  if (const auto known = lane_of_worker_.find(worker); known != lane_of_worker_.end()) return known->second;
  std::string name = directory_.find(WorkerId{worker}).name;
  if (lanes_.size() >= most_lanes) name = "others";
  const auto [place, is_new] = lane_of_name_.try_emplace(name, static_cast<std::uint32_t>(lanes_.size()));
  if (is_new) lanes_.push_back(std::move(name));
  if (lane_of_worker_.size() > 4 * most_lanes) lane_of_worker_.clear();
  return lane_of_worker_[worker] = place->second;
}

void Picture::set(Status status, std::string state, bool can_scale) {
  status_ = std::move(status);
  state_ = std::move(state);
  can_scale_ = can_scale;
  if (!series_.is_due(status_.seconds) && state_ != "ended") return;
  series_.add({status_.seconds, status_.submitted, status_.running, status_.finished, status_.errors, status_.cancelled,
               status_.ready_workers()});
}

json::array Picture::slowest_json() const {
  std::vector<Slow> sorted = slow_;
  std::sort(sorted.begin(), sorted.end(), [](const Slow& a, const Slow& b) { return a.run_ns > b.run_ns; });
  json::array list;
  for (const Slow& one : sorted)
    list.push_back({{"id", one.id},
                    {"name", one.function < functions_.size() ? log::escaped(functions_[one.function]) : std::string{}},
                    {"worker", log::escaped(lanes_.at(one.lane))},
                    {"seconds", static_cast<double>(one.run_ns) * 1e-9},
                    {"start", static_cast<double>(one.start_ns) * 1e-9},
                    {"state", to_string(one.end)}});
  return list;
}

json::array Picture::failed_json() const {
  json::array list;
  for (const FailedTask& one : failed_)
    list.push_back({{"id", one.id},
                    {"name", log::escaped(one.name)},
                    {"worker", log::escaped(one.worker)},
                    {"host", log::escaped(one.host)},
                    {"cause", one.cause},
                    {"message", log::escaped_lines(one.message)},
                    {"attempts", one.attempts},
                    {"err", log::escaped_lines(one.err)},
                    {"time", one.seconds}});
  return list;
}

json::object Picture::facts_json() const {
  json::object facts{{"program", log::escaped(facts_.program)},
                     {"command", log::escaped(facts_.command)},
                     {"host", log::escaped(facts_.host)},
                     {"pid", facts_.pid},
                     {"version", facts_.version},
                     {"started", facts_.started},
                     {"state", state_},
                     {"can_scale", can_scale_},
                     {"estimate", nullptr}};
  if (const auto guess = estimate(series_.points()); guess && state_ == "running")
    facts["estimate"] = {{"rate", guess->rate}, {"left", guess->left}, {"low", guess->low}, {"high", guess->high}};
  return facts;
}

json::object Picture::head_json() const {
  json::object all = watch::to_json(status_);
  for (auto& fact : facts_json()) all[fact.key()] = std::move(fact.value());
  return all;
}

json::object Picture::to_json(Reader& reader) const {
  const bool has_all_before = reader.thinned == series_.thinned();
  const std::size_t from = has_all_before ? std::min(reader.points, series_.points().size()) : 0;
  reader = {series_.points().size(), series_.thinned()};
  json::object all = facts_json();
  all["interface"] = log::escaped(status_.interface_name);
  all["now"] = status_.seconds;
  all["status"] = watch::to_json(status_);
  all["series"] = series_json(series_.points(), from);
  all["series_is_whole"] = from == 0;
  all["slowest"] = slowest_json();
  all["failed"] = failed_json();
  all["lanes"] = texts(lanes_);
  all["functions"] = texts(functions_);
  all["rows_end"] = rows_end();
  all["not_drawn"] = recorder_.skipped();
  return all;
}

std::string Picture::end_of(std::uint64_t id) const {
  constexpr std::size_t most = 10;
  std::vector<std::string> lines;
  for (auto row = rows_.rbegin(); row != rows_.rend() && lines.size() < most; ++row)
    if (row->id == static_cast<std::uint32_t>(id))
      lines.push_back(
          fmt::format("task {} ({}) {}, on {}: it began {:.3f} s after the master was made, and took {:.3g} s (attempt {})\n", id,
                      functions_.at(row->function), in_words(row->end), lanes_.at(row->lane),
                      static_cast<double>(row->start_us) * 1e-6, static_cast<double>(row->run_us) * 1e-6, row->attempt));
  std::reverse(lines.begin(), lines.end());
  for (const FailedTask& one : failed_) {
    if (one.id != id) continue;
    lines.push_back(fmt::format("it has no result: {}: {}\n", one.cause, one.message));
    if (!one.err.empty()) lines.push_back(fmt::format("the end of its stderr:\n{}\n", one.err));
  }
  return fmt::format("{}", fmt::join(lines, ""));
}

std::string Picture::rows(std::uint64_t from) const {
  const std::uint64_t first = std::clamp(from, forgotten_, rows_end());
  const auto count = static_cast<std::uint32_t>(std::min<std::uint64_t>(rows_end() - first, most_rows_an_answer));
  std::string bytes;
  bytes.reserve(16 + std::size_t{count} * 24);
  put(bytes, first);
  put(bytes, count);
  put(bytes, std::uint32_t{0});
  for (std::uint32_t i = 0; i < count; ++i) {
    const Row& row = rows_[static_cast<std::size_t>(first - forgotten_ + i)];
    put(bytes, row.start_us);
    put(bytes, row.run_us);
    put(bytes, row.lane);
    put(bytes, row.id);
    put(bytes, row.function);
    put(bytes, static_cast<std::uint8_t>(row.end));
    put(bytes, row.attempt);
  }
  return bytes;
}

}  // namespace mw::watch
