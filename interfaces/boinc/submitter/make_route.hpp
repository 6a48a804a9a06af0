// Which way to a project it is.
//
// What:    its folder, or its remote submission RPC with the account's key.
// Owner:   the caller gets the route.
// Threads: any.
// Use:
//     const std::unique_ptr<Route> route = make_route(options, "pi", token, alive);          // throws InterfaceError
#pragma once

#include <functional>
#include <memory>
#include <string>

#include <mw/boinc_project.hpp>

#include "boinc/submitter/route.hpp"

namespace mw::boinc {

/// `alive`: see http::Transfer.
std::unique_ptr<Route> make_route(const BoincProjectOptions& options, const std::string& app, const std::string& token,
                                  std::function<bool()> alive);

}  // namespace mw::boinc
