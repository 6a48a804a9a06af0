// What a type needs in order to travel.
//
// What:    must_travel<T>() does not compile for a T that cannot be encoded and decoded, and its first error is a
//          sentence that says what to do. The lines before it name the member: in_member<S, 1, int*> is the second
//          member of S.
// Owner:   none; compile time only.
// Threads: none.
// Use:     internal: function.hpp, for what functions take and return.
#pragma once

#include <array>
#include <cstddef>
#include <deque>
#include <forward_list>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <variant>
#include <vector>

#include <boost/pfr/core.hpp>

#include <mw/detail/archive.hpp>

namespace mw::detail {

template <class... Ts>
struct TypeList {};

template <class T>
inline constexpr bool can_travel =
    cereal::traits::is_output_serializable<T, OutputArchive>::value&& cereal::traits::is_input_serializable<T, InputArchive>::value;

// The types that a type of the standard library is made of.
template <class T>
struct PartsOf {
  using Types = void;
};
template <class T, std::size_t N>
struct PartsOf<std::array<T, N>> {
  using Types = TypeList<T>;
};
#define MW_PARTS(Template)                 \
  template <class T, class... Others>      \
  struct PartsOf<Template<T, Others...>> { \
    using Types = TypeList<T>;             \
  }
MW_PARTS(std::vector);
MW_PARTS(std::deque);
MW_PARTS(std::list);
MW_PARTS(std::forward_list);
MW_PARTS(std::set);
MW_PARTS(std::multiset);
MW_PARTS(std::unordered_set);
MW_PARTS(std::unordered_multiset);
MW_PARTS(std::unique_ptr);
#undef MW_PARTS
#define MW_PARTS(Template)                     \
  template <class K, class V, class... Others> \
  struct PartsOf<Template<K, V, Others...>> {  \
    using Types = TypeList<K, V>;              \
  }
MW_PARTS(std::map);
MW_PARTS(std::multimap);
MW_PARTS(std::unordered_map);
MW_PARTS(std::unordered_multimap);
#undef MW_PARTS
template <class... T>
struct PartsOf<std::tuple<T...>> {
  using Types = TypeList<T...>;
};
template <class... T>
struct PartsOf<std::variant<T...>> {
  using Types = TypeList<T...>;
};
template <class T>
struct PartsOf<std::optional<T>> {
  using Types = TypeList<T>;
};
template <class A, class B>
struct PartsOf<std::pair<A, B>> {
  using Types = TypeList<A, B>;
};

template <class T>
inline constexpr bool is_view = false;
template <class C, class Traits>
inline constexpr bool is_view<std::basic_string_view<C, Traits>> = true;
template <class T, std::size_t N>
inline constexpr bool is_view<std::span<T, N>> = true;

template <class T>
inline constexpr bool is_shared = false;
template <class T>
inline constexpr bool is_shared<std::shared_ptr<T>> = true;
template <class T>
inline constexpr bool is_shared<std::weak_ptr<T>> = true;

/// Converts to whatever a member is.
struct Anything {
  template <std::size_t>
  using At = Anything;
  template <class T>
  operator T() const noexcept;  // NOLINT(google-explicit-constructor)
};

template <class T, std::size_t... Before, std::size_t... After>
constexpr bool takes_braces(std::index_sequence<Before...>, std::index_sequence<After...>) {
  return requires { T{Anything::At<Before>{}..., {}, Anything::At<After>{}...}; };
}

/// Whether the member at this place is an array of several: behind empty braces there is no room for as many values as
/// there are without them.
template <class T, std::size_t I, std::size_t N>
inline constexpr bool is_array_at = takes_braces<T>(std::make_index_sequence<I>{}, std::index_sequence<>{}) &&
                                    !takes_braces<T>(std::make_index_sequence<I>{}, std::make_index_sequence<N - I - 1>{});

template <class T>
inline constexpr bool has_array = []<std::size_t... I>(std::index_sequence<I...>) {
  return (is_array_at<T, I, sizeof...(I)> || ...);
}
(std::make_index_sequence<boost::pfr::tuple_size_v<T>>{});

/// Finds serialize() of others: ours is for our archives only.
struct OtherArchive {};
template <class T>
concept HasSerializeBeside = requires(OtherArchive& archive, T& value) {
  serialize(archive, value);
};

template <class T, class... Seen>
consteval void must_travel();

/// `Member` is the type of Owner's member at Index, from 0.
template <class Owner, std::size_t Index, class Member, class... Seen>
consteval void in_member() {
  must_travel<Member, Seen...>();
}

template <class... Seen, class... Parts>
consteval void all_must_travel(TypeList<Parts...>) {
  (must_travel<std::remove_const_t<Parts>, Seen...>(), ...);
}

/// `Seen` are the types that this one is a part of: one that holds itself is looked at once.
template <class T, class... Seen>
consteval void must_travel() {
  static_assert(!std::is_pointer_v<T> && !std::is_member_pointer_v<T>,
                "CppMW cannot send a pointer to a worker, which has a memory of its own: send the value, a std::string, a "
                "std::vector, or a std::unique_ptr to it");
  static_assert(!is_view<T>,
                "CppMW cannot send a string_view or a span, which only refers to what stays here: send a "
                "std::string or a std::vector");
  static_assert(!is_shared<T>,
                "CppMW cannot send a shared_ptr or a weak_ptr, since nothing is shared with a worker: send the "
                "value, or a std::unique_ptr");
  static_assert(!std::is_same_v<T, long double>,
                "CppMW cannot encode a long double: its form differs from machine to machine. Use double.");
  constexpr bool has_own_pointer = std::is_pointer_v<T> || std::is_member_pointer_v<T> || is_view<T> || is_shared<T>;
  if constexpr (std::is_void_v<T> || std::is_arithmetic_v<T> || std::is_enum_v<T> || has_own_pointer ||
                (std::is_same_v<T, Seen> || ...)) {
  } else if constexpr (!std::is_void_v<typename PartsOf<T>::Types>) {
    all_must_travel<T, Seen...>(typename PartsOf<T>::Types{});
  } else if constexpr (PlainAggregate<T> && !HasSerializeBeside<T>) {
    static_assert(!has_array<T>, "CppMW cannot encode an aggregate with a C array in it: use std::array, or give it a serialize()");
    if constexpr (!has_array<T>) []<std::size_t... I>(std::index_sequence<I...>) {
        (in_member<T, I, boost::pfr::tuple_element_t<I, T>, T, Seen...>(), ...);
      }
    (std::make_index_sequence<boost::pfr::tuple_size_v<T>>{});
  } else {
    static_assert(can_travel<T>,
                  "CppMW cannot encode this type: it is no plain aggregate, since it has private members, constructors or virtual "
                  "functions, and it has no cereal serialize(). Give it: template <class Archive> void serialize(Archive& archive) "
                  "{ archive(first_member, second_member); }");
    static_assert(std::is_default_constructible_v<T>,
                  "CppMW cannot decode this type, which has no default constructor: give it one");
  }
}

}  // namespace mw::detail
