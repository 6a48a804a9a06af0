#include "log/log.hpp"

#include <cstdlib>
#include <memory>
#include <mutex>
#include <string>

#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>

#include "log/escaped.hpp"
#include "process/standard_streams.hpp"

namespace mw::log {
namespace {

/// Nobody may be there to read it: that is no error of whoever has something to say.
class StderrSink final : public spdlog::sinks::base_sink<std::mutex> {
 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    process::tell({line.data(), line.size()});
  }
  void flush_() override {}
};

/// Never destroyed: a destructor at the end of the program may still have something to say.
spdlog::logger& logger() {
  static auto* const instance = [] {
    auto* made = new spdlog::logger{"mw", std::make_shared<StderrSink>()};
    made->set_pattern("[mw %H:%M:%S.%e %l] %v");
    const char* level = std::getenv("MW_LOG");
    made->set_level(level ? spdlog::level::from_str(level) : spdlog::level::warn);
    return made;
  }();
  return *instance;
}

}  // namespace

void warn(std::string_view text) { logger().warn("{}", escaped(text)); }
void debug(std::string_view text) { logger().debug("{}", escaped(text)); }

}  // namespace mw::log
