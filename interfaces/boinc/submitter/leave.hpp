// The end of a run, as the project hears it.
//
// What:    tells it that batches are of no more use, and takes back what nobody will come for.
// Owner:   nothing.
// Threads: the submitter's.
// Use:
//     retire(*route, record.batches());
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "boinc/submitter/route.hpp"

namespace mw::boinc {

/// Their results have been used. What fails is logged.
void retire(Route& route, const std::vector<std::string>& batches);

/// By batch, the jobs that are not done: they are cancelled. What could not be, or not before `is_alive` says false, is
/// logged with the command that does it.
void abandon(Route& route, const std::map<std::string, std::vector<std::string>>& batches, const std::function<bool()>& is_alive);

}  // namespace mw::boinc
