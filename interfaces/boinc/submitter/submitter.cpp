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
#include "boinc/submitter/open_jobs.hpp"
#include "boinc/submitter/outbox.hpp"
#include "boinc/submitter/outgoing.hpp"
#include "boinc/submitter/patience.hpp"
#include "boinc/submitter/run_record.hpp"
#include "log/escaped.hpp"
#include "log/log.hpp"
#include "process/no_write_signals.hpp"
#include "process/shortage.hpp"

namespace mw::boinc {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr std::string_view temporary_state = "temporary";

/// Beside this program.
std::string workers_folder() { return (fs::read_symlink("/proc/self/exe").parent_path() / "workers").string(); }

}  // namespace

struct Submitter::Impl final : PollSink {
  Impl(const BoincProjectOptions& given, const std::string& app, const std::string& folder, SubmitterSink& owner)
      : options{given},
        outbox{folder + "/outbox"},
        sink{owner},
        jobs{owner},
        record{folder + "/submitted.db"},
        prefix{fmt::format("{}_{}", app, record.token())},
        // Over the network a run uploads its own data files, since the project deletes them some day.
        maker{options, prefix, options.folder.empty() ? prefix : app, folder + "/data",
              TrialRun{find_own_build(workers_folder(), program_name()), folder + "/trial"}},
        route{make_route(options, app, record.token(), [this] { return is_alive(); })},
        poll_interval{options.poll > milliseconds{0} ? options.poll
                      : options.folder.empty()       ? poll_of_url
                                                     : poll_of_folder},
        patience{polls_without_news * poll_interval} {
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
      begin_again = Clock::now() + beginnings.next();
      warn("begin", e.what());
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

  /// Whether what takes long is still worth it.
  bool is_alive() const { return !is_stopping || (is_ending && Clock::now() < end_by); }

  void run() {
    const process::NoWriteSignals no_signals;
    try {
      while (wait()) {
        take_incoming();
        give_back();
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
    wake.wait_until(lock, next_due(),
                    [this] { return is_stopping || !submitted.empty() || !dropped.empty() || (is_held && !has_given_back); });
    return !is_stopping;
  }

  Clock::time_point next_due() const {
    Clock::time_point due = Clock::now() + longest_pause;
    if (!has_begun) return std::min(due, begin_again);
    if (!waiting.empty() && !has_given_back) due = std::min(due, ready_at());
    for (const Outgoing& one : outgoing) due = has_given_back ? due : std::min(due, one.not_before);
    if (!jobs.empty()) due = std::min(due, next_poll);
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

  /// Once: nothing more is submitted, and what is not known to run in the project is not waited for.
  void give_back() {
    if (!is_held || std::exchange(has_given_back, true)) return;
    for (const TaskRef& task : waiting) sink.task_returned(task);
    for (const TaskRef& task : jobs.give_back()) sink.task_returned(task);
  }

  void make_batches() {
    if (has_given_back) return;
    if (!has_begun || waiting.empty() || Clock::now() < ready_at()) return;
    std::vector<RefusedTask> refused;
    std::vector<Job> made = maker.make(std::exchange(waiting, {}), refused);
    for (RefusedTask& one : refused) sink.task_ended(one.task, std::move(one.outcome), false);
    // By the number of data files, and whether the project may have them.
    std::map<std::pair<std::size_t, bool>, std::vector<Job>> groups;
    for (Job& job : made) {
      const auto known = earlier.find(job.name);
      if (known != earlier.end() && known->second.is_submitted)
        jobs.enter(job, known->second.batch);
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

  void add_batch(std::size_t data_files, bool may_be_there, std::vector<Job> made) {
    Outgoing one{tries_of(poll_interval)};
    one.batch.is_again = may_be_there;
    one.batch.name = fmt::format("{}_batch{}", prefix, record.new_batch_number());
    one.batch.data_files = data_files;
    one.batch.outbox = fmt::format("{}/{}", outbox, one.batch.name);
    one.batch.jobs = std::move(made);
    for (const Job& job : one.batch.jobs) one.batch.seconds = std::max(one.batch.seconds, job.seconds);
    for (const Job& job : one.batch.jobs) jobs.enter(job, one.batch.name);
    fill_outbox(one.batch, maker);
    record.begin(one.batch);
    outgoing.push_back(std::move(one));
  }

  void send_batches() {
    while (!has_given_back && !outgoing.empty() && outgoing.front().not_before <= Clock::now() && !is_stopping) {
      Outgoing& one = outgoing.front();
      drop_unwanted(one.batch);
      try {
        if (!one.batch.jobs.empty()) route->submit(one.batch);
        record.finish(one.batch.name);
        workunits += one.batch.jobs.size();
        patience.moved(Clock::now());
        complaints.over("submit");
      } catch (const FilesRefused& e) {
        refuse_files(one.batch, e);
        one.batch.is_again = true;
        continue;
      } catch (const RouteError& e) {
        if (is_stopping) return;
        warn("submit", fmt::format("{} workunits could not be submitted: {}", one.batch.jobs.size(), e.what()));
        one.batch.is_again = true;
        one.not_before = Clock::now() + one.again.next();
        if (one.again.failures() < most_tries || !dynamic_cast<const RouteRefusal*>(&e)) return;
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
      const bool is_unwanted = !jobs.contains(job.name);
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
      const std::vector<TaskRef> rest = jobs.take_apart(job.name, [&](const TaskRef& task) {
        std::string needed = own_is_refused ? "its arguments" : "";
        if (!own_is_refused) needed = maker.part_among(task, refusal.files());
        return needed.empty() ? needed : fmt::format("{} cannot be sent: {}", needed, refusal.what());
      });
      if (rest.empty()) continue;
      if (waiting.empty()) first_submitted = last_submitted = Clock::now();
      waiting.insert(waiting.end(), rest.begin(), rest.end());
    }
  }

  void refuse(const Batch& batch, const std::string& why) {
    for (const Job& job : batch.jobs) jobs.refuse(job.name, fmt::format("the BOINC project does not take its workunit: {}", why));
  }

  void poll_project() {
    if (jobs.empty() || Clock::now() < next_poll || is_stopping) return;
    look_for_obstacle();
    std::set<std::string> batches = jobs.batches();
    for (const Outgoing& one : outgoing) batches.erase(one.batch.name);
    try {
      if (!batches.empty()) route->poll({batches.begin(), batches.end()}, *this);
      polls.reset();
      next_poll = Clock::now() + poll_interval;
      complaints.over("poll");
    } catch (const RouteError& e) {
      if (is_stopping) return;
      warn("poll", e.what());
      next_poll = Clock::now() + std::max<std::chrono::nanoseconds>(poll_interval, polls.next());
    }
  }

  void look_for_obstacle() {
    if (!patience.is_due(Clock::now())) return;
    obstacle = route->obstacle();
    patience.looked(Clock::now(), !obstacle.empty());
    if (obstacle.empty())
      complaints.over("obstacle");
    else
      warn("obstacle", obstacle);
  }

  // PollSink

  bool is_open(const std::string& job) const override { return jobs.is_awaited(job); }
  void job_runs(const std::string& job) override {
    if (jobs.begin(job)) patience.moved(Clock::now());
  }
  void job_ended(JobEnd end) override {
    if (jobs.is_awaited(end.name) && jobs.end(std::move(end))) patience.moved(Clock::now());
  }

  void give_up(const std::vector<TaskRef>& tasks) {
    std::vector<std::string> unwanted;
    std::unordered_map<std::uint64_t, std::uint32_t> attempts;
    for (const TaskRef& task : tasks) attempts[task.id()] = task.attempt();
    std::erase_if(waiting, [&](const TaskRef& task) {
      const auto place = attempts.find(task.id());
      return place != attempts.end() && place->second == task.attempt();
    });
    for (const auto& [job, batch] : jobs.give_up(tasks)) {
      const bool is_sent = std::none_of(outgoing.begin(), outgoing.end(), [&, &in = batch](const Outgoing& one) {
        return one.batch.name == in && one.again.failures() == 0;
      });
      if (is_sent) unwanted.push_back(job);
    }
    if (unwanted.empty()) return;
    try {
      route->cancel(unwanted);
    } catch (const RouteError& e) {
      warn("cancel", fmt::format("{} workunits that nobody needs any more could not be cancelled: {}", unwanted.size(), e.what()));
    }
  }

  /// With tasks left, the next run of the program goes on with them.
  void end() {
    end_by = Clock::now() + longest_end;
    is_ending = true;
    take_incoming();
    if (!jobs.empty() || !waiting.empty()) return end_early();
    retire(*route, record.batches());
    record.clear();
    std::error_code ignored;
    fs::remove_all(outbox, ignored);
  }

  /// With tasks that are not done. Where what was submitted is not written down for a next run, nobody would come for
  /// it.
  void end_early() {
    std::map<std::string, std::vector<std::string>> batches;
    for (const std::string& batch : record.batches()) batches[batch];
    for (const Outgoing& one : outgoing)
      if (one.again.failures() == 0) batches.erase(one.batch.name);
    std::size_t left = 0;
    for (const auto& [job, name] : jobs.names())
      if (const auto batch = batches.find(name); batch != batches.end()) {
        batch->second.push_back(job);
        ++left;
      }
    if (options.state != temporary_state) {
      if (left > 0)
        log::warn(
            fmt::format("boinc: {} workunits stay with the project: the next start of this program, with the same state, goes on "
                        "with them",
                        left));
      return;
    }
    abandon(*route, batches, [this] { return is_alive(); });
  }

  void warn(std::string_view kind, const std::string& what) {
    {
      std::lock_guard lock{mutex};
      last_error = what;
    }
    if (complaints.is_due(kind, what, Clock::now())) log::warn("boinc: " + what);
  }

  void publish() {
    const auto number = [](auto count) { return static_cast<std::int64_t>(count); };
    StatusMap map;
    map["project"] = options.folder.empty() ? options.url : options.folder;
    map["workunits"] = number(workunits);
    map["workunits_open"] = number(jobs.size());
    map["workunits_running"] = number(jobs.running());
    map["workunits_done"] = number(jobs.done());
    map["workunits_failed"] = number(jobs.failed());
    map["tasks_open"] = number(jobs.tasks() + waiting.size());
    map["waits_for"] = jobs.empty() ? std::string{} : log::escaped(obstacle);
    std::lock_guard lock{mutex};
    map["last_error"] = log::escaped(last_error);
    status = std::move(map);
  }

  const BoincProjectOptions options;
  const std::string outbox;
  SubmitterSink& sink;
  OpenJobs jobs;
  std::atomic<bool> is_stopping = false, is_held = false;
  RunRecord record;
  const std::string prefix;
  JobMaker maker;
  std::unique_ptr<Route> route;
  const milliseconds poll_interval;
  Patience patience;
  Complaints complaints;

  // The thread's own.
  bool is_ending = false;
  bool has_begun = false;
  bool has_given_back = false;
  process::BackOff beginnings = tries_of(poll_interval);
  Clock::time_point begin_again{};
  std::string obstacle;
  std::map<std::string, RunRecord::Earlier> earlier;
  std::vector<TaskRef> waiting;
  Clock::time_point end_by{};
  Clock::time_point first_submitted{}, last_submitted{}, next_poll{};
  std::deque<Outgoing> outgoing;
  process::BackOff polls = tries_of(poll_interval);
  std::uint64_t workunits = 0;

  mutable std::mutex mutex;  ///< for what follows
  std::condition_variable wake;
  std::vector<TaskRef> submitted, dropped;
  std::string last_error;
  StatusMap status;
  std::thread thread;
};

Submitter::Submitter(const BoincProjectOptions& options, const std::string& app, const std::string& folder, SubmitterSink& sink)
    : impl_{std::make_unique<Impl>(options, app, folder, sink)} {
  impl_->thread = process::start_thread("the project", [this] { impl_->run(); });
}

Submitter::~Submitter() { stop(); }

void Submitter::hold() {
  std::lock_guard lock{impl_->mutex};
  impl_->is_held = true;
  impl_->wake.notify_all();
}

void Submitter::submit(std::vector<TaskRef> tasks) {
  {
    std::lock_guard lock{impl_->mutex};
    std::move(tasks.begin(), tasks.end(), std::back_inserter(impl_->submitted));
  }
  impl_->wake.notify_one();
}

void Submitter::drop(std::vector<TaskRef> tasks) {
  {
    std::lock_guard lock{impl_->mutex};
    std::move(tasks.begin(), tasks.end(), std::back_inserter(impl_->dropped));
  }
  impl_->wake.notify_one();
}

StatusMap Submitter::status() const {
  std::lock_guard lock{impl_->mutex};
  return impl_->status;
}

void Submitter::stop() {
  if (!impl_->thread.joinable()) return;
  {
    std::lock_guard lock{impl_->mutex};
    impl_->is_stopping = true;
  }
  impl_->wake.notify_one();
  impl_->thread.join();
}

}  // namespace mw::boinc
