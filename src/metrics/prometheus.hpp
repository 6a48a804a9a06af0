// What a master knows of itself, as Prometheus reads it.
//
// What:    a Status as text of Prometheus' exposition format 0.0.4: names and units as its conventions have them, HELP
//          and TYPE before each. No series is of one task; functions, names of measures and workers are bounded.
// Owner:   the caller gets a copy.
// Threads: any; a pure function.
// Use:
//     answer.type = metrics::prometheus_type;
//     answer.body = metrics::prometheus_text(master.get_status(), {.program = "monte_pi", .version = MW_VERSION});
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <mw/status.hpp>

namespace mw::metrics {

/// The Content-Type of such a text.
inline constexpr std::string_view prometheus_type = "text/plain; version=0.0.4; charset=utf-8";

/// So many workers have series of their own: those that are there, in the order in which they came.
inline constexpr std::size_t most_worker_series = 1000;

/// Labels of cppmw_build_info.
struct BuildInfo {
  std::string program;  ///< what the application is called
  std::string version;  ///< CppMW's
};

std::string prometheus_text(const Status& status, const BuildInfo& build);

}  // namespace mw::metrics
