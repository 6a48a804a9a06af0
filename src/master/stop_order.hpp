// What a master is told when it is to stop.
//
// What:    StopOrder: how long what runs may take, and because of what it is.
// Owner:   a plain value.
// Threads: any.
// Use:
//     core.stop({.patience = Timeout{10}, .signal = SIGTERM});
#pragma once

#include <mw/timeout.hpp>

namespace mw::detail {

struct StopOrder {
  Timeout patience{0};
  int signal = 0;  ///< 0: none
};

}  // namespace mw::detail
