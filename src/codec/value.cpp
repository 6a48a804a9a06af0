#include <mw/value.hpp>

#include <array>
#include <charconv>
#include <cmath>
#include <iterator>

#include <fmt/format.h>

#include <mw/error.hpp>

#include "codec/utf8.hpp"

namespace mw {
namespace {

std::string_view name_of(Value::Kind kind) noexcept {
  constexpr std::array<std::string_view, 7> names{"null",   "a bool",   "a whole number", "a number",
                                                  "a text", "an array", "an object"};
  return names[static_cast<std::size_t>(kind)];
}

void write(std::string& out, const Value& value, int depth);

void write_text(std::string& out, const std::string& text) {
  if (const auto at = find_no_utf8(text))
    throw CodecError{fmt::format(
        "a text of {} bytes is no UTF-8 at byte {}: functions in other languages take text, and bytes in files", text.size(), *at)};
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\')
      (out += '\\') += c;
    else if (static_cast<unsigned char>(c) < 0x20)
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
    else
      out += c;
  }
  out += '"';
}

/// The shortest text that is read as this number again.
void write_number(std::string& out, double number) {
  if (std::isnan(number)) {
    out += "NaN";
  } else if (std::isinf(number)) {
    out += number < 0 ? "-Infinity" : "Infinity";
  } else {
    char text[40];
    const std::string_view digits{text, std::to_chars(text, std::end(text), number).ptr};
    out += digits;
    if (digits.find_first_of(".e") == digits.npos) out += ".0";
  }
}

void write_array(std::string& out, const Value::Array& array, int depth) {
  char before = '[';
  for (const Value& one : array) {
    out += std::exchange(before, ',');
    write(out, one, depth);
  }
  if (array.empty()) out += before;
  out += ']';
}

void write_object(std::string& out, const Value::Object& object, int depth) {
  char before = '{';
  for (const auto& [key, one] : object) {
    out += std::exchange(before, ',');
    write_text(out, key);
    out += ':';
    write(out, one, depth);
  }
  if (object.empty()) out += before;
  out += '}';
}

void write(std::string& out, const Value& value, int depth) {
  const bool is_nested = value.kind() == Value::Kind::array || value.kind() == Value::Kind::object;
  if (is_nested && depth == Value::deepest)
    throw CodecError{
        fmt::format("the value is nested too deeply: arrays and objects may lie {} deep in each other", Value::deepest)};
  switch (value.kind()) {
    case Value::Kind::null: out += "null"; return;
    case Value::Kind::boolean: out += value.as<bool>() ? "true" : "false"; return;
    case Value::Kind::integer: fmt::format_to(std::back_inserter(out), "{}", value.as<std::int64_t>()); return;
    case Value::Kind::number: return write_number(out, value.as<double>());
    case Value::Kind::text: return write_text(out, value.as<std::string>());
    case Value::Kind::array: return write_array(out, value.array(), depth + 1);
    case Value::Kind::object: return write_object(out, value.object(), depth + 1);
  }
}

}  // namespace

std::string Value::to_json() const {
  std::string out;
  write(out, *this, 0);
  return out;
}

std::size_t Value::size() const {
  if (const auto* const object = std::get_if<Object>(&content_)) return object->size();
  return array().size();
}

const Value::Array& Value::array() const {
  if (const auto* const array = std::get_if<Array>(&content_)) return *array;
  refuse("an array", {});
}

const Value::Object& Value::object() const {
  if (const auto* const object = std::get_if<Object>(&content_)) return *object;
  refuse("an object", {});
}

const Value& Value::operator[](std::size_t index) const {
  const Array& values = array();
  if (index < values.size()) return values[index];
  throw CodecError{fmt::format("the array has {} values, and none at [{}]", values.size(), index)};
}

const Value* Value::find(std::string_view key) const noexcept {
  const auto* const object = std::get_if<Object>(&content_);
  if (!object) return nullptr;
  const auto place = object->find(key);
  return place == object->end() ? nullptr : &place->second;
}

const Value& Value::operator[](std::string_view key) const {
  if (const Value* const value = find(key)) return *value;
  throw CodecError{fmt::format("the object has {} values, and none named \"{}\"", object().size(), key)};
}

bool Value::is_equal(const Value& other) const noexcept {
  if (kind() == other.kind()) return content_ == other.content_;
  const auto worth = [](const Value& whole, const Value& number) {
    const auto* const one = std::get_if<std::int64_t>(&whole.content_);
    const auto* const two = std::get_if<double>(&number.content_);
    constexpr double beyond = 9223372036854775808.0;
    return one && two && *two >= -beyond && *two < beyond && std::trunc(*two) == *two && static_cast<std::int64_t>(*two) == *one;
  };
  return worth(*this, other) || worth(other, *this);
}

void Value::refuse(const char* wanted, const Place& place) const {
  throw CodecError{fmt::format("the value{} is {}, where {} is wanted", where_is(place), name_of(kind()), wanted)};
}

void Value::refuse_size(std::size_t has, std::size_t wanted, const Place& place) {
  throw CodecError{fmt::format("the array{} has {} values, where {} are wanted", where_is(place), has, wanted)};
}

/// " at [3][\"x\"]"; empty for the whole.
std::string Value::where_is(const Place& place) {
  std::string where;
  for (const Place* one = &place; one->outer; one = one->outer)
    where.insert(0, one->key.data() ? fmt::format("[\"{}\"]", one->key) : fmt::format("[{}]", one->index));
  return where.empty() ? where : " at " + where;
}

void Value::refuse_large(std::uint64_t number) {
  throw CodecError{fmt::format("{} is beyond the whole numbers of a mw::Value, which have 63 bits and a sign", number)};
}

std::int64_t Value::integer_in(std::int64_t least, std::uint64_t most, const Place& place) const {
  const auto* const number = std::get_if<std::int64_t>(&content_);
  if (!number) refuse("a whole number", place);
  if (*number >= least && std::cmp_less_equal(*number, most)) return *number;
  throw CodecError{
      fmt::format("the value{} is {}, where a whole number from {} to {} is wanted", where_is(place), *number, least, most)};
}

double Value::number_at(const Place& place) const {
  if (const auto* const number = std::get_if<double>(&content_)) return *number;
  if (const auto* const number = std::get_if<std::int64_t>(&content_)) return static_cast<double>(*number);
  refuse("a number", place);
}

}  // namespace mw
