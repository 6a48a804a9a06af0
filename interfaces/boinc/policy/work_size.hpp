// How much work goes into a workunit, and how many workunits to a host.
//
// What:    a workunit costs a volunteer some 20 s of polling whatever is in it, so it carries as many tasks as run for
//          about the target; towards the end fewer, so that all hosts end together (guided self-scheduling,
//          Polychronopoulos and Kuck 1987). Pure.
// Owner:   values.
// Threads: any.
// Use:
//     const std::size_t tasks = tasks_in_workunit({.target_s = 600, .task_s = 0.2, .waiting = 100'000, .processors = 40});
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace mw::boinc {

/// How many tasks a pool is taken to run at a time as long as nobody knows its volunteers.
inline constexpr std::uint32_t unknown_pool_slots = 16;

struct BundleQuestion {
  double target_s = 600;       ///< a workunit's run time that is aimed at
  double task_s = 0;           ///< a task's, as known on this host; 0: unknown
  std::size_t waiting = 1;     ///< tasks that are in no workunit yet
  std::size_t processors = 1;  ///< of all hosts that asked lately
  std::size_t most = 1000;
};

inline std::size_t tasks_in_workunit(const BundleQuestion& question) noexcept {
  if (question.task_s <= 0) return 1;  // to learn it
  const double fill = std::floor(question.target_s / question.task_s);
  const std::size_t share = question.waiting / (2 * std::max<std::size_t>(question.processors, 1)) + 1;
  const std::size_t most = std::min(std::max<std::size_t>(question.most, 1), share);
  return fill < static_cast<double>(most) ? std::max<std::size_t>(static_cast<std::size_t>(fill), 1) : most;
}

/// A workunit that is shorter costs a volunteer more in polling than in computing.
inline constexpr double worth_polling_s = 20;

/// The same where tasks are put together before any host asks: nobody knows how many hosts there are, so that a share
/// of what waits may be too small to be worth it.
inline std::size_t tasks_in_submitted_workunit(const BundleQuestion& question) noexcept {
  const std::size_t share = tasks_in_workunit(question);
  if (question.task_s <= 0) return share;
  const double worth = std::ceil(std::min(worth_polling_s, question.target_s) / question.task_s);
  const auto most =
      static_cast<double>(std::min(std::max<std::size_t>(question.most, 1), std::max<std::size_t>(question.waiting, 1)));
  return std::max(share, static_cast<std::size_t>(std::clamp(worth, 1.0, most)));
}

struct AmountQuestion {
  double seconds = 0;            ///< the client's work_req_seconds
  double instances = 0;          ///< processors that are idle, as it says
  std::int64_t processors = 1;   ///< of the host
  double workunit_s = 0;         ///< a workunit's run time on it; 0: unknown
  std::int64_t in_progress = 0;  ///< workunits that it has
  std::int64_t most_a_processor = 4;
  std::int64_t most = 2048;  ///< in all, whatever it says of its processors
};

/// How many workunits to send: enough for its processors, and for the time that it asks for as far as that is known; a
/// host does not hoard.
inline std::int64_t workunits_to_send(const AmountQuestion& question) noexcept {
  const std::int64_t processors = std::max<std::int64_t>(question.processors, 1);
  const std::int64_t room = std::min(processors * question.most_a_processor, question.most) - question.in_progress;
  double wanted = std::max(question.instances, static_cast<double>(processors - question.in_progress));
  if (question.workunit_s > 0) wanted = std::max(wanted, std::ceil(question.seconds / question.workunit_s));
  wanted = std::max(wanted, 1.0);
  return std::max<std::int64_t>(0, wanted < static_cast<double>(room) ? static_cast<std::int64_t>(wanted) : room);
}

/// What a workunit's floating-point operations are said to be: a host takes its run time and its limit from it.
struct Operations {
  double expected = 0;
  double bound = 0;
};
/// `seconds` are what it is taken to run, `workunit_time` what one may run.
inline Operations operations_of(double seconds, std::chrono::seconds workunit_time) noexcept {
  constexpr double usual_fpops = 4e9;  // a core's, as clients measure it
  constexpr double slack = 1000;       // tasks have limits of their own
  return {seconds * usual_fpops, std::max(seconds, static_cast<double>(workunit_time.count())) * usual_fpops * slack};
}

}  // namespace mw::boinc
