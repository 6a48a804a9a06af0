#include "benchmark/toolkit.hpp"

#include <mw/mw.hpp>

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <numeric>
#include <stdexcept>
#include <thread>
#include <vector>

namespace mw::benchmark::toolkit {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

std::uint64_t same(std::uint64_t value) { return value; }
std::vector<std::byte> same_bytes(std::vector<std::byte> bytes) { return bytes; }
double at(const Shared<std::span<const double>>& table, std::uint64_t place) { return (*table)[place]; }
double at_in_vector(const std::vector<double>& table, std::uint64_t place) { return table[place]; }
int sleep_for_s(int seconds) {
  std::this_thread::sleep_for(std::chrono::seconds{seconds});
  return seconds;
}

/// Computes for so long.
std::uint64_t compute_for_us(std::uint64_t microseconds) {
  const auto end = Clock::now() + std::chrono::microseconds{microseconds};
  while (Clock::now() < end) continue;
  return microseconds;
}
/// Another function, of which nothing is known from the first.
std::uint64_t compute_long_for_us(std::uint64_t microseconds) { return compute_for_us(microseconds); }

/// A master whose workers are all up.
Master started_master(const Farm& farm) {
  const unsigned workers = farm.workers;
  Master master{interface(farm.interface, workers)};
  while (master.get_status().ready_workers() < static_cast<std::size_t>(workers))
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  for (unsigned i = 0; i < 2 * workers; ++i) master.get_result(master.submit_task<same>(i));
  return master;
}

void check_sum(std::uint64_t sum, std::uint64_t count) {
  if (sum != count * (count - 1) / 2) throw std::runtime_error{"a wrong sum"};
}

std::size_t resident_bytes() {
  std::ifstream statm{"/proc/self/statm"};
  std::size_t all = 0, resident = 0;
  statm >> all >> resident;
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace

double single_tasks_per_second(const Farm& farm, std::uint64_t tasks) {
  auto master = started_master(farm);
  const auto start = Clock::now();
  std::uint64_t sent = 0, sum = 0;
  for (; sent < std::min<std::uint64_t>(farm.workers, tasks); ++sent) std::ignore = master.submit_task<same>(sent);
  for (std::uint64_t back = 0; back < tasks; ++back) {
    sum += master.get_result().result<std::uint64_t>();
    if (sent < tasks) std::ignore = master.submit_task<same>(sent++);
  }
  check_sum(sum, tasks);
  return static_cast<double>(tasks) / seconds_since(start);
}

double pipelined_tasks_per_second(const Farm& farm, std::uint64_t tasks) {
  auto master = started_master(farm);
  const auto start = Clock::now();
  std::vector<Task<std::uint64_t>> submitted;
  for (std::uint64_t i = 0; i < tasks; ++i) submitted.push_back(master.submit_task<same>(i));
  std::uint64_t sum = 0;
  for (const auto& task : submitted) sum += master.get_result(task);
  check_sum(sum, tasks);
  return static_cast<double>(tasks) / seconds_since(start);
}

double mapped_elements_per_second(const Farm& farm, std::uint64_t elements) {
  auto master = started_master(farm);
  std::vector<std::uint64_t> inputs(elements);
  std::iota(inputs.begin(), inputs.end(), std::uint64_t{0});
  const auto start = Clock::now();
  std::uint64_t sum = 0;
  for (const std::uint64_t value : master.map<same>(inputs)) sum += value;
  check_sum(sum, elements);
  return static_cast<double>(elements) / seconds_since(start);
}

double mib_per_second(const Farm& farm, std::uint64_t tasks, std::size_t bytes) {
  auto master = started_master(farm);
  const std::vector<std::byte> payload(bytes, std::byte{1});
  const auto start = Clock::now();
  std::uint64_t sent = 0;
  for (; sent < std::min<std::uint64_t>(2 * farm.workers, tasks); ++sent) std::ignore = master.submit_task<same_bytes>(payload);
  for (std::uint64_t back = 0; back < tasks; ++back) {
    const auto result = master.get_result().result<std::vector<std::byte>>();
    if (result.size() != bytes) throw std::runtime_error{"a wrong size"};
    if (sent < tasks) std::ignore = master.submit_task<same_bytes>(payload), ++sent;
  }
  return 2 * static_cast<double>(tasks * bytes) / (1 << 20) / seconds_since(start);
}

std::int64_t first_result_ns(const Farm& farm) {
  Master master{interface(farm.interface, farm.workers)};
  master.get_result(master.submit_task<same>(std::uint64_t{1}));
  return Clock::now().time_since_epoch().count();
}

double bytes_per_queued_task(const Farm& farm, std::uint64_t tasks) {
  Master master{interface(farm.interface, farm.workers)};
  for (unsigned i = 0; i < farm.workers; ++i) std::ignore = master.submit_task<sleep_for_s>(600);
  while (master.get_status().running < farm.workers) std::this_thread::sleep_for(std::chrono::milliseconds{1});
  std::vector<Task<std::uint64_t>> submitted;
  submitted.reserve(tasks);
  const std::size_t before = resident_bytes();
  for (std::uint64_t i = 0; i < tasks; ++i) submitted.push_back(master.submit_task<same>(i));
  while (master.get_status().submitted < tasks) std::this_thread::sleep_for(std::chrono::milliseconds{1});
  return static_cast<double>(resident_bytes() - before) / static_cast<double>(tasks);
}

double round_trip_us(const Farm& farm, unsigned rounds) {
  auto master = started_master(farm);
  std::vector<double> times;
  for (unsigned i = 0; i < rounds; ++i) {
    const auto start = Clock::now();
    master.get_result(master.submit_task<same>(std::uint64_t{i}));
    times.push_back(seconds_since(start) * 1e6);
  }
  std::nth_element(times.begin(), times.begin() + rounds / 2, times.end());
  return times[rounds / 2];
}

namespace {

std::vector<double> table_of(std::size_t bytes) {
  std::vector<double> table(bytes / sizeof(double));
  std::iota(table.begin(), table.end(), 0.0);
  return table;
}

/// `submit` makes the task that reads a place of the table.
template <class Submit>
double table_ms(const Farm& farm, std::uint64_t tasks, std::size_t places, const Submit& submit) {
  const auto start = Clock::now();
  Master master{interface(farm.interface, farm.workers)};
  const auto read = submit(master);
  std::vector<Task<double>> submitted;
  for (std::uint64_t i = 0; i < tasks; ++i) submitted.push_back(read(i * (places / tasks)));
  double sum = 0;
  for (const auto& task : submitted) sum += master.get_result(task);
  if (sum != static_cast<double>((places / tasks) * (tasks * (tasks - 1) / 2))) throw std::runtime_error{"a wrong sum"};
  return seconds_since(start) * 1e3;
}

}  // namespace

double shared_ms(const Farm& farm, std::uint64_t tasks, std::size_t bytes) {
  const std::vector<double> table = table_of(bytes);
  return table_ms(farm, tasks, table.size(), [&](Master& master) {
    return
        [&master, shared = master.share(std::span{table})](std::uint64_t place) { return master.submit_task<at>(shared, place); };
  });
}

double sent_ms(const Farm& farm, std::uint64_t tasks, std::size_t bytes) {
  const std::vector<double> table = table_of(bytes);
  return table_ms(farm, tasks, table.size(), [&](Master& master) {
    return [&](std::uint64_t place) { return master.submit_task<at_in_vector>(table, place); };
  });
}

namespace {

/// The longest first, each on the worker that is free first.
double best_schedule_s(std::vector<std::uint64_t> microseconds, unsigned workers) {
  std::sort(microseconds.rbegin(), microseconds.rend());
  std::vector<std::uint64_t> busy(workers);
  for (const std::uint64_t one : microseconds) *std::min_element(busy.begin(), busy.end()) += one;
  return static_cast<double>(*std::max_element(busy.begin(), busy.end())) * 1e-6;
}

constexpr std::uint64_t short_us = 100;

}  // namespace

double long_tasks_at_the_end(const Farm& farm, std::uint64_t tasks) {
  auto master = started_master(farm);
  std::vector<std::uint64_t> all(tasks, short_us);
  all.insert(all.end(), 3, 800'000);
  std::vector<Task<std::uint64_t>> submitted;
  const auto start = Clock::now();
  for (const std::uint64_t one : all)
    submitted.push_back(one == short_us ? master.submit_task<compute_for_us>(one) : master.submit_task<compute_long_for_us>(one));
  for (const auto& task : submitted) master.get_result(task);
  return seconds_since(start) / best_schedule_s(all, farm.workers);
}

double long_inputs_at_the_end(const Farm& farm, std::uint64_t inputs) {
  auto master = started_master(farm);
  std::vector<std::uint64_t> all(inputs, short_us);
  std::fill(all.end() - static_cast<std::ptrdiff_t>(std::min<std::uint64_t>(50, inputs)), all.end(), 500 * short_us);
  const auto start = Clock::now();
  master.map<compute_for_us>(all).run();
  return seconds_since(start) / best_schedule_s(all, farm.workers);
}

}  // namespace mw::benchmark::toolkit
