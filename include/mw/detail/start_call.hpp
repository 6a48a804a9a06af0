// A call that each new worker makes before its tasks: MasterOptions::worker_start.
//
// What:    StartCall: the call as a shared value (the function's number, then its arguments), behind the shared values
//          that the arguments refer to. src/worker/worker_start.hpp makes it.
// Owner:   shares the values.
// Threads: a value.
// Use:     internal: master_options.hpp.
#pragma once

#include <tuple>
#include <utility>

#include <mw/detail/archive.hpp>
#include <mw/detail/calls.hpp>
#include <mw/function.hpp>

namespace mw::detail {

struct StartCall {
  const FunctionEntry* function = nullptr;  ///< null: there is none
  SharedList values = {};                   ///< the last is the call
};

/// Throws InterfaceError where there is no room for it, and UsageError if it is too long.
StartCall make_start_call(const FunctionEntry& function, EncodedArguments arguments);

template <auto F, class... Given>
StartCall start_call(Given&&... given) {
  static_assert(takes<F, Given...>, "worker_start<f>(args...): these are not the arguments of f");
  if constexpr (takes<F, Given...>) {
    const typename TraitsOf<F>::Arguments arguments{std::forward<Given>(given)...};
    return make_start_call(Registered<F>::checked(),
                           std::apply([](const auto&... each) { return encode_arguments(each...); }, arguments));
  } else {
    return {};
  }
}

}  // namespace mw::detail
