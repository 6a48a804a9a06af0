#include "boinc/submitter/leave.hpp"

#include <fmt/format.h>

#include "log/log.hpp"

namespace mw::boinc {

void retire(Route& route, const std::vector<std::string>& batches) {
  for (const std::string& batch : batches) {
    try {
      route.retire(batch);
    } catch (const RouteError& e) {
      log::warn(fmt::format("boinc: the project was not told that batch {} is of no more use: {}", batch, e.what()));
    }
  }
}

void abandon(Route& route, const std::map<std::string, std::vector<std::string>>& batches, const std::function<bool()>& is_alive) {
  for (const auto& [batch, jobs] : batches) {
    try {
      if (!is_alive()) throw RouteError{"there was no time for it"};
      route.abandon(batch, jobs);
    } catch (const RouteError& e) {
      log::warn(fmt::format("boinc: {} workunits stay in the project, and nobody wants them: {}. What ends them: {}", jobs.size(),
                            e.what(), route.how_to_abandon(batch, jobs)));
    }
  }
}

}  // namespace mw::boinc
