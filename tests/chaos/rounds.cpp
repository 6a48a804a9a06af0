#include "chaos/rounds.hpp"

#include <algorithm>
#include <ranges>
#include <thread>

namespace chaos {

using namespace std::chrono_literals;

Rounds::Rounds(World& world, std::uint64_t seed, std::size_t scale, std::string input_file, Tally& tally)
    : world_{world}, random_{seed}, scale_{scale}, input_file_{std::move(input_file)}, tally_{tally} {}

void Rounds::run_until(std::chrono::steady_clock::time_point end) {
  using Round = void (Rounds::*)();
  static constexpr Round rounds[] = {&Rounds::one_by_one,  &Rounds::as_they_are_done, &Rounds::any_of_some,
                                     &Rounds::ordered_map, &Rounds::unordered_map,    &Rounds::fold,
                                     &Rounds::failures,    &Rounds::cancellations,    &Rounds::time_limits,
                                     &Rounds::programs,    &Rounds::data_files};
  while (std::chrono::steady_clock::now() < end) {
    (this->*rounds[below(std::size(rounds))])();
    ++tally_.rounds;
  }
}

std::uint32_t Rounds::some_time() {
  switch (below(6)) {
    case 0: return static_cast<std::uint32_t>(below(30'000));
    case 1: return static_cast<std::uint32_t>(below(3'000));
    case 2: return static_cast<std::uint32_t>(below(300));
    default: return 0;
  }
}

std::size_t Rounds::some_words() {
  switch (below(30)) {
    case 0: return below(300'000);
    case 1: return below(20'000);
    default: return below(100);
  }
}

mw::TaskOptions Rounds::some_options() {
  mw::TaskOptions options;
  options.max_losses = 62;  // the injector's fault, not the task's
  if (below(4) == 0) options.priority = static_cast<std::int32_t>(below(5));
  if (below(6) == 0) options.soft_limit = 10min;
  if (below(6) == 0) options.hard_limit = 10min;
  return options;
}

Order Rounds::some_order() {
  Order order;
  order.seed = any();
  order.microseconds = some_time();
  order.reply_words = static_cast<std::uint32_t>(some_words());
  order.load = words(order.seed, some_words());
  return order;
}

void Rounds::wrong(const std::string& where, const std::string& what) { tally_.wrong(world_.spec() + ", " + where + ": " + what); }

void Rounds::check(const Order& order, const Reply& reply, const std::string& where) {
  if (reply.seed != order.seed) return wrong(where, "the result of another task");
  if (reply.values.size() != order.reply_words || !are_words(~order.seed, reply.values)) return wrong(where, "a wrong result");
  ++tally_.right;
}

void Rounds::check_value(std::uint64_t seed, std::uint64_t value, const std::string& where) {
  if (value != mix(seed)) return wrong(where, "a wrong result");
  ++tally_.right;
}

void Rounds::check_failed(const std::string& where, const mw::TaskError& error, mw::Cause due) {
  if (error.cause() != due) return wrong(where, std::string{"an error that was not due: "} + error.what());
  ++tally_.failed;
}

std::pair<std::vector<Order>, std::vector<mw::Task<Reply>>> Rounds::submit_some_orders() {
  std::vector<Order> orders;
  std::vector<mw::Task<Reply>> tasks;
  for (std::size_t i = some_tasks(); i > 0; --i) {
    orders.push_back(some_order());
    tasks.push_back(world_.master().submit_task<carry_out>(some_options(), orders.back()));
  }
  return {std::move(orders), std::move(tasks)};
}

/// In any order, some of them twice.
void Rounds::one_by_one() {
  const auto submitted = submit_some_orders();
  const auto& orders = submitted.first;
  const auto& tasks = submitted.second;
  std::vector<std::size_t> sequence(tasks.size());
  for (std::size_t i = 0; i < sequence.size(); ++i) sequence[i] = i;
  std::shuffle(sequence.begin(), sequence.end(), random_);
  for (const std::size_t i : sequence) {
    try {
      check(orders[i], world_.survive([&] { return world_.master().get_result(tasks[i]); }), "one by one");
      if (below(8) == 0) check(orders[i], world_.survive([&] { return world_.master().get_result(tasks[i]); }), "asked again");
    } catch (const mw::TaskError& e) {
      wrong("one by one", e.what());
    }
  }
}

void Rounds::as_they_are_done() {
  const auto submitted = submit_some_orders();
  const auto& orders = submitted.first;
  const auto& tasks = submitted.second;
  std::vector<int> seen(tasks.size(), 0);
  std::size_t count = 0;
  auto range = world_.master().as_completed(tasks);
  auto at = world_.survive([&] { return range.begin(); });
  while (at != range.end()) {
    ++count;
    ++seen[at->index];
    try {
      check(orders[at->index], at->result(), "as completed");
    } catch (const mw::TaskError& e) {
      wrong("as completed", e.what());
    }
    world_.survive([&] { ++at; });
  }
  if (count != tasks.size() || std::ranges::count(seen, 1) != static_cast<std::ptrdiff_t>(tasks.size()))
    wrong("as completed", std::to_string(count) + " results of " + std::to_string(tasks.size()) + " tasks");
}

void Rounds::any_of_some() {
  std::vector<std::uint64_t> seeds;
  std::vector<mw::Task<std::uint64_t>> tasks;
  for (std::size_t i = std::min<std::size_t>(some_tasks(), 40); i > 0; --i) {
    seeds.push_back(any());
    tasks.push_back(world_.master().submit_task<mix_slowly>(some_options(), seeds.back(), some_time()));
  }
  std::vector<int> seen(tasks.size(), 0);
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    try {
      const auto one = world_.survive([&] { return world_.master().get_result(tasks); });
      if (++seen[one.index] > 1) wrong("any of some", "a task came twice");
      check_value(seeds[one.index], one.value, "any of some");
    } catch (const mw::TaskError& e) {
      wrong("any of some", e.what());
    }
  }
}

/// A caller that is slow now and then, and so is an input.
void Rounds::ordered_map() {
  if (below(2) == 0) return gently_paced_map();
  const std::uint64_t first = any() >> 1;
  const std::uint64_t count = 1 + below(scale_ * 40);
  mw::MapOptions options;
  options.task.max_losses = 62;
  if (below(3) == 0) options.chunk = 1 + below(50);
  if (below(3) == 0) options.window = 1 + below(500);
  auto map = world_.master().map<mix_or_refuse>(std::views::iota(first, first + count), options);
  std::uint64_t next = first;
  while (auto one = world_.survive([&] { return map.next(); })) {
    if (one->index != next - first) return wrong("ordered map", "out of order");
    if (one->has_value()) {
      if (is_refused(next)) wrong("ordered map", "a value where an error was due");
      check_value(next, std::move(*one).value(), "ordered map");
    } else {
      if (!is_refused(next)) wrong("ordered map", one->error().what());
      check_failed("ordered map", one->error(), mw::Cause::exception);
    }
    ++next;
    if (below(300) == 0) std::this_thread::sleep_for(std::chrono::milliseconds{below(60)});
  }
  check_whole("ordered map", next - first, count);
}

/// The first input is slow, so that its worker gives the rest of its chunk back, and the caller is away while all
/// others are done.
void Rounds::gently_paced_map() {
  std::uint64_t first = any() >> 1;
  first -= first % slow_one;
  const std::uint64_t count = 1 + below(scale_ * 20);
  mw::MapOptions options;
  options.task.max_losses = 62;
  auto map = world_.master().map<mix_steadily>(std::views::iota(first, first + count), options);
  std::uint64_t next = first;
  while (auto one = world_.survive([&] { return map.next(); })) {
    if (one->index != next - first) return wrong("gently paced map", "out of order");
    if (!one->has_value()) return wrong("gently paced map", one->error().what());
    check_value(next, std::move(*one).value(), "gently paced map");
    if (next++ == first) std::this_thread::sleep_for(std::chrono::milliseconds{below(600)});
  }
  check_whole("gently paced map", next - first, count);
}

void Rounds::check_whole(const std::string& where, std::uint64_t got, std::uint64_t due) {
  if (got != due) wrong(where, std::to_string(got) + " results of " + std::to_string(due) + " inputs, and no error");
}

void Rounds::unordered_map() {
  const std::uint64_t first = any() >> 1;
  const std::size_t count = 1 + below(scale_ * 20);
  std::vector<std::pair<std::uint64_t, std::uint32_t>> inputs;
  for (std::size_t i = 0; i < count; ++i) inputs.emplace_back(first + i, below(50) == 0 ? some_time() : 0);
  mw::MapOptions options;
  options.ordered = false;
  options.task.max_losses = 62;
  if (below(3) == 0) options.chunk = 1 + below(50);
  auto map = world_.master().map<mix_slowly>(inputs, options);
  std::vector<int> seen(count, 0);
  std::size_t got = 0;
  while (auto one = world_.survive([&] { return map.next(); })) {
    ++got;
    if (one->index >= count || ++seen[one->index] > 1) return wrong("unordered map", "an input came twice");
    if (!one->has_value()) {
      wrong("unordered map", one->error().what());
      continue;
    }
    check_value(first + one->index, std::move(*one).value(), "unordered map");
  }
  check_whole("unordered map", got, count);
}

/// A fold that its interface leaves in the middle is done anew: map_reduce() has no way to go on.
void Rounds::fold() {
  const std::uint64_t first = any() >> 1;
  const std::uint64_t count = 1 + below(scale_ * 40);
  std::uint64_t due = 0;
  for (std::uint64_t seed = first; seed < first + count; ++seed) due += mix(seed);
  mw::MapOptions options;
  options.task.max_losses = 62;
  try {
    const auto got = world_.survive([&] {
      return world_.master().map_reduce<mix_one, sum>(std::views::iota(first, first + count), std::uint64_t{0}, options);
    });
    if (got != due) return wrong("fold", "a wrong sum");
    ++tally_.right;
  } catch (const mw::TaskError& e) {
    wrong("fold", e.what());
  }
}

void Rounds::failures() {
  std::vector<mw::Task<std::uint64_t>> tasks;
  const std::uint32_t retries = static_cast<std::uint32_t>(below(3));
  for (std::size_t i = 1 + below(20); i > 0; --i) {
    auto options = some_options();
    options.retries = retries;
    tasks.push_back(world_.master().submit_task<refuse>(options, any()));
  }
  for (const auto& task : tasks) {
    try {
      world_.survive([&] { return world_.master().get_result(task); });
      wrong("failures", "a result of a function that throws");
    } catch (const mw::TaskError& e) {
      check_failed("failures", e, mw::Cause::exception);
      if (e.faults() != retries + 1)
        wrong("failures", std::to_string(e.faults()) + " faults with " + std::to_string(retries) + " retries");
    }
  }
}

void Rounds::cancellations() {
  std::vector<std::uint64_t> seeds;
  std::vector<mw::Task<std::uint64_t>> tasks;
  for (std::size_t i = some_tasks(); i > 0; --i) {
    seeds.push_back(any());
    tasks.push_back(world_.master().submit_task<mix_slowly>(some_options(), seeds.back(), some_time()));
  }
  std::vector<bool> was_cancelled(tasks.size());
  for (std::size_t i = 0; i < tasks.size(); ++i)
    if (below(2) == 0) was_cancelled[i] = world_.master().cancel(tasks[i]);
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    try {
      const auto value = world_.survive([&] { return world_.master().get_result(tasks[i]); });
      if (was_cancelled[i]) wrong("cancellations", "the result of a cancelled task");
      check_value(seeds[i], value, "cancellations");
    } catch (const mw::TaskError& e) {
      if (e.cause() == mw::Cause::cancelled && was_cancelled[i])
        ++tally_.cancelled;
      else
        wrong("cancellations", e.what());
    }
  }
}

void Rounds::time_limits() {
  auto options = some_options();
  options.hard_limit = std::chrono::milliseconds{20 + below(80)};
  options.soft_limit = 0ns;
  const auto late = world_.master().submit_task<mix_slowly>(options, any(), 600'000'000);
  try {
    world_.survive([&] { return world_.master().get_result(late); });
    wrong("time limits", "a result after ten minutes in less");
  } catch (const mw::TaskError& e) {
    check_failed("time limits", e, mw::Cause::time_limit);
  }
}

void Rounds::programs() {
  for (std::size_t i = 1 + below(5); i > 0; --i) {
    const std::string input = std::to_string(any());
    const int status = below(3) == 0 ? static_cast<int>(1 + below(100)) : 0;
    const auto task =
        world_.master().submit_task(some_options(), mw::Program{"sh", {"-c", "cat; exit " + std::to_string(status)}}, input);
    try {
      const auto output = world_.survive([&] { return world_.master().get_result(task); });
      if (status != 0) wrong("programs", "a program that failed counts as a success");
      if (output != input) wrong("programs", "another output");
      ++tally_.right;
    } catch (const mw::TaskError& e) {
      if (status == 0)
        wrong("programs", e.what());
      else
        check_failed("programs", e, mw::Cause::exit_status);
    }
  }
}

void Rounds::data_files() {
  std::vector<std::uint64_t> seeds;
  std::vector<mw::Task<std::string>> tasks;
  for (std::size_t i = 1 + below(10); i > 0; --i) {
    auto options = some_options();
    options.files = {{input_file_, "input.txt"}};
    seeds.push_back(any());
    tasks.push_back(world_.master().submit_task<read_input>(options, seeds.back()));
  }
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    try {
      const auto text = world_.survive([&] { return world_.master().get_result(tasks[i]); });
      if (text != "a line " + std::to_string(seeds[i])) wrong("data files", "another text: " + text);
      ++tally_.right;
    } catch (const mw::TaskError& e) {
      wrong("data files", e.what());
    }
  }
}

}  // namespace chaos
