// One task of map() or map_reduce(): a run of inputs.
//
// What:    the functions that run in the worker, and what they return.
// Owner:   plain values.
// Threads: the worker's.
// Use:     internal: map.hpp.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <mw/bytes.hpp>
#include <mw/detail/task_group.hpp>
#include <mw/function.hpp>

namespace mw::measure {
class Measures;
}

namespace mw::detail {

/// Stands for a result where a function has none.
struct Nothing {};

template <class R>
using ValueOf = std::conditional_t<std::is_void_v<R>, Nothing, R>;

/// What a chunk's function is given for each call: its one parameter, or a tuple of them.
template <class Arguments>
struct InputOf {
  using type = Arguments;
};
template <class A>
struct InputOf<std::tuple<A>> {
  using type = A;
};

/// A T made of what is given, as a parameter of that type would be.
template <class T, class Given>
T convert(Given&& given) {
  return std::forward<Given>(given);
}

template <class Arguments, class Element>
inline constexpr bool converts_each = false;
template <class... A, class Element>
  requires(requires { std::tuple_size<std::remove_cvref_t<Element>>::value; } &&
           std::tuple_size<std::remove_cvref_t<Element>>::value == sizeof...(A))
inline constexpr bool converts_each<std::tuple<A...>, Element> = []<std::size_t... I>(std::index_sequence<I...>) {
  return (std::is_convertible_v<decltype(std::get<I>(std::declval<Element>())), A> && ...);
}
(std::index_sequence_for<A...>{});

/// The input for a call with this element of a range, converted as in the call.
template <class Arguments, class Element>
typename InputOf<Arguments>::type to_input(Element&& element) {
  if constexpr (std::tuple_size_v<Arguments> == 1) {
    static_assert(std::is_convertible_v<Element, typename InputOf<Arguments>::type>,
                  "map<f>(range): an element of the range does not convert to what f takes: f(element) would not compile either");
    return std::forward<Element>(element);
  } else {
    static_assert(converts_each<Arguments, Element>,
                  "map<f>(range): f takes several arguments, so the range must have tuples of that many which convert to them: "
                  "std::apply(f, element) would not compile either");
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
      return Arguments{convert<std::tuple_element_t<I, Arguments>>(std::get<I>(std::forward<Element>(element)))...};
    }
    (std::make_index_sequence<std::tuple_size_v<Arguments>>{});
  }
}

/// The results of the first `done` inputs of a chunk, in order; those that failed have no value.
template <class V>
struct ChunkResult {
  std::uint64_t done = 0;
  std::vector<V> values;
  std::vector<std::pair<std::uint64_t, Failure>> failures;  ///< by place in the chunk, ascending
};

/// Whether a chunk in this process may give inputs back when it takes long. Not where results are compared: how many
/// inputs were done would differ from host to host.
bool keeps_budgets() noexcept;
/// From now on it may not.
void ignore_budgets() noexcept;

/// A chunk begins in this process.
void begin_chunk() noexcept;
/// The next so many of its inputs are this process's; false if its master has taken back what is left of it, to give it
/// to workers that have nothing to do.
bool claim_inputs(std::uint32_t inputs) noexcept;

/// The arguments of a chunk, encoded, are those of its first `inputs` from now on: what it returns is theirs alone.
void limit_chunk(Bytes& arguments, std::uint64_t inputs) noexcept;

/// While it lives, checkpoints are of the input whose number is there: no other input finds them.
class InputPlace {
 public:
  explicit InputPlace(const std::uint64_t& number) noexcept;
  ~InputPlace();
  InputPlace(const InputPlace&) = delete;
  InputPlace& operator=(const InputPlace&) = delete;

 private:
  const std::uint64_t* const outer_;
};

/// An input that may be tried again (`is_needed`): what a try that failed has counted is forgotten, as far as it was
/// the task's own thread that counted.
class MeasureTry {
 public:
  explicit MeasureTry(bool is_needed) {
    if (is_needed) begin();
  }
  ~MeasureTry() {
    if (before_) end();
  }
  MeasureTry(const MeasureTry&) = delete;
  MeasureTry& operator=(const MeasureTry&) = delete;
  /// This try was none: another one follows.
  void failed() noexcept;

 private:
  void begin();
  void end();

  measure::Measures* before_ = nullptr;  ///< what was measured before this input; owned, and null where nothing is to be done
};

/// Says how far a run of calls may go: until its time is used up, or its master takes the rest back. It seldom looks
/// where calls are short.
class ChunkPace {
 public:
  /// Starts now, for a chunk of so many inputs. A budget of 0 is never used up, and nothing is taken back then.
  ChunkPace(std::uint64_t inputs, std::uint64_t budget_ns)
      : left_{inputs}, budget_{keeps_budgets() ? budget_ns : 0}, start_{std::chrono::steady_clock::now()} {
    if (budget_ != 0) begin_chunk();
  }

  /// To be asked before each call.
  bool may_go_on() {
    if (claimed_ > 0) {
      --claimed_;
      return true;
    }
    return claim();
  }

 private:
  bool claim() {
    if (left_ == 0) return false;
    if (budget_ == 0) {
      claimed_ = std::exchange(left_, 0) - 1;
      return true;
    }
    const std::uint64_t now = elapsed();
    if (now >= budget_ && !is_first_) return false;
    if (now - last_look_ < 5'000 && stride_ < 4'096 && !is_first_)
      stride_ *= 2;
    else if (now - last_look_ > 50'000)
      stride_ = 1;
    is_first_ = false;
    last_look_ = now;
    const std::uint64_t inputs = std::min(stride_, left_);
    if (!claim_inputs(static_cast<std::uint32_t>(inputs))) return false;
    left_ -= inputs;
    claimed_ = inputs - 1;
    return true;
  }
  /// Nanoseconds since its start.
  std::uint64_t elapsed() const {
    return static_cast<std::uint64_t>(std::chrono::nanoseconds{std::chrono::steady_clock::now() - start_}.count());
  }

  std::uint64_t left_;         ///< inputs that nobody has claimed
  std::uint64_t claimed_ = 0;  ///< … that this process has, and has not begun
  const std::uint64_t budget_;
  const std::chrono::steady_clock::time_point start_;
  std::uint64_t last_look_ = 0;
  std::uint64_t stride_ = 1;
  bool is_first_ = true;
};

template <auto F, class Input>
auto call_with_input(Input&& input) {
  using Arguments = typename TraitsOf<F>::Arguments;
  if constexpr (std::tuple_size_v<Arguments> == 1)
    return F(std::forward<Input>(input));
  else
    return std::apply(F, std::forward<Input>(input));
}

// These functions are members of class templates, not templates themselves: the name of a function template holds its
// declaration as it is written, including expressions, which compilers mangle differently.

/// map(): calls F with each of the first `most` inputs; an input whose call throws is tried up to `retries` times more,
/// and does not stop the others.
template <auto F>
struct MapChunk {
  using R = typename TraitsOf<F>::Result;
  using Input = typename InputOf<typename TraitsOf<F>::Arguments>::type;
  static ChunkResult<ValueOf<R>> run(std::uint64_t most, std::vector<Input> inputs, std::uint64_t budget_ns, std::uint32_t retries);
};

template <auto F>
auto MapChunk<F>::run(std::uint64_t most, std::vector<Input> inputs, std::uint64_t budget_ns, std::uint32_t retries)
    -> ChunkResult<ValueOf<R>> {
  ChunkResult<ValueOf<R>> result;
  result.values.reserve(inputs.size());
  const InputPlace place{result.done};
  ChunkPace pace{std::min<std::uint64_t>(most, inputs.size()), budget_ns};
  for (auto&& input : inputs) {
    if (!pace.may_go_on()) break;
    MeasureTry measures{retries != 0};
    for (std::uint32_t attempt = 0;; ++attempt) {
      try {
        if constexpr (std::is_void_v<R>) {
          call_with_input<F>(static_cast<const Input&>(input));
          result.values.push_back({});
        } else {
          result.values.push_back(call_with_input<F>(static_cast<const Input&>(input)));
        }
      } catch (...) {
        if (attempt < retries) {
          measures.failed();
          continue;
        }
        result.failures.emplace_back(result.done, describe_current_exception());
      }
      break;
    }
    ++result.done;
  }
  return result;
}

/// map_reduce(): calls F with each of the first `most` inputs and folds the results with Reduce, from left to right.
/// What either throws ends the task.
template <auto F, auto Reduce>
struct ReduceChunk {
  using R = typename TraitsOf<F>::Result;
  using Input = typename InputOf<typename TraitsOf<F>::Arguments>::type;
  static ChunkResult<R> run(std::uint64_t most, std::vector<Input> inputs, std::uint64_t budget_ns, std::uint32_t retries);
};

template <auto F, auto Reduce>
auto ReduceChunk<F, Reduce>::run(std::uint64_t most, std::vector<Input> inputs, std::uint64_t budget_ns, std::uint32_t)
    -> ChunkResult<R> {
  ChunkResult<R> result;
  const InputPlace place{result.done};
  ChunkPace pace{std::min<std::uint64_t>(most, inputs.size()), budget_ns};
  for (auto&& input : inputs) {
    if (!pace.may_go_on()) break;
    auto value = call_with_input<F>(static_cast<const Input&>(input));
    if (result.values.empty())
      result.values.push_back(std::move(value));
    else
      result.values.front() = Reduce(std::move(result.values.front()), std::move(value));
    ++result.done;
  }
  return result;
}

}  // namespace mw::detail
