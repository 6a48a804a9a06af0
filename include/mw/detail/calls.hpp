// submit_task<f>(args…) with the parameters of f.
//
// What:    base classes that give their owner one overload for each number of parameters. Arguments are converted where
//          the caller wrote them, as in the call f(args…): what a call would refuse does not compile, and what a
//          compiler warns about in a call it warns about here.
// Owner:   the owner derives from them and has the function that they call; they hold nothing.
// Threads: the owner's.
// Use:     internal: master.hpp, task_system.hpp. (A template that deduces its arguments' types could only convert
//          later, out of the caller's sight, when a constant is no longer a constant.)
#pragma once

#include <cstddef>
#include <type_traits>
#include <utility>

#include <mw/function.hpp>
#include <mw/program.hpp>
#include <mw/remote.hpp>
#include <mw/share.hpp>
#include <mw/task.hpp>
#include <mw/task_options.hpp>

namespace mw::detail {

template <auto F>
using ResultOf = typename TraitsOf<F>::Result;

/// The I-th parameter as submit_task has it: by value or by reference makes no difference where bytes travel. There is
/// no type beyond the last one.
template <std::size_t I, class List>
struct ParameterAt {};
template <class A, class... More>
struct ParameterAt<0, TypeList<A, More...>> {
  using type = const std::decay_t<A>&;
};
template <std::size_t I, class A, class... More>
  requires(I > 0)
struct ParameterAt<I, TypeList<A, More...>> : ParameterAt<I - 1, TypeList<More...>> {};

template <auto F, std::size_t I>
using Parameter = typename ParameterAt<I, typename TraitsOf<F>::Parameters>::type;

/// Whether f(given…) would compile.
template <class List, class... Given>
inline constexpr bool converts = false;
template <class... A, class... Given>
  requires(sizeof...(A) == sizeof...(Given))
inline constexpr bool converts<TypeList<A...>, Given...> = (std::is_convertible_v<Given, const std::decay_t<A>&> && ...);

template <auto F, class... Given>
inline constexpr bool takes = converts<typename TraitsOf<F>::Parameters, Given...>;

/// The same with options before the arguments.
template <auto F, class... Given>
inline constexpr bool takes_after_options = false;
template <auto F, class First, class... More>
inline constexpr bool takes_after_options<F, First, More...> =
    std::is_convertible_v<First, const TaskOptions&>&& converts<typename TraitsOf<F>::Parameters, More...>;

/// Whether this is a handle to a value that f takes itself.
template <class A, class Given>
inline constexpr bool is_handle_to =
    std::is_same_v<std::remove_cvref_t<Given>, Shared<std::decay_t<A>>> && !std::is_rvalue_reference_v<A>;

/// What travels for an argument of type A where this is given: the handle, or an A.
template <class A, class Given>
using TravelsAs = std::conditional_t<is_handle_to<A, Given>, Shared<std::decay_t<A>>, std::decay_t<A>>;

/// Whether some of them are handles to values that f takes itself, and the others convert to what it takes.
template <class List, class... Given>
inline constexpr bool shares_with = false;
template <class... A, class... Given>
  requires(sizeof...(A) == sizeof...(Given))
inline constexpr bool shares_with<TypeList<A...>, Given...> = (is_handle_to<A, Given> || ...) &&
                                                              (std::is_convertible_v<Given, TravelsAs<A, Given>> && ...) &&
                                                              !converts<TypeList<A...>, Given...>;

template <auto F, class... Given>
inline constexpr bool shares = shares_with<typename TraitsOf<F>::Parameters, Given...>;

/// Whether options come before such arguments.
template <auto F, class... Given>
inline constexpr bool shares_after_options = false;
template <auto F, class First, class... More>
inline constexpr bool shares_after_options<F, First, More...> =
    std::is_convertible_v<First, const TaskOptions&>&& shares<F, More...>;

/// Calls F, which takes values, with handles to some of them. A class template with a member: see chunk.hpp.
template <auto F, class... Travelling>
struct WithShared {
  static ResultOf<F> run(Travelling... arguments);
};

/// What F is given for an argument that has travelled as this.
template <class A, class Travelling>
decltype(auto) value_in(Travelling& argument) {
  if constexpr (std::is_same_v<A, Travelling>)
    return std::move(argument);
  else
    return argument.get();
}

template <auto F, class... Travelling>
ResultOf<F> WithShared<F, Travelling...>::run(Travelling... arguments) {
  return [&]<class... A>(TypeList<A...>) -> ResultOf<F> {
    return F(value_in<std::decay_t<A>>(arguments)...);
  }(typename TraitsOf<F>::Parameters{});
}

/// Gives `submit` WithShared's run for F, and these arguments as it takes them. They are converted here, out of the
/// caller's sight.
template <auto F, class Submit, class... Given>
decltype(auto) submit_with_shared(const Submit& submit, Given&&... given) {
  return [&]<class... A>(TypeList<A...>) -> decltype(auto) {
    return submit.template operator()<&WithShared<F, TravelsAs<A, Given>...>::run>(
        static_cast<TravelsAs<A, Given>>(std::forward<Given>(given))...);
  }(typename TraitsOf<F>::Parameters{});
}

/// Whether one of them is an object of a class derived from the polymorphic one that f takes.
template <class List, class... Given>
inline constexpr bool slices = false;
template <class... A, class... Given>
  requires(sizeof...(A) == sizeof...(Given))
inline constexpr bool slices<TypeList<A...>, Given...> =
    ((std::is_polymorphic_v<std::decay_t<A>> && !std::is_same_v<std::decay_t<A>, std::remove_cvref_t<Given>> &&
      std::is_base_of_v<std::decay_t<A>, std::remove_cvref_t<Given>>) ||
     ...);

/// Does not compile, and says why. (Its result has to be deduced, so that this is looked at before the caller's line.)
template <class Given>
constexpr auto explain_function() {
  static_assert(sizeof(Given*) == 0,
                "submit_task(f, args...) is written submit_task<f>(args...), and map(f, range) map<f>(range): the function is a "
                "template argument, so that it is registered in the workers, too. What a lambda captures is handed over as an "
                "argument");
  return Anything{};
}
template <auto F>
constexpr auto explain_slice() {
  static_assert(TraitsOf<F>::arity > 100,
                "an argument is of a class derived from what f takes, and only the base class would travel: let f take the derived "
                "class, or a std::variant of all of them");
  return Anything{};
}

/// How many parameters f may have.
inline constexpr std::size_t most_parameters = 16;

/// Does not compile, and says why: what is wrong with arguments that no overload takes. To be instantiated for such
/// ones only.
template <auto F, class... Given>
constexpr auto explain_arguments() {
  constexpr std::size_t arity = TraitsOf<F>::arity;
  static_assert(arity <= most_parameters, "f has more than 16 parameters: let it take a struct");
  if constexpr (arity <= most_parameters) {
    static_assert(sizeof...(Given) == arity || sizeof...(Given) == arity + 1, "not the number of arguments that f takes");
    static_assert(sizeof...(Given) != arity && sizeof...(Given) != arity + 1,
                  "an argument does not convert to what f takes: f(args...) would not compile either");
  }
  return Anything{};
}

/// Master's: Owner has ask<F>(options or null, arguments…).
template <class Owner, class Indices>
class CallsOfArity;
template <class Owner, std::size_t... I>
class CallsOfArity<Owner, std::index_sequence<I...>> {
 public:
  template <auto F>
    requires(TraitsOf<F>::arity == sizeof...(I))
  [[nodiscard]] Task<ResultOf<F>> submit_task(Parameter<F, I>... arguments) {
    return static_cast<Owner*>(this)->template ask<F>(nullptr, arguments...);
  }
  template <auto F>
    requires(TraitsOf<F>::arity == sizeof...(I))
  [[nodiscard]] Task<ResultOf<F>> submit_task(const TaskOptions& options, Parameter<F, I>... arguments) {
    return static_cast<Owner*>(this)->template ask<F>(&options, arguments...);
  }
};

template <class Owner, class Arities = std::make_index_sequence<most_parameters + 1>>
class Calls;
template <class Owner, std::size_t... N>
class Calls<Owner, std::index_sequence<N...>> : public CallsOfArity<Owner, std::make_index_sequence<N>>... {
 public:
  using CallsOfArity<Owner, std::make_index_sequence<N>>::submit_task...;

  /// Some arguments are handles to values that f takes itself.
  template <auto F, class... Args>
    requires(shares<F, Args...>&& TraitsOf<F>::arity <= most_parameters)
  [[nodiscard]] Task<ResultOf<F>> submit_task(Args&&... args) {
    return submit_with_shared<F>(
        [this]<auto G>(const auto&... arguments) { return static_cast<Owner*>(this)->template ask<G>(nullptr, arguments...); },
        std::forward<Args>(args)...);
  }
  template <auto F, class... Args>
    requires(shares<F, Args...>&& TraitsOf<F>::arity <= most_parameters)
  [[nodiscard]] Task<ResultOf<F>> submit_task(const TaskOptions& options, Args&&... args) {
    return submit_with_shared<F>(
        [&]<auto G>(const auto&... arguments) { return static_cast<Owner*>(this)->template ask<G>(&options, arguments...); },
        std::forward<Args>(args)...);
  }

  /// The arguments fit no other overload.
  template <auto F, class... Args>
    requires((!takes<F, Args...> && !takes_after_options<F, Args...> && !shares<F, Args...> && !shares_after_options<F, Args...>) ||
             TraitsOf<F>::arity > most_parameters)
  auto submit_task(Args&&...) { return explain_arguments<F, Args...>(); }
  /// The same behind options in braces, where these cannot be meant for an argument.
  template <auto F, class... Args>
    requires(sizeof...(Args) + 1 != TraitsOf<F>::arity && !takes<F, Args...> && !shares<F, Args...>)
  auto submit_task(const TaskOptions&, Args&&...) { return explain_arguments<F, TaskOptions, Args...>(); }

  /// What is more than the base class would be lost.
  template <auto F, class... Args>
    requires(takes<F, Args...>&& slices<typename TraitsOf<F>::Parameters, Args...>)
  auto submit_task(Args&&...) { return explain_slice<F>(); }
  template <auto F, class... Args>
    requires(takes<F, Args...>&& slices<typename TraitsOf<F>::Parameters, Args...>)
  auto submit_task(const TaskOptions&, Args&&...) { return explain_slice<F>(); }

  /// The function is no argument.
  template <class F, class... Args>
    requires(!std::is_convertible_v<F, const TaskOptions&> && !std::is_convertible_v<F, const Program&> && !is_remote<F>)
  auto submit_task(F&&, Args&&...) { return explain_function<std::decay_t<F>>(); }
  template <class F, class... Args>
    requires(!std::is_convertible_v<F, const Program&> && !is_remote<F>)
  auto submit_task(const TaskOptions&, F&&, Args&&...) { return explain_function<std::decay_t<F>>(); }
};

/// A TaskSystem's: Owner has ask<F>(options, arguments…).
template <class Owner, class Indices>
class SystemCallsOfArity;
template <class Owner, std::size_t... I>
class SystemCallsOfArity<Owner, std::index_sequence<I...>> {
 public:
  template <auto F>
    requires(TraitsOf<F>::arity == sizeof...(I))
  std::size_t submit(Parameter<F, I>... arguments) {
    return static_cast<Owner*>(this)->template ask<F>(TaskOptions{}, arguments...);
  }
  template <auto F>
    requires(TraitsOf<F>::arity == sizeof...(I))
  std::size_t submit_with(const TaskOptions& options, Parameter<F, I>... arguments) {
    return static_cast<Owner*>(this)->template ask<F>(options, arguments...);
  }
};

template <class Owner, class Arities = std::make_index_sequence<most_parameters + 1>>
class SystemCalls;
template <class Owner, std::size_t... N>
class SystemCalls<Owner, std::index_sequence<N...>> : public SystemCallsOfArity<Owner, std::make_index_sequence<N>>... {
 public:
  using SystemCallsOfArity<Owner, std::make_index_sequence<N>>::submit...;
  using SystemCallsOfArity<Owner, std::make_index_sequence<N>>::submit_with...;

  /// Some arguments are handles to values that f takes itself.
  template <auto F, class... Args>
    requires(shares<F, Args...>)
  std::size_t submit(Args&&... args) { return submit_with<F>(TaskOptions{}, std::forward<Args>(args)...); }
  template <auto F, class... Args>
    requires(shares<F, Args...>)
  std::size_t submit_with(const TaskOptions& options, Args&&... args) {
    return submit_with_shared<F>(
        [&]<auto G>(const auto&... arguments) { return static_cast<Owner*>(this)->template ask<G>(options, arguments...); },
        std::forward<Args>(args)...);
  }

  /// The arguments fit no other overload.
  template <auto F, class... Args>
    requires(!takes<F, Args...> && !shares<F, Args...>)
  auto submit(Args&&...) { return explain_arguments<F, Args...>(); }
  template <auto F, class... Args>
    requires(!takes<F, Args...> && !shares<F, Args...>)
  auto submit_with(const TaskOptions&, Args&&...) { return explain_arguments<F, Args...>(); }
};

}  // namespace mw::detail
