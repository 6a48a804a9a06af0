// Which jobs a master has at a cluster, and which it wants.
//
// What:    a pure state machine: it is told what a cluster and the nodes say, and what the time is, and answers what is
//          to be asked of the cluster next. It never believes that a job is there, or not, but by a list of the
//          cluster's: one that was submitted without an answer turns up there, or it does not.
//          Jobs that end before they were of use are followed by one job at a time, later and later.
// Owner:   values.
// Threads: one at a time.
// Use:
//     Fleet fleet{{.least = 1, .most = 20}};
//     fleet.note_nodes(nodes, now);
//     const Fleet::Step step = fleet.next(tasks_waiting, now);      // … submit: then submitted() or submit_failed()
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "process/back_off.hpp"
#include "tcp/launch/slurm_text.hpp"

namespace mw::tcp {

class Fleet {
 public:
  using Time = std::chrono::steady_clock::time_point;

  struct Terms {
    unsigned least = 1, most = 1;            ///< jobs at a time
    std::chrono::milliseconds idle{60'000};  ///< a node that had nothing to do for so long is not needed
  };
  /// A node of one of its jobs that has joined.
  struct Node {
    std::string job;
    unsigned slots = 1;
    bool is_idle = false;  ///< it has nothing to do, and nothing that would be missed
  };
  struct Step {
    enum class Kind : std::uint8_t { nothing, submit, list, cancel };
    Kind kind = Kind::nothing;
    unsigned count = 0;                  ///< of jobs to submit
    std::vector<std::string> jobs = {};  ///< to cancel
  };

  /// At one time; Slurm's usual limit of an array.
  static constexpr unsigned most_at_once = 1'000;

  explicit Fleet(Terms terms) : terms_{terms} {}

  /// What is to be done now, if nothing else is on its way to the cluster; and its answer must be told.
  Step next(std::size_t tasks_waiting, Time now);
  void submitted(std::uint64_t array, unsigned count, Time now);
  /// Whether there is a job now nobody knows.
  void submit_failed(Time now);
  void listed(const std::vector<slurm::Job>& jobs, Time now);
  void list_failed(Time now);
  void cancel_failed(const std::vector<std::string>& jobs, Time now);
  /// All that are there.
  void note_nodes(const std::vector<Node>& nodes, Time now);
  /// The jobs whose nodes are to be told that they are not needed; each is named once.
  std::vector<std::string> take_unneeded(std::size_t tasks_waiting, Time now);

  /// Job after job has ended before it was of use, and none ever was: no more is submitted.
  bool has_given_up() const noexcept { return has_given_up_; }
  /// What became of the last jobs that ended too early, told once: "job 12_0 ended as FAILED (NonZeroExitCode) …".
  std::optional<std::string> take_failure() { return std::exchange(untold_failure_, std::nullopt); }
  const std::string& last_failure() const noexcept { return last_failure_; }
  /// Jobs whose nodes are not there, and why; those of which the same is to be said are one: "Slurm's jobs 12_0, 12_1".
  std::vector<std::pair<std::string, std::string>> missing() const;

  std::size_t pending_count() const;
  std::size_t running_count() const;
  std::uint64_t submitted_count() const noexcept { return submitted_; }

 private:
  struct Job {
    slurm::Job said = {};
    bool is_listed = false;  ///< Slurm has told of it
    bool is_over = false;
    bool is_released = false;  ///< it is to end, or has ended, as it is not needed
    bool has_node = false;
    bool was_joined = false;
    bool was_of_use = false;
    Time joined{};
    std::optional<Time> idle_since = {};
    bool is_live() const noexcept { return !is_over && !is_released; }
    bool is_on_its_way() const noexcept { return is_live() && !was_joined; }
  };

  static constexpr std::chrono::milliseconds first_pause{1'000}, longest_pause{300'000}, longest_silence{60'000};

  std::size_t live_count() const;
  std::size_t on_their_way() const;
  unsigned wanted(std::size_t tasks_waiting, Time now) const;
  std::vector<std::string> surplus(std::size_t tasks_waiting, Time now);
  void note_waiting(std::size_t tasks_waiting, Time now);
  void note_use(Time now);
  void ended(const std::string& id, Job& job);
  void failed(Time now);
  void plan_list(Time now);
  void list_soon(Time now);
  std::string fate_of(const Job& job) const;

  Terms terms_;
  std::map<std::string, Job> jobs_;
  std::deque<std::pair<std::string, std::string>> ended_early_;  ///< the last ones, and what became of them
  process::BackOff resubmits_{first_pause, longest_pause};       ///< counts rounds in which jobs ended too early
  process::BackOff submits_{first_pause, longest_silence};       ///< … and commands that failed
  process::BackOff lists_{first_pause, longest_silence};
  bool is_unsure_ = false;  ///< a submission's fate is not known
  Time submit_not_before_{};
  std::optional<Time> list_at_;
  std::chrono::milliseconds list_gap_{first_pause};
  std::optional<Time> waiting_since_, calm_since_;  ///< whether tasks wait
  unsigned slots_ = 1;                              ///< that a node has, about
  bool was_ever_of_use_ = false;
  bool has_given_up_ = false;
  std::string last_failure_;
  std::optional<std::string> untold_failure_;
  std::uint64_t submitted_ = 0;
};

}  // namespace mw::tcp
