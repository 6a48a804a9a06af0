#include "boinc/volunteer/workshop.hpp"

#include <fcntl.h>

#include <algorithm>

#include "boinc/protocol/md5.hpp"
#include "boinc/protocol/upload.hpp"
#include "boinc/protocol/xml.hpp"
#include "boinc/volunteer/bounds.hpp"
#include "boinc/volunteer/host_facts.hpp"
#include "boinc/volunteer/slot_files.hpp"

namespace mw::boinc {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t most_starts = 100;       // of a task whose worker ends without a word
constexpr unsigned tries_to_start = 3;          // what cannot be started
constexpr std::int64_t upload_ask_size = 8192;  // larger files are asked for first, as BOINC's client does

}  // namespace

Workshop::Workshop(boost::asio::io_context& io, Session& session)
    : io_{io}, session_{session}, files_{session.home.path(), session.transfer} {
  fs::create_directories(session.home.path() / "slots");
  fs::permissions(session.home.path() / "slots", fs::perms::owner_all);
  files_.keep_only(session.state.tasks);
}

Workshop::~Workshop() = default;

fs::path Workshop::slot_of(const VolunteerTask& task) const { return session_.home.path() / "slots" / task.name; }

VolunteerTask* Workshop::find(const std::string& name) {
  auto& tasks = session_.state.tasks;
  const auto place = std::find_if(tasks.begin(), tasks.end(), [&](const VolunteerTask& task) { return task.name == name; });
  return place == tasks.end() ? nullptr : &*place;
}

// The sandbox

void Workshop::open_sandbox() {
  using sandbox::Choice;
  if (session_.options.sandbox == Choice::none) return session_.say("tasks run without a sandbox, as --sandbox none wants it");
  sandbox_ = sandbox::Bubblewrap::find_if(session_.options.sandbox, (session_.home.path() / "trial").string(),
                                          [this](const std::string& why) { session_.warn(why); });
  if (sandbox_) session_.say("tasks run in a sandbox: no network, no files but their own");
}

sandbox::Limits Workshop::limits() const {
  return sandbox::share_of_machine(session_.options.slots, machine_memory(), session_.home.path().string());
}

// Files

bool Workshop::fetch_files() {
  for (VolunteerTask& task : session_.state.tasks) {
    if (session_.is_broken_off() || Clock::now() < next_transfer_) return false;
    if (task.stage != Stage::fetching) continue;
    try {
      fetch(task);
      return true;
    } catch (const http::TransferError& e) {
      if (e.is_permanent()) {
        session_.say("{}: {}", task.name, e.what());
        fail(task, exit_status::download_failed, e.what());
      } else {
        put_transfers_off(task.name, e);
      }
    } catch (const std::exception& e) {
      session_.say("{}: {}", task.name, e.what());
      fail(task, exit_status::download_failed, e.what());
    }
  }
  return false;
}

void Workshop::fetch(VolunteerTask& task) {
  files_.fetch_program(task.program.info, session_.state.code_sign_key);
  for (const VolunteerFile& file : task.inputs) files_.fetch_input(file.info);
  task.stage = Stage::ready;
  back_off_.reset();
  trouble.answered();
}

void Workshop::put_transfers_off(const std::string& name, const std::exception& error) {
  if (session_.is_broken_off()) return;
  session_.say("{}: {}", name, error.what());
  trouble.failed(Clock::now(), error.what());
  next_transfer_ = after(back_off_.next(session_.draw()));
}

Workshop::Clock::time_point Workshop::after(std::chrono::nanoseconds time) { return Clock::now() + time; }

void Workshop::upload_outputs() {
  for (VolunteerTask& task : session_.state.tasks) {
    if (task.stage != Stage::uploading || session_.is_broken_off() || Clock::now() < next_transfer_) continue;
    try {
      upload(task);
      task.stage = Stage::ended;
      task.report.state = ClientState::uploaded;
      back_off_.reset();
      trouble.answered();
      session_.changed();
    } catch (const http::TransferError& e) {
      if (e.is_permanent()) {
        session_.say("{}: {}", task.name, e.what());
        end(task, ClientState::upload_failed, task.report.exit_status, e.what());
      } else {
        put_transfers_off(task.name, e);
      }
    } catch (const std::exception& e) {
      put_transfers_off(task.name, e);
    }
  }
}

void Workshop::upload(const VolunteerTask& task) {
  const FileInfo& file = task.output.info;
  if (task.report.files.empty()) throw http::TransferError{fmt::format("there is no output {} any more", file.name), true};
  const ReportedFile& made = task.report.files.front();
  UploadHead head{.name = file.name,
                  .permission = file.upload_permission,
                  .max_nbytes = file.max_nbytes,
                  .nbytes = static_cast<std::int64_t>(made.nbytes),
                  .md5 = made.md5};
  constexpr std::size_t most = bounds::longest_upload_answer;
  if (head.nbytes > upload_ask_size) {
    const UploadReply here = parse_upload_reply(session_.transfer.post(
        file.url, to_text(UploadHead{.name = file.name, .asks_size = true, .permission = {}, .md5 = {}}), most));
    head.offset = std::clamp<std::int64_t>(here.file_size.value_or(0), 0, head.nbytes);
  }
  const UploadReply reply =
      parse_upload_reply(session_.transfer.upload(file.url, to_text(head), files_.output(file), head.offset, head.nbytes, most));
  if (reply.status != UploadStatus::done)
    throw http::TransferError{
        fmt::format("the upload of {} was refused: {}", file.name, reply.message.substr(0, bounds::longest_message)),
        reply.status == UploadStatus::permanent};
}

// Tasks

void Workshop::take(VolunteerTask task) { session_.state.tasks.push_back(std::move(task)); }

void Workshop::refuse(const std::string& name, const std::string& why) {
  session_.say("{} is refused: {}", name, why);
  if (!is_file_name(name) || has(name)) return;
  VolunteerTask task;
  task.name = task.report.name = name;
  task.output.info.name = name;
  take(std::move(task));
  fail(session_.state.tasks.back(), exit_status::download_failed, why);
}

void Workshop::end(VolunteerTask& task, ClientState state, std::int64_t status, const std::string& why) {
  task.report.state = state;
  task.report.exit_status = status;
  if (!why.empty()) task.report.stderr_text += (task.report.stderr_text.empty() ? "" : "\n") + why;
  task.stage = Stage::ended;
  session_.changed();
}

void Workshop::fail(VolunteerTask& task, std::int64_t status, const std::string& why) {
  end(task, ClientState::compute_error, status, why);
}

void Workshop::start_tasks() {
  for (VolunteerTask& task : session_.state.tasks) {
    if (running_.size() >= session_.options.slots || Clock::now() < next_start_) return;
    if (task.stage != Stage::ready || running_.contains(task.name)) continue;
    try {
      start(task);
      session_.say("{} runs", task.name);
      starts_back_off_.reset();
    } catch (const http::TransferError& e) {
      // What is not what it was is fetched once more, unless that is of no use.
      session_.say("{}: {}", task.name, e.what());
      task.stage = Stage::fetching;
      if (e.is_permanent()) fail(task, exit_status::download_failed, e.what());
    } catch (const std::exception& e) {
      return put_starts_off(task, e);
    }
  }
}

/// Often it is this machine that has no process, no descriptor or no room at the moment. So the task is tried again,
/// before it fails; and what fails again and again costs the project ever fewer tasks.
void Workshop::put_starts_off(VolunteerTask& task, const std::exception& error) {
  session_.say("{}: {}", task.name, error.what());
  next_start_ = after(starts_back_off_.next(session_.draw()));
  if (starts_back_off_.failures() % tries_to_start == 0) fail(task, 1, error.what());
}

void Workshop::start(VolunteerTask& task) {
  SlotPlace place{.slot = slot_of(task).string(),
                  .program = files_.program(task.program.info),
                  .inputs = {},
                  .sandbox = sandbox_ ? &*sandbox_ : nullptr,
                  .limits = limits()};
  for (const VolunteerFile& file : task.inputs) {
    files_.check_input(file.info);
    place.inputs.push_back(files_.input(file.info));
  }
  files_.check_program(task.program.info, session_.state.code_sign_key);
  running_.emplace(task.name, std::make_unique<SlotRun>(io_, place, task, session_.options,
                                                        [this, name = task.name](SlotEnd end) { ended(name, std::move(end)); }));
}

void Workshop::ended(const std::string& name, SlotEnd end) {
  running_.erase(name);
  VolunteerTask* task = find(name);
  if (!task) return;
  task->report.elapsed_seconds += end.elapsed_seconds;
  task->report.cpu_seconds += end.cpu_seconds;
  task->report.stderr_text = std::move(end.stderr_text);
  const auto ordered = ordered_.extract(name);
  if (end.is_over && end.exit_status == 0) {
    finish(*task);
  } else if (ordered) {
    this->end(*task, ClientState::aborted, ordered.mapped(), {});
  } else if (!end.is_over) {
    if (!is_quitting_ && ++task->starts >= most_starts) fail(*task, 1, "it ended too often without saying that it is done");
  } else {
    session_.say("{} failed with exit status {}", name, end.exit_status);
    fail(*task, end.exit_status, {});
  }
  session_.changed();
}

/// It says that it is done: its output is taken out of the slot, and looked at.
void Workshop::finish(VolunteerTask& task) {
  const std::string path = files_.output(task.output.info);
  try {
    fs::rename(slot_of(task) / task.output.open_name, path);
    const auto size = static_cast<double>(size_of(open_plain(path, O_RDONLY)));
    if (size > task.output.info.max_nbytes)
      return fail(task, 0, fmt::format("the output has {:.0f} bytes, which is too many", size));
    task.report.files = {{task.output.info.name, size, md5_of_file(path)}};
  } catch (const std::exception& e) {
    return fail(task, 0, fmt::format("there is no output: {}", e.what()));
  }
  task.stage = Stage::uploading;
  session_.say("{} is done", task.name);
}

void Workshop::abort(const std::string& name) {
  VolunteerTask* task = find(name);
  if (!task || task->stage == Stage::ended) return;
  session_.say("{} is not needed any more", name);
  if (const auto place = running_.find(name); place != running_.end()) {
    if (ordered_.emplace(name, exit_status::aborted_by_project).second) place->second->order(slot::Order::abort);
    return;
  }
  end(*task, ClientState::aborted, exit_status::aborted_by_project, {});
}

void Workshop::give_back(VolunteerTask& task) {
  session_.say("{} is given back", task.name);
  end(task, ClientState::aborted, exit_status::aborted_by_user, {});
}

void Workshop::give_back_waiting() {
  for (VolunteerTask& task : session_.state.tasks)
    if (task.stage < Stage::uploading && !running_.contains(task.name)) give_back(task);
}

void Workshop::give_back_running() {
  for (const auto& [name, run] : running_) {
    session_.say("{} is given back", name);
    if (ordered_.emplace(name, exit_status::aborted_by_user).second) run->order(slot::Order::abort);
  }
}

void Workshop::quit() {
  is_quitting_ = true;
  for (const auto& [name, run] : running_) run->order(slot::Order::quit);
}

void Workshop::forget(const std::vector<std::string>& names) {
  bool is_any = false;
  for (const std::string& name : names) {
    VolunteerTask* task = find(name);
    if (!task || task->stage != Stage::ended) continue;
    std::error_code ignored;
    fs::remove_all(slot_of(*task), ignored);
    auto& tasks = session_.state.tasks;
    tasks.erase(tasks.begin() + (task - tasks.data()));
    is_any = true;
  }
  if (is_any) files_.keep_only(session_.state.tasks);
}

// What the project is told

std::size_t Workshop::unfinished() const {
  const auto& tasks = session_.state.tasks;
  return static_cast<std::size_t>(
      std::count_if(tasks.begin(), tasks.end(), [](const VolunteerTask& task) { return task.stage < Stage::uploading; }));
}

bool Workshop::has_uploads() const {
  const auto& tasks = session_.state.tasks;
  return std::any_of(tasks.begin(), tasks.end(), [](const VolunteerTask& task) { return task.stage == Stage::uploading; });
}

bool Workshop::has_reports() const {
  const auto& tasks = session_.state.tasks;
  return std::any_of(tasks.begin(), tasks.end(), [](const VolunteerTask& task) { return task.stage == Stage::ended; });
}

std::vector<RunningTask> Workshop::positions() const {
  std::vector<RunningTask> running;
  for (const auto& [name, run] : running_) {
    const slot::TaskStatus status = run->status();
    running.push_back({name, static_cast<std::int64_t>(status.position), status.fraction_of_position});
  }
  return running;
}

}  // namespace mw::boinc
