#include "run/runner.hpp"

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <span>
#include <thread>
#include <unordered_map>

#include <fmt/format.h>

#include <mw/mw.hpp>

#include "parse/number.hpp"
#include "process/command_line.hpp"
#include "process/place.hpp"
#include "process/standard_streams.hpp"
#include "process/terminal_line.hpp"
#include "run/bundle_size.hpp"
#include "run/command_template.hpp"
#include "run/halt.hpp"
#include "run/job.hpp"
#include "run/job_timeout.hpp"
#include "run/joblog.hpp"
#include "run/output.hpp"
#include "run/run_journal.hpp"
#include "worker/task_folder.hpp"

namespace mw::run {
namespace {

using Clock = std::chrono::steady_clock;
constexpr int status_of_many = 101;  // GNU parallel's, for more than 100 failures
constexpr int status_of_trouble = 255;
constexpr std::chrono::milliseconds look_interval{100};
constexpr std::chrono::milliseconds short_interval{20};

/// This process's own folder, which the next program of CppMW's removes if this one is killed.
class Spool {
 public:
  Spool() = default;
  ~Spool() { worker::remove_own_folder(); }
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;
  const std::string& path() const noexcept { return path_; }

 private:
  const std::string path_ = worker::own_folder();
};

std::vector<std::pair<std::string, std::string>> environment_of(const std::vector<std::string>& list) {
  std::vector<std::pair<std::string, std::string>> variables;
  for (const std::string& one : list) {
    const auto equals = one.find('=');
    const std::string name = one.substr(0, equals);
    const char* const here = std::getenv(name.c_str());
    if (name.empty()) throw UsageError{fmt::format("--env \"{}\": write NAME or NAME=VALUE", one)};
    if (equals != one.npos)
      variables.emplace_back(name, one.substr(equals + 1));
    else if (here)
      variables.emplace_back(name, here);
    else
      throw UsageError{fmt::format("--env {}: there is no such variable here", name)};
  }
  return variables;
}

/// What one of the jobs is about, until it has ended.
struct Pending {
  std::uint64_t number = 0;
  Row row;
  Job job;
  std::uint32_t tries = 0;
};

class Runner {
 public:
  explicit Runner(const RunPlan& plan)
      : plan_{plan},
        template_{plan.command, shell(), !plan.is_pipe},
        halt_{Halt::of(plan.halt)},
        timeout_{plan.timeout},
        environment_{environment_of(plan.environment)},
        printer_{{plan.keep_order, plan.tag, plan.results, spool_.path()}} {
    if (plan.is_pipe)
      blocks_.emplace(plan.block);
    else
      rows_.emplace(plan.inputs);
    if (plan.resume || plan.resume_failed) done_ = done_in_joblog(plan.joblog, plan.resume_failed);
    shows_progress_ = plan.shows_progress || (process::shows_status_lines() && !::isatty(STDOUT_FILENO));
    shows_progress_ = shows_progress_ && !plan.never_shows_progress;
  }

  int run() {
    if (plan_.dry_run) return print_commands();
    if (!plan_.joblog.empty()) log_.emplace(plan_.joblog, plan_.resume || plan_.resume_failed);
    if (!plan_.journal.empty()) journal_.emplace(plan_.journal);
    if (plan_.interface.starts_with("boinc"))
      throw UsageError{"mw run starts programs, and a volunteer's machine runs none that a task names: use multicore or mpi"};
    // A command that runs twice at a time may write over what it has written.
    stopping_.emplace("mw run", plan_.stop);
    MasterOptions options = plan_.watch;
    options.copy_stragglers = false;
    options.stop_on_signals = plan_.stop.grace;
    master_.emplace(plan_.jobs ? mw::interface(spec(), *plan_.jobs) : mw::interface(spec()), options);
    const app::Stopping::Attached attached{*stopping_, *master_};
    std::signal(SIGPIPE, SIG_IGN);  // write() says so
    int stopped_by = 0;
    try {
      while (step()) continue;
    } catch (const ReaderGone&) {
      end_all();
      return 128 + SIGPIPE;
    } catch (const Stopped& e) {
      stopped_by = e.signal();
    }
    return end(stopped_by);
  }

 private:
  int end(int stopped_by) {
    line_.clear();
    if (stopped_by == 0 && asked_to_stop_) stopped_by = stopping_->signal();
    if (stopped_by != 0)
      process::tell(fmt::format("mw run: {}: {} job{} run{}\n", stopping_->reason(), ended_, ended_ == 1 ? " has" : "s have",
                                plan_.journal.empty() ? "" : "; go on with: " + process::command_line()));
    if (const std::string why = journal_ ? journal_->finish() : ""; !why.empty())
      process::tell(fmt::format("mw run: the journal {} lacks what ended last, and that will run again: {}\n", plan_.journal, why));
    if (halted_with_ && halt_.is_for_failures()) return *halted_with_;
    if (stopped_by != 0) return 128 + stopped_by;
    return failed_ > 100 ? status_of_many : static_cast<int>(failed_);
  }

  bool shell() const noexcept { return plan_.for_shell || plan_.command.empty(); }
  std::string spec() const { return plan_.interface.empty() ? (plan_.jobs ? "multicore" : default_interface()) : plan_.interface; }

  /// The next job; none at the end.
  std::optional<Pending> next() {
    while (true) {
      Pending pending;
      if (blocks_) {
        auto block = blocks_->next();
        if (!block) return std::nullopt;
        pending.job.input = std::move(*block);
      } else {
        auto row = rows_->next();
        if (!row) return std::nullopt;
        pending.row = std::move(*row);
      }
      pending.number = ++last_number_;
      if (done_.contains(pending.number)) {
        printer_.skip(pending.number);
        continue;
      }
      describe(pending);
      if (auto ran = known(pending)) {
        printed_known(pending, std::move(*ran));
        continue;
      }
      return pending;
    }
  }

  /// What the job came to when the same command ran before, if it has left what it is to leave.
  std::optional<Ran> known(const Pending& pending) {
    if (!journal_) return std::nullopt;
    std::vector<std::string> outputs;
    for (const std::string& file : plan_.outputs) outputs.push_back(CommandTemplate::text_of(file, pending.row, pending.number));
    return journal_->find(pending.number, pending.job, outputs);
  }

  void printed_known(const Pending& pending, Ran ran) {
    ++ended_;
    ++known_;
    make_room();
    if (log_) log_->add(logged(pending.number, pending.job, ran, own_host_));
    printer_.add(pending.number, pending.row, std::move(ran));
    halt_.count(true);
  }

  void describe(Pending& pending) const {
    Job& job = pending.job;
    if (plan_.command.empty()) {
      job.words = {fmt::format("{}", fmt::join(pending.row, " "))};
    } else {
      Words words = template_.of(pending.row, pending.number);
      job.words = std::move(words.words);
      job.places = std::move(words.places);
    }
    job.for_shell = shell();
    // A job with files works in a folder of its own: what is meant from here is named in full.
    if (has_files() && !job.for_shell && !job.words.empty() && job.words[0].find('/') != std::string::npos)
      job.words[0] = std::filesystem::absolute(job.words[0]).string();
    job.folder = CommandTemplate::text_of(plan_.folder, pending.row, pending.number);
    job.environment = environment_;
    job.environment.emplace_back("MW_RUN_SEQ", std::to_string(pending.number));
    job.memory = plan_.memory;
    job.nice = plan_.nice;
    job.is_live = plan_.line_buffer;
    job.spool = spool_.path();
    job.spool_inode = spool_inode_;
  }

  bool has_files() const noexcept { return !plan_.files.empty() || !plan_.outputs.empty(); }

  TaskOptions options_of(const Pending& pending) const {
    TaskOptions options;
    options.needs = plan_.needs;
    for (const std::string& file : plan_.files) {
      const std::filesystem::path path = CommandTemplate::text_of(file, pending.row, pending.number);
      const bool leads_out = path.is_absolute() || path.lexically_normal().string().starts_with("..");
      options.files.emplace_back(path.string(), leads_out ? path.filename().string() : path.lexically_normal().string());
    }
    for (const std::string& file : plan_.outputs)
      options.outputs.emplace_back(CommandTemplate::text_of(file, pending.row, pending.number));
    return options;
  }

  int print_commands() {
    while (const auto pending = next()) {
      std::string line = pending->job.for_shell ? pending->job.words[0] : shown(pending->job.words);
      process::print(line + "\n");
    }
    return 0;
  }

  /// True while there is more to do.
  bool step() {
    if (!stops()) submit_more();
    if (open_.empty()) return !stops() && !is_at_end_;
    show();
    try {
      const auto finished = master_->try_get_result(plan_.line_buffer || waits_for_input_ ? short_interval : look_interval);
      if (plan_.line_buffer)
        for (auto& [id, one] : open_)
          if (one.task.state() == TaskState::running) print_lines_of(one);
      if (finished) ended(finished->id(), finished->result<std::vector<Ran>>());
    } catch (const TaskError& e) {
      Ran ran;
      ran.exit_status = status_of_trouble;
      ran.trouble = e.what();
      if (const auto one = open_.find(e.task()); one != open_.end())
        ended(e.task(), std::vector<Ran>(one->second.jobs.size(), ran));
    }
    return true;
  }

  struct Open {
    Task<std::vector<Ran>> task;
    std::vector<Pending> jobs;  ///< several only where they are short
  };

  /// Those that are here; it does not wait for more.
  void print_lines_of(const Open& one) {
    try {
      for (const auto& part : master_->parts_of<Lines>(one.task, std::chrono::milliseconds{0})) {
        make_room();
        printer_.print_lines(part.value.is_err, part.value.text, one.jobs.front().row);
      }
    } catch (const TimeoutError&) {
      // It is still running.
    }
  }

  bool stops() {
    asked_to_stop_ = master_->is_stopping();
    if (!is_stopping_ && (asked_to_stop_ || halt_.is_due())) {
      is_stopping_ = true;
      // What has not begun does not begin.
      const bool ends_running = !asked_to_stop_ && halt_.ends_running();
      std::vector<std::uint64_t> dropped;
      for (auto& [id, one] : open_)
        if (ends_running || one.task.state() == TaskState::submitted)
          if (master_->cancel(one.task)) dropped.push_back(id);
      for (const std::uint64_t id : dropped) {
        for (const Pending& pending : open_.at(id).jobs) printer_.skip(pending.number);
        open_jobs_ -= open_.at(id).jobs.size();
        open_.erase(id);
      }
    }
    return is_stopping_;
  }

  void end_all() {
    for (auto& [id, one] : open_) master_->cancel(one.task);
    open_.clear();
  }

  std::size_t room() const {
    const std::size_t slots = master_->slots();
    // Enough that no worker waits; but where the end of one job decides about the next, that must not have begun.
    return plan_.delay > 0 || plan_.load > 0 || halt_.is_set() ? slots : 4 * slots + 16;
  }

  void submit_more() {
    while (!is_at_end_ && open_.size() < room() && !asked_to_stop_ && may_start()) {
      // What has ended meanwhile is printed while the next input is on its way.
      if ((waits_for_input_ = !open_.empty() && !is_at_hand())) return;
      std::vector<Pending> jobs;
      do {
        auto pending = next();
        if (pending)
          jobs.push_back(std::move(*pending));
        else
          is_at_end_ = true;
      } while (!is_at_end_ && jobs.size() < most_together() && is_at_hand());
      if (!jobs.empty()) submit(std::move(jobs));
    }
  }

  bool is_at_hand() const { return !rows_ || rows_->is_at_hand(); }

  std::size_t most_together() const {
    const bool is_each_for_itself =
        has_files() || plan_.line_buffer || plan_.is_pipe || plan_.delay > 0 || plan_.load > 0 || halt_.is_set();
    return is_each_for_itself ? 1 : bundle_size_.now();
  }

  bool may_start() {
    if (plan_.load > 0 && !open_.empty()) {
      double load = 0;
      if (::getloadavg(&load, 1) == 1 && load > plan_.load) return false;
    }
    if (plan_.delay <= 0) return true;
    if (last_start_) {
      const auto due = *last_start_ + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>{plan_.delay});
      if (Clock::now() < due) {
        if (open_.empty()) std::this_thread::sleep_until(std::min(due, Clock::now() + look_interval));
        return false;
      }
    }
    last_start_ = Clock::now();
    return true;
  }

  void submit(std::vector<Pending> pending) {
    std::vector<Job> jobs;
    for (Pending& one : pending) {
      ++one.tries;
      one.job.timeout_ms = timeout_.milliseconds();
      jobs.push_back(one.job);
    }
    const bool has_options = has_files() || !plan_.needs.empty();
    auto task =
        has_options ? master_->submit_task<run_jobs>(options_of(pending.front()), jobs) : master_->submit_task<run_jobs>(jobs);
    const std::uint64_t id = task.id();
    open_jobs_ += pending.size();
    open_.emplace(id, Open{std::move(task), std::move(pending)});
  }

  void ended(std::uint64_t id, std::vector<Ran> ran) {
    auto node = open_.extract(id);
    if (node.empty()) return;
    Open& one = node.mapped();
    if (plan_.line_buffer) print_lines_of(one);
    open_jobs_ -= one.jobs.size();
    for (std::size_t i = 0; i < one.jobs.size(); ++i)
      i < ran.size() ? ended(std::move(one.jobs[i]), std::move(ran[i])) : unbegun(std::move(one.jobs[i]));
  }

  void unbegun(Pending pending) {
    if (is_stopping_ || master_->is_stopping()) return printer_.skip(pending.number);
    --pending.tries;
    submit_one(std::move(pending));
  }

  void submit_one(Pending pending) {
    std::vector<Pending> jobs;
    jobs.push_back(std::move(pending));
    submit(std::move(jobs));
  }

  void ended(Pending pending, Ran ran) {
    timeout_.learn(ran.ran_ns);
    bundle_size_.learn(ran.ran_ns);
    const bool is_good = ran.is_good();
    if (!is_good && pending.tries < plan_.tries && !is_stopping_) return submit_one(std::move(pending));
    ++ended_;
    if (!is_good) ++failed_;
    if (::isatty(STDOUT_FILENO) == 1 || plan_.keep_order || !(ran.trouble + ran.err + ran.err_file).empty()) make_room();
    if (!ran.trouble.empty()) process::tell(fmt::format("mw run: job {}: {}\n", pending.number, ran.trouble));
    const int status = ran.signal != 0 ? 128 + ran.signal : ran.exit_status;
    if (log_) log_->add(logged(pending.number, pending.job, ran, own_host_));
    if (journal_ && is_good) journal_->ended(pending.number, ran);
    printer_.add(pending.number, pending.row, std::move(ran));
    const bool was_due = halt_.is_due();
    halt_.count(is_good);
    if (!was_due && halt_.is_due()) halted_with_ = status;
  }

  /// Something else is about to be printed where the progress line is, which then comes again at once.
  void make_room() {
    line_.clear();
    last_shown_.reset();
  }

  void show() {
    if (!shows_progress_) return;
    const auto now = Clock::now();
    if (last_shown_ && now - *last_shown_ < look_interval) return;
    last_shown_ = now;
    const std::uint64_t known = ended_ + open_jobs_;
    std::string text = fmt::format("  {}{} done", ended_, is_at_end_ ? fmt::format(" of {}", known) : "");
    if (failed_ != 0) text += fmt::format(", {} failed", failed_);
    const double seconds = std::chrono::duration<double>{now - start_}.count();
    const double part = is_at_end_ && known != 0 ? static_cast<double>(ended_) / static_cast<double>(known) : 0;
    if (part > 0) text += process::time_left(part, seconds);
    const std::size_t width = process::terminal_width() - 1;
    line_.show(is_at_end_ ? process::line_with_bar(part, text, width) : text.substr(0, width));
  }

  const RunPlan& plan_;
  const CommandTemplate template_;
  Halt halt_;
  JobTimeout timeout_;
  const std::vector<std::pair<std::string, std::string>> environment_;
  const Spool spool_;
  const std::uint64_t spool_inode_ = inode_of_folder(spool_.path());
  const std::string own_host_ = process::host_name();
  std::optional<Rows> rows_;
  std::optional<Blocks> blocks_;
  std::set<std::uint64_t> done_;
  std::optional<Joblog> log_;
  std::optional<RunJournal> journal_;
  Printer printer_;
  process::StatusLine line_;
  bool shows_progress_ = false;
  bool is_at_end_ = false, is_stopping_ = false;
  bool asked_to_stop_ = false;  ///< by a signal, or as its time has come
  std::uint64_t last_number_ = 0, ended_ = 0, failed_ = 0, known_ = 0;
  std::optional<int> halted_with_;
  const Clock::time_point start_ = Clock::now();
  std::optional<Clock::time_point> last_start_, last_shown_;
  std::unordered_map<std::uint64_t, Open> open_;
  std::uint64_t open_jobs_ = 0;  ///< in them
  bool waits_for_input_ = false;
  BundleSize bundle_size_;
  std::optional<app::Stopping> stopping_;
  std::optional<Master> master_;  ///< ends first
};

}  // namespace

int run(const RunPlan& plan) { return Runner{plan}.run(); }

}  // namespace mw::run
