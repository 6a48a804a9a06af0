// What a project is set to.
//
// What:    the options, checked and made whole.
// Owner:   a value.
// Threads: a value; read only once the server runs.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/ip/address.hpp>

#include <mw/boinc.hpp>

#include "boinc/policy/host_class.hpp"
#include "boinc/policy/states.hpp"
#include "boinc/policy/voter.hpp"

namespace mw::boinc {

struct Settings {
  std::string app;    ///< the program's name, as files may be called
  std::string title;  ///< the same for people
  std::string description;
  std::string state;  ///< the project's folder
  std::string url;    ///< ends with a '/'
  WorkunitState limits;
  std::chrono::milliseconds delay_bound{7 * 86'400'000ll};
  double workunit_s = 600;
  std::size_t tasks_per_workunit = 0;  ///< 0: by workunit_s
  std::int64_t workunits_per_processor = 4;
  double poll_s = 60;
  /// An idle host gets one more copy of what is out for so long, and twice as long as it should be; empty: never.
  std::optional<std::chrono::milliseconds> another_after = std::chrono::minutes{2};
  bool adaptive = false;
  Redundancy redundancy = Redundancy::any;
  Validator validator;
  std::int64_t max_output = 0;
  bool open_accounts = false;
  std::vector<boost::asio::ip::address> proxies;  ///< that say truly whom a request comes from
  VoteOf one_vote = VoteOf::range;
  bool keys_for_each = false;  ///< the shared account key opens nothing
  std::function<Time()> now = [] { return std::chrono::time_point_cast<Time::duration>(std::chrono::system_clock::now()); };
};

/// Where things are in the project's folder.
inline std::string download_folder(const Settings& settings) { return settings.state + "/download"; }
inline std::string keys_folder(const Settings& settings) { return settings.state + "/keys"; }
inline std::string upload_folder(const Settings& settings) { return settings.state + "/upload"; }
/// The bundle of a task that is large, until its workunit is over.
inline std::string large_input_path(const Settings& settings, std::int64_t task) {
  return download_folder(settings) + "/arguments_" + std::to_string(task);
}

}  // namespace mw::boinc
