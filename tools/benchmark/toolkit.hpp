// The same measurements on CppMW itself, through its public API.
//
// What:    one function a workload; each makes a master.
// Owner:   masters live and end inside each call.
// Threads: main's.
// Use:
//     double per_second = toolkit::pipelined_tasks_per_second({"multicore", 2}, 20'000);
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace mw::benchmark::toolkit {

struct Farm {
  std::string interface;  ///< "multicore", "mpi", with no number
  unsigned workers = 2;
};

double single_tasks_per_second(const Farm& farm, std::uint64_t tasks);            ///< W1a: one task at a time for each worker
double pipelined_tasks_per_second(const Farm& farm, std::uint64_t tasks);         ///< W1p: submit all, then get all
double mapped_elements_per_second(const Farm& farm, std::uint64_t elements);      ///< W1b
double mib_per_second(const Farm& farm, std::uint64_t tasks, std::size_t bytes);  ///< W2: both ways together
std::int64_t first_result_ns(const Farm& farm);                                   ///< W4: steady clock
double bytes_per_queued_task(const Farm& farm, std::uint64_t tasks);              ///< W5
double round_trip_us(const Farm& farm, unsigned rounds);                          ///< W6: the median
double shared_ms(const Farm& farm, std::uint64_t tasks, std::size_t bytes);       ///< W7: all of them, and the workers' start
double sent_ms(const Farm& farm, std::uint64_t tasks, std::size_t bytes);         ///< W8: the same, by value

/// W9: so many tasks of 0.1 ms, then three of another function that take 0.8 s: how many times as long as the best
/// schedule for that many workers.
double long_tasks_at_the_end(const Farm& farm, std::uint64_t tasks);
/// W10: map over so many inputs of 0.1 ms, the last 50 of which take 50 ms; the same.
double long_inputs_at_the_end(const Farm& farm, std::uint64_t inputs);

}  // namespace mw::benchmark::toolkit
