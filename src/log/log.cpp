#include "log/log.hpp"

#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <mutex>
#include <utility>

#include <fmt/format.h>

#include "log/escaped.hpp"
#include "process/command_line.hpp"
#include "process/standard_streams.hpp"

namespace mw::log {
namespace {

enum class Level { debug, info, warn, error, off };

/// The least that is said. What is no level says nothing about it.
Level least_from(std::string_view word) {
  constexpr std::array<std::pair<std::string_view, Level>, 7> levels{{{"debug", Level::debug},
                                                                      {"info", Level::info},
                                                                      {"warn", Level::warn},
                                                                      {"warning", Level::warn},
                                                                      {"err", Level::error},
                                                                      {"error", Level::error},
                                                                      {"off", Level::off}}};
  for (const auto& [name, level] : levels)
    if (name == word) return level;
  return Level::warn;
}

bool is_said(Level level) {
  static const Level least = [] {
    const char* const word = std::getenv("MW_LOG");
    return least_from(word ? word : "");
  }();
  return level >= least;
}

bool is_json() {
  static const bool is = [] {
    const char* const word = std::getenv("MW_LOG_FORMAT");
    return word && std::string_view{word} == "json";
  }();
  return is;
}

/// The time of day here, and the weight of what follows.
std::string line_of(std::string_view weight, std::string_view text) {
  using namespace std::chrono;
  const auto now = system_clock::now();
  const std::time_t seconds = system_clock::to_time_t(now);
  const auto ms = duration_cast<milliseconds>(now.time_since_epoch()) % 1s;
  std::tm time = {};
  if (is_json()) {
    ::gmtime_r(&seconds, &time);
    return fmt::format(R"({{"time":"{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z","level":"{}","program":{},"pid":{},"message":{}}})"
                       "\n",
                       time.tm_year + 1900, time.tm_mon + 1, time.tm_mday, time.tm_hour, time.tm_min, time.tm_sec, ms.count(),
                       weight, json_string(process::program_name()), ::getpid(), json_string(text));
  }
  ::localtime_r(&seconds, &time);
  return fmt::format("[mw {:02}:{:02}:{:02}.{:03} {}] {}\n", time.tm_hour, time.tm_min, time.tm_sec, ms.count(), weight,
                     escaped(text));
}

void say(Level level, std::string_view weight, std::string_view text) {
  if (!is_said(level)) return;
  // Never destroyed: a destructor at the end of the program may still have something to say.
  static auto* const one_at_a_time = new std::mutex;
  const std::lock_guard lock{*one_at_a_time};
  process::tell(line_of(weight, text));
}

}  // namespace

void warn(std::string_view text) { say(Level::warn, "warning", text); }
void info(std::string_view text) { say(Level::info, "info", text); }
void debug(std::string_view text) { say(Level::debug, "debug", text); }

}  // namespace mw::log
