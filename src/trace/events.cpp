#include "trace/events.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "log/escaped.hpp"
#include "trace/text.hpp"

namespace mw::trace {
namespace {

constexpr std::string_view master_lane = "\"pid\":1,\"tid\":0";

/// What became of it, in a word.
std::string_view word_of(Kind kind) noexcept {
  switch (kind) {
    case Kind::finished: return "finished";
    case Kind::failed: return "failed";
    case Kind::cancelled: return "cancelled";
    case Kind::retried: return "retried";
    case Kind::lost: return "lost";
    case Kind::recalled: return "recalled";
    case Kind::overtaken: return "overtaken";
    case Kind::copy: return "copy";
    case Kind::known: return "known";
    case Kind::never_began: return "never began";
    case Kind::dropped: return "cancelled";
    case Kind::worker_joined: return "joined";
    case Kind::worker_left: return "left";
    case Kind::counts: break;
  }
  return "tasks";
}

/// Whether somebody who looks for what went wrong would miss it.
bool is_of_note(Kind kind) noexcept { return kind == Kind::failed || kind == Kind::retried || kind == Kind::lost; }

void put_span(std::string& text, std::string_view key, std::int64_t from_ns, std::int64_t to_ns) {
  if (from_ns == 0 || to_ns == 0) return;
  put(text, key);
  put_us(text, to_ns - from_ns);
}

}  // namespace

Events::Events(Names& names, std::int64_t born_ns, std::string_view program) : names_{names}, born_ns_{born_ns} {
  name_process(1, fmt::format("master: {}", program));
  name_lane(1, 0, "tasks without a worker");
  processes_.emplace("", 1);
}

void Events::begin_event() {
  if (has_any_) put(text_, ",\n");
  has_any_ = true;
}

void Events::name_process(std::uint32_t process, std::string_view name) {
  begin_event();
  text_ +=
      fmt::format(R"({{"ph":"M","name":"process_name","pid":{},"tid":0,"args":{{"name":{}}}}})", process, log::json_string(name));
}

void Events::name_lane(std::uint32_t process, std::uint32_t lane, std::string_view name) {
  begin_event();
  text_ += fmt::format(R"({{"ph":"M","name":"thread_name","pid":{},"tid":{},"args":{{"name":{}}}}})", process, lane,
                       log::json_string(name));
}

void Events::add(const Record& record) {
  ++records_;
  if (is_attempt(record.kind))
    add_attempt(record);
  else if (record.kind == Kind::counts)
    add_counts(record);
  else if (record.kind == Kind::worker_joined || record.kind == Kind::worker_left)
    add_worker_event(record);
  else
    add_instant(record, master_lane, record.end_ns);
}

/// What the master has heard late of was done between the slice before and then.
void Events::add_attempt(const Record& record) {
  const std::int64_t run_ns = record.run_ns > 0 ? record.run_ns : record.end_ns - record.start_ns;
  const std::int64_t latest_ns = record.end_ns - run_ns;
  const std::int64_t wanted_ns = record.start_ns != 0 ? std::min(record.start_ns, latest_ns) : latest_ns;
  Lane& lane = lane_for(worker(record.worker), wanted_ns);
  const std::int64_t start_ns = std::clamp(wanted_ns, std::min(lane.over_ns, record.end_ns), record.end_ns);
  const std::int64_t over_ns = std::min(start_ns + run_ns, record.end_ns);
  lane.over_ns = std::max(lane.over_ns, over_ns);
  begin_event();
  put(text_, lane.begin);
  put_us(text_, start_ns - born_ns_);
  put(text_, ",\"dur\":");
  put_us(text_, over_ns - start_ns);
  put(text_, ",\"name\":");
  put(text_, name(record.name));
  put(text_, ",\"cat\":\"");
  put(text_, word_of(record.kind));
  put(text_, "\",\"args\":{\"task\":");
  put(text_, record.task);
  if (record.attempt > 1) put(text_, ",\"attempt\":"), put(text_, std::uint64_t{record.attempt});
  put_span(text_, ",\"queue_us\":", record.submit_ns, record.assign_ns);
  put_span(text_, ",\"transfer_us\":", record.assign_ns, record.start_ns);
  put(text_, ",\"run_us\":");
  put_us(text_, run_ns);
  put(text_, ",\"return_us\":");
  put_us(text_, record.end_ns - over_ns);
  put(text_, "}}");
  if (is_of_note(record.kind)) add_instant(record, lane.at, over_ns);
}

void Events::add_instant(const Record& record, std::string_view where, std::int64_t at_ns) {
  begin_event();
  put(text_, R"({"ph":"i","s":"t",)");
  put(text_, where);
  put(text_, ",\"ts\":");
  put_us(text_, at_ns - born_ns_);
  put(text_, ",\"name\":");
  put(text_, name(record.name));
  put(text_, ",\"cat\":\"");
  put(text_, is_attempt(record.kind) ? std::string_view{"note"} : word_of(record.kind));
  put(text_, "\",\"args\":{\"task\":");
  put(text_, record.task);
  put(text_, ",\"what\":\"");
  put(text_, word_of(record.kind));
  put(text_, "\"}}");
}

void Events::add_worker_event(const Record& record) {
  Worker& of = worker(record.worker);
  if (of.lanes.empty()) new_lane(of);
  begin_event();
  text_ += fmt::format(R"({{"ph":"i","s":"t",{},"ts":)", of.lanes.front().at);
  put_us(text_, record.end_ns - born_ns_);
  text_ += fmt::format(R"(,"name":{},"cat":"worker"}})", log::json_string(fmt::format("{} {}", of.name, word_of(record.kind))));
  if (record.kind != Kind::worker_left) return;
  workers_.erase(record.worker);  // no number comes again
  names_.forget_worker(record.worker);
}

void Events::add_counts(const Record& record) {
  begin_event();
  put(text_, R"({"ph":"C","pid":1,"tid":0,"ts":)");
  put_us(text_, record.end_ns - born_ns_);
  put(text_, R"(,"name":"tasks","args":{"waiting":)");
  put(text_, record.task);
  put(text_, ",\"running\":");
  put(text_, static_cast<std::uint64_t>(record.run_ns));
  put(text_, "}}");
}

void Events::add_missing(std::uint64_t records, std::int64_t now_ns) {
  begin_event();
  text_ += fmt::format(R"({{"ph":"i","s":"g",{},"ts":)", master_lane);
  put_us(text_, now_ns - born_ns_);
  text_ += fmt::format(
      R"(,"name":"{0} records are missing: they came faster than they could be written","cat":"missing","args":{{"missing":{0}}}}})",
      records);
}

/// An empty host is the master's own.
std::uint32_t Events::process_of(const std::string& host) {
  const auto [place, is_new] = processes_.emplace(host, static_cast<std::uint32_t>(processes_.size() + 1));
  if (is_new) name_process(place->second, host);
  return place->second;
}

Events::Worker& Events::worker(std::uint32_t number) {
  const auto place = workers_.find(number);
  if (place != workers_.end()) return place->second;
  trace::Worker known = names_.worker(number);
  Worker worker;
  worker.name = known.name.empty() ? fmt::format("worker {}", number) : std::move(known.name);
  worker.process = process_of(known.host);
  worker.slots = std::max(known.slots, 1u);
  return workers_.emplace(number, std::move(worker)).first->second;
}

Events::Lane& Events::new_lane(Worker& worker) {
  const std::uint32_t number = ++lanes_;
  const auto slot = worker.lanes.size() + 1;
  name_lane(worker.process, number, slot == 1 ? worker.name : fmt::format("{}, slot {}", worker.name, slot));
  std::string at = fmt::format(R"("pid":{},"tid":{})", worker.process, number);
  return worker.lanes.emplace_back(Lane{fmt::format(R"({{"ph":"X",{},"ts":)", at), std::move(at)});
}

/// One on which nothing runs any more; where there are as many as slots, the one that was free first.
Events::Lane& Events::lane_for(Worker& worker, std::int64_t start_ns) {
  for (Lane& lane : worker.lanes)
    if (lane.over_ns <= start_ns) return lane;
  if (worker.lanes.size() < worker.slots) return new_lane(worker);
  return *std::min_element(worker.lanes.begin(), worker.lanes.end(),
                           [](const Lane& a, const Lane& b) { return a.over_ns < b.over_ns; });
}

const std::string& Events::name(std::uint32_t number) {
  if (quoted_names_.size() <= number) quoted_names_.resize(number + std::size_t{1});
  std::string& text = quoted_names_[number];
  if (text.empty()) text = log::json_string(names_.tasks.name(number));
  return text;
}

}  // namespace mw::trace
