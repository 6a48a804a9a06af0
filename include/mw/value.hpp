// A value that says itself what it is.
//
// What:    null, a bool, a whole number of 64 bits, a floating-point number, a text, an array, or an object (texts to
//          values): what JSON has, and functions in other languages take and return. Made of plain C++ values, and
//          turned into them again: numbers, strings, bool, std::optional, ranges, pairs, tuples, maps from strings, and
//          plain aggregates (as the array of their members).
// Owner:   a Value owns all that is in it.
// Threads: a plain value.
// Use:
//     mw::Value value = std::map<std::string, std::vector<double>>{{"x", {1, 2.5}}};
//     double x = value["x"][1].as<double>();               // 2.5
//     auto all = value.as<std::map<std::string, std::vector<int>>>();    // throws CodecError: 2.5 at x[1] is no int
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <ranges>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <mw/detail/value_kinds.hpp>

namespace mw {

/// One value. Copies are deep.
class Value {
 public:
  using Array = std::vector<Value>;
  using Object = std::map<std::string, Value, std::less<>>;
  /// What it may be, in the order of kind().
  enum class Kind : std::uint8_t { null, boolean, integer, number, text, array, object };

  /// How deep arrays and objects may lie in each other where they travel.
  static constexpr int deepest = 200;

  Value() noexcept = default;                            ///< null
  Value(std::nullptr_t) noexcept {}                      // NOLINT(google-explicit-constructor)
  Value(std::nullopt_t) noexcept {}                      // NOLINT(google-explicit-constructor)
  Value(Array values) : content_{std::move(values)} {}   // NOLINT(google-explicit-constructor)
  Value(Object values) : content_{std::move(values)} {}  // NOLINT(google-explicit-constructor)
  /// Of whatever has a form here; see above. Throws CodecError for a whole number beyond 63 bits and a sign.
  template <class T>
    requires(detail::has_value_form<T>)
  Value(const T& value) {  // NOLINT(google-explicit-constructor)
    set(value);
  }

  Kind kind() const noexcept { return static_cast<Kind>(content_.index()); }
  bool is_null() const noexcept { return kind() == Kind::null; }

  /// As a T: what is missing, too much, out of range or of another kind throws CodecError, which says where. A whole
  /// number is a floating-point one, too, not the other way round; null is an empty std::optional, and nothing else.
  template <class T>
  T as() const {
    return get<T>({});
  }

  /// How many values an array or an object has. Throws CodecError for what is neither.
  std::size_t size() const;
  /// A value in an array, or in an object. Throws CodecError if it is none, or has none there.
  const Value& operator[](std::size_t index) const;
  const Value& operator[](int index) const { return (*this)[static_cast<std::size_t>(index)]; }
  const Value& operator[](std::string_view key) const;
  const Value& operator[](const char* key) const { return (*this)[std::string_view{key}]; }
  /// Null if it is no object, or has nothing of that name.
  const Value* find(std::string_view key) const noexcept;
  /// All of them. Throws CodecError for what is no array, or no object.
  const Array& array() const;
  const Object& object() const;

  /// As JSON, in one line, with `NaN`, `Infinity` and `-Infinity` for numbers that JSON does not have (as Python's json
  /// writes and reads them); a floating-point number has a '.' or an exponent, and comes back exactly. Throws
  /// CodecError for a text that is no UTF-8, and for what is deeper than `deepest`.
  std::string to_json() const;
  /// The value that a JSON text stands for. Throws CodecError, which says at which byte, for all other texts, and for
  /// a whole number beyond 64 bits, the same name twice in an object, what is deeper than `deepest`, and texts that are
  /// no UTF-8.
  static Value from_json(std::string_view text);

  /// Numbers are compared by what they are worth: 2 == 2.0.
  friend bool operator==(const Value& one, const Value& other) noexcept { return one.is_equal(other); }

  /// It travels as its JSON text.
  template <class Archive>
  void save(Archive& archive) const {
    archive(to_json());
  }
  template <class Archive>
  void load(Archive& archive) {
    std::string text;
    archive(text);
    *this = from_json(text);
  }

 private:
  /// Where a value is in the one that as() was asked of.
  struct Place {
    const Place* outer = nullptr;
    std::string_view key = {};
    std::size_t index = 0;
  };

  bool is_equal(const Value& other) const noexcept;
  static std::string where_is(const Place& place);
  /// Each throws CodecError.
  [[noreturn]] void refuse(const char* wanted, const Place& place) const;
  [[noreturn]] static void refuse_size(std::size_t has, std::size_t wanted, const Place& place);
  [[noreturn]] static void refuse_large(std::uint64_t number);
  std::int64_t integer_in(std::int64_t least, std::uint64_t most, const Place& place) const;
  double number_at(const Place& place) const;

  template <class T>
  void set(const T& value) {
    if constexpr (std::is_same_v<T, bool>) {
      content_ = value;
    } else if constexpr (std::is_integral_v<T>) {
      if (std::cmp_greater(value, std::numeric_limits<std::int64_t>::max())) refuse_large(static_cast<std::uint64_t>(value));
      content_ = static_cast<std::int64_t>(value);
    } else if constexpr (std::is_floating_point_v<T>) {
      content_ = static_cast<double>(value);
    } else if constexpr (std::is_convertible_v<const T&, std::string_view>) {
      content_ = std::string{std::string_view{value}};
    } else if constexpr (detail::is_optional<T>) {
      if (value) *this = Value{*value};
    } else if constexpr (detail::is_text_map<T>) {
      Object object;
      for (const auto& [key, one] : value) object.insert_or_assign(key, Value{one});
      content_ = std::move(object);
    } else if constexpr (std::ranges::input_range<const T>) {
      Array array;
      for (const auto& one : value) array.push_back(Value{static_cast<const std::ranges::range_value_t<T>&>(one)});
      content_ = std::move(array);
    } else if constexpr (detail::is_tuple<T>) {
      std::apply([this](const auto&... one) { content_ = Array{Value{one}...}; }, value);
    } else {
      Array array;
      boost::pfr::for_each_field(value, [&array](const auto& one) { array.push_back(Value{one}); });
      content_ = std::move(array);
    }
  }

  template <class T>
  T get(const Place& place) const;
  template <class T>
  T get_text_map(const Place& place) const;
  template <class T>
  T get_range(const Place& place) const;
  template <class T>
  T get_tuple(const Place& place) const;
  template <class T>
  T get_aggregate(const Place& place) const;

  std::variant<std::monostate, bool, std::int64_t, double, std::string, Array, Object> content_;
};

/// Its JSON.
inline std::string to_string(const Value& value) { return value.to_json(); }

template <class T>
T Value::get(const Place& place) const {
  if constexpr (std::is_same_v<T, Value>) {
    return *this;
  } else if constexpr (std::is_same_v<T, bool>) {
    if (const bool* const is = std::get_if<bool>(&content_)) return *is;
    refuse("true or false", place);
  } else if constexpr (std::is_integral_v<T>) {
    using Limits = std::numeric_limits<T>;
    return static_cast<T>(integer_in(static_cast<std::int64_t>(Limits::min()), static_cast<std::uint64_t>(Limits::max()), place));
  } else if constexpr (std::is_floating_point_v<T>) {
    return static_cast<T>(number_at(place));
  } else if constexpr (std::is_same_v<T, std::string>) {
    if (const auto* const text = std::get_if<std::string>(&content_)) return *text;
    refuse("a text", place);
  } else if constexpr (detail::is_optional<T>) {
    if (is_null()) return std::nullopt;
    return get<typename T::value_type>(place);
  } else if constexpr (detail::is_text_map<T>) {
    return get_text_map<T>(place);
  } else if constexpr (detail::is_tuple<T>) {
    return get_tuple<T>(place);
  } else if constexpr (std::ranges::input_range<T>) {
    return get_range<T>(place);
  } else {
    static_assert(
        detail::has_value_form<T>,
        "mw::Value has no form for this type: numbers, std::string, bool, std::optional, ranges, pairs, tuples, maps from "
        "std::string and plain aggregates have one");
    return get_aggregate<T>(place);
  }
}

template <class T>
T Value::get_text_map(const Place& place) const {
  const auto* const object = std::get_if<Object>(&content_);
  if (!object) refuse("an object", place);
  T map;
  for (const auto& [key, one] : *object) map.emplace(key, one.template get<typename T::mapped_type>(Place{&place, key, 0}));
  return map;
}

template <class T>
T Value::get_range(const Place& place) const {
  const auto* const array = std::get_if<Array>(&content_);
  if (!array) refuse("an array", place);
  T range;
  std::size_t index = 0;
  for (const Value& one : *array) range.insert(range.end(), one.get<std::ranges::range_value_t<T>>(Place{&place, {}, index++}));
  return range;
}

template <class T>
T Value::get_tuple(const Place& place) const {
  const auto* const array = std::get_if<Array>(&content_);
  if (!array) refuse("an array", place);
  constexpr std::size_t size = std::tuple_size_v<T>;
  if (array->size() != size) refuse_size(array->size(), size, place);
  return [&]<std::size_t... I>(std::index_sequence<I...>) {
    return T{(*array)[I].get<std::tuple_element_t<I, T>>(Place{&place, {}, I})...};
  }
  (std::make_index_sequence<size>{});
}

template <class T>
T Value::get_aggregate(const Place& place) const {
  const auto* const array = std::get_if<Array>(&content_);
  if (!array) refuse("an array, of the members of a structure", place);
  if (array->size() != boost::pfr::tuple_size_v<T>) refuse_size(array->size(), boost::pfr::tuple_size_v<T>, place);
  T value{};
  std::size_t index = 0;
  boost::pfr::for_each_field(value, [&]<class Member>(Member& member) {
    const Place here{&place, {}, index};
    member = (*array)[index++].get<Member>(here);
  });
  return value;
}

}  // namespace mw
