#include "mw/journal.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <boost/json.hpp>

#include <mw/app.hpp>
#include <mw/error.hpp>

#include "journal/cache_file.hpp"
#include "journals/compact.hpp"
#include "journals/tasks.hpp"
#include "parse/duration.hpp"
#include "parse/number.hpp"
#include "parse/size.hpp"
#include "process/place.hpp"
#include "process/standard_streams.hpp"

namespace mw::tool {
namespace {

using journal::JournalFile;
using journal::Value;

constexpr double ns = 1e-9;

CLI::App* add(CLI::App& journal, JournalCommand& command, const std::string& name, const std::string& help) {
  auto* sub = journal.add_subcommand(name, help);
  sub->add_option("file", command.file, "the journal")->required();
  sub->callback([&command, name] { command.what = name; });
  return sub;
}

std::string time_text(std::int64_t seconds) {
  return seconds == 0 ? "-" : fmt::format("{:%Y-%m-%d %H:%M:%S}", fmt::localtime(static_cast<std::time_t>(seconds)));
}

std::string text_of(JournalFile& file, const Value& value) {
  const Bytes bytes = file.read(value);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string hex(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) text += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return text;
}

std::string name_of(const std::map<std::uint64_t, std::string>& functions, std::uint64_t number) {
  const auto found = functions.find(number);
  return found == functions.end() ? "(unknown)" : found->second;
}

std::string_view cause_of(const TaskOfRun& task) {
  return task.failed.cause > static_cast<std::uint64_t>(last_cause) ? "unknown" : to_string(static_cast<Cause>(task.failed.cause));
}

void tell_damage(std::uint64_t block, const std::string& why) {
  process::tell(fmt::format("mw journal: block {} is damaged: {}\n", block, why));
}

/// What a function's tasks came to.
struct Counts {
  std::uint64_t finished = 0, failed = 0, open = 0, run_ns = 0, bytes = 0;
};

void print_runs(JournalFile& file) {
  process::print(fmt::format("{:>4}  {:19}  {:19}  {:>8}  {:16}  {}\n", "run", "began", "ended", "process", "host", "command"));
  for (const journal::Run& run : file.runs())
    process::print(fmt::format("{:>4}  {:19}  {:19}  {:>8}  {:16}  {}\n", run.number, time_text(run.began_s),
                               time_text(run.ended_s), run.pid, valid_utf8(run.host), valid_utf8(run.command)));
}

void ls(const JournalCommand& command) {
  JournalFile file{command.file, false};
  const auto functions = functions_of(file);
  const auto runs = file.runs();
  const std::uint64_t last_run = runs.empty() ? 0 : runs.back().number;
  print_runs(file);
  std::map<std::string, Counts> counts;
  if (command.tasks)
    process::print(fmt::format("\n{:>12}  {:8}  {:>12}  {:>12}  {}\n", "task", "state", "seconds", "bytes", "function"));
  walk(
      file,
      [&](const TaskOfRun& task) {
        const std::string name = name_of(functions, task.submitted.function);
        Counts& of = counts[name];
        of.finished += task.end == End::finished;
        of.failed += task.end == End::failed;
        of.open += task.end == End::open && task.run == last_run;  // others have ended in a later one
        of.run_ns += task.finished.run_ns;
        of.bytes += task.finished.value.size;
        if (command.tasks)
          process::print(fmt::format("{:>12}  {:8}  {:>12.6f}  {:>12}  {}\n", fmt::format("{}:{}", task.run, task.submitted.id),
                                     to_string(task.end), static_cast<double>(task.finished.run_ns) * ns, task.finished.value.size,
                                     valid_utf8(name)));
      },
      tell_damage);
  process::print(
      fmt::format("\n{:>10}  {:>8}  {:>8}  {:>14}  {:>14}  {}\n", "finished", "failed", "open", "seconds", "bytes", "function"));
  for (const auto& [name, of] : counts)
    process::print(fmt::format("{:>10}  {:>8}  {:>8}  {:>14.6f}  {:>14}  {}\n", of.finished, of.failed, of.open,
                               static_cast<double>(of.run_ns) * ns, of.bytes, valid_utf8(name)));
}

struct TaskName {
  std::optional<std::uint64_t> run;
  std::uint64_t id = 0;
};

TaskName parse_task(const std::string& text) {
  const auto colon = text.find(':');
  const auto id = parse::number<std::uint64_t>(colon == std::string::npos ? text : text.substr(colon + 1));
  const auto run = colon == std::string::npos ? std::nullopt : parse::number<std::uint64_t>(text.substr(0, colon));
  if (!id || (colon != std::string::npos && !run))
    throw UsageError{
        fmt::format("\"{}\" is no task: write RUN:TASK, as ls --tasks shows it, or TASK for one of the last run", text)};
  return {run, *id};
}

void show_value(JournalFile& file, const char* what, const Value& value) {
  if (value.size == 0) return;
  constexpr std::size_t most = 32;
  const std::string text = text_of(file, value);
  process::print(fmt::format("{:9} {} bytes: {}{}\n", what, text.size(), hex(std::string_view{text}.substr(0, most)),
                             text.size() > most ? "…" : ""));
}

void print_task(JournalFile& file, const TaskOfRun& task, bool raw) {
  if (raw) {
    process::print(text_of(file, task.finished.value));
    return;
  }
  process::print(fmt::format("task      {}:{}\nfunction  {}\nstate     {}\n", task.run, task.submitted.id,
                             valid_utf8(name_of(functions_of(file), task.submitted.function)), to_string(task.end)));
  process::print(fmt::format("digest    {:016x}{:016x}\n", task.submitted.digest.high, task.submitted.digest.low));
  if (task.submitted.place)
    process::print(fmt::format("inputs    {} to {} of map {}\n", task.submitted.place->first,
                               task.submitted.place->first + task.submitted.place->count - 1, task.submitted.place->map));
  if (task.end == End::failed)
    process::print(fmt::format("cause     {}\nmessage   {}\n", cause_of(task), valid_utf8(text_of(file, task.failed.message))));
  if (task.end != End::finished) return;
  process::print(fmt::format("seconds   {:.9f}\n", static_cast<double>(task.finished.run_ns) * ns));
  show_value(file, "result", task.finished.value);
  for (const auto& [what, value] : {std::pair{"stdout", task.finished.out}, std::pair{"stderr", task.finished.err}})
    if (value.size != 0) process::print(fmt::format("{}:\n{}\n", what, valid_utf8(text_of(file, value))));
}

int show(const JournalCommand& command) {
  const TaskName wanted = parse_task(command.task);
  JournalFile file{command.file, false};
  const auto runs = file.runs();
  const std::uint64_t run = wanted.run.value_or(runs.empty() ? 0 : runs.back().number);
  bool is_found = false;
  walk(
      file,
      [&](const TaskOfRun& task) {
        if (task.run != run || task.submitted.id != wanted.id) return;
        is_found = true;
        print_task(file, task, command.raw);
      },
      tell_damage);
  if (is_found) return 0;
  process::tell(
      fmt::format("mw journal show: run {} in {} has no task {} that was not known before\n", run, command.file, wanted.id));
  return 1;
}

int verify(const JournalCommand& command) {
  JournalFile file{command.file, false};
  std::uint64_t blocks = 0, damaged = 0, finished = 0, values = 0;
  const auto note = [&](std::uint64_t block, const std::string& why) {
    ++damaged;
    tell_damage(block, why);
  };
  file.each_block([&](const journal::Block&) { ++blocks; }, [](std::uint64_t, const std::string&) {});
  walk(
      file,
      [&](const TaskOfRun& task) {
        if (task.end != End::finished) return;
        ++finished;
        try {
          for (const Value& value : {task.finished.value, task.finished.out, task.finished.err})
            if (value.first_piece != 0) static_cast<void>(file.read(value));
        } catch (const JournalError& e) {
          ++values;
          process::tell(fmt::format("mw journal: task {}:{}: {}\n", task.run, task.submitted.id, e.what()));
        }
      },
      note);
  process::print(fmt::format("{}: {} results in {} whole blocks; {} damaged blocks, {} damaged values\n", command.file, finished,
                             blocks, damaged, values));
  return damaged + values == 0 ? 0 : 1;
}

/// With the journal's lock; by way of a file beside it where there is no other name.
int compact_file(const JournalCommand& command) {
  const std::string file = journal::real_path(command.file);
  if (!std::filesystem::exists(file)) throw JournalError{fmt::format("there is no journal {}", command.file)};
  const journal::FileLock lock{file};
  const std::string to = command.to.empty() ? file + "-compact" : command.to;
  const auto before = std::filesystem::file_size(file);
  const Compacted result = compact(file, to, command.salvage);
  const auto after = std::filesystem::file_size(to);
  if (command.to.empty()) {
    // They are the old one's, and SQLite would take them for the new one's. It leaves them only where they are damaged.
    for (const char* end : {"-wal", "-shm"}) std::filesystem::remove(file + end);
    std::filesystem::rename(to, file);
  }
  process::print(fmt::format("{} results, {} checkpoints, {} bytes (before: {}); {} entries left out, {} damaged\n", result.kept,
                             result.checkpoints, after, before, result.dropped, result.damaged));
  return 0;
}

/// RFC 4180.
std::string csv_field(std::string_view field) {
  std::string text = "\"";
  for (const char c : field) text += c == '"' ? std::string{"\"\""} : std::string{c};
  return text + "\"";
}

void print_csv(const std::string& function, const TaskOfRun& task, JournalFile& file) {
  const std::string message = task.end == End::failed ? text_of(file, task.failed.message) : "";
  process::print(fmt::format("{},{},{},{},{:.9f},{},{},{}\n", task.run, task.submitted.id, csv_field(function), to_string(task.end),
                             static_cast<double>(task.finished.run_ns) * ns, task.finished.value.size,
                             task.end == End::failed ? cause_of(task) : "", csv_field(message)));
}

void print_json(const std::string& function, const TaskOfRun& task, JournalFile& file) {
  boost::json::object line{
      {"run", task.run}, {"task", task.submitted.id}, {"function", valid_utf8(function)}, {"state", to_string(task.end)}};
  if (task.end == End::failed) {
    line["cause"] = cause_of(task);
    line["message"] = valid_utf8(text_of(file, task.failed.message));
  }
  if (task.end == End::finished) {
    line["run_seconds"] = static_cast<double>(task.finished.run_ns) * ns;
    line["result"] = hex(text_of(file, task.finished.value));
    if (task.finished.out.size != 0) line["stdout"] = valid_utf8(text_of(file, task.finished.out));
    if (task.finished.err.size != 0) line["stderr"] = valid_utf8(text_of(file, task.finished.err));
  }
  process::print(boost::json::serialize(line) + "\n");
}

void export_tasks(const JournalCommand& command) {
  JournalFile file{command.file, false};
  const auto functions = functions_of(file);
  if (command.csv) process::print("run,task,function,state,run_seconds,bytes,cause,message\n");
  walk(
      file,
      [&](const TaskOfRun& task) {
        const std::string name = name_of(functions, task.submitted.function);
        if (command.csv)
          print_csv(name, task, file);
        else
          print_json(name, task, file);
      },
      tell_damage);
}

/// A run without tasks, of the program of that name.
void adopt(const JournalCommand& command) {
  if (!std::filesystem::exists(command.file)) throw JournalError{fmt::format("there is no journal {}", command.file)};
  const journal::FileLock lock{command.file};
  JournalFile file{command.file, false};
  const journal::Run run = journal::run_of_this_process(command.program);
  file.end_run(file.begin_run(run), run.began_s);
}

/// Of a cache, which several programs may be using.
void prune(const JournalCommand& command) {
  journal::CacheLimits limits{.bytes = ~std::uint64_t{0} >> 1, .age = std::chrono::hours{24 * 365 * 100}};
  if (!command.bytes.empty()) {
    const auto bytes = parse::size(command.bytes);
    if (!bytes) throw UsageError{fmt::format("--bytes {}: write how much may stay, as 500M or 2G", command.bytes)};
    limits.bytes = *bytes;
  }
  if (!command.age.empty()) {
    const auto age = parse::duration(command.age);
    if (!age)
      throw UsageError{fmt::format("--age {}: write how long after its last use a result may stay, as 12h or 30d", command.age)};
    limits.age = std::chrono::duration_cast<std::chrono::seconds>(*age);
  }
  static_cast<void>(JournalFile{command.file, false});  // nothing is made here
  journal::CacheFile cache{command.file};
  std::uint64_t taken = 0;
  {
    sqlite::Transaction transaction{cache.file().database()};
    if (!command.function.empty()) taken += cache.prune(command.function);
    taken += cache.prune(limits);
    transaction.commit();
  }
  cache.file().sync();
  cache.file().database().execute("VACUUM");
  process::print(fmt::format("{} results taken out; {} are left, of {} bytes\n", taken, cache.count(), cache.bytes()));
}

}  // namespace

void add_journal(CLI::App& cli, JournalCommand& command) {
  auto* journal =
      cli.add_subcommand("journal", "Shows what is in a journal of a CppMW application (--journal), and keeps it small.");
  journal->require_subcommand(1);
  add(*journal, command, "ls", "runs, and what the tasks of each function came to")
      ->add_flag("--tasks", command.tasks, "each task on a line, too");
  auto* show = add(*journal, command, "show", "one task");
  show->add_option("task", command.task, "RUN:TASK, as ls --tasks shows it; TASK: of the last run")->required();
  show->add_flag("--raw", command.raw, "nothing but the bytes of its result");
  add(*journal, command, "verify", "reads all of it; exit status 1 if something is damaged");
  auto* compact = add(*journal, command, "compact",
                      "writes it anew, with the last result of each call, checkpoints of tasks that go on, and nothing else");
  compact->add_option("to", command.to, "the new file; default: in the place of the old one");
  compact->add_flag("--salvage", command.salvage, "from a journal that is damaged: what can be read");
  add(*journal, command, "export", "each task as a JSON object on a line; results in hexadecimal")
      ->add_flag("--csv", command.csv, "comma-separated values, without results");
  add(*journal, command, "adopt", "the program that goes on with it has this name from now on")
      ->add_option("program", command.program, "the name of its file")
      ->required();
  auto* prune = add(*journal, command, "prune", "takes results out of a cache (--cache)");
  prune->add_option("--bytes", command.bytes, "until the others have no more than this: those that were used longest ago")
      ->type_name("SIZE");
  prune->add_option("--age", command.age, "those that were not used for so long")->type_name("TIME");
  prune->add_option("--function", command.function, "those of this function, named as mw journal ls does")->type_name("NAME");
  journal->footer(
      "A journal is a file that a master keeps its results in, so that the program goes on where it was when it is\n"
      "started again: docs/reliability.md.\n"
      "Examples: mw journal ls run.mwj\n"
      "          mw journal show run.mwj 2:17\n"
      "          mw journal export --csv run.mwj > tasks.csv");
}

int journal(const JournalCommand& command) {
  try {
    if (command.what == "show") return show(command);
    if (command.what == "verify") return verify(command);
    if (command.what == "compact") return compact_file(command);
    if (command.what == "ls") ls(command);
    if (command.what == "export") export_tasks(command);
    if (command.what == "adopt") adopt(command);
    if (command.what == "prune") prune(command);
    return 0;
  } catch (const sqlite::DatabaseError& e) {
    throw JournalError{fmt::format("the journal {} cannot be used: {}", command.file, e.what())};
  }
}

}  // namespace mw::tool
