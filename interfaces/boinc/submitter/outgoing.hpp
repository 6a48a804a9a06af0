// A batch on its way to a project, and the pace of a submitter.
//
// What:    Outgoing: what is to be sent, and when it is tried (again); how long is waited for what.
// Owner:   plain values.
// Threads: the submitter's.
// Use:     internal; see submitter.cpp.
#pragma once

#include <chrono>
#include <cstddef>

#include "boinc/submitter/route.hpp"
#include "process/back_off.hpp"

namespace mw::boinc {

inline constexpr std::size_t most_jobs_in_batch = 1000;
// Tasks that are submitted one after the other are waited for a little, to go together.
inline constexpr std::chrono::milliseconds quiet_for{50};
inline constexpr std::chrono::milliseconds longest_wait{1000};
inline constexpr std::chrono::milliseconds poll_of_folder{1000};
inline constexpr std::chrono::milliseconds poll_of_url{15'000};
// With the pace that a project is asked at over the network: a minute.
inline constexpr int polls_without_news = 4;
inline constexpr std::chrono::seconds longest_end{10};
// A project that says no to a batch so often will not take it.
inline constexpr unsigned most_tries = 8;

struct Outgoing {
  process::BackOff again;
  Batch batch{};
  std::chrono::steady_clock::time_point not_before{};
};

}  // namespace mw::boinc
