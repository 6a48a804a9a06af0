#include "boinc/server/server.hpp"

#include <chrono>
#include <deque>
#include <filesystem>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <unordered_set>

#include <fmt/format.h>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "boinc/server/rooms.hpp"
#include "boinc/server/web.hpp"
#include "boinc/store/schema.hpp"
#include "http/server.hpp"
#include "log/log.hpp"
#include "process/file.hpp"
#include "process/no_write_signals.hpp"
#include "process/shortage.hpp"
#include "process/timer.hpp"

namespace mw::boinc {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;

constexpr std::chrono::hours seen_lately{1};
constexpr std::chrono::seconds touch_interval{5};
constexpr std::chrono::milliseconds longest_sleep{60'000};

constexpr std::chrono::seconds watch_interval{1};
constexpr std::chrono::milliseconds longest_farewell{2000};

std::unique_ptr<http::Server> make_server(asio::io_context& io, const std::string& listen, const Settings& settings) {
  try {
    return std::make_unique<http::Server>(io, http::ServerOptions{.listen = listen, .proxies = settings.proxies});
  } catch (const InterfaceError& e) {
    throw InterfaceError{fmt::format("boinc: {}; listen= names another address", e.what())};
  }
}

}  // namespace

struct Server::Impl {
  Impl(Settings settings, const ServerPlace& place, ServerSink& owner)
      : sink{owner},
        web_server{make_server(io, place.listen, settings)},
        transition_timer{io},
        touch_timer{io},
        status_timer{io},
        watch_timer{io} {
    if (settings.url.empty()) settings.url = web_server->url();
    if (!settings.url.ends_with('/')) settings.url += '/';
    for (const std::string& folder : {download_folder(settings), upload_folder(settings)}) fs::create_directories(folder);
    Keys keys = Keys::in_folder(settings.state);
    const std::string path = settings.state + "/project.db";
    rooms.emplace(
        io, std::move(settings), open_database(path), std::move(keys), [this] { tell(); },
        [this](const std::string& why) { sink.server_failed(why); },
        [this](std::int64_t workunit, Comparison& compared) { look_at_compared(workunit, compared); },
        [this](const std::function<void()>& call) {
          if (rooms->committer.is_usable()) write(Durability::machine, call);
        });
    web.emplace(*rooms);
    open_project(place);
  }

  void open_project(const ServerPlace& place) {
    Project& project = rooms->project;
    sqlite::Transaction transaction{project.database};
    project.versions = AppVersions::find(project.database, project.keys, project.settings, place.workers);
    if (!project.accounts.find(project.keys.account))
      project.accounts.create(project.keys.account, std::nullopt, "", "volunteer", project.now());
    auto own = project.accounts.find(project.keys.own);
    if (!own) own = project.accounts.create(project.keys.own, std::nullopt, "", "this machine", project.now());
    project.reputation.set_own_account(*own);
    project.tasks.disown_all();
    project.work.make_unchecked_due(project.now());
    project.counts.in_progress = project.work.count_in_progress();
    project.counts.last_deadline = from_ms(project.database.integer("SELECT max(deadline) FROM instance WHERE server_state = 4"));
    transaction.commit();
    forget_if_rebuilt();
  }

  /// Results of another build of the program are not this one's.
  void forget_if_rebuilt() {
    const fs::path path = fs::path{rooms->project.settings.state} / "builds";
    std::string builds;
    for (const WorkerBuild& build : rooms->project.versions.all()) builds += build.file_name + "\n";
    if (fs::exists(path) && process::read_text_file(path) == builds) return;
    if (rooms->project.tasks.has_unclaimed())
      log::warn("boinc: the program was built anew since the last run, which had not ended: its tasks begin again");
    forget();
    rooms->project.counts.in_progress = 0;
    rooms->project.tasks.disown_all();
    process::write_file(path, builds);
  }

  void run() {
    const process::NoWriteSignals no_signals;
    web_server->start(*web);
    wait_for_transitions();
    write_touched();
    watch_status();
    io.run();
  }

  /// Runs `call` in a transaction of its own.
  template <class Call>
  void write(Durability durability, const Call& call) {
    try {
      rooms->committer.begin(durability);
      call();
    } catch (const std::exception& e) {
      rooms->committer.fail(e.what());
    }
  }

  void wait_for_transitions() {
    if (has_ended) return;  // cancel() does not reach a timer whose handler waits for its turn already
    const auto next = rooms->transitioner.next_due();
    const Time now = rooms->project.now();
    const auto sleep = next ? std::clamp(std::chrono::duration_cast<std::chrono::milliseconds>(*next - now),
                                         std::chrono::milliseconds{0}, longest_sleep)
                            : longest_sleep;
    transition_timer.expires_after(sleep + std::chrono::milliseconds{1});
    transition_timer.async_wait([this](boost::system::error_code error) {
      if (error) return;
      constexpr std::size_t at_once = 100;
      if (const auto due = rooms->transitioner.next_due(); due && *due <= rooms->project.now())
        write(Durability::machine, [this] { run_due(at_once); });
      wait_for_transitions();
    });
  }

  /// What changes without a commit is told all the same.
  void watch_status() {
    if (has_ended) return;
    watch_timer.expires_after(watch_interval);
    watch_timer.async_wait([this](boost::system::error_code error) {
      if (error) return;
      if (!rooms->committer.is_open()) publish_status();
      watch_status();
    });
  }

  void run_due(std::size_t most) {
    for (const std::int64_t workunit : rooms->transitioner.due(most)) {
      if (!rooms->committer.is_usable()) return;
      look_at(workunit, nullptr);
    }
  }

  /// What goes wrong with one workunit is not to keep others: it is looked at again after a while.
  void look_at(std::int64_t workunit, Comparison* compared) {
    try {
      rooms->write([&] { rooms->transitioner.run(workunit, compared); });
    } catch (const std::exception& e) {
      if (!rooms->committer.is_usable()) return;
      log::warn(fmt::format("boinc: workunit {} is put off: {}", workunit, e.what()));
      rooms->transitioner.put_off(workunit);
    }
  }

  void look_at_compared(std::int64_t workunit, Comparison& compared) {
    if (!rooms->committer.is_usable()) return;
    write(Durability::machine, [&] { look_at(workunit, &compared); });
  }

  void write_touched() {
    if (has_ended) return;
    touch_timer.expires_after(touch_interval);
    touch_timer.async_wait([this](boost::system::error_code error) {
      if (error) return;
      if (rooms->project.hosts.has_touched()) write(Durability::process, [this] { rooms->project.hosts.write_touched(); });
      rooms->uploads.sweep();
      write_touched();
    });
  }

  /// What the last commit stands behind.
  void tell() {
    Project& project = rooms->project;
    // A deadline may be nearer now than what the timer waits for.
    if (project.counts.sent != sent_when_timed) {
      sent_when_timed = project.counts.sent;
      wait_for_transitions();
    }
    for (const TaskRuns& one : std::exchange(project.running, {})) {
      announce(one.host);
      if (const TaskRef task = rooms->intake.find(one.task)) sink.task_runs(task, one.host, one.fraction);
    }
    for (TaskEnd& one : std::exchange(project.ends, {})) {
      announce(one.host);
      if (const TaskRef task = rooms->intake.release(one.task))
        sink.task_ended(task, one.host, std::move(one.outcome), one.is_lost);
    }
    give_back_unheld();
    rooms->waiting.wake(project.has_work());
    publish_status();
  }

  void give_back_unheld() {
    for (const TaskRef& task : rooms->hold.take_unheld()) sink.task_returned(task);
  }

  void announce(std::int64_t host) {
    if (host == 0 || !announced.insert(host).second) return;
    if (const Host* known = rooms->project.hosts.find(host))
      sink.host_appeared(host, known->info.name, known->platform, known->info.ncpus);
  }

  void publish_status() {
    const auto now = std::chrono::steady_clock::now();
    if (now < next_status) {
      if (has_ended) return;
      if (std::exchange(status_is_due, true)) return;
      status_timer.expires_at(next_status);
      status_timer.async_wait([this](boost::system::error_code error) {
        status_is_due = false;
        if (!error && !rooms->committer.is_open()) publish_status();  // else the commit does
      });
      return;
    }
    next_status = now + std::chrono::milliseconds{20};
    const Project& project = rooms->project;
    const Counts& counts = project.counts;
    const auto number = [](auto count) { return static_cast<std::int64_t>(count); };
    StatusMap map;
    map["url"] = project.settings.url;
    for (const auto& [id, host] : project.hosts.known())
      if (host.last_rpc >= project.now() - seen_lately) announce(id);
    const std::int64_t processors = number(project.hosts.active_processors(project.now() - seen_lately));
    map["processors"] = processors;
    map["processors_busy"] = std::min(processors, counts.in_progress);  // a host may hold more than it runs
    map["instances_in_progress"] = counts.in_progress;
    if (counts.in_progress > 0) map["instances_until"] = to_ms(counts.last_deadline) / 1000;  // since 1970
    map["instances_another"] = number(counts.another);
    map["hosts"] = number(project.hosts.active(project.now() - seen_lately));
    map["tasks_waiting"] = number(project.tasks.waiting_count());
    map["tasks_open"] = number(rooms->intake.open_count() + arrived.size());
    map["workunits"] = number(counts.workunits);
    map["instances_sent"] = number(counts.sent);
    map["instances_reported"] = number(counts.reported);
    map["results_valid"] = number(counts.valid);
    map["results_invalid"] = number(counts.invalid);
    map["results_error"] = number(counts.errors);
    map["results_timed_out"] = number(counts.timed_out);
    map["uploads_refused"] = number(counts.refused_uploads);
    map["requests_refused"] = number(counts.bad_requests);
    map["requests_waiting"] = number(rooms->waiting.count());
    map["connections"] = number(web_server->connections().count());
    map["connections_hold_bytes"] = number(web_server->connections().held());
    map["connections_turned_away"] = number(web_server->connections().turned_away());
    std::lock_guard lock{status_mutex};
    status = std::move(map);
  }

  void submit(const std::vector<TaskRef>& tasks) {
    const bool is_busy = !arrived.empty();
    arrived.insert(arrived.end(), tasks.begin(), tasks.end());
    if (!is_busy) take_arrived();
  }

  /// Some of them; then others have their turn.
  void take_arrived() {
    if (has_ended) return;
    constexpr std::size_t most = 10'000, most_bytes = 4 * large_arguments;
    write(Durability::machine, [&] {
      for (std::size_t tasks = 0, bytes = 0; tasks < most && bytes < most_bytes && !arrived.empty(); ++tasks) {
        const TaskRef task = std::move(arrived.front());
        arrived.pop_front();
        bytes += task.arguments().size() > large_arguments ? 0 : task.arguments().size();
        rooms->intake.take(task);
      }
    });
    if (!arrived.empty()) asio::post(io, [this] { take_arrived(); });
  }

  void drop(const std::vector<TaskRef>& tasks) {
    if (!arrived.empty()) {
      std::unordered_map<std::uint64_t, const TaskRef*> dropped;
      for (const TaskRef& task : tasks) dropped[task.id()] = &task;
      std::erase_if(arrived, [&](const TaskRef& task) {
        const auto place = dropped.find(task.id());
        return place != dropped.end() && *place->second == task;
      });
    }
    write(Durability::process, [&] {
      for (const TaskRef& task : tasks) rooms->intake.drop(task);
    });
  }

  void end() {
    has_ended = true;
    rooms->side.stop();
    transition_timer.cancel();
    touch_timer.cancel();
    status_timer.cancel();
    watch_timer.cancel();
    // Who reported the last result, and who waits for work, is to hear of it.
    rooms->waiting.close();
    web_server->finish(longest_farewell, [this] { end_project(); });
  }

  void end_project() {
    rooms->committer.finish();
    try {
      sqlite::Transaction transaction{rooms->project.database};
      rooms->project.hosts.write_touched();
      transaction.commit();
      // With tasks left, the next run of the program goes on with them.
      if (rooms->intake.open_count() == 0 && arrived.empty()) forget();
    } catch (const Error& e) {
      log::warn(fmt::format("boinc: {}", e.what()));
    }
    guard.reset();
  }

  void forget() {
    forget_run(rooms->project.database);
    for (const std::string& folder : {download_folder(rooms->project.settings), upload_folder(rooms->project.settings)})
      for (const auto& entry : fs::directory_iterator{folder}) fs::remove_all(entry.path());
  }

  ServerSink& sink;
  asio::io_context io;
  asio::executor_work_guard<asio::io_context::executor_type> guard{io.get_executor()};
  const std::unique_ptr<http::Server> web_server;
  process::Timer transition_timer;
  process::Timer touch_timer;
  process::Timer status_timer;
  process::Timer watch_timer;
  std::optional<Rooms> rooms;
  std::optional<Web> web;
  std::deque<TaskRef> arrived;  ///< and not taken in yet
  std::unordered_set<std::int64_t> announced;
  std::uint64_t sent_when_timed = 0;
  std::chrono::steady_clock::time_point next_status{};
  bool status_is_due = false;
  bool has_ended = false;  ///< nothing is to be waited for any more: the loop ends when nothing is
  mutable std::mutex status_mutex;
  StatusMap status;
  std::thread thread;
};

Server::Server(Settings settings, const ServerPlace& place, ServerSink& sink)
    : impl_{std::make_unique<Impl>(std::move(settings), place, sink)} {
  impl_->publish_status();
  impl_->thread = process::start_thread("the volunteers' server", [this] { impl_->run(); });
}

Server::~Server() {
  if (impl_->thread.joinable()) stop();
}

void Server::submit(std::vector<TaskRef> tasks) {
  asio::post(impl_->io, [this, tasks = std::move(tasks)] { impl_->submit(tasks); });
}

void Server::drop(std::vector<TaskRef> tasks) {
  asio::post(impl_->io, [this, tasks = std::move(tasks)] { impl_->drop(tasks); });
}

void Server::hold() {
  asio::post(impl_->io, [this] {
    impl_->rooms->hold.begin();
    if (!impl_->rooms->committer.is_open()) impl_->give_back_unheld();  // else the commit does
  });
}

StatusMap Server::status() const {
  std::lock_guard lock{impl_->status_mutex};
  return impl_->status;
}

const std::string& Server::url() const noexcept { return impl_->rooms->project.settings.url; }
const std::string& Server::account_key() const noexcept { return impl_->rooms->project.keys.account; }

void Server::stop() {
  if (!impl_->thread.joinable()) return;
  asio::post(impl_->io, [this] { impl_->end(); });
  impl_->thread.join();
}

}  // namespace mw::boinc
