// Which types have a form as mw::Value.
//
// What:    tells types apart by what they are, not by what they convert to.
// Owner:   none; compile time only.
// Threads: none.
// Use:     internal: value.hpp.
#pragma once

#include <array>
#include <optional>
#include <ranges>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include <mw/detail/archive.hpp>

namespace mw {
class Value;
}

namespace mw::detail {

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;

template <class T>
inline constexpr bool is_tuple = false;
template <class... Ts>
inline constexpr bool is_tuple<std::tuple<Ts...>> = true;
template <class A, class B>
inline constexpr bool is_tuple<std::pair<A, B>> = true;
template <class T, std::size_t N>
inline constexpr bool is_tuple<std::array<T, N>> = true;

/// A map from std::string.
template <class T>
concept is_text_map = requires {
  typename T::mapped_type;
  requires std::is_same_v<typename T::key_type, std::string>;
};
template <class T>
concept is_any_map = requires {
  typename T::mapped_type;
};

/// A single character is a number to some and a text to others.
template <class T>
inline constexpr bool is_character = std::is_same_v<T, char> || std::is_same_v<T, wchar_t> || std::is_same_v<T, char8_t> ||
                                     std::is_same_v<T, char16_t> || std::is_same_v<T, char32_t>;

template <class T>
consteval bool find_value_form();
template <class T>
inline constexpr bool has_value_form = find_value_form<std::remove_cv_t<T>>();

template <class T>
inline constexpr bool parts_have_form = false;
template <template <class...> class Tuple, class... Ts>
inline constexpr bool parts_have_form<Tuple<Ts...>> = (has_value_form<Ts> && ...);
template <class T, std::size_t N>
inline constexpr bool parts_have_form<std::array<T, N>> = has_value_form<T>;

template <class T>
consteval bool members_have_form() {
  return []<std::size_t... I>(std::index_sequence<I...>) { return (has_value_form<boost::pfr::tuple_element_t<I, T>> && ...); }
  (std::make_index_sequence<boost::pfr::tuple_size_v<T>>{});
}

template <class T>
consteval bool find_value_form() {
  if constexpr (std::is_same_v<T, Value>)
    return true;
  else if constexpr (std::is_arithmetic_v<T>)
    return !is_character<T> && !std::is_same_v<T, long double>;
  else if constexpr (std::is_convertible_v<const T&, std::string_view>)
    return true;
  else if constexpr (is_optional<T>)
    return has_value_form<typename T::value_type>;
  else if constexpr (is_any_map<T>)
    return is_text_map<T> && has_value_form<typename T::mapped_type>;
  else if constexpr (is_tuple<T>)
    return parts_have_form<T>;
  else if constexpr (std::ranges::input_range<const T>)
    return has_value_form<std::ranges::range_value_t<T>>;
  else if constexpr (PlainAggregate<T> && !std::is_union_v<T>)
    return members_have_form<T>();
  else
    return false;
}

}  // namespace mw::detail
