// Functions that workers have by name: in Python.
//
// What:    Remote names a function in a program that the workers are instead of this one (multicore:2?worker=score.py).
//          Its arguments go there as values (mw::Value), and what it returns comes back as one, or as the type that is
//          wanted: Remote<double>{"score"}. An exception there is a TaskError here.
// Owner:   plain values.
// Threads: Remote is a value.
// Use:
//     mw::Master master{mw::interface("multicore:2?worker=score.py")};       // def score(x, weights): …
//     auto task = master.submit_task(mw::Remote<double>{"score"}, 2.5, std::vector{1, 2, 3});
//     double score = master.get_result(task);
//     for (double each : master.map(mw::Remote<double>{"score"}, points)) …       // a pair or tuple: several arguments
//     mw::Value all = master.get_result(master.submit_task(mw::Remote{"describe"}, "a text"));
//
// Workers are started in one language for each master: one that was given a Python file runs no C++ function, and a
// C++ program has none by name; each says so in the task's error. A task by name takes no mw::Shared, and has no
// then(). docs/python-workers.md has the other side.
#pragma once

#include <span>
#include <string>
#include <tuple>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <vector>

#include <mw/codec.hpp>
#include <mw/detail/chunk.hpp>
#include <mw/function.hpp>
#include <mw/value.hpp>

namespace mw {

/// A function of this name, whose result is taken as an R: anything that Value::as() gives, or void.
template <class R = Value>
struct Remote {
  std::string name;
};
Remote(std::string)->Remote<Value>;

namespace detail {

template <class T>
inline constexpr bool is_remote_type = false;
template <class R>
inline constexpr bool is_remote_type<Remote<R>> = true;
template <class T>
inline constexpr bool is_remote = is_remote_type<std::remove_cvref_t<T>>;

/// FunctionEntry::Translate for an R.
template <class R>
Bytes translate_value(std::span<const std::byte> value) {
  return encode(decode<Value>(value).as<R>());
}

template <class R>
const FunctionEntry& entry_of(const Remote<R>& function) {
  if constexpr (std::is_void_v<R> || std::is_same_v<R, Value>)
    return entry_by_name(by_name_id, function.name, typeid(R), nullptr);
  else
    return entry_by_name(by_name_id, function.name, typeid(R), &translate_value<R>);
}

/// One element of a map()'s range as the arguments of a call: a pair or a tuple has one for each parameter.
class RemoteInput {
 public:
  RemoteInput() = default;
  template <class T>
    requires(has_value_form<T> && !std::is_same_v<T, RemoteInput>)
  RemoteInput(const T& element)  // NOLINT(google-explicit-constructor)
      : arguments_{is_tuple<T> ? Value{element} : Value{Value::Array{Value{element}}}} {}

  const Value& arguments() const noexcept { return arguments_; }

  template <class Archive>
  void save(Archive& archive) const {
    archive(arguments_);
  }
  template <class Archive>
  void load(Archive& archive) {
    archive(arguments_);
  }

 private:
  Value arguments_;
};

/// A value that is taken as an R where it comes in.
template <class R>
struct FromValue {
  static FromValue of(const Value& came) { return {came.as<R>()}; }
  R value{};
};
template <>
struct FromValue<void> {
  static FromValue of(const Value&) { return {}; }
};

/// What map() has of a function by name: what it is given, and what comes back of each call.
template <class R>
struct RemoteMapping {
  using Result = R;
  using Arguments = std::tuple<RemoteInput>;
  using Came = FromValue<R>;
  static auto result(Came&& came) {
    if constexpr (std::is_void_v<R>)
      return Nothing{};
    else
      return std::move(came.value);
  }
};

}  // namespace detail
}  // namespace mw

// Many of them travel as one array: one text to be read.
namespace cereal {

template <class A>
void CEREAL_SAVE_FUNCTION_NAME(mw::detail::OutputArchive& archive, const std::vector<mw::detail::RemoteInput, A>& inputs) {
  mw::Value::Array all;
  all.reserve(inputs.size());
  for (const auto& input : inputs) all.push_back(input.arguments());
  archive(mw::Value{std::move(all)});
}

template <class R, class A>
void CEREAL_LOAD_FUNCTION_NAME(mw::detail::InputArchive& archive, std::vector<mw::detail::FromValue<R>, A>& values) {
  mw::Value came;
  archive(came);
  values.clear();
  values.reserve(came.array().size());
  for (const mw::Value& one : came.array()) values.push_back(mw::detail::FromValue<R>::of(one));
}

}  // namespace cereal
