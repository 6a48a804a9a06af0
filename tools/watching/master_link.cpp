#include "watching/master_link.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <boost/json.hpp>

#include <mw/error.hpp>

#include "parse/number.hpp"
#include "watching/fields.hpp"

namespace mw::tool {
namespace {

namespace json = boost::json;
using dashboard::Announced;

constexpr std::string_view key_mark = "#key=";

bool is_address(const std::string& which) {
  const auto colon = which.rfind(':');
  return which.find("://") != which.npos || (colon != which.npos && parse::number<std::uint16_t>(which.substr(colon + 1)));
}

Announced at_address(std::string url) {
  Announced master;
  if (const auto mark = url.find(key_mark); mark != url.npos) {
    master.key = url.substr(mark + key_mark.size());
    url.resize(mark);
  } else if (const char* key = std::getenv("MW_DASHBOARD_KEY")) {
    master.key = key;
  }
  if (!std::all_of(master.key.begin(), master.key.end(), [](char c) { return c > ' ' && c < 0x7f; }))
    throw UsageError{"the key of a dashboard has no blanks or control characters"};
  master.url = url.find("://") == url.npos ? "http://" + url : std::move(url);
  if (!master.url.ends_with('/')) master.url += '/';
  return master;
}

std::string list_of(const std::vector<Announced>& masters) {
  std::string text;
  for (const Announced& one : masters) text += fmt::format("{}{} ({})", text.empty() ? "" : ", ", one.pid, one.program);
  return text;
}

/// What came is an object, or no answer of a master's.
json::object object_of(const std::string& answer, const std::string& url) {
  json::error_code error;
  json::value value = json::parse(answer, error);
  if (error || !value.is_object()) throw InterfaceError{fmt::format("{} does not answer as a master does", url)};
  return std::move(value.as_object());
}

}  // namespace

Announced find_master(const std::string& which) {
  if (is_address(which)) return at_address(which);
  std::vector<Announced> all = dashboard::announced();
  if (all.empty())
    throw UsageError{
        "no master with a dashboard runs here: start the program with --dashboard, or name the address that it has said, "
        "http://…"};
  const std::string there = list_of(all);
  if (!which.empty()) {
    const auto pid = parse::number<std::uint32_t>(which);
    std::erase_if(all, [&](const Announced& one) { return pid ? one.pid != *pid : one.program != which; });
  }
  if (all.empty()) throw UsageError{fmt::format("no master \"{}\" runs here; there are: {}", which, there)};
  if (all.size() > 1)
    throw UsageError{fmt::format("several masters run here: {}; name one: --master {}", list_of(all), all.front().pid)};
  return all.front();
}

MasterLink::MasterLink(Announced where, std::function<bool()> alive) : url_{std::move(where.url)}, transfer_{std::move(alive)} {
  transfer_.add_field("Content-Type: application/json");
  if (!where.key.empty()) transfer_.add_field("Authorization: Bearer " + where.key);
}

json::object MasterLink::call(const std::string& method, json::object parameters) {
  json::object request{{"jsonrpc", "2.0"}, {"id", 1}, {"method", method}};
  if (!parameters.empty()) request["params"] = std::move(parameters);
  json::object answer = object_of(transfer_.post(url_ + "rpc", json::serialize(request)), url_);
  if (const json::object& error = object(answer, "error"); !error.empty()) throw InterfaceError{text(error, "message")};
  json::value* const result = answer.if_contains("result");
  if (!result || !result->is_object()) throw InterfaceError{fmt::format("{} does not answer as a master does", url_)};
  return std::move(result->as_object());
}

json::object MasterLink::picture() { return object_of(transfer_.get(url_ + "picture"), url_); }

}  // namespace mw::tool
