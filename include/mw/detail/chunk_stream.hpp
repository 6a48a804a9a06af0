// The engine of map() and map_reduce().
//
// What:    cuts a range into chunks, keeps them on their way, and gives results back; see map.hpp.
// Owner:   keeps the range, or refers to it; work that is not done when it goes is cancelled.
// Threads: one at a time.
// Use:     internal.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
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
#include <mw/detail/way_sizer.hpp>
#include <mw/map_options.hpp>
#include <mw/task.hpp>

namespace mw::detail {

/// What a task's record knows of its failure (or `failure`, where that is not null), and which input it was.
TaskError mapped_error(const RecordPtr& record, std::size_t index, const Failure* failure);

/// A range for as long as it is gone through: an rvalue or a view is kept, any other lvalue is referred to.
/// (std::views::all does the same, but clang++ 14 cannot compile it with the standard library of g++ 12.)
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

/// What a chunk has values for.
enum class ChunkValues : bool {
  each,    ///< one for each of its inputs, but for those that failed
  folded,  ///< one for all of them
};

/// Throws CodecError if these are not the results of `sent` inputs, or of the first ones of them.
template <class V>
void check_chunk(const ChunkResult<V>& result, ChunkValues values, std::size_t sent) {
  const bool is_right = values == ChunkValues::folded ? result.failures.empty() && result.values.size() == 1
                                                      : result.values.size() + result.failures.size() == result.done;
  if (result.done == 0 || result.done > sent || !is_right)
    throw_codec_error("a chunk of map() came back with other results than those of its inputs");
}

/// Throws Error: not all of a range's results have come, and none is on its way.
[[noreturn]] void throw_map_ended_early(std::size_t given, std::size_t read);

/// The engine of map() and map_reduce(): cuts a range into chunks, keeps them on their way, and gives results back.
/// `Arguments` are f's; `V` is the type of a chunk's values.
template <class Range, class Arguments, class V>
class ChunkStream {
  using Input = typename InputOf<Arguments>::type;
  using Elements = typename HeldRange<Range>::type;

 public:
  ChunkStream(MasterCore& core, HeldRange<Range> range, const FunctionEntry& function, ChunkValues values, MapOptions options)
      : group_{core},
        range_{std::move(range)},
        at_{std::ranges::begin(range_.get())},
        function_{&function},
        values_{values},
        options_{std::move(options)},
        sizer_{options_.chunk, first_guess, total(range_.get()), options_.window_bytes} {}
  ChunkStream(ChunkStream&&) = delete;

  /// Results of some inputs that follow each other.
  struct Part {
    std::size_t first = 0;  ///< index of its first input
    std::size_t inputs = 0;
    RecordPtr record;  ///< of its task
    ChunkResult<V> result;
    bool is_lost = false;          ///< none of its inputs has a result
    std::optional<Failure> fault;  ///< why, where the task itself knows of no failure
    std::uint64_t bytes = 0;

    TaskError error(std::size_t index) const { return mapped_error(record, index, fault ? &*fault : nullptr); }
  };

  /// Waits for the next part; the memory of the one before counts as free. Nothing at the end of the range. Throws what
  /// the range threw, after all parts before that.
  std::optional<Part> next() {
    bytes_ -= std::exchange(read_bytes_, 0);
    unread_ -= std::exchange(read_inputs_, 0);
    while (true) {
      fill();
      take_what_came();
      send_given_back();  // now rather than when the caller comes back
      if (auto part = ready()) return part;
      if (sent_.empty()) return end();
      wait();
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
    bool is_asked_for = false;  ///< its worker was asked, once or more, to keep only what it has begun
  };

  /// 64 KiB of inputs, 16 to 4,096 of them; 16 where an input has memory of its own, of a size that nobody knows.
  static constexpr std::size_t first_guess =
      std::is_trivially_copyable_v<Input> ? std::clamp<std::size_t>(64 * 1024 / sizeof(Input), 16, 4096) : 16;

  static std::optional<std::uint64_t> total(Elements& range) {
    if constexpr (std::ranges::sized_range<Elements>)
      return static_cast<std::uint64_t>(std::ranges::size(range));
    else
      return std::nullopt;
  }

  std::size_t most_chunks() const { return way_.tasks(group_.slots()); }

  bool has_room() const {
    if (sent_.empty() && ready_.empty()) return true;
    if (bytes_ >= options_.window_bytes) return false;
    return options_.window != 0 ? unread_ < options_.window : sent_.size() + ready_.size() < most_chunks();
  }

  void take_what_came() {
    while (auto split = group_.take_split()) take_rest(*split);
    while (auto done = group_.try_next()) take(*done);
  }

  /// Until something comes. If workers have nothing to do meanwhile, those that take long are asked for what they have
  /// not begun.
  void wait() {
    auto pause = ChunkSizer::patience;
    while (!function_->is_by_name() && has_idle_workers() && is_any_divisible()) {
      if (group_.wait(std::chrono::steady_clock::now() + pause)) return;
      split_long_ones();
      pause = std::min(2 * pause, ChunkSizer::longest_pause);
    }
    group_.wait({});
  }

  bool has_idle_workers() const { return sent_.size() < group_.slots() && given_back_.empty(); }
  static bool is_divisible(const Sent& sent) { return sent.run.inputs.size() > 1; }
  bool is_any_divisible() const {
    return std::any_of(sent_.begin(), sent_.end(), [](const auto& one) { return is_divisible(one.second); });
  }

  void split_long_ones() {
    const auto now = std::chrono::steady_clock::now();
    for (auto& [ticket, sent] : sent_) {
      if (!is_divisible(sent)) continue;
      const auto start = group_.start_time(ticket);
      if (!start || now - *start < ChunkSizer::patience) continue;
      sent.is_asked_for = true;
      group_.split(ticket);
    }
  }

  /// A worker keeps the first inputs of a chunk. It is not to be trusted.
  void take_rest(const TaskGroup::Split& split) {
    const auto place = sent_.find(split.index);
    if (place == sent_.end()) return;
    Sent& sent = place->second;
    if (!sent.is_asked_for || split.kept == 0 || split.kept >= sent.run.inputs.size()) return;
    if (const auto start = group_.start_time(split.index))
      sizer_.seen_to_last(split.kept, std::chrono::steady_clock::now() - *start);
    const auto begin = sent.run.inputs.begin() + static_cast<std::ptrdiff_t>(split.kept);
    give_back({sent.run.first + split.kept, {std::make_move_iterator(begin), std::make_move_iterator(sent.run.inputs.end())}});
    sent.run.inputs.erase(begin, sent.run.inputs.end());
    sent.count = split.kept;
  }

  /// Nothing is on its way, and no part is ready: the end of the range, or what the range threw.
  std::optional<Part> end() const {
    if (!range_is_over_ || read_up_to_ != next_index_) throw_map_ended_early(read_up_to_, next_index_);
    if (range_error_) std::rethrow_exception(range_error_);
    return std::nullopt;
  }

  /// Sends chunks while there is room for them; first of all what a worker gave back, for which there always is.
  void fill() {
    send_given_back();
    while (!range_is_over_ && has_room()) {
      try {
        read_and_send();
      } catch (...) {
        range_failed();
      }
    }
  }

  /// Sends what workers gave back: at least one piece of it if nothing else is on its way.
  void send_given_back() {
    while (!given_back_.empty() && (sent_.empty() || sent_.size() < most_chunks())) {
      Run& rest = given_back_.front();
      const std::size_t count = std::min(next_count(rest.first), rest.inputs.size());
      const auto end = rest.inputs.begin() + static_cast<std::ptrdiff_t>(count);
      Run run{rest.first, {std::make_move_iterator(rest.inputs.begin()), std::make_move_iterator(end)}};
      rest.inputs.erase(rest.inputs.begin(), end);
      rest.first += count;
      if (rest.inputs.empty()) given_back_.pop_front();
      EncodedArguments arguments = encoded(run.inputs);
      send(std::move(run), std::move(arguments));
    }
  }

  /// How many inputs go together from this one on: as many as when the program ran before, so that the master's journal
  /// knows the task again.
  std::size_t next_count(std::size_t first) {
    if (sizer_.is_fixed()) return sizer_.next(group_.slots());
    const std::uint64_t before = std::min<std::uint64_t>(group_.inputs_before(*function_, first), ChunkSizer::largest);
    return before != 0 ? static_cast<std::size_t>(before) : sizer_.next(group_.slots());
  }

  /// The next chunk of the range; what it throws comes out at the end.
  void read_and_send() {
    std::size_t count = next_count(next_index_);
    if (options_.window != 0)
      count = std::min(count, std::max<std::size_t>(options_.window - std::min(unread_, options_.window), 1));
    Run run{next_index_, {}};
    read(run.inputs, count);
    if (run.inputs.empty()) return;
    EncodedArguments arguments = encoded_as_far_as_possible(run.inputs);
    count = run.inputs.size();
    if (count == 0) return;
    send(std::move(run), std::move(arguments));
    next_index_ += count;
    unread_ += count;
    sizer_.taken(count);
  }

  void range_failed() noexcept {
    range_is_over_ = true;
    if (!range_error_) range_error_ = std::current_exception();
  }

  /// Up to `count` inputs; fewer where the range ends or throws.
  void read(std::vector<Input>& inputs, std::size_t count) {
    inputs.reserve(std::min(count, detail::ChunkSizer::largest));
    try {
      for (; count > 0 && at_ != std::ranges::end(range_.get()); --count, ++at_) inputs.push_back(to_input<Arguments>(*at_));
      range_is_over_ = at_ == std::ranges::end(range_.get());
    } catch (...) {
      range_failed();
    }
  }

  EncodedArguments encoded(const std::vector<Input>& inputs) const {
    const auto budget = sizer_.is_fixed() ? std::uint64_t{0} : static_cast<std::uint64_t>(ChunkSizer::budget.count());
    if (function_->is_by_name()) return encode_arguments(std::string{function_->name()}, inputs, budget, options_.task.retries);
    return encode_arguments(std::uint64_t{inputs.size()}, inputs, budget, options_.task.retries);
  }

  /// An input that cannot be encoded is like one that cannot be read: the range ends before it.
  EncodedArguments encoded_as_far_as_possible(std::vector<Input>& inputs) {
    try {
      return encoded(inputs);
    } catch (...) {
      range_failed();
    }
    std::size_t good = 0;
    try {
      for (; good < inputs.size(); ++good) static_cast<void>(encode_arguments(inputs[good]));
    } catch (...) {  // that one
    }
    inputs.erase(inputs.begin() + static_cast<std::ptrdiff_t>(good), inputs.end());
    return encoded(inputs);
  }

  void send(Run run, EncodedArguments arguments) {
    Sent sent{{run.first, {}}, run.inputs.size(), arguments.bytes.size()};
    if (!sizer_.is_fixed()) sent.run = std::move(run);
    TaskOptions task = options_.task;
    task.retries = 0;  // the worker sees to it, input by input
    const std::uint64_t bytes = sent.bytes;
    group_.submit(*function_, std::move(arguments), task, next_ticket_, sent.run.first, sent.count);
    sent_.emplace(next_ticket_++, std::move(sent));
    bytes_ += bytes;
  }

  /// A task is done: its results become a part; what it gave back is to be sent again.
  void take(TaskGroup::Entry& done) {
    Sent sent = std::move(sent_.extract(done.index).mapped());
    bytes_ -= sent.bytes;
    Part part;
    part.first = sent.run.first;
    part.inputs = sent.count;
    part.record = std::move(done.record);
    part.is_lost = TaskHandle{part.record}.state() != TaskState::finished;
    if (!part.is_lost) decode_part(part, sent);
    if (part.inputs < sent.count) {
      const auto begin = std::make_move_iterator(sent.run.inputs.begin() + static_cast<std::ptrdiff_t>(part.inputs));
      give_back({part.first + part.inputs, {begin, std::make_move_iterator(sent.run.inputs.end())}});
    }
    bytes_ += part.bytes;
    ready_.emplace(part.first, std::move(part));
  }

  /// The first inputs are sent again first: a caller who wants the order waits for them.
  void give_back(Run run) {
    const auto is_before = [](const Run& a, const Run& b) { return a.first < b.first; };
    const auto place = std::upper_bound(given_back_.begin(), given_back_.end(), run, is_before);
    given_back_.insert(place, std::move(run));
  }

  /// What the worker sent, which is not to be trusted.
  void decode_part(Part& part, const Sent& sent) {
    try {
      part.result = decode<ChunkResult<V>>(result_bytes(*part.record));
      check_chunk(part.result, values_, sent.count);
      if (sizer_.is_fixed() && part.result.done != sent.count)
        throw_codec_error("a chunk of map() came back with fewer results than it had inputs");
    } catch (...) {
      part.is_lost = true;
      part.fault = describe_current_exception();
      part.fault->cause = Cause::bad_message;
      return;
    }
    part.bytes = result_bytes(*part.record).size();
    part.inputs = static_cast<std::size_t>(part.result.done);
    const auto run_time = std::chrono::duration_cast<std::chrono::nanoseconds>(TaskHandle{part.record}.run_time());
    sizer_.measured(part.inputs, run_time, part.bytes + sent.bytes);
    const TaskHandle task{part.record};
    if (const auto finished = task.finish_time())
      way_.measured(task.submit_time().time_since_epoch(), finished->time_since_epoch(), task.run_time());
    if (part.result.failures.empty()) part.record = {};  // its bytes are decoded
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
  bool range_is_over_ = false;      ///< it has no more inputs, or threw
  std::exception_ptr range_error_;  ///< what it threw
  const FunctionEntry* function_;
  const ChunkValues values_;
  MapOptions options_;
  ChunkSizer sizer_;
  WaySizer way_;
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

}  // namespace mw::detail
