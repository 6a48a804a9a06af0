// What a run looks like: all that a page shows of it, in bounded memory.
//
// What:    puts together what a Recorder leaves and what a master says of itself: rows of the last attempts, the
//          slowest and the last failed tasks, counts over time, how long it may take. As JSON, and rows as bytes.
// Owner:   a value; refers to the recorder.
// Threads: one at a time: the reader's.
// Use:
//     picture.look();                                       // ten times a second
//     picture.set(status);                                  // twice a second
//     send(picture.to_json(reader));
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include <boost/json/fwd.hpp>

#include <mw/status.hpp>

#include "core/worker_directory.hpp"
#include "watch/estimate.hpp"
#include "watch/recorder.hpp"
#include "watch/series.hpp"

namespace mw::watch {

/// What does not change while a master lives.
struct RunFacts {
  std::string program;
  std::string command;
  std::string host;
  std::uint32_t pid = 0;
  std::string version;
  double started = 0;  ///< Unix time, seconds
};

/// A row as it goes out: 24 bytes, little-endian.
struct Row {
  std::uint64_t start_us = 0;
  std::uint32_t run_us = 0;
  std::uint32_t lane = 0;
  std::uint32_t id = 0;  ///< its low 32 bits
  std::uint16_t function = 0;
  End end = End::finished;
  std::uint8_t attempt = 0;  ///< 255: that or more
};

/// How much of the series somebody has read.
struct Reader {
  std::size_t points = 0;
  std::uint64_t thinned = 0;
};

class Picture {
 public:
  static constexpr std::size_t most_rows = 1'000'000;
  static constexpr std::size_t most_rows_an_answer = 65'536;
  static constexpr std::size_t most_listed = 100;  ///< of the slowest, and of the failed

  Picture(RunFacts facts, Recorder& recorder, const detail::WorkerDirectory& directory);

  /// Takes what the recorder has. Sees to it that it leaves about as much as can be drawn.
  void look();
  /// What the master says now; `state`: "running", "paused", "stopping", "ended".
  void set(Status status, std::string state, bool can_scale);
  const RunFacts& facts() const noexcept { return facts_; }
  const Status& status() const noexcept { return status_; }
  const std::string& state() const noexcept { return state_; }

  /// The status, with what is known besides: which program it is, its state, and how long it may take.
  boost::json::object head_json() const;
  /// All of it; of the series, what the reader does not have.
  boost::json::object to_json(Reader& reader) const;
  /// Those from this number on, as many as go into one answer, with a head of 16 bytes: the number of the first (u64),
  /// how many (u32), 0 (u32).
  std::string rows(std::uint64_t from) const;
  std::uint64_t rows_end() const noexcept { return forgotten_ + rows_.size(); }
  const std::deque<Row>& last_rows() const noexcept { return rows_; }
  const std::deque<FailedTask>& failed() const noexcept { return failed_; }
  /// What is known of the ends of this task's attempts, in lines; empty if nothing is.
  std::string end_of(std::uint64_t id) const;
  /// What a row's lane and function are called.
  const std::string& lane_name(std::uint32_t lane) const { return lanes_.at(lane); }
  const std::string& function_name(std::uint16_t function) const { return functions_.at(function); }

 private:
  struct Slow {
    std::uint64_t id = 0;
    std::int64_t run_ns = 0, start_ns = 0;
    std::uint16_t function = 0;
    std::uint32_t lane = 0;
    End end = End::finished;
  };

  void add(const Ended& one);
  void keep_if_slow(const Ended& one, std::uint32_t lane);
  std::uint32_t lane_of(std::uint32_t worker);
  boost::json::object facts_json() const;
  boost::json::array slowest_json() const;
  boost::json::array failed_json() const;

  const RunFacts facts_;
  Recorder& recorder_;
  const detail::WorkerDirectory& directory_;
  std::deque<Row> rows_;
  std::uint64_t forgotten_ = 0;
  std::vector<std::string> functions_;
  std::vector<std::string> lanes_;
  std::unordered_map<std::uint32_t, std::uint32_t> lane_of_worker_;
  std::unordered_map<std::string, std::uint32_t> lane_of_name_;
  std::vector<Slow> slow_;  ///< a heap, the quickest first
  std::deque<FailedTask> failed_;
  std::uint32_t one_in_ = 1;
  std::uint64_t taken_ = 0;  ///< in the last look
  Series series_;
  Status status_;
  std::string state_ = "running";
  bool can_scale_ = false;
};

/// "finished", "error", …
std::string_view to_string(End end) noexcept;

}  // namespace mw::watch
