#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <boost/json.hpp>

#include "control/methods.hpp"

namespace mw::control {
namespace {

namespace json = boost::json;

/// A JSON number that is whole and not negative, whatever it was written as.
bool is_count(const json::value& value) {
  if (value.is_uint64()) return true;
  return value.is_int64() && value.get_int64() >= 0;
}

void check(const json::value& value, const Parameter& parameter) {
  const auto fail = [&](std::string_view what) {
    throw rpc::Error{rpc::invalid_params, fmt::format("\"{}\" must be {}", parameter.name, what)};
  };
  if (parameter.type == "integer" && !is_count(value)) fail("a whole number, 0 or more");
  if (parameter.type != "string") return;
  if (!value.is_string()) fail("a text");
  const std::string_view text{value.get_string().data(), value.get_string().size()};
  if (!parameter.one_of.empty() && std::find(parameter.one_of.begin(), parameter.one_of.end(), text) == parameter.one_of.end())
    fail(fmt::format("one of {}", fmt::join(parameter.one_of, ", ")));
}

json::object by_name(const json::value& given, std::span<const Parameter> parameters) {
  if (given.is_null()) return {};
  if (const json::object* object = given.if_object()) return *object;
  const json::array& list = given.get_array();
  if (list.size() > parameters.size())
    throw rpc::Error{rpc::invalid_params, fmt::format("it takes {} parameters, not {}", parameters.size(), list.size())};
  json::object object;
  for (std::size_t i = 0; i < list.size(); ++i) object[parameters[i].name] = list[i];
  return object;
}

}  // namespace

json::object checked(const json::value& given, std::span<const Parameter> parameters) {
  json::object object = by_name(given, parameters);
  for (const Parameter& parameter : parameters) {
    if (const json::value* value = object.if_contains(parameter.name))
      check(*value, parameter);
    else if (parameter.is_required)
      throw rpc::Error{rpc::invalid_params, fmt::format("\"{}\" is missing", parameter.name)};
  }
  for (const auto& member : object) {
    const auto is_it = [&](const Parameter& one) { return std::string_view{member.key().data(), member.key().size()} == one.name; };
    if (std::none_of(parameters.begin(), parameters.end(), is_it))
      throw rpc::Error{rpc::invalid_params,
                       fmt::format("there is no parameter \"{:.64}\"", std::string_view{member.key().data(), member.key().size()})};
  }
  return object;
}

}  // namespace mw::control
