#include "watching/fields.hpp"

#include <boost/json/value.hpp>

#include "log/escaped.hpp"

namespace mw::tool {

namespace json = boost::json;

std::string text(const json::object& object, std::string_view key) {
  const json::value* const value = object.if_contains(key);
  return value && value->is_string() ? log::escaped(value->get_string()) : std::string{};
}

double number(const json::object& object, std::string_view key) {
  const json::value* const value = object.if_contains(key);
  return value && value->is_number() ? value->to_number<double>() : 0;
}

std::uint64_t count(const json::object& object, std::string_view key) {
  const json::value* const value = object.if_contains(key);
  if (!value) return 0;
  if (value->is_uint64()) return value->get_uint64();
  return value->is_int64() && value->get_int64() > 0 ? static_cast<std::uint64_t>(value->get_int64()) : 0;
}

bool is_true(const json::object& object, std::string_view key) {
  const json::value* const value = object.if_contains(key);
  return value && value->is_bool() && value->get_bool();
}

const json::object& object(const json::object& in, std::string_view key) {
  static const json::object none;
  const json::value* const value = in.if_contains(key);
  return value && value->is_object() ? value->get_object() : none;
}

std::vector<const json::object*> objects(const json::object& in, std::string_view key) {
  std::vector<const json::object*> list;
  const json::value* const value = in.if_contains(key);
  if (!value || !value->is_array()) return list;
  for (const json::value& one : value->get_array())
    if (one.is_object()) list.push_back(&one.get_object());
  return list;
}

}  // namespace mw::tool
