// Functions that travel by name.
//
// What:    naming a function as a template argument registers it, before main(), under its qualified name and
//          signature; the same program, started as a worker, finds it there. No macro, no base class.
// Owner:   entries are static; nothing frees them.
// Threads: registration happens before main(), or when a library is loaded; look-ups may come from any thread. Only
//          functions that are there at mw::init can be submitted: a worker comes no further in main().
// Use:
//     master.submit_task<monte_pi>(seed, points);          // this line is the registration
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <vector>

#include <mw/bytes.hpp>
#include <mw/codec.hpp>
#include <mw/detail/travels.hpp>

namespace mw::detail {

/// A registered function: its name, its number on the wire, and how to call it with bytes.
class FunctionEntry {
 public:
  /// Decodes the arguments, calls the function, encodes the result. Throws ArgumentsError, or what the function throws.
  using Call = Bytes (*)(std::span<const std::byte> arguments);

  /// Where the floating-point numbers of an encoded result are. Throws CodecError if the bytes are no result of the
  /// function.
  using FindFloats = std::vector<FloatRun> (*)(std::span<const std::byte> result);

  /// The encoded result of the type that the caller wants, out of that which came.
  using Translate = Bytes (*)(std::span<const std::byte> result);

  /// Registers the function; entries are static objects and never go.
  FunctionEntry(const std::type_info& tag, const std::type_info& result, Call call, FindFloats find_floats) noexcept;
  /// A function that this program does not have: its workers know it by name, which stays. It is not registered.
  FunctionEntry(std::uint64_t id, std::string_view name, const std::type_info& result, Translate translate, std::uint16_t number);

  /// Qualified name with parameter types, as people write it: "monte_pi(unsigned long, unsigned long)".
  std::string_view name() const;
  /// The function's number on the wire: FNV-1a of the mangled name, on which g++ and clang++ agree where it holds no
  /// lambda and no expression.
  std::uint64_t id() const noexcept { return id_; }
  /// Whether workers know it by name: see remote.hpp.
  bool is_by_name() const noexcept { return !own_name_.empty(); }
  Translate translate() const noexcept { return translate_; }         ///< null: the result is taken as it comes
  const std::type_info& tag() const noexcept { return *tag_; }        ///< its mangled name holds the function's
  const std::type_info& result() const noexcept { return *result_; }  ///< what the function returns
  const FunctionEntry* next() const noexcept { return next_; }        ///< the one registered before it; null: none
  /// Counted in this process, from 0; the 65,536th and all later ones share a number.
  std::uint16_t number() const noexcept { return number_; }
  Bytes call(std::span<const std::byte> arguments) const { return call_(arguments); }
  std::vector<FloatRun> find_floats(std::span<const std::byte> result_bytes) const { return find_floats_(result_bytes); }
  /// Throws CodecError if these bytes are no result of the function's.
  void check_result(std::span<const std::byte> result_bytes) const {
    if (*result_ == typeid(void) && !result_bytes.empty()) throw CodecError{"a function that returns nothing has a result"};
    static_cast<void>(find_floats_(result_bytes));
  }

 private:
  const std::type_info* tag_;
  const std::type_info* result_;
  Call call_;
  FindFloats find_floats_;
  std::uint64_t id_;
  const FunctionEntry* next_ = nullptr;
  std::uint16_t number_ = 0;
  std::string_view own_name_;  ///< of one that workers know by name
  Translate translate_ = nullptr;
};

/// The number of every function that workers know by name, and the identity of workers that know only such: their
/// arguments are the function's name, and an array of values (mw::Value).
inline constexpr std::uint64_t by_name_id = 0x7469e0eb2d06b7b0;  // FNV-1a of "mw::Remote 1"
/// The same for many calls of one in a task (map()): a name, arrays of values, a budget, retries.
inline constexpr std::uint64_t map_by_name_id = 0x2ee35e760d15e02;  // FNV-1a of "mw::Remote map 1"

/// The entry of a function by name whose result is wanted as this type; the same one each time. It stays for good. `id`
/// is one of the two above.
const FunctionEntry& entry_by_name(std::uint64_t id, const std::string& name, const std::type_info& result,
                                   FunctionEntry::Translate translate);

/// A C++ program was given a call by name: what() says so.
class ByNameError : public Error {
 public:
  using Error::Error;
};

/// Returns the entry. Throws UsageError if it came with a library that was loaded after mw::init, so that no worker has
/// it; or if two different functions share its name (two lambdas in one function, two functions of one name in unnamed
/// namespaces), so that a worker could not tell which is meant.
const FunctionEntry& check_unambiguous(const FunctionEntry& entry);

/// The arguments did not decode to what the function takes.
class ArgumentsError : public CodecError {
 public:
  using CodecError::CodecError;
};

/// What a function returns and takes. What cannot be a task does not compile, with a reason.
template <class Call>
struct CallTraits {
  static_assert(sizeof(Call) == 0 || std::is_class_v<Call>,
                "submit_task<f>: f must be a function or a lambda without captures. A member function needs a free "
                "function around it.");
  static_assert(sizeof(Call) == 0 || !std::is_class_v<Call>,
                "submit_task<f>: f is a generic lambda, or an object that can be called in several ways. Give its parameters "
                "types, so that there is one way.");
};
template <class R, class... A>
struct CallTraits<R (*)(A..., ...)> {
  static_assert(sizeof(R*) == 0,
                "submit_task<f>: f takes any number of arguments (...), whose types nobody knows. Let it take a "
                "std::vector.");
};
template <class R, class... A>
struct CallTraits<R (*)(A...)> {
  using Result = std::decay_t<R>;
  using Parameters = TypeList<A...>;
  using Arguments = std::tuple<std::decay_t<A>...>;
  static constexpr std::size_t arity = sizeof...(A);
  static_assert(((!std::is_lvalue_reference_v<A> || std::is_const_v<std::remove_reference_t<A>>)&&...),
                "submit_task<f>: f takes a reference that it may write to, but it runs in another process. Return the value.");
};
template <class R, class... A>
struct CallTraits<R (*)(A...) noexcept> : CallTraits<R (*)(A...)> {};

template <class F>
struct LambdaTraits {
  static_assert(sizeof(F) == 0,
                "submit_task<f>: f is a mutable lambda, or its call is not const. What it keeps between calls stays in one worker: "
                "write a function, and hand over what it needs.");
};
template <class C, class R, class... A>
struct LambdaTraits<R (C::*)(A...) const> : CallTraits<R (*)(A...)> {};
template <class C, class R, class... A>
struct LambdaTraits<R (C::*)(A...) const noexcept> : CallTraits<R (*)(A...)> {};

template <class F, class = void>
struct Traits : CallTraits<F> {};
template <class F>
struct Traits<F, std::void_t<decltype(&F::operator())>> : LambdaTraits<decltype(&F::operator())> {};

template <auto F>
using TraitsOf = Traits<std::remove_cv_t<decltype(F)>>;

/// A type whose mangled name holds the function's.
template <auto F>
struct Tag {};

/// FunctionEntry::Call for F.
template <auto F>
Bytes call_with_bytes(std::span<const std::byte> bytes) {
  using Arguments = typename TraitsOf<F>::Arguments;
  auto arguments = [&] {
    try {
      return decode_tuple<Arguments>(bytes);
    } catch (const CodecError& e) {
      throw ArgumentsError{e.what()};
    }
  }();
  if constexpr (std::is_void_v<typename TraitsOf<F>::Result>) {
    std::apply(F, std::move(arguments));
    return Bytes{};
  } else {
    return encode(std::apply(F, std::move(arguments)));
  }
}

/// FunctionEntry::FindFloats for functions that return R.
template <class R>
std::vector<FloatRun> find_floats(std::span<const std::byte> bytes) {
  std::vector<FloatRun> runs;
  if constexpr (!std::is_void_v<R>)
    decode_with(bytes, [&runs](InputArchive& archive) {
      archive.note_floats(runs);
      R value{};
      archive(value);
      return true;
    });
  return runs;
}

template <class T>
inline constexpr bool is_handle = false;
template <class T>
inline constexpr bool is_handle<Shared<T>> = true;

template <class Result, class... A>
consteval void signature_must_travel(TypeList<A...>) {
  static_assert(
      !is_handle<Result>,
      "a task cannot return a mw::Shared: what it computes is not shared. Return the value, and share that in the master");
  (must_travel<std::decay_t<A>>(), ...);
  must_travel<Result>();
}

/// Instantiated by submit_task<F>: its one static member registers F.
template <auto F>
struct Registered {
  static inline const FunctionEntry entry{typeid(Tag<F>), typeid(typename TraitsOf<F>::Result), &call_with_bytes<F>,
                                          &find_floats<typename TraitsOf<F>::Result>};
  /// The entry, checked the first time. Throws as check_unambiguous().
  static const FunctionEntry& checked() {
    signature_must_travel<typename TraitsOf<F>::Result>(typename TraitsOf<F>::Parameters{});
    static const FunctionEntry& checked = check_unambiguous(entry);
    return checked;
  }
};

}  // namespace mw::detail
