#include "log/log.hpp"

#include <cstdlib>
#include <memory>
#include <string>

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace mw::log {
namespace {

/// Never destroyed: a destructor at the end of the program may still have something to say.
spdlog::logger& logger() {
  static auto* const instance = [] {
    auto* made = new spdlog::logger{"mw", std::make_shared<spdlog::sinks::stderr_sink_mt>()};
    made->set_pattern("[mw %H:%M:%S.%e %l] %v");
    const char* level = std::getenv("MW_LOG");
    made->set_level(level ? spdlog::level::from_str(level) : spdlog::level::warn);
    return made;
  }();
  return *instance;
}

}  // namespace

void warn(std::string_view text) { logger().warn("{}", text); }
void debug(std::string_view text) { logger().debug("{}", text); }

}  // namespace mw::log
