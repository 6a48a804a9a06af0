#include <mw/status.hpp>

#include <cmath>

#include <fmt/format.h>
#include <boost/json.hpp>

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

/// A key that every interface shares, where it has it: an integer of at least 0.
std::string shared_key_error(const StatusMap& status, const std::string& key) {
  const auto place = status.find(key);
  if (place == status.end()) return {};
  const auto* number = std::get_if<std::int64_t>(&place->second);
  return number && *number >= 0 ? std::string{} : fmt::format("\"{}\" is not an integer of at least 0", key);
}

boost::json::value to_json_value(const StatusValue& value) {
  return std::visit([](const auto& v) { return boost::json::value(v); }, value);
}

}  // namespace

std::string schema_error(const StatusMap& status) {
  for (const auto& [key, value] : status) {
    if (!is_snake_case(key)) return fmt::format("the key \"{}\" is not snake_case", key.substr(0, 64));
    if (auto error = value_error(key, value); !error.empty()) return error;
  }
  for (const char* key : {"workers", "workers_busy", "workers_lost"})
    if (auto error = shared_key_error(status, key); !error.empty()) return error;
  const auto all = status.find("workers");
  const auto busy = status.find("workers_busy");
  if (all != status.end() && busy != status.end() && std::get<std::int64_t>(busy->second) > std::get<std::int64_t>(all->second))
    return "\"workers_busy\" is more than \"workers\"";
  return {};
}

std::string Status::to_json() const {
  boost::json::array per_function;
  for (const auto& f : functions)
    per_function.push_back({{"name", f.name},
                            {"finished", f.finished},
                            {"errors", f.errors},
                            {"cancelled", f.cancelled},
                            {"total_seconds", f.total_seconds},
                            {"max_seconds", f.max_seconds}});
  boost::json::object own_keys;
  for (const auto& [key, value] : interface) own_keys[key] = to_json_value(value);
  boost::json::object all{{"tasks", tasks},
                          {"submitted", submitted},
                          {"running", running},
                          {"finished", finished},
                          {"errors", errors},
                          {"cancelled", cancelled},
                          {"unread", unread},
                          {"attempts", attempts},
                          {"retries", retries},
                          {"lost", lost},
                          {"seconds", seconds},
                          {"ready_seconds", ready_seconds},
                          {"start_up_seconds", start_up_seconds},
                          {"functions", per_function},
                          {"interface_name", interface_name},
                          {"interface_status", interface_status}};
  if (!interface_error.empty()) all["interface_error"] = interface_error;
  all["interface"] = own_keys;
  return boost::json::serialize(all);
}

}  // namespace mw
