// One function over many inputs.
//
// What:    Master::map<f>(range, options) calls f with each element of any input range, in chunks, and is itself a
//          range of results. It reads the input as it goes and holds a bounded part of it, so that 10^9 inputs need no
//          more memory than 10^4.
// Owner:   the Map keeps the range (or refers to it, if it is an lvalue and not a view) and what is on its way; work
//          that is not done when the Map goes is cancelled. It must not outlive the master.
// Threads: one at a time.
// Use:
//     for (Hits hits : master.map<monte_pi>(seeds)) total += hits;                  // in the order of the inputs
//     auto results = master.map<fold>(proteins, {.ordered = false});
//     while (auto done = results.next()) use(done->index, done->value());           // as they come; value() may throw TaskError
//     auto counts = master.map_reduce<count_words, merge>(mw::file_ranges(paths));  // folded in the workers, then here
//
// A function of several parameters takes a range of tuples. (Trickle's forkwork and forkgen, PyMW's map_reduce.)
//
// A range that throws ends there: the results of the inputs before it come out first, then the exception, which is
// thrown again if the Map is asked again. An input that cannot be encoded has the same effect.
#pragma once

#include <cstddef>
#include <exception>
#include <iterator>
#include <memory>
#include <optional>
#include <ranges>
#include <utility>

#include <mw/detail/chunk_stream.hpp>
#include <mw/map_options.hpp>
#include <mw/task.hpp>

namespace mw {

/// One input's result, or its error.
template <class R>
class Mapped {
 public:
  /// Internal, as the next one.
  Mapped(std::size_t index_, detail::ValueOf<R> value) : index{index_}, value_{std::move(value)} {}
  Mapped(std::size_t index_, TaskError error) : index{index_}, error_{std::move(error)} {}

  std::size_t index;                                   ///< of its input, from 0
  bool has_value() const noexcept { return !error_; }  ///< whether there is no error
  /// The result, moved out. Throws TaskError if the function threw, or its task failed.
  R value() && {
    if (error_) throw *error_;
    if constexpr (!std::is_void_v<R>) return std::move(*value_);
  }
  /// Only if there is no value.
  const TaskError& error() const noexcept { return *error_; }

 private:
  std::optional<detail::ValueOf<R>> value_;
  std::optional<TaskError> error_;
};

namespace detail {

/// What map<f>() has of f: what it is given, and what comes back of each call.
template <auto F>
struct FunctionMapping {
  using Result = typename TraitsOf<F>::Result;
  using Arguments = typename TraitsOf<F>::Arguments;
  using Came = ValueOf<Result>;
  static Came result(Came&& came) { return std::move(came); }
};

}  // namespace detail

/// The results of map(): a range to be gone through once, or next() to be called until it returns nothing. One thread
/// at a time.
template <class Mapping, class Range>
class BasicMap {
 public:
  using Result = typename Mapping::Result;

  /// An input iterator. `++` waits for the next result, and throws as next().
  class iterator {
   public:
    using value_type = Result;
    using difference_type = std::ptrdiff_t;
    using iterator_concept = std::input_iterator_tag;

    iterator() = default;
    explicit iterator(BasicMap& map) : map_{&map} {}
    /// The result, moved out: to be called once for each element. Throws TaskError if its call failed; the range goes
    /// on after it.
    Result operator*() const { return std::move(*map_->current_).value(); }
    iterator& operator++() {
      map_->current_.reset();
      map_->current_ = map_->next();
      return *this;
    }
    void operator++(int) { ++*this; }
    bool operator==(std::default_sentinel_t) const { return !map_->current_; }
    /// The number of the input, from 0.
    std::size_t index() const { return map_->current_->index; }

   private:
    BasicMap* map_ = nullptr;
  };

  /// Internal: see Master::map().
  BasicMap(detail::MasterCore& core, detail::HeldRange<Range> range, const detail::FunctionEntry& function, MapOptions options)
      : stream_{std::make_unique<Stream>(core, std::move(range), function, detail::ChunkValues::each, std::move(options))} {}

  /// Waits for the next result, and sends more of the input; nothing after the last. A failed call is a Mapped without
  /// a value. Throws what the range threw, after all results of the inputs before that; InterfaceError if the interface
  /// has failed.
  std::optional<Mapped<Result>> next() {
    while (at_ == end_)
      if (!next_part()) return std::nullopt;
    const std::size_t place = at_++;
    const std::size_t index = part_.first + place;
    if (part_.is_lost) return Mapped<Result>{index, part_.error(index)};
    auto& failures = part_.result.failures;
    if (failure_ < failures.size() && failures[failure_].first == place)
      return Mapped<Result>{index, detail::mapped_error(part_.record, index, &failures[failure_++].second)};
    if (value_ == part_.result.values.size()) detail::throw_codec_error("a chunk of map() came back with too few values");
    return Mapped<Result>{index, Mapping::result(std::move(part_.result.values[value_++]))};
  }

  /// Waits for all results and drops them, for functions that are called for their effect; throws the first TaskError,
  /// which cancels nothing until the Map goes.
  void run() {
    while (auto result = next()) std::move(*result).value();
  }

  /// Waits for the first result. To be called once. Throws as next().
  iterator begin() {
    current_ = next();
    return iterator{*this};
  }
  std::default_sentinel_t end() const noexcept { return {}; }

 private:
  using Stream = detail::ChunkStream<Range, typename Mapping::Arguments, typename Mapping::Came>;

  bool next_part() {
    auto part = stream_->next();
    if (!part) return false;
    part_ = std::move(*part);
    at_ = value_ = failure_ = 0;
    end_ = part_.inputs;
    return true;
  }

  std::unique_ptr<Stream> stream_;
  typename Stream::Part part_;
  std::size_t at_ = 0;
  std::size_t end_ = 0;
  std::size_t value_ = 0;
  std::size_t failure_ = 0;
  std::optional<Mapped<Result>> current_;
};

/// Of a function of this program.
template <auto F, class Range>
using Map = BasicMap<detail::FunctionMapping<F>, Range>;

}  // namespace mw
