#include <mw/app.hpp>

#include <algorithm>
#include <chrono>
#include <map>
#include <new>

#include <fmt/format.h>
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <boost/json.hpp>

#include "app/command_line.hpp"
#include "app/count.hpp"
#include "app/progress_bar.hpp"
#include "app/stopping.hpp"
#include "error/exception_text.hpp"
#include "process/command_line.hpp"
#include "process/standard_streams.hpp"
#include "process/terminal_line.hpp"

namespace mw {
namespace {

constexpr int status_done = 0;
constexpr int status_failed = 1;
constexpr int status_usage = 2;
constexpr int status_of_signal = 128;  ///< and its number, as a shell has it

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

boost::json::value to_json(const Report::Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return boost::json::value(valid_utf8(*text));
  return std::visit([](const auto& v) { return boost::json::value(v); }, value);
}

std::string to_text(const Report::Value& value) {
  if (const auto* number = std::get_if<double>(&value)) return fmt::format("{:.10g}", *number);
  return std::visit([](const auto& v) { return fmt::format("{}", v); }, value);
}

/// What a run measured beside its results.
struct Measured {
  std::int64_t workers = 0;        ///< tasks that they run at a time
  std::int64_t cores = 0;          ///< that they may use, on all their hosts
  double init_seconds = 0;         ///< until a worker was ready, on average over the workers
  double calculation_seconds = 0;  ///< from then until the work was done
  double total_seconds = 0;
  std::uint64_t tasks = 0;
  std::uint64_t found = 0;  ///< in the journal, or the cache
  std::uint64_t attempts = 0;
  boost::json::array measures = {};  ///< what tasks have counted and timed
};

/// Those that never worked do not count, nor those that an interface has done without since.
std::int64_t workers_in(const Status& status) {
  std::int64_t count = 0;
  for (const WorkerStatus& worker : status.workers)
    if (worker.state != WorkerState::not_started && worker.state != WorkerState::left) count += std::max(worker.slots, 1u);
  return count;
}

}  // namespace

struct App::Impl {
  Impl(std::string name, const std::string& description) : cli{description, std::move(name)} {
    cli.set_version_flag("--version", MW_VERSION);
    cli.get_formatter()->column_width(34);
    cli.add_option("-i,--interface", interface_spec, "what runs the tasks: " + interface_help())
        ->capture_default_str()
        ->type_name("SPEC");
    cli.add_option("-n,--workers", workers, "how many workers; default: as many as this process may use cores")->type_name("N");
    cli.add_flag("--json", json, "print one JSON object: parameters, interface, workers, result, times, tasks, attempts");
    cli.add_flag_callback(
        "--progress", [this] { progress = true; }, "a bar on stderr, on a terminal or not");
    cli.add_flag_callback(
        "--no-progress", [this] { progress = false; }, "no bar; the default is one on a terminal only");
    add_stop_options();
    add_journal_options();
    add_watch_options();
    cli.footer(
        "Ctrl-C: no more tasks begin, and those that run may finish; again: all end now.\n"
        "MW_LOG=off|error|warning|info|debug: what is said of workers on stderr; MW_LOG_FORMAT=json: as JSON lines.\n"
        "Exit status: 0 done, 1 the computation failed or its results could not be printed, 2 the command line was wrong, 130 "
        "stopped by Ctrl-C, 143 by SIGTERM or at a time, 129 by SIGHUP.");
  }

  void add_stop_options() {
    const auto time = [this](const char* flag, const char* help, const std::function<void(Timeout)>& take) {
      return add(flag, help, [take](const std::string& text) { take(app::parse_time(text)); })->type_name("TIME");
    };
    time("--grace", "how long tasks that run may take to finish after Ctrl-C or SIGTERM: 90s, 15min, 2h; default: 10s",
         [this](Timeout given) { stop.grace = given; });
    CLI::Option* const before = time("--stop-before", "in a job of Slurm's: stop in good order so long before its time limit",
                                     [this](Timeout given) { stop.stop_before = given; });
    time("--stop-after", "stop in good order after so long", [this](Timeout given) { stop.stop_after = given; })->excludes(before);
  }

  void add_journal_options() {
    cli.add_option("--journal", journal, "a file that results are kept in: started again, the program goes on where it was")
        ->type_name("FILE");
    const std::map<std::string, JournalSync> names{{"soon", JournalSync::soon}, {"always", JournalSync::always}};
    cli.add_option("--journal-sync", journal_sync, "when a result is safe: soon (within 100 ms) or always (before it is used)")
        ->transform(CLI::CheckedTransformer{names}.description(""))
        ->type_name("WHEN");
    cli.add_option("--cache", cache,
                   "a file that results are kept in for other runs of this build: the same call is not made again")
        ->type_name("FILE");
    cli.add_option("--trace", trace, "a file of what tasks did, and when, on which worker: for ui.perfetto.dev, chrome://tracing")
        ->type_name("FILE");
  }

  void add_watch_options() {
    cli.add_option("--dashboard", dashboard,
                   "watch it in a browser; without an address at a free port of this machine, which nobody else can see")
        ->type_name("[ADDR:PORT]")
        ->expected(0, 1)
        ->default_str("127.0.0.1:0");
    cli.add_option("--report", report_file,
                   "a file that what the dashboard showed is kept in at the end, to be opened in a browser")
        ->type_name("FILE.html");
  }

  MasterOptions master_options(Timeout grace) const {
    return {.journal = journal,
            .journal_sync = journal_sync,
            .cache = cache,
            .dashboard = dashboard,
            .report = report_file,
            .trace = trace,
            .stop_on_signals = grace};
  }

  std::unique_ptr<Interface> make_interface() const {
    if (workers.empty()) return mw::interface(interface_spec);
    std::uint64_t count = 0;
    try {
      count = app::parse_count(workers);
    } catch (const UsageError&) {
    }
    if (count == 0) throw UsageError{fmt::format("--workers: \"{}\" is not a number of workers, 1 or more", workers)};
    return mw::interface(interface_spec, count);
  }

  /// Adds an option whose text `parse` turns into the value; what it throws becomes a usage error that names the flag.
  template <class Parse>
  CLI::Option* add(const std::string& flag, const std::string& help, Parse parse) {
    return cli.add_option_function<std::string>(
        flag,
        [flag, parse](const std::string& text) {
          try {
            parse(text);
          } catch (const UsageError& e) {
            throw CLI::ValidationError{flag, e.what()};
          }
        },
        help);
  }

  boost::json::object parameter_values() const {
    boost::json::object values;
    for (const auto& [name, value] : parameters) values[name] = to_json(value());
    return values;
  }

  void print(const Report& report, const Measured& measured) const {
    if (json) {
      print_json(report, measured);
      return;
    }
    std::size_t widest = 0;
    for (const auto& [key, value] : report.results()) widest = std::max(widest, key.size());
    for (const auto& [key, value] : report.results()) process::print(fmt::format("{:<{}}  {}\n", key, widest, to_text(value)));
    if (!process::flush_stdout()) return;  // which the end of the program tells
    const std::string found = measured.found == 0 ? "" : fmt::format("; {} were known from before", measured.found);
    process::tell(fmt::format("{} tasks in {:.2f} s on {}, {} worker{}{}\n", measured.tasks, measured.total_seconds, interface_spec,
                              measured.workers, measured.workers == 1 ? "" : "s", found));
  }

  void print_json(const Report& report, const Measured& measured) const {
    boost::json::object result;
    for (const auto& [key, value] : report.results()) result[valid_utf8(key)] = to_json(value);
    boost::json::object all{{"program", cli.get_name()},
                            {"version", MW_VERSION},
                            {"parameters", parameter_values()},
                            {"interface", valid_utf8(interface_spec)},
                            {"workers", measured.workers},
                            {"cores", measured.cores},
                            {"result", result},
                            {"init_seconds", measured.init_seconds},
                            {"calculation_seconds", measured.calculation_seconds},
                            {"total_seconds", measured.total_seconds},
                            {"tasks", measured.tasks},
                            {"found", measured.found},
                            {"attempts", measured.attempts}};
    if (!measured.measures.empty()) all["measures"] = measured.measures;
    process::print(boost::json::serialize(all) + "\n");
    process::flush_stdout();
  }

  /// The master lives and ends in here, so that the total counts its start and its end.
  Measured compute(std::unique_ptr<Interface> made, const std::function<void(Master&, Report&)>& work, Report& report,
                   app::Stopping& stopping) const {
    Measured measured;
    const auto start = Clock::now();
    {
      Master master{std::move(made), master_options(stopping.grace())};
      const app::Stopping::Attached attached{stopping, master};
      {
        std::optional<app::ProgressBar> bar;
        if (progress.value_or(process::shows_status_lines())) bar.emplace(master);
        work(master, report);
      }
      const double done = seconds_since(start);
      const Status status = master.get_status();
      measured.tasks = status.tasks;
      measured.found = status.found;
      measured.attempts = status.attempts;
      if (!status.measures.empty()) measured.measures = boost::json::parse(status.to_json()).at("measures").as_array();
      measured.init_seconds = std::min(status.start_up_seconds, done);
      measured.calculation_seconds = std::max(done - measured.init_seconds, 0.0);
      measured.cores = status.cores;
      measured.workers = workers_in(status);
    }
    measured.total_seconds = seconds_since(start);
    return measured;
  }

  CLI::App cli;
  std::string interface_spec = default_interface();
  std::string workers;
  bool json = false;
  std::optional<bool> progress;
  app::StopTerms stop;
  std::string journal;
  JournalSync journal_sync = JournalSync::soon;
  std::string cache;
  std::string dashboard;
  std::string report_file;
  std::string trace;
  std::vector<std::pair<std::string, std::function<Report::Value()>>> parameters;
  std::function<void()> check;
};

namespace {

/// "--points" → "points", "-p,--points" → "points".
std::string parameter_name(const std::string& flag) {
  const auto dashes = flag.rfind("--");
  return dashes == std::string::npos ? flag : flag.substr(dashes + 2);
}

}  // namespace

App::App(std::string name, const std::string& description) : impl_{std::make_unique<Impl>(std::move(name), description)} {}
App::~App() = default;

void App::option(const std::string& flag, std::uint64_t& value, const std::string& help, std::uint64_t least, std::uint64_t most) {
  const auto parse = [&value, least, most](const std::string& text) {
    const auto count = app::parse_count(text);
    if (count > most) throw UsageError{fmt::format("{} is more than {}", text, most)};
    if (count < least) throw UsageError{fmt::format("{} is less than {}", text, least)};
    value = count;
  };
  impl_->add(flag, help, parse)->type_name("N")->default_str(fmt::format("{}", value));
  impl_->parameters.emplace_back(parameter_name(flag), [&value] { return Report::Value{value}; });
}

void App::option(const std::string& flag, double& value, const std::string& help) {
  const auto parse = [&value](const std::string& text) { value = app::parse_number(text); };
  impl_->add(flag, help, parse)->type_name("X")->default_str(fmt::format("{}", value));
  impl_->parameters.emplace_back(parameter_name(flag), [&value] { return Report::Value{value}; });
}

void App::option(const std::string& flag, std::string& value, const std::string& help) {
  impl_->cli.add_option(flag, value, help)->capture_default_str();
  impl_->parameters.emplace_back(parameter_name(flag), [&value] { return Report::Value{value}; });
}

void App::flag(const std::string& flag, bool& value, const std::string& help) {
  impl_->cli.add_flag(flag, value, help);
  impl_->parameters.emplace_back(parameter_name(flag), [&value] { return Report::Value{value}; });
}

void App::check(std::function<void()> check) { impl_->check = std::move(check); }

int App::run(int argc, char** argv, const std::function<void(Master&, Report&)>& compute) {
  const std::string name = impl_->cli.get_name();
  std::unique_ptr<Interface> interface;
  std::optional<app::Stopping> stopping;
  try {
    impl_->cli.parse(argc, argv);
    if (impl_->check) impl_->check();
    if (!impl_->journal.empty()) impl_->stop.go_on = process::command_line();
    interface = impl_->make_interface();
    stopping.emplace(name, impl_->stop);
  } catch (const CLI::Success& e) {
    return app::answer(impl_->cli, e);  // --help, --version
  } catch (const CLI::ParseError& e) {
    process::tell(fmt::format("{}: {} (see {} --help)\n", name, app::explain(impl_->cli, e), name));
    return status_usage;
  } catch (const UsageError& e) {
    process::tell(fmt::format("{}: {}\n", name, e.what()));
    return status_usage;
  }
  try {
    Report report;
    const Measured measured = impl_->compute(std::move(interface), compute, report, *stopping);
    impl_->print(report, measured);
    return status_done;
  } catch (const Stopped& e) {
    const bool is_own_wish = e.signal() == 0;  // the application has called Master::stop()
    process::tell(is_own_wish ? fmt::format("{}: {}\n", name, e.what()) : stopping->last_line());
    return is_own_wish ? status_failed : status_of_signal + e.signal();
  } catch (const std::bad_alloc&) {
    process::tell(fmt::format("{}: this machine has not enough memory for it\n", name));
    return status_failed;
  } catch (...) {
    process::tell(fmt::format("{}: {}\n", name, detail::exception_text()));
    return status_failed;
  }
}

}  // namespace mw
