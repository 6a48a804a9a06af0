#include "boinc/volunteer/client.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <map>
#include <random>
#include <set>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include "boinc/http/transfer.hpp"
#include "boinc/protocol/md5.hpp"
#include "boinc/protocol/signing.hpp"
#include "boinc/protocol/upload.hpp"
#include "boinc/protocol/xml.hpp"
#include "boinc/volunteer/host_facts.hpp"
#include "boinc/volunteer/slot_run.hpp"
#include "boinc/volunteer/state.hpp"
#include "boinc/volunteer/trouble.hpp"
#include "process/standard_streams.hpp"
#include "process/unique_fd.hpp"

namespace mw::boinc {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

constexpr double shortest_pause_s = 5;  // between requests, where nobody says otherwise
constexpr double first_back_off_s = 1, longest_back_off_s = 3600;
constexpr std::int64_t most_starts = 100;       // of a task whose worker ends without a word
constexpr std::int64_t most_tries = 8;          // of a file that is not the right one
constexpr std::int64_t upload_ask_size = 8192;  // larger files are asked for first, as BOINC's client does
constexpr std::chrono::milliseconds longest_look{500};
constexpr double longest_wait_s = 10;

/// <link rel="boinc_scheduler" href="…"> or <scheduler>…</scheduler>, as BOINC's client looks for them.
std::string scheduler_in(const std::string& page) {
  for (const auto& [mark, end] : {std::pair{"<scheduler>", "</scheduler>"}, std::pair{"rel=\"boinc_scheduler\" href=\"", "\""}}) {
    const auto begin = page.find(mark);
    const auto stop = begin == std::string::npos ? begin : page.find(end, begin + std::strlen(mark));
    if (stop != std::string::npos) return page.substr(begin + std::strlen(mark), stop - begin - std::strlen(mark));
  }
  return {};
}

/// Doubles with each failure, somewhat at random, so that a thousand clients do not come back together.
class BackOff {
 public:
  double next() {
    const double most =
        std::min(first_back_off_s * static_cast<double>(std::uint64_t{1} << std::min(failures_++, 12u)), longest_back_off_s);
    return std::uniform_real_distribution<double>{most / 2, most}(random_);
  }
  void reset() noexcept { failures_ = 0; }

 private:
  unsigned failures_ = 0;
  std::mt19937 random_{std::random_device{}()};
};

}  // namespace

struct Volunteer::Inside {
  explicit Inside(VolunteerOptions given)
      : options{std::move(given)}, folder{fs::absolute(options.folder)}, timer{io}, signals{io, SIGTERM, SIGINT}, transfer{[this] {
          return look_around();
        }} {
    for (const char* name : {"files", "slots"}) fs::create_directories(folder / name);
    lock = process::UniqueFd{::open((folder / "lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
    if (lock.get() < 0 || ::flock(lock.get(), LOCK_EX | LOCK_NB) != 0)
      throw InterfaceError{fmt::format("the folder {} is another volunteer's ({})", folder.string(), std::strerror(errno))};
    state = VolunteerState::load(state_path());
    if (state.cpid.empty()) state.cpid = random_hex(16);
    if (state.fpops == 0) state.fpops = measure_fpops();
    if (!options.url.ends_with('/')) options.url += '/';
    facts = host_facts();
    if (!options.name.empty()) facts.name = options.name;
    facts.cpid = state.cpid;
    facts.fpops = state.fpops;
    facts.ncpus = options.slots;
  }

  std::string state_path() const { return (folder / "state.json").string(); }
  std::string file_path(const std::string& name) const { return (folder / "files" / name).string(); }
  void save() const { state.save(state_path()); }

  template <class... Values>
  void say(fmt::format_string<Values...> text, Values&&... values) const {
    if (options.quiet) return;
    process::tell(
        fmt::format("{:%H:%M:%S} {}\n", fmt::localtime(std::time(nullptr)), fmt::format(text, std::forward<Values>(values)...)));
  }

  /// Also where it is to be quiet: who waits for results wants to know why there are none.
  void say_trouble() {
    for (Trouble* one : {&request_trouble, &transfer_trouble})
      if (const auto line = one->line(Clock::now()))
        process::tell(fmt::format("mw volunteer {}: {} {}\n", facts.name, options.url, *line));
  }

  // What drives it: everything that can be done now is done, then it sleeps until something may have changed.

  void run() {
    signals.async_wait([this](boost::system::error_code error, int) {
      if (!error) is_ending = true;
    });
    while (!is_ending) {
      say_trouble();
      fetch_files();
      start_tasks();
      upload_outputs();
      if (is_time_for_request()) request();
      if (options.exit_when_idle && state.tasks.empty() && asked_in_vain > 0) break;
      sleep();
    }
    end_tasks();
  }

  void sleep() {
    const double until_request =
        wants_request() ? Seconds{next_request - Clock::now()}.count() : Seconds{next_contact - Clock::now()}.count();
    const auto length =
        std::clamp(std::chrono::duration_cast<std::chrono::microseconds>(Seconds{until_request}), std::chrono::microseconds{500},
                   std::chrono::duration_cast<std::chrono::microseconds>(longest_look));
    timer.expires_after(length);
    timer.async_wait([](boost::system::error_code) {});
    io.restart();
    io.run_one();
    io.poll();
    timer.cancel();
    io.restart();
    io.poll();
  }

  /// During a transfer.
  bool look_around() {
    io.restart();
    io.poll();
    say_trouble();
    return !is_ending;
  }

  // Files

  void fetch_files() {
    for (VolunteerTask& task : state.tasks) {
      if (task.stage != Stage::fetching || is_ending || Clock::now() < next_transfer) continue;
      try {
        fetch(task.program.info);
        ::chmod(file_path(task.program.info.name).c_str(), 0755);
        for (const VolunteerFile& file : task.inputs) fetch(file.info);
        task.stage = Stage::ready;
        transfers_go_well();
        save();
      } catch (const TransferError& e) {
        say("{}: {}", task.name, e.what());
        transfer_trouble.failed(Clock::now(), e.what());
        if (e.is_permanent())
          fail(task, exit_status::download_failed, e.what());
        else
          put_transfers_off();
      }
    }
  }

  void transfers_go_well() {
    transfer_back_off.reset();
    transfer_trouble.answered();
  }

  void put_transfers_off() {
    next_transfer = Clock::now() + std::chrono::duration_cast<Clock::duration>(Seconds{transfer_back_off.next()});
  }

  /// Fetches the file if it is not here, and checks that it is the one that was promised.
  void fetch(const FileInfo& file) {
    const std::string path = file_path(file.name);
    if (good_files.contains(file.name)) return;
    transfer.fetch(file.url, path, file.nbytes);
    const std::string md5 = md5_of_file(path);
    // A project may leave out the MD5 of what it signs.
    if (md5 != file.md5 && !(file.md5.empty() && file.is_executable)) {
      fs::remove(path);
      throw TransferError{fmt::format("{} is not the file that was promised: its MD5 is {}, not {}", file.name, md5, file.md5),
                          ++wrong_files[file.name] >= most_tries};
    }
    if (file.is_executable && !VerifyingKey{state.code_sign_key}.verify(md5, file.signature)) {
      fs::remove(path);
      throw TransferError{fmt::format("{} is not signed by the project: it is not run", file.name), true};
    }
    good_files.insert(file.name);
  }

  void upload_outputs() {
    for (VolunteerTask& task : state.tasks) {
      if (task.stage != Stage::uploading || is_ending || Clock::now() < next_transfer) continue;
      try {
        upload(task);
        task.stage = Stage::ended;
        task.report.state = ClientState::uploaded;
        transfers_go_well();
        save();
      } catch (const TransferError& e) {
        say("{}: {}", task.name, e.what());
        transfer_trouble.failed(Clock::now(), e.what());
        if (e.is_permanent())
          fail_upload(task, e.what());
        else
          put_transfers_off();
      } catch (const BadMessage& e) {
        say("{}: {}", task.name, e.what());
        put_transfers_off();
      }
    }
  }

  void upload(const VolunteerTask& task) {
    const FileInfo& file = task.output.info;
    const ReportedFile& made = task.report.files.front();
    UploadHead head{.name = file.name,
                    .permission = file.upload_permission,
                    .max_nbytes = file.max_nbytes,
                    .nbytes = static_cast<std::int64_t>(made.nbytes),
                    .md5 = made.md5};
    if (head.nbytes > upload_ask_size) {
      const UploadReply here = parse_upload_reply(
          transfer.post(file.url, to_text(UploadHead{.name = file.name, .asks_size = true, .permission = {}, .md5 = {}})));
      head.offset = std::min(here.file_size.value_or(0), head.nbytes);
    }
    const UploadReply reply =
        parse_upload_reply(transfer.upload(file.url, to_text(head), file_path(file.name), head.offset, head.nbytes));
    if (reply.status != UploadStatus::done)
      throw TransferError{fmt::format("the upload of {} was refused: {}", file.name, reply.message),
                          reply.status == UploadStatus::permanent};
  }

  void fail_upload(VolunteerTask& task, const std::string& why) {
    task.report.state = ClientState::upload_failed;
    task.report.stderr_text += "\n" + why;
    task.stage = Stage::ended;
    save();
  }

  // Tasks

  void fail(VolunteerTask& task, std::int64_t status, const std::string& why) {
    task.report.state = ClientState::compute_error;
    task.report.exit_status = status;
    task.report.stderr_text += why;
    task.stage = Stage::ended;
    save();
  }

  VolunteerTask* find(const std::string& name) {
    const auto place =
        std::find_if(state.tasks.begin(), state.tasks.end(), [&](const VolunteerTask& task) { return task.name == name; });
    return place == state.tasks.end() ? nullptr : &*place;
  }

  std::string slot_of(const VolunteerTask& task) const { return (folder / "slots" / task.name).string(); }

  void start_tasks() {
    for (VolunteerTask& task : state.tasks) {
      if (running.size() >= options.slots) return;
      if (task.stage != Stage::ready || running.contains(task.name)) continue;
      try {
        running.emplace(task.name,
                        std::make_unique<SlotRun>(io, SlotPlace{slot_of(task), (folder / "files").string()}, task, options,
                                                  [this, name = task.name](SlotEnd end) { ended(name, std::move(end)); }));
        say("{} runs", task.name);
      } catch (const std::exception& e) {
        fail(task, 1, e.what());
      }
    }
  }

  void ended(const std::string& name, SlotEnd end) {
    running.erase(name);
    VolunteerTask* task = find(name);
    if (!task || is_ending) return;
    task->report.elapsed_seconds += end.elapsed_seconds;
    task->report.cpu_seconds += end.cpu_seconds;
    task->report.stderr_text = std::move(end.stderr_text);
    if (aborted.erase(name) > 0) {
      task->report.state = ClientState::aborted;
      task->report.exit_status = exit_status::aborted_by_project;
      task->stage = Stage::ended;
    } else if (!end.is_over) {
      if (++task->starts >= most_starts) fail(*task, 1, "it ended too often without saying that it is done");
    } else if (end.exit_status != 0) {
      say("{} failed with exit status {}", name, end.exit_status);
      fail(*task, end.exit_status, {});
    } else {
      finish(*task);
    }
    save();
  }

  /// It says that it is done: its output is looked at.
  void finish(VolunteerTask& task) {
    const std::string path = file_path(task.output.info.name);
    std::error_code error;
    const auto size = fs::file_size(path, error);
    if (error || static_cast<double>(size) > task.output.info.max_nbytes)
      return fail(task, 0, error ? "there is no output" : fmt::format("the output has {} bytes, which is too many", size));
    task.report.files = {{task.output.info.name, static_cast<double>(size), md5_of_file(path)}};
    task.stage = Stage::uploading;
    say("{} is done", task.name);
  }

  void abort(const std::string& name) {
    VolunteerTask* task = find(name);
    if (!task || task->stage == Stage::ended) return;
    say("{} is not needed any more", name);
    if (const auto place = running.find(name); place != running.end()) {
      if (aborted.insert(name).second) place->second->order(workunit::Order::abort);
      return;
    }
    task->report.state = ClientState::aborted;
    task->report.exit_status = exit_status::aborted_by_project;
    task->stage = Stage::ended;
  }

  void forget(const std::string& name) {
    const auto place =
        std::find_if(state.tasks.begin(), state.tasks.end(), [&](const VolunteerTask& task) { return task.name == name; });
    if (place == state.tasks.end() || place->stage != Stage::ended) return;
    std::error_code ignored;
    fs::remove_all(slot_of(*place), ignored);
    fs::remove(file_path(place->output.info.name), ignored);
    std::vector<std::string> inputs;
    for (const VolunteerFile& file : place->inputs) inputs.push_back(file.info.name);
    state.tasks.erase(place);
    for (const std::string& input : inputs) {
      const bool is_used = std::any_of(state.tasks.begin(), state.tasks.end(), [&](const VolunteerTask& task) {
        return std::any_of(task.inputs.begin(), task.inputs.end(),
                           [&](const VolunteerFile& file) { return file.info.name == input; });
      });
      if (is_used) continue;
      fs::remove(file_path(input), ignored);
      good_files.erase(input);
    }
  }

  void end_tasks() {
    for (const auto& [name, run] : running) run->order(workunit::Order::quit);
    const auto end = Clock::now() + std::chrono::seconds{3};
    while (!running.empty() && Clock::now() < end) {
      io.restart();
      io.run_one_for(std::chrono::milliseconds{50});
    }
    running.clear();
    save();
  }

  // Requests

  std::size_t unfinished() const {
    return static_cast<std::size_t>(std::count_if(state.tasks.begin(), state.tasks.end(),
                                                  [](const VolunteerTask& task) { return task.stage < Stage::uploading; }));
  }
  bool has_reports() const {
    return std::any_of(state.tasks.begin(), state.tasks.end(),
                       [](const VolunteerTask& task) { return task.stage == Stage::ended; });
  }
  bool wants_work() const { return unfinished() < options.slots; }
  bool wants_request() const { return has_reports() || wants_work(); }
  bool is_time_for_request() const {
    const auto now = Clock::now();
    return (wants_request() && now >= next_request) || now >= next_contact;
  }

  void request() {
    try {
      if (state.scheduler_url.empty()) {
        request_trouble.asks(Clock::now());
        state.scheduler_url = scheduler_in(transfer.get(options.url));
        if (state.scheduler_url.empty()) throw TransferError{fmt::format("{} is no page of a BOINC project", options.url), false};
      }
      const SchedulerRequest ask = make_request();
      request_trouble.asks(Clock::now() + std::chrono::duration_cast<Clock::duration>(Seconds{ask.wait_s}));
      take_reply(ask, parse_scheduler_reply(transfer.post(state.scheduler_url, to_text(ask))));
      request_back_off.reset();
      request_trouble.answered();
      failures = 0;
    } catch (const Error& e) {
      if (is_ending) return;
      request_trouble.failed(Clock::now(), e.what());
      const double pause = options.poll_s ? std::max(*options.poll_s, 0.1) : request_back_off.next();
      say("{}; next try in {:.0f} s", e.what(), pause);
      if (constexpr int often = 10; ++failures % often == 0) state.scheduler_url.clear();  // it may have moved
      wait(pause, pause);
    }
    save();
  }

  SchedulerRequest make_request() {
    SchedulerRequest ask;
    ask.authenticator = options.key;
    ask.host_id = state.host_id;
    ask.rpc_seqno = state.rpc_seqno++;
    ask.client_version = "7.20.5";  // the dialect, not the program
    ask.platforms = {options.platform.empty() ? own_platform() : options.platform};
    ask.code_sign_key = state.code_sign_key;
    ask.host = facts;
    ask.lists_other_results = true;
    if (wants_work()) {
      ask.work_req_seconds = ask.cpu_req_seconds = 1;
      // With nothing else to do, and where requests may come often, it rather waits than asks again: of a server that knows that.
      if (options.poll_s && state.tasks.empty() && server_knows_wait) ask.wait_s = longest_wait_s;
      ask.cpu_req_instances = static_cast<double>(options.slots - unfinished());
    }
    for (const VolunteerTask& task : state.tasks) {
      if (task.stage == Stage::ended)
        ask.results.push_back(task.report);
      else
        ask.other_results.push_back(task.name);
    }
    for (const auto& [name, run] : running) {
      const workunit::TaskStatus status = run->status();
      ask.running.push_back({name, static_cast<std::int64_t>(status.position), status.fraction_of_position});
    }
    return ask;
  }

  void take_reply(const SchedulerRequest& ask, const SchedulerReply& reply) {
    if (reply.host_id != 0) {
      state.host_id = reply.host_id;
      state.rpc_seqno = 1;
    }
    server_knows_wait = reply.knows_wait;
    for (const auto& message : reply.messages)
      if (message.is_notice || !options.poll_s) say("{}", message.text);
    if (!reply.code_sign_key.empty() && state.code_sign_key.empty()) state.code_sign_key = reply.code_sign_key;
    for (const std::string& name : reply.acknowledged) forget(name);
    for (const std::string& name : reply.aborted) abort(name);
    const std::size_t before = state.tasks.size();
    for (const InstanceInfo& instance : reply.instances)
      if (!find(instance.name)) take_task(instance, reply);
    if (ask.wants_work()) asked_in_vain = state.tasks.size() > before ? 0 : asked_in_vain + 1;
    const bool got_nothing = ask.wants_work() && state.tasks.size() == before;
    const double contact = reply.next_rpc_delay_s > 0 ? reply.next_rpc_delay_s : longest_back_off_s;
    double pause = std::max(shortest_pause_s, reply.request_delay_s);
    if (got_nothing) pause = std::max(pause, contact);
    if (options.poll_s) {
      pause = std::max(*options.poll_s, reply.request_delay_s);
      return wait(pause, pause);
    }
    wait(pause, contact);
  }

  void wait(double request_s, double contact_s) {
    next_request = Clock::now() + std::chrono::duration_cast<Clock::duration>(Seconds{request_s});
    next_contact = Clock::now() + std::chrono::duration_cast<Clock::duration>(Seconds{std::max(contact_s, request_s)});
  }

  static const FileInfo* file_in(const SchedulerReply& reply, const std::string& name) {
    const auto place =
        std::find_if(reply.files.begin(), reply.files.end(), [&](const FileInfo& file) { return file.name == name; });
    return place == reply.files.end() ? nullptr : &*place;
  }

  static VolunteerFile take_file(const SchedulerReply& reply, const FileRef& ref) {
    const FileInfo* info = file_in(reply, ref.file_name);
    if (!info || !is_file_name(info->name) || (!ref.open_name.empty() && !is_file_name(ref.open_name)))
      throw BadMessage{
          fmt::format("the project names a file that it does not describe, or that is no file's name: {}", ref.file_name)};
    return {*info, ref.open_name};
  }

  void take_task(const InstanceInfo& instance, const SchedulerReply& reply) {
    const auto workunit = std::find_if(reply.workunits.begin(), reply.workunits.end(),
                                       [&](const WorkunitInfo& one) { return one.name == instance.workunit; });
    const auto version = std::find_if(reply.app_versions.begin(), reply.app_versions.end(), [&](const AppVersion& one) {
      return workunit != reply.workunits.end() && one.app_name == workunit->app_name && one.version_num == instance.version_num;
    });
    if (version == reply.app_versions.end() || version->files.empty() || instance.files.empty() || !is_file_name(instance.name))
      throw BadMessage{fmt::format("the project gives out {} without saying what it is", instance.name)};
    VolunteerTask task;
    task.name = task.report.name = instance.name;
    task.deadline_s = instance.deadline_s;
    const auto main =
        std::find_if(version->files.begin(), version->files.end(), [](const FileRef& ref) { return ref.is_main_program; });
    task.program = take_file(reply, main == version->files.end() ? version->files.front() : *main);
    if (!task.program.info.is_executable) throw BadMessage{fmt::format("the program of {} is not signed", instance.name)};
    for (const FileRef& ref : workunit->files) task.inputs.push_back(take_file(reply, ref));
    task.output = take_file(reply, instance.files.front());
    state.tasks.push_back(std::move(task));
  }

  VolunteerOptions options;
  const fs::path folder;
  asio::io_context io;
  asio::steady_timer timer;
  asio::signal_set signals;
  process::UniqueFd lock;
  VolunteerState state;
  HostInfo facts;
  Transfer transfer;
  std::map<std::string, std::unique_ptr<SlotRun>> running;
  std::set<std::string> aborted;
  std::set<std::string> good_files;  ///< checked since the start
  std::map<std::string, std::int64_t> wrong_files;
  BackOff request_back_off, transfer_back_off;
  Trouble request_trouble, transfer_trouble;
  Clock::time_point next_request, next_contact, next_transfer;
  int failures = 0;
  int asked_in_vain = 0;
  bool server_knows_wait = false;
  bool is_ending = false;
};

Volunteer::Volunteer(VolunteerOptions options) : inside_{std::make_unique<Inside>(std::move(options))} {}
Volunteer::~Volunteer() = default;
void Volunteer::run() { inside_->run(); }

}  // namespace mw::boinc
