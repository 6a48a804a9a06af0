// MasterCore: its trace.
#include <utility>

#include "master/core.hpp"

namespace mw::detail {

void MasterCore::open_trace() {
  WorkerDirectory::Entry unannounced = directory_->find(any_worker);
  trace_ = std::make_unique<trace::Trace>(options_.trace, born_ns_,
                                          trace::Worker{std::move(unannounced.name), std::move(unannounced.host)});
  machine_.add_observer(*trace_);
}

}  // namespace mw::detail
