#include <mw/status.hpp>

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <boost/json.hpp>

#include "watch/status_json.hpp"

namespace mw {
namespace {

bool is_snake_case(std::string_view key) {
  if (key.empty() || key.size() > 64 || key.front() < 'a' || key.front() > 'z') return false;
  for (char c : key)
    if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '_') return false;
  return true;
}

/// Well-formed UTF-8, as Boost.JSON's parser sees it.
bool is_utf8(const std::string& text) {
  boost::json::error_code error;
  boost::json::parse(boost::json::serialize(boost::json::value(text)), error);
  return !error;
}

std::string value_error(const std::string& key, const StatusValue& value) {
  if (const auto* number = std::get_if<double>(&value); number && !std::isfinite(*number))
    return fmt::format("\"{}\" is not a finite number", key);
  if (const auto* text = std::get_if<std::string>(&value); text && !is_utf8(*text)) return fmt::format("\"{}\" is not UTF-8", key);
  return {};
}

}  // namespace

std::string_view to_string(WorkerState state) noexcept {
  switch (state) {
    case WorkerState::starting: return "starting";
    case WorkerState::not_started: return "not_started";
    case WorkerState::idle: return "idle";
    case WorkerState::busy: return "busy";
    case WorkerState::stopped: return "stopped";
    case WorkerState::set_aside: return "set_aside";
    case WorkerState::left: return "left";
    case WorkerState::lost: return "lost";
  }
  return "unknown";
}

std::size_t Status::workers_that_are(WorkerState state) const noexcept {
  return static_cast<std::size_t>(
      std::count_if(workers.begin(), workers.end(), [state](const WorkerStatus& worker) { return worker.state == state; }));
}

std::size_t Status::ready_workers() const noexcept {
  return workers_that_are(WorkerState::idle) + workers_that_are(WorkerState::busy) + workers_that_are(WorkerState::stopped);
}

std::string schema_error(const StatusMap& status) {
  for (const auto& [key, value] : status) {
    if (!is_snake_case(key)) return fmt::format("the key \"{}\" is not snake_case", key.substr(0, 64));
    if (auto error = value_error(key, value); !error.empty()) return error;
  }
  return {};
}

std::string Status::to_json() const { return boost::json::serialize(watch::to_json(*this)); }

}  // namespace mw
