// A status as JSON.
//
// What:    what Status::to_json() writes, before it is text: for those who put more beside it.
// Owner:   the caller gets a value.
// Threads: any.
// Use:
//     boost::json::object all = to_json(status);
#pragma once

#include <boost/json/object.hpp>

#include <mw/status.hpp>

namespace mw::watch {

boost::json::object to_json(const Status& status);

}  // namespace mw::watch
