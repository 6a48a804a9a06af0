#include "boinc/submitter/submitter.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <map>
#include <mutex>
#include <set>
#include <string_view>
#include <thread>
#include <unordered_map>

#include <fmt/format.h>

#include "boinc/program_name.hpp"
#include "boinc/submitter/job_maker.hpp"
#include "boinc/submitter/leave.hpp"
#include "boinc/submitter/make_route.hpp"
#include "boinc/submitter/run_record.hpp"
#include "log/log.hpp"
#include "process/file.hpp"
#include "process/no_write_signals.hpp"
#include "process/shortage.hpp"
#include "remote/task_messages.hpp"
#include "wire/bundle.hpp"

namespace mw::boinc {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr std::size_t most_jobs_in_batch = 1000;
// Tasks that are submitted one after the other are waited for a little, to go together.
constexpr milliseconds quiet_for{50};
constexpr milliseconds longest_wait{1000};
constexpr milliseconds poll_of_folder{1000};
constexpr milliseconds poll_of_url{15'000};
constexpr milliseconds most_first_pause{1000};
constexpr milliseconds longest_pause{300'000};
constexpr std::chrono::minutes warn_again{1};
constexpr std::chrono::seconds longest_end{10};
// A project that says no to a batch so often will not take it.
constexpr unsigned most_tries = 8;
constexpr std::string_view temporary_state = "temporary";

/// Beside this program.
std::string workers_folder() { return (fs::read_symlink("/proc/self/exe").parent_path() / "workers").string(); }

milliseconds pause_after(unsigned failures, milliseconds first) {
  milliseconds pause = std::min(first, most_first_pause);
  for (unsigned i = 1; i < failures && pause < longest_pause; ++i) pause *= 2;
  return std::min(pause, longest_pause);
}

/// A job that the project has, or will have.
struct OpenJob {
  std::string batch;
  std::vector<TaskRef> tasks;  ///< empty ones are not wanted any more
  bool is_running = false;
};

struct Outgoing {
  Batch batch;
  unsigned tries = 0;
  Clock::time_point not_before{};
};

}  // namespace

struct Submitter::Inside final : PollSink {
  Inside(const BoincProjectOptions& given, const std::string& app, const std::string& folder, SubmitterSink& owner)
      : options{given},
        outbox{folder + "/outbox"},
        sink{owner},
        record{folder + "/submitted.db"},
        prefix{fmt::format("{}_{}", app, record.token())},
        // Over the network a run uploads its own data files, since the project deletes them some day.
        maker{options, prefix, options.folder.empty() ? prefix : app, folder + "/data",
              TrialRun{find_own_build(workers_folder(), program_name()), folder + "/trial"}},
        route{make_route(options, app, record.token(), [this] { return is_alive(); })},
        poll_interval{options.poll > milliseconds{0} ? options.poll
                      : options.folder.empty()       ? poll_of_url
                                                     : poll_of_folder} {
    fs::create_directories(outbox);
    begin();
    publish();
  }

  /// Once the project can be used. Throws InterfaceError if it never can.
  void begin() {
    if (has_begun || Clock::now() < begin_again) return;
    try {
      route->check();
      find_earlier();
      has_begun = true;
    } catch (const RouteError& e) {
      begin_again = Clock::now() + pause_after(++failed_beginnings, poll_interval);
      warn(e.what());
    }
  }

  /// What an earlier start of this run has submitted; where it was interrupted at that, the project is asked.
  void find_earlier() {
    std::map<std::string, bool> found;
    earlier = record.earlier();
    for (auto& [name, job] : earlier) {
      if (job.is_submitted) continue;
      const auto [place, is_new] = found.try_emplace(job.batch, false);
      if (is_new && (place->second = route->has(job.batch))) record.finish(job.batch);
      job.is_submitted = place->second;
    }
  }

  // The thread.

  /// Whether what takes long is still worth it.
  bool is_alive() const { return !is_stopping || (is_ending && Clock::now() < end_by); }

  void run() {
    const process::NoWriteSignals no_signals;
    try {
      while (wait()) {
        take_incoming();
        begin();
        make_batches();
        send_batches();
        poll_project();
        publish();
      }
      end();
    } catch (const std::exception& e) {
      sink.submitter_failed(e.what());
    }
  }

  /// Until something is to be done; false: it is over.
  bool wait() {
    std::unique_lock lock{mutex};
    wake.wait_until(lock, next_due(), [this] { return is_stopping || !submitted.empty() || !dropped.empty(); });
    return !is_stopping;
  }

  Clock::time_point next_due() const {
    Clock::time_point due = Clock::now() + longest_pause;
    if (!has_begun) return std::min(due, begin_again);
    if (!waiting.empty()) due = std::min(due, ready_at());
    for (const Outgoing& one : outgoing) due = std::min(due, one.not_before);
    if (!open.empty()) due = std::min(due, next_poll);
    return due;
  }

  Clock::time_point ready_at() const { return std::min(last_submitted + quiet_for, first_submitted + longest_wait); }

  void take_incoming() {
    std::vector<TaskRef> tasks, gone;
    {
      std::lock_guard lock{mutex};
      tasks.swap(submitted);
      gone.swap(dropped);
    }
    if (!tasks.empty()) {
      last_submitted = Clock::now();
      if (waiting.empty()) first_submitted = last_submitted;
      std::move(tasks.begin(), tasks.end(), std::back_inserter(waiting));
    }
    if (!gone.empty()) give_up(gone);
  }

  void make_batches() {
    if (!has_begun || waiting.empty() || Clock::now() < ready_at()) return;
    std::vector<RefusedTask> refused;
    std::vector<Job> jobs = maker.make(std::exchange(waiting, {}), refused);
    for (RefusedTask& one : refused) sink.task_ended(one.task, std::move(one.outcome), false);
    // By the number of data files, and whether the project may have them.
    std::map<std::pair<std::size_t, bool>, std::vector<Job>> groups;
    for (Job& job : jobs) {
      const auto known = earlier.find(job.name);
      if (known != earlier.end() && known->second.is_submitted)
        enter(job, known->second.batch);
      else
        groups[{job.data.size(), known != earlier.end()}].push_back(std::move(job));
    }
    for (auto& [key, group] : groups)
      for (std::size_t at = 0; at < group.size(); at += most_jobs_in_batch) {
        const std::size_t end = std::min(group.size(), at + most_jobs_in_batch);
        add_batch(key.first, key.second,
                  {std::make_move_iterator(group.begin() + static_cast<std::ptrdiff_t>(at)),
                   std::make_move_iterator(group.begin() + static_cast<std::ptrdiff_t>(end))});
      }
  }

  void add_batch(std::size_t data_files, bool may_be_there, std::vector<Job> jobs) {
    Outgoing one;
    one.batch.is_again = may_be_there;
    one.batch.name = fmt::format("{}_batch{}", prefix, record.new_batch_number());
    one.batch.data_files = data_files;
    one.batch.outbox = fmt::format("{}/{}", outbox, one.batch.name);
    one.batch.jobs = std::move(jobs);
    for (const Job& job : one.batch.jobs) one.batch.seconds = std::max(one.batch.seconds, job.seconds);
    for (const Job& job : one.batch.jobs) enter(job, one.batch.name);
    write_outbox(one.batch);
    record.begin(one.batch);
    outgoing.push_back(std::move(one));
  }

  /// The files of the batch, under the names that the project is to know them by.
  void write_outbox(Batch& batch) {
    fs::remove_all(batch.outbox);
    fs::create_directories(batch.outbox);
    for (Job& job : batch.jobs) {
      process::write_new_file(batch.outbox + "/" + job.input_name(),
                              {reinterpret_cast<const char*>(job.input.data()), job.input.size()});
      job.input = {};
      for (const std::string& file : job.data) {
        const std::string to = batch.outbox + "/" + file;
        if (!fs::exists(to)) fs::create_hard_link(maker.path_of(file), to);
      }
    }
  }

  void enter(const Job& job, const std::string& batch) {
    open[job.name] = {batch, job.tasks, false};
    for (std::size_t i = 0; i < job.tasks.size(); ++i) places[job.tasks[i].id()] = {job.name, i};
  }

  void send_batches() {
    while (!outgoing.empty() && outgoing.front().not_before <= Clock::now() && !is_stopping) {
      Outgoing& one = outgoing.front();
      drop_unwanted(one.batch);
      try {
        if (!one.batch.jobs.empty()) route->submit(one.batch);
        record.finish(one.batch.name);
        workunits += one.batch.jobs.size();
      } catch (const FilesRefused& e) {
        refuse_files(one.batch, e);
        one.batch.is_again = true;
        continue;
      } catch (const RouteError& e) {
        if (is_stopping) return;
        warn(fmt::format("{} workunits could not be submitted: {}", one.batch.jobs.size(), e.what()));
        one.batch.is_again = true;
        one.not_before = Clock::now() + pause_after(++one.tries, poll_interval);
        if (one.tries < most_tries || !dynamic_cast<const RouteRefusal*>(&e)) return;
        refuse(one.batch, e.what());
        record.forget(one.batch.name);
      }
      fs::remove_all(one.batch.outbox);
      outgoing.pop_front();
      next_poll = Clock::now() + poll_interval;
    }
  }

  /// What is not sent must not count as sent when the program starts again.
  void drop_unwanted(Batch& batch) {
    std::erase_if(batch.jobs, [this](const Job& job) {
      const bool is_unwanted = !open.contains(job.name);
      if (is_unwanted) record.forget_job(job.name);
      return is_unwanted;
    });
  }

  /// Only the tasks that need them end; those that were put together with such a task go again, without it.
  void refuse_files(const Batch& batch, const FilesRefused& refusal) {
    for (const Job& job : batch.jobs) {
      const auto is_refused = [&](const std::string& file) { return refusal.files().contains(file); };
      const bool own_is_refused = is_refused(job.input_name());
      if (!own_is_refused && std::none_of(job.data.begin(), job.data.end(), is_refused)) continue;
      const auto place = open.find(job.name);
      if (place == open.end()) continue;
      for (TaskRef& task : place->second.tasks) {
        if (!task) continue;
        std::string needed = own_is_refused ? "its arguments" : "";
        for (const DataFile& file : task.options().files)
          if (is_refused(maker.name_of(file.from))) needed = fmt::format("its data file {}", file.from);
        if (!needed.empty()) {
          end_task(task, Cause::interface_error, fmt::format("{} can not be sent: {}", needed, refusal.what()));
          continue;
        }
        places.erase(task.id());
        if (waiting.empty()) first_submitted = last_submitted = Clock::now();
        waiting.push_back(task);
      }
      open.erase(place);
    }
  }

  void refuse(const Batch& batch, const std::string& why) {
    for (const Job& job : batch.jobs) {
      const auto place = open.find(job.name);
      if (place == open.end()) continue;
      end_all(place->second, Cause::interface_error, fmt::format("the BOINC project does not take its workunit: {}", why));
      open.erase(place);
    }
  }

  void poll_project() {
    if (open.empty() || Clock::now() < next_poll || is_stopping) return;
    obstacle = route->obstacle();
    if (!obstacle.empty()) warn(obstacle);
    std::set<std::string> unsent;
    for (const Outgoing& one : outgoing) unsent.insert(one.batch.name);
    std::set<std::string> batches;
    for (const auto& [name, job] : open)
      if (!unsent.contains(job.batch)) batches.insert(job.batch);
    try {
      if (!batches.empty()) route->poll({batches.begin(), batches.end()}, *this);
      poll_failures = 0;
    } catch (const RouteError& e) {
      if (is_stopping) return;
      ++poll_failures;
      warn(e.what());
    }
    next_poll =
        Clock::now() + (poll_failures == 0 ? poll_interval : std::max(poll_interval, pause_after(poll_failures, poll_interval)));
  }

  // PollSink

  bool is_open(const std::string& job) const override { return open.contains(job); }

  void job_runs(const std::string& job) override {
    const auto place = open.find(job);
    if (place == open.end() || std::exchange(place->second.is_running, true)) return;
    for (const TaskRef& task : place->second.tasks)
      if (task) sink.task_runs(task);
  }

  void job_ended(JobEnd end) override {
    auto node = open.extract(end.name);
    if (node.empty()) return;
    const OpenJob& job = node.mapped();
    if (end.why.empty()) {
      try {
        return end_well(job, end.answer);
      } catch (const Error& e) {
        end.why = fmt::format("its output can not be read: {}", e.what());
      }
    }
    ++workunits_failed;
    log::warn(fmt::format("boinc: workunit {}: {}", end.name, end.why));
    end_all(job, Cause::worker_lost, fmt::format("workunit {}: {}", end.name, end.why));
  }

  void end_well(const OpenJob& job, const Bytes& answer) {
    std::vector<wire::Ending> endings = wire::parse_answer(answer.span(), job.tasks.size());
    for (std::size_t i = 0; i < endings.size(); ++i) {
      const TaskRef& task = job.tasks[i];
      if (!task) continue;
      places.erase(task.id());
      const bool is_lost = endings[i].is_gone;
      sink.task_ended(task, remote::outcome_of(std::move(endings[i])), is_lost);
    }
    ++workunits_done;
  }

  void end_all(const OpenJob& job, Cause cause, const std::string& why) {
    for (const TaskRef& task : job.tasks)
      if (task) end_task(task, cause, why);
  }
  void end_task(const TaskRef& task, Cause cause, const std::string& why) {
    places.erase(task.id());
    Outcome outcome;
    outcome.failure.emplace();
    outcome.failure->cause = cause;
    outcome.failure->message = why;
    sink.task_ended(task, std::move(outcome), cause == Cause::worker_lost);
  }

  void give_up(const std::vector<TaskRef>& tasks) {
    std::vector<std::string> unwanted;
    std::unordered_map<std::uint64_t, std::uint32_t> attempts;
    for (const TaskRef& task : tasks) attempts[task.id()] = task.attempt();
    std::erase_if(waiting, [&](const TaskRef& task) {
      const auto place = attempts.find(task.id());
      return place != attempts.end() && place->second == task.attempt();
    });
    for (const TaskRef& task : tasks) {
      const auto place = places.find(task.id());
      if (place == places.end()) continue;
      const auto [name, index] = place->second;
      const auto job = open.find(name);
      if (job == open.end() || !remote::is_same(job->second.tasks[index], task)) continue;  // an earlier attempt
      job->second.tasks[index] = {};
      places.erase(place);
      if (std::any_of(job->second.tasks.begin(), job->second.tasks.end(), [](const TaskRef& one) { return bool{one}; })) continue;
      const bool is_sent = std::none_of(outgoing.begin(), outgoing.end(),
                                        [&](const Outgoing& one) { return one.batch.name == job->second.batch && one.tries == 0; });
      if (is_sent) unwanted.push_back(name);
      open.erase(job);
    }
    if (unwanted.empty()) return;
    try {
      route->cancel(unwanted);
    } catch (const RouteError& e) {
      warn(fmt::format("{} workunits that nobody needs any more could not be cancelled: {}", unwanted.size(), e.what()));
    }
  }

  /// With tasks left, the next run of the program goes on with them.
  void end() {
    end_by = Clock::now() + longest_end;
    is_ending = true;
    take_incoming();
    if (!open.empty() || !waiting.empty()) return end_early();
    retire(*route, record.batches());
    record.clear();
    std::error_code ignored;
    fs::remove_all(outbox, ignored);
  }

  /// With tasks that are not done. Where what was submitted is not written down for a next run, nobody would come for it.
  void end_early() {
    std::map<std::string, std::vector<std::string>> batches;
    for (const std::string& batch : record.batches()) batches[batch];
    for (const Outgoing& one : outgoing)
      if (one.tries == 0) batches.erase(one.batch.name);
    std::size_t jobs = 0;
    for (const auto& [name, job] : open)
      if (const auto batch = batches.find(job.batch); batch != batches.end()) {
        batch->second.push_back(name);
        ++jobs;
      }
    if (options.state != temporary_state) {
      if (jobs > 0)
        log::warn(
            fmt::format("boinc: {} workunits stay with the project: the next start of this program, with the same state, goes on "
                        "with them",
                        jobs));
      return;
    }
    abandon(*route, batches, [this] { return is_alive(); });
  }

  void warn(const std::string& what) {
    {
      std::lock_guard lock{mutex};
      last_error = what;
    }
    const auto now = Clock::now();
    if (what == last_warning && now < last_warned + warn_again) return;
    last_warning = what;
    last_warned = now;
    log::warn("boinc: " + what);
  }

  void publish() {
    const auto number = [](auto count) { return static_cast<std::int64_t>(count); };
    StatusMap map;
    map["project"] = options.folder.empty() ? options.url : options.folder;
    map["workunits"] = number(workunits);
    map["workunits_open"] = number(open.size());
    map["workunits_running"] =
        number(std::count_if(open.begin(), open.end(), [](const auto& one) { return one.second.is_running; }));
    map["workunits_done"] = number(workunits_done);
    map["workunits_failed"] = number(workunits_failed);
    map["tasks_open"] = number(places.size() + waiting.size());
    map["waits_for"] = obstacle;
    std::lock_guard lock{mutex};
    map["last_error"] = last_error;
    status = std::move(map);
  }

  const BoincProjectOptions options;
  const std::string outbox;
  SubmitterSink& sink;
  std::atomic<bool> is_stopping = false;
  RunRecord record;
  const std::string prefix;
  JobMaker maker;
  std::unique_ptr<Route> route;
  const milliseconds poll_interval;

  // The thread's own.
  bool is_ending = false;
  bool has_begun = false;
  unsigned failed_beginnings = 0;
  Clock::time_point begin_again{};
  std::string obstacle;
  std::map<std::string, RunRecord::Earlier> earlier;
  std::vector<TaskRef> waiting;
  Clock::time_point end_by{};
  Clock::time_point first_submitted{}, last_submitted{}, next_poll{}, last_warned{};
  std::deque<Outgoing> outgoing;
  std::unordered_map<std::string, OpenJob> open;                                  ///< by the job's name
  std::unordered_map<std::uint64_t, std::pair<std::string, std::size_t>> places;  ///< by the task's number
  unsigned poll_failures = 0;
  std::uint64_t workunits = 0, workunits_done = 0, workunits_failed = 0;
  std::string last_warning;

  mutable std::mutex mutex;  ///< for what follows
  std::condition_variable wake;
  std::vector<TaskRef> submitted, dropped;
  std::string last_error;
  StatusMap status;
  std::thread thread;
};

Submitter::Submitter(const BoincProjectOptions& options, const std::string& app, const std::string& folder, SubmitterSink& sink)
    : inside_{std::make_unique<Inside>(options, app, folder, sink)} {
  inside_->thread = process::start_thread("the project", [this] { inside_->run(); });
}

Submitter::~Submitter() { stop(); }

void Submitter::submit(std::vector<TaskRef> tasks) {
  {
    std::lock_guard lock{inside_->mutex};
    std::move(tasks.begin(), tasks.end(), std::back_inserter(inside_->submitted));
  }
  inside_->wake.notify_one();
}

void Submitter::drop(std::vector<TaskRef> tasks) {
  {
    std::lock_guard lock{inside_->mutex};
    std::move(tasks.begin(), tasks.end(), std::back_inserter(inside_->dropped));
  }
  inside_->wake.notify_one();
}

StatusMap Submitter::status() const {
  std::lock_guard lock{inside_->mutex};
  return inside_->status;
}

void Submitter::stop() {
  if (!inside_->thread.joinable()) return;
  {
    std::lock_guard lock{inside_->mutex};
    inside_->is_stopping = true;
  }
  inside_->wake.notify_one();
  inside_->thread.join();
}

}  // namespace mw::boinc
