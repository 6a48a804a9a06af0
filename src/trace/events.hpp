// Records as events of a trace.
//
// What:    one event a line, in Chrome's format. A host is a process of the trace, a slot of a worker one of its lanes;
//          process 1 is the master. Slices of a lane do not overlap: where the master has heard late of what a worker
//          did, the slice is where it fits, and `run` says how long it took.
// Owner:   text that was made, until it is taken; what it has read of the names.
// Threads: one at a time.
// Use:
//     Events events{names, born_ns};
//     for (const Record& record : some) events.add(record);
//     write(events.text()), events.clear();
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "trace/names.hpp"
#include "trace/record.hpp"

namespace mw::trace {

class Events {
 public:
  /// Times count from `born_ns` on. `program` is the master's name.
  Events(Names& names, std::int64_t born_ns, std::string_view program);

  void add(const Record& record);
  /// So many records could not be kept.
  void add_missing(std::uint64_t records, std::int64_t now_ns);

  /// Whole events, each with a comma in front of it but the first one of all.
  const std::string& text() const noexcept { return text_; }
  /// How many records are in that.
  std::uint64_t records() const noexcept { return records_; }
  void clear() noexcept {
    text_.clear();
    records_ = 0;
  }

 private:
  struct Lane {
    std::string begin;         ///< an event of it, up to its time
    std::string at;            ///< … which it has in the middle
    std::int64_t over_ns = 0;  ///< when its last slice was
  };
  struct Worker {
    std::vector<Lane> lanes;
    std::string name;
    std::uint32_t process = 0;
    std::uint32_t slots = 1;
  };

  void begin_event();
  void add_attempt(const Record& record);
  void add_instant(const Record& record, std::string_view where, std::int64_t at_ns);
  void add_worker_event(const Record& record);
  void add_counts(const Record& record);
  Worker& worker(std::uint32_t number);
  Lane& new_lane(Worker& worker);
  Lane& lane_for(Worker& worker, std::int64_t start_ns);
  std::uint32_t process_of(const std::string& host);
  void name_process(std::uint32_t process, std::string_view name);
  void name_lane(std::uint32_t process, std::uint32_t lane, std::string_view name);
  const std::string& name(std::uint32_t number);

  Names& names_;
  const std::int64_t born_ns_;
  std::string text_;
  std::uint64_t records_ = 0;
  bool has_any_ = false;
  std::vector<std::string> quoted_names_;  ///< by number; empty: not asked for yet
  std::unordered_map<std::uint32_t, Worker> workers_;
  std::map<std::string, std::uint32_t> processes_;  ///< by host
  std::uint32_t lanes_ = 0;
};

}  // namespace mw::trace
