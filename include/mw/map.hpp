// One function over many inputs.
//
// What:    Master::map<f>(range, options) calls f with each element of any input range, in chunks, and is itself a range of
//          results. It reads the range as it goes and holds a bounded part of it, so that 10^9 inputs need no more memory than
//          10^4.
// Owner:   the Map keeps the range (or refers to it, if it is an lvalue and no view) and what is on its way; work that is not
//          done is cancelled with it. It must not outlive the master.
// Threads: one at a time.
// Use:
//     for (Hits hits : master.map<monte_pi>(seeds)) total += hits;                  // in the order of the inputs
//     auto results = master.map<fold>(proteins, {.ordered = false});
//     while (auto done = results.next()) use(done->index, done->value());           // as they come; value() may throw TaskError
//     auto counts = master.map_reduce<count_words, merge>(mw::file_ranges(paths));  // folded in the workers, then here
//
// A function of several parameters takes a range of tuples. (Trickle's forkwork and forkgen, PyMW's map_reduce.)
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <ranges>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <mw/detail/chunk.hpp>
#include <mw/detail/chunk_sizer.hpp>
#include <mw/detail/task_group.hpp>
#include <mw/task.hpp>
#include <mw/task_options.hpp>

namespace mw {

struct MapOptions {
  /// Inputs in a task. 0: as many as take about 2 ms, measured as it goes; a worker that has run for 10 ms gives the rest of its
  /// chunk back, so that a wrong guess costs little.
  std::size_t chunk = 0;
  bool ordered = true;  ///< results in the order of the inputs; else as they come
  /// How many inputs may be on their way, or done and not yet read. 0: four chunks for each worker.
  std::size_t window = 0;
  /// Bytes of encoded inputs and results that may be on their way, or done and not yet read. One chunk always may.
  std::uint64_t window_bytes = std::uint64_t{256} << 20;
  /// For each chunk. A limit is one of the whole chunk: set `chunk` to 1 for limits of each input. `retries` is for each input.
  TaskOptions task = {};
};

/// One input's result.
template <class R>
class Mapped {
 public:
  Mapped(std::size_t index_, detail::ValueOf<R> value) : index{index_}, value_{std::move(value)} {}
  Mapped(std::size_t index_, TaskError error) : index{index_}, error_{std::move(error)} {}

  std::size_t index;  ///< of its input, from 0
  bool has_value() const noexcept { return !error_; }
  /// Throws TaskError if the function threw, or its task failed.
  R value() && {
    if (error_) throw *error_;
    if constexpr (!std::is_void_v<R>) return std::move(*value_);
  }
  const TaskError& error() const noexcept { return *error_; }

 private:
  std::optional<detail::ValueOf<R>> value_;
  std::optional<TaskError> error_;
};

namespace detail {

/// Which input it was, on top of what a task's record knows.
TaskError mapped_error(const RecordPtr& record, std::size_t index, const Failure* failure);

/// A range for as long as it is gone through: an rvalue or a view is kept, another lvalue is referred to. (std::views::all does the
/// same, but clang++ 14 can not compile it with the standard library of g++ 12.)
template <class Range>
class HeldRange {
 public:
  using type = std::remove_reference_t<Range>;
  explicit HeldRange(Range&& range) : range_{make(std::forward<Range>(range))} {}
  type& get() noexcept {
    if constexpr (is_kept)
      return range_;
    else
      return *range_;
  }

 private:
  static constexpr bool is_kept = !std::is_lvalue_reference_v<Range> || std::ranges::view<std::remove_cv_t<type>>;
  static decltype(auto) make(Range&& range) {
    if constexpr (is_kept)
      return std::forward<Range>(range);
    else
      return &range;
  }
  std::conditional_t<is_kept, std::remove_cv_t<type>, type*> range_;
};

/// The engine of map() and map_reduce(): cuts a range into chunks, keeps them on their way, and gives results back.
/// `V` is what a chunk has values of: one for each of its inputs, or, folded, one for all of them.
template <class Range, class Input, class V>
class ChunkStream {
  using Elements = typename HeldRange<Range>::type;

 public:
  ChunkStream(MasterCore& core, HeldRange<Range> range, const FunctionEntry& function, MapOptions options)
      : group_{core},
        range_{std::move(range)},
        at_{std::ranges::begin(range_.get())},
        function_{&function},
        options_{std::move(options)},
        sizer_{options_.chunk, first_guess, total(range_.get()), options_.window_bytes} {}
  ChunkStream(ChunkStream&&) = delete;

  /// Results of some inputs that follow each other.
  struct Part {
    std::size_t first = 0;  ///< index of its first input
    std::size_t inputs = 0;
    RecordPtr record;  ///< of its task
    ChunkResult<V> result;
    bool is_lost = false;  ///< the task has no result: none of its inputs has one
    std::uint64_t bytes = 0;
  };

  /// The next part; the memory of the one before counts as free. Nothing at the end of the range.
  std::optional<Part> next() {
    bytes_ -= std::exchange(read_bytes_, 0);
    unread_ -= std::exchange(read_inputs_, 0);
    while (true) {
      fill();
      while (auto done = group_.try_next()) take(*done);
      if (auto part = ready()) return part;
      auto done = group_.next();
      if (!done) return std::nullopt;
      take(*done);
    }
  }

 private:
  /// Inputs that follow each other, from number `first`.
  struct Run {
    std::size_t first = 0;
    std::vector<Input> inputs;
  };
  /// A chunk on its way.
  struct Sent {
    Run run;  ///< empty where the user fixed the size: then it comes back whole
    std::size_t count = 0;
    std::uint64_t bytes = 0;
  };

  /// Nobody knows how large an input is that has memory of its own.
  static constexpr std::size_t first_guess =
      std::is_trivially_copyable_v<Input> ? std::clamp<std::size_t>(64 * 1024 / sizeof(Input), 16, 4096) : 16;

  static std::optional<std::uint64_t> total(Elements& range) {
    if constexpr (std::ranges::sized_range<Elements>)
      return static_cast<std::uint64_t>(std::ranges::size(range));
    else
      return std::nullopt;
  }

  std::size_t most_chunks() const { return 4 * group_.slots(); }

  bool has_room() const {
    if (sent_.empty() && ready_.empty()) return true;
    if (bytes_ >= options_.window_bytes) return false;
    return options_.window != 0 ? unread_ < options_.window : sent_.size() + ready_.size() < most_chunks();
  }

  /// Sends chunks while there is room for them; first of all what a worker gave back, for which there always is.
  void fill() {
    while (!given_back_.empty() && (sent_.empty() || sent_.size() < most_chunks())) {
      Run& rest = given_back_.front();
      const std::size_t count = std::min(sizer_.next(group_.slots()), rest.inputs.size());
      const auto end = rest.inputs.begin() + static_cast<std::ptrdiff_t>(count);
      Run run{rest.first, {std::make_move_iterator(rest.inputs.begin()), std::make_move_iterator(end)}};
      rest.inputs.erase(rest.inputs.begin(), end);
      rest.first += count;
      if (rest.inputs.empty()) given_back_.pop_front();
      send(std::move(run));
    }
    while (at_ != std::ranges::end(range_.get()) && has_room()) {
      std::size_t count = sizer_.next(group_.slots());
      if (options_.window != 0)
        count = std::min(count, std::max<std::size_t>(options_.window - std::min(unread_, options_.window), 1));
      Run run{next_index_, {}};
      run.inputs.reserve(std::min(count, detail::ChunkSizer::largest));
      for (; count > 0 && at_ != std::ranges::end(range_.get()); --count, ++at_) run.inputs.push_back(converted(*at_));
      next_index_ += run.inputs.size();
      unread_ += run.inputs.size();
      sizer_.taken(run.inputs.size());
      send(std::move(run));
    }
  }

  template <class Element>
  static Input converted(Element&& element) {
    if constexpr (std::is_constructible_v<Input, Element&&>)
      return static_cast<Input>(std::forward<Element>(element));
    else
      return std::apply([](auto&&... parts) { return Input(std::forward<decltype(parts)>(parts)...); },
                        std::forward<Element>(element));
  }

  void send(Run run) {
    const auto budget = sizer_.is_fixed() ? std::uint64_t{0} : static_cast<std::uint64_t>(ChunkSizer::budget.count());
    Bytes arguments = encode(run.inputs, budget, options_.task.retries);
    Sent sent{{run.first, {}}, run.inputs.size(), arguments.size()};
    if (!sizer_.is_fixed()) sent.run = std::move(run);
    bytes_ += sent.bytes;
    TaskOptions task = options_.task;
    task.retries = 0;  // the worker sees to it, input by input
    group_.submit(*function_, std::move(arguments), task, next_ticket_);
    sent_.emplace(next_ticket_++, std::move(sent));
  }

  /// A task is done: its results become a part; what it gave back is to be sent again.
  void take(TaskGroup::Entry& done) {
    Sent sent = std::move(sent_.extract(done.index).mapped());
    bytes_ -= sent.bytes;
    Part part;
    part.first = sent.run.first;
    part.inputs = sent.count;
    part.record = std::move(done.record);
    if (TaskHandle{part.record}.state() != TaskState::finished) {
      part.is_lost = true;
    } else {
      part.result = decode<ChunkResult<V>>(result_bytes(*part.record));
      part.bytes = result_bytes(*part.record).size();
      part.inputs = std::min(static_cast<std::size_t>(part.result.done), sent.count);
      const auto run_time = std::chrono::duration_cast<std::chrono::nanoseconds>(TaskHandle{part.record}.run_time());
      sizer_.measured(part.inputs, run_time, part.bytes + sent.bytes);
      if (part.result.failures.empty()) part.record = {};  // its bytes are decoded
      if (part.inputs == 0) throw_codec_error("a chunk of map() came back without any of its inputs done");
    }
    if (part.inputs < sent.count) {
      const auto begin = std::make_move_iterator(sent.run.inputs.begin() + static_cast<std::ptrdiff_t>(part.inputs));
      given_back_.push_back({part.first + part.inputs, {begin, std::make_move_iterator(sent.run.inputs.end())}});
    }
    bytes_ += part.bytes;
    ready_.emplace(part.first, std::move(part));
  }

  /// A part that may be read now.
  std::optional<Part> ready() {
    if (ready_.empty() || (options_.ordered && ready_.begin()->first != read_up_to_)) return std::nullopt;
    Part part = std::move(ready_.extract(ready_.begin()).mapped());
    read_up_to_ += part.inputs;
    read_bytes_ = part.bytes;
    read_inputs_ = part.inputs;
    return part;
  }

  TaskGroup group_;
  HeldRange<Range> range_;
  std::ranges::iterator_t<Elements> at_;
  const FunctionEntry* function_;
  MapOptions options_;
  ChunkSizer sizer_;
  std::unordered_map<std::size_t, Sent> sent_;  ///< by ticket
  std::map<std::size_t, Part> ready_;           ///< by first input
  std::deque<Run> given_back_;
  std::size_t next_ticket_ = 0;
  std::size_t next_index_ = 0;  ///< of the input that is read next from the range
  std::size_t read_up_to_ = 0;
  std::size_t unread_ = 0;   ///< inputs that were read from the range and whose results were not
  std::uint64_t bytes_ = 0;  ///< of inputs and results that are on their way or unread
  std::uint64_t read_bytes_ = 0;
  std::size_t read_inputs_ = 0;
};

}  // namespace detail

/// The results of map(). A range to be gone through once; or call next().
template <auto F, class Range>
class Map {
 public:
  using Result = typename detail::TraitsOf<F>::Result;
  using Input = typename detail::InputOf<typename detail::TraitsOf<F>::Arguments>::type;

  class iterator {
   public:
    using value_type = Result;
    using difference_type = std::ptrdiff_t;
    using iterator_concept = std::input_iterator_tag;

    iterator() = default;
    explicit iterator(Map& map) : map_{&map} {}
    /// Once for each element. Throws TaskError if its call failed; the range goes on after it.
    Result operator*() const { return std::move(*map_->current_).value(); }
    iterator& operator++() {
      map_->current_ = map_->next();
      return *this;
    }
    void operator++(int) { ++*this; }
    bool operator==(std::default_sentinel_t) const { return !map_->current_; }
    /// Of the input, from 0.
    std::size_t index() const { return map_->current_->index; }

   private:
    Map* map_ = nullptr;
  };

  Map(detail::MasterCore& core, detail::HeldRange<Range> range, MapOptions options)
      : stream_{std::make_unique<Stream>(core, std::move(range), detail::Registered<&detail::map_chunk<F>>::checked(),
                                         named(std::move(options)))} {}

  /// The next result; nothing after the last.
  std::optional<Mapped<Result>> next() {
    while (at_ == end_)
      if (!next_part()) return std::nullopt;
    const std::size_t place = at_++;
    const std::size_t index = part_.first + place;
    if (part_.is_lost) return Mapped<Result>{index, detail::mapped_error(part_.record, index, nullptr)};
    auto& failures = part_.result.failures;
    if (failure_ < failures.size() && failures[failure_].first == place)
      return Mapped<Result>{index, detail::mapped_error(part_.record, index, &failures[failure_++].second)};
    if (value_ == part_.result.values.size()) detail::throw_codec_error("a chunk of map() came back with too few values");
    return Mapped<Result>{index, std::move(part_.result.values[value_++])};
  }

  /// Goes through all results; throws the first TaskError.
  void run() {
    while (auto result = next()) std::move(*result).value();
  }

  /// Waits for the first result. To be called once.
  iterator begin() {
    current_ = next();
    return iterator{*this};
  }
  std::default_sentinel_t end() const noexcept { return {}; }

 private:
  using Stream = detail::ChunkStream<Range, Input, detail::ValueOf<Result>>;

  static MapOptions named(MapOptions options) {
    if (options.task.name.empty()) options.task.name = "map of " + std::string{detail::Registered<F>::checked().name()};
    return options;
  }

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

}  // namespace mw
