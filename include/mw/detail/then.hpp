// task.then<g>(more…): a task whose first argument is another one's result.
//
// What:    the definition of Task<R>::then.
// Owner:   nothing.
// Threads: any.
// Use:     internal: master.hpp.
#pragma once

#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>

#include <mw/detail/calls.hpp>
#include <mw/function.hpp>
#include <mw/task.hpp>

namespace mw {
namespace detail {

/// Submits the task to the master of `first`. Throws as submit_task, and UsageError if that master has ended.
RecordPtr submit_after(const TaskHandle& first, const FunctionEntry& function, EncodedArguments more, const TaskOptions* options);

/// What g takes beside the result.
template <class R, class Arguments>
struct Continues {
  static constexpr bool takes_result = false;
};
template <class... A>
struct Continues<void, std::tuple<A...>> {
  static constexpr bool takes_result = true;
  using Others = std::tuple<A...>;
  template <class... Given>
  static constexpr bool fits = converts<TypeList<A...>, Given...>;
};
template <class R, class First, class... A>
  requires(!std::is_void_v<R>)
struct Continues<R, std::tuple<First, A...>> {
  static constexpr bool takes_result = std::is_same_v<R, First>;
  using Others = std::tuple<A...>;
  template <class... Given>
  static constexpr bool fits = converts<TypeList<A...>, Given...>;
};

template <auto G, class R, class... More>
RecordPtr submit_then(const Task<R>& first, const TaskOptions* options, More&&... more) {
  using Continued = Continues<R, typename TraitsOf<G>::Arguments>;
  static_assert(Continued::takes_result,
                "task.then<g>(more...): g's first parameter must have the type of the task's result, which becomes the argument "
                "without a conversion");
  if constexpr (Continued::takes_result) {
    static_assert(Continued::template fits<More...>,
                  "task.then<g>(more...): more are the arguments of g behind the first one, which is the task's result");
    if constexpr (Continued::template fits<More...>) {
      const typename Continued::Others others{std::forward<More>(more)...};
      auto arguments = std::apply([](const auto&... each) { return encode_arguments(each...); }, others);
      return submit_after(first, Registered<G>::checked(), std::move(arguments), options);
    }
  }
}

}  // namespace detail

template <class R>
template <auto G, class... More>
auto Task<R>::then(More&&... more) const {
  return Task<detail::ResultOf<G>>{detail::submit_then<G>(*this, nullptr, std::forward<More>(more)...)};
}

template <class R>
template <auto G, class... More>
auto Task<R>::then(const TaskOptions& options, More&&... more) const {
  return Task<detail::ResultOf<G>>{detail::submit_then<G>(*this, &options, std::forward<More>(more)...)};
}

}  // namespace mw
