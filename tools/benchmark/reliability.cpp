// mw_reliability: what a journal costs, how soon a restarted program goes on, how soon a killed worker's task runs
// elsewhere and a cancelled one's slot is free. The table of docs/reliability.md.
#include <mw/mw.hpp>

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "benchmark/own_process.hpp"
#include "process/terminal_line.hpp"

namespace {

using Clock = std::chrono::steady_clock;
using mw::bench::median, mw::bench::print_row;
using namespace std::chrono_literals;

namespace fs = std::filesystem;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

void nothing(std::uint64_t) {}
std::uint64_t compute_for_us(std::uint64_t number, std::uint64_t us) {
  const auto end = Clock::now() + std::chrono::microseconds{us};
  while (Clock::now() < end) continue;
  return number;
}
int say_pid_and_wait(const std::string& file) {
  std::ofstream{file + ".new"} << ::getpid();
  fs::rename(file + ".new", file);
  std::this_thread::sleep_for(1h);
  return 0;
}

struct Setting {
  std::string interface;
  std::string journal;  ///< a file; empty: none
  bool always = false;
  std::uint64_t tasks = 0;
};

mw::MasterOptions options_of(const Setting& setting) {
  return {.journal = setting.journal, .journal_sync = setting.always ? mw::JournalSync::always : mw::JournalSync::soon};
}

template <class Submit>
double tasks_per_second(const Setting& setting, const Submit& submit) {
  mw::Master master{mw::interface(setting.interface), options_of(setting)};
  while (master.get_status().ready_workers() == 0) std::this_thread::sleep_for(1ms);
  const auto start = Clock::now();
  submit(master, setting.tasks);
  master.wait_all();
  return static_cast<double>(setting.tasks) / seconds_since(start);
}

void submit_nothing(mw::Master& master, std::uint64_t count) {
  for (std::uint64_t i = 0; i < count; ++i) static_cast<void>(master.submit_task<nothing>(i));
}

double noop_rate(const Setting& setting) { return tasks_per_second(setting, submit_nothing); }

double short_task_rate(const Setting& setting) {
  return tasks_per_second(setting, [](mw::Master& master, std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) static_cast<void>(master.submit_task<compute_for_us>(i, std::uint64_t{100}));
  });
}

/// From the start of the program's master until a task that is new runs, behind all that are known.
double restart_seconds(const Setting& setting) {
  const auto start = Clock::now();
  mw::Master master{mw::interface(setting.interface), options_of(setting)};
  submit_nothing(master, setting.tasks);
  const auto next = master.submit_task<compute_for_us>(static_cast<std::uint64_t>(::getpid()), std::uint64_t{0});  // no run had it
  master.get_result(next);
  if (master.get_status().found != setting.tasks) throw mw::Error{"the journal did not know all of the tasks"};
  return seconds_since(start);
}

/// KiB at its highest, with a window of tasks that are not read yet.
double peak_memory(const Setting& setting) {
  {
    mw::Master master{mw::interface(setting.interface), options_of(setting)};
    constexpr std::uint64_t window = 10'000;
    std::vector<mw::Task<void>> open(window);
    for (std::uint64_t i = 0; i < setting.tasks; ++i) {
      auto& place = open[i % window];
      if (i >= window) master.get_result(place);
      place = master.submit_task<nothing>(i);
    }
    master.wait_all();
  }
  std::ifstream status{"/proc/self/status"};
  double kib = 0;
  for (std::string word; status >> word;)
    if (word == "VmHWM:") status >> kib;
  return kib;
}

double file_bytes_a_task(const Setting& setting) {
  return static_cast<double>(fs::file_size(setting.journal)) / static_cast<double>(setting.tasks);
}

double percentile(std::vector<double> values, double part) {
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(part * static_cast<double>(values.size() - 1))];
}

void await(const std::function<bool()>& condition) {
  while (!condition()) std::this_thread::sleep_for(100us);
}

/// Median, in milliseconds, from kill -9 of a worker until its task has begun elsewhere.
double lost_worker_ms(const Setting& setting) {
  const fs::path folder = fs::temp_directory_path() / fmt::format("mw-reliability-{}", ::getpid());
  fs::create_directory(folder);
  std::vector<double> times;
  {
    mw::Master master{mw::interface(setting.interface)};
    for (std::uint64_t i = 0; i < setting.tasks; ++i) {
      const std::string file = folder / std::to_string(i);
      const auto task = master.submit_task<say_pid_and_wait>({.max_losses = 10}, file);
      await([&] { return fs::exists(file); });
      pid_t pid = 0;
      std::ifstream{file} >> pid;
      fs::remove(file);
      const auto start = Clock::now();
      ::kill(pid, SIGKILL);
      await([&] { return fs::exists(file); });
      times.push_back(seconds_since(start) * 1e3);
      master.cancel(task);
    }
  }
  fs::remove_all(folder);
  return median(times);
}

/// 99 % of the times, in milliseconds, from cancel() of a task that runs until the next one has run in its slot.
double cancel_ms(const Setting& setting) {
  std::vector<double> times;
  mw::Master master{mw::interface(setting.interface)};
  for (std::uint64_t i = 0; i < setting.tasks; ++i) {
    const auto task = master.submit_task<compute_for_us>(i, std::uint64_t{3'600'000'000});
    await([&] { return task.state() == mw::TaskState::running; });
    const auto next = master.submit_task<nothing>(i);
    const auto start = Clock::now();
    master.cancel(task);
    master.get_result(next);
    times.push_back(seconds_since(start) * 1e3);
  }
  return percentile(times, 0.99);
}

using Measure = double (*)(const Setting&);
const std::vector<std::pair<std::string, Measure>> measures{
    {"noop", noop_rate},          {"short", short_task_rate}, {"restart", restart_seconds}, {"memory", peak_memory},
    {"bytes", file_bytes_a_task}, {"lost", lost_worker_ms},   {"cancel", cancel_ms}};

/// In a process of its own.
double measured(const std::string& name, const Setting& setting) {
  std::vector<std::string> words{"measure", name, setting.interface, std::to_string(setting.tasks)};
  if (!setting.journal.empty()) words.insert(words.end(), {"--journal", setting.journal});
  if (setting.always) words.emplace_back("--always");
  return mw::bench::value_of_own_process(words);
}

/// Medians of several runs, in turn, so that what else the machine does meets all of them.
struct Report {
  unsigned runs = 3;
  fs::path folder;
  mw::process::StatusLine line;

  std::string fresh_journal() const {
    const fs::path file = folder / "run.mwj";
    for (const char* end : {"", "-wal", "-shm", "-lock"}) fs::remove(file.string() + end);
    return file;
  }
  std::vector<double> in_turn(const std::string& name, const std::vector<Setting>& settings) {
    std::vector<std::vector<double>> values(settings.size());
    for (unsigned run = 1; run <= runs; ++run)
      for (std::size_t i = 0; i < settings.size(); ++i) {
        line.show(fmt::format("run {} of {}: {}", run, runs, name));
        if (!settings[i].journal.empty()) fresh_journal();
        values[i].push_back(measured(name, settings[i]));
      }
    line.clear();
    std::vector<double> medians;
    for (auto& one : values) medians.push_back(median(std::move(one)));
    return medians;
  }
};

void report(unsigned runs, std::uint64_t many) {
  Report report{
      .runs = runs, .folder = fs::temp_directory_path() / fmt::format("mw-reliability-{}-report", ::getpid()), .line = {}};
  fs::create_directory(report.folder);
  const std::string journal = report.fresh_journal();
  print_row("measure", "here", "wanted");
  print_row("---", "---:", "---");
  const auto noop = report.in_turn(
      "noop",
      {{"multicore:2", "", false, 1'000'000}, {"multicore:2", journal, false, 1'000'000}, {"multicore:2", journal, true, 200'000}});
  print_row("no-op tasks, no journal", fmt::format("{:.0f}/s", noop[0]), "");
  print_row("no-op tasks, journal", fmt::format("{:.0f}/s", noop[1]), "150,000/s");
  print_row("no-op tasks, journal_sync always", fmt::format("{:.0f}/s", noop[2]), "");
  const auto shorts = report.in_turn("short", {{"multicore:2", "", false, 50'000}, {"multicore:2", journal, false, 50'000}});
  print_row("tasks of 100 us: with a journal / without", fmt::format("{:.2f}", shorts[1] / shorts[0]), "0.8");
  measured("noop", {"multicore:2", report.fresh_journal(), false, 1'000'000});
  std::vector<double> restarts;
  for (unsigned run = 0; run < runs; ++run) restarts.push_back(measured("restart", {"multicore:2", journal, false, 1'000'000}));
  print_row("restart with 10^6 finished tasks until a new one has run", fmt::format("{:.2f} s", median(restarts)), "3 s");
  const double memory = measured("memory", {"multicore:2", "", false, many});
  const double with_journal = measured("memory", {"multicore:2", report.fresh_journal(), false, many});
  print_row(fmt::format("{} tasks: bytes a no-op task in the journal", many),
            fmt::format("{:.1f}", measured("bytes", {"multicore:2", journal, false, many})), "100");
  print_row(fmt::format("{} tasks: the master's memory at its highest, with / without", many),
            fmt::format("{:.1f} / {:.1f} MiB", with_journal / 1024, memory / 1024), "no more");
  const auto lost = report.in_turn("lost", {{"multicore:2", "", false, 200}});
  print_row("a worker killed until its task runs elsewhere, median", fmt::format("{:.1f} ms", lost[0]), "50 ms");
  const auto cancelled = report.in_turn("cancel", {{"multicore:1", "", false, 200}});
  print_row("cancel of a running task until its slot is free, 99 %", fmt::format("{:.1f} ms", cancelled[0]), "100 ms");
  fs::remove_all(report.folder);
}

}  // namespace

int main(int argc, char** argv) {
  mw::init(argc, argv);
  CLI::App app{"Measures what reliability costs: the table of docs/reliability.md, in Markdown."};
  unsigned runs = 3;
  std::uint64_t many = 10'000'000;
  app.add_option("--runs", runs, "how often each is measured")->check(CLI::Range(1, 100))->capture_default_str();
  app.add_option("--many", many, "tasks of the large journal")->check(CLI::Range(1'000, 1'000'000'000))->capture_default_str();
  std::string name;
  Setting setting;
  auto* one = app.add_subcommand("measure", "one of them; prints a number");
  one->group("");
  one->add_option("name", name)->required();
  one->add_option("interface", setting.interface)->required();
  one->add_option("tasks", setting.tasks)->required();
  one->add_option("--journal", setting.journal);
  one->add_flag("--always", setting.always);
  CLI11_PARSE(app, argc, argv);
  return mw::bench::status_of("mw_reliability", [&] {
    if (!*one) return report(runs, many);
    mw::bench::print_measure(measures, name, setting);
  });
}
