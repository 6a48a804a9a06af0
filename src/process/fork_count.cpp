#include "process/fork_count.hpp"

#include <pthread.h>

namespace mw::process::detail {

std::atomic<std::uint32_t> forks{0};

namespace {
[[maybe_unused]] const int counts = ::pthread_atfork(nullptr, nullptr, [] { forks.fetch_add(1, std::memory_order_relaxed); });
}

}  // namespace mw::process::detail
