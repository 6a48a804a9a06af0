#include "boinc/server/intake.hpp"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <memory>

#include <fmt/format.h>

#include "boinc/policy/task_kind.hpp"
#include "log/log.hpp"
#include "remote/task_messages.hpp"

namespace mw::boinc {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view incoming = "incoming_";

}  // namespace

Intake::Intake(Project& project, Transitioner& transitioner, SideThread& side, Write write)
    : project_{project},
      transitioner_{transitioner},
      side_{side},
      write_{std::move(write)},
      shared_{side, fmt::format("{}/{}shared_", download_folder(project.settings), incoming),
              [this](const PreparedFile& file, bool in_one) {
                std::string number;
                const auto store = [&] { number = store_file(file); };
                in_one ? store() : write_(store);
                return number;
              }} {
  // Of a run that was killed.
  for (const auto& entry : fs::directory_iterator{download_folder(project_.settings)})
    if (entry.path().filename().string().starts_with(incoming)) side_.remove(entry.path());
}

void Intake::take(const TaskRef& task) {
  const auto shared = shared_.of(task);
  const bool has_all_shared = std::all_of(shared.begin(), shared.end(), [](const auto& one) { return !one->number.empty(); });
  if (!takes_long_to_prepare(task) && has_all_shared) return enter(task, {.shared = shared});
  const auto ready = std::make_shared<Prepared>();
  const std::string stem = fmt::format("{}/{}{}", download_folder(project_.settings), incoming, ++preparations_);
  const auto come_in = [this, task, ready] {
    const auto place = coming_.find(task.id());
    if (place == coming_.end() || place->second != task) {  // nobody waits for it any more
      for (const std::string& path : ready->paths()) side_.remove(path);
      return;
    }
    coming_.erase(place);
    write_([&] { enter(task, *ready); });
  };
  try {
    const std::uint64_t most_outputs = outputs_limit(project_.settings);
    side_.run(
        [task, stem, most_outputs, shared, ready](const std::stop_token&) { *ready = prepare(task, stem, most_outputs, shared); },
        come_in);
    coming_[task.id()] = task;
  } catch (const InterfaceError&) {  // no thread: it takes long
    enter(task, prepare(task, stem, outputs_limit(project_.settings), shared));
  }
}

/// The file's number in this project, with an 'x' if it is executable; it is stored once, whatever it is called.
std::string Intake::store_file(const PreparedFile& file) {
  const CopiedFile& copy = file.copy;
  sqlite::Statement find = project_.database.prepare("SELECT id FROM file WHERE md5 = ? AND is_executable = ?");
  const char* const mark = copy.is_executable ? "x" : "";
  if (find.bind(copy.md5, copy.is_executable).step()) {
    side_.remove(file.path);
    return fmt::format("{}{}", find.integer(0), mark);
  }
  project_.database.prepare("INSERT INTO file(md5, nbytes, is_executable) VALUES (?, ?, ?)")
      .run(copy.md5, copy.nbytes, copy.is_executable);
  const std::int64_t id = project_.database.last_id();
  fs::rename(file.path, fs::path{download_folder(project_.settings)} / project_.names.data_file(id, copy.md5));
  return fmt::format("{}{}", id, mark);
}

/// Of one whose arguments are not large.
Bytes Intake::message_of(const TaskRef& task, const std::vector<std::string>& numbers) const {
  wire::Task message = remote::message_of(task);
  message.id = 0;
  message.attempt = 0;
  limit_outputs(message, outputs_limit(project_.settings));
  auto& files = message.terms.files;
  auto& shared = message.terms.shared;
  for (std::size_t i = 0; i < files.size(); ++i) files[i].from = "#" + numbers[i];
  // Nothing that differs from run to run.
  for (std::size_t i = 0; i < shared.size(); ++i) shared[i] = {.size = shared[i].size, .from = "#" + numbers[files.size() + i]};
  message.arguments = task.arguments();
  Bytes bytes;
  wire::append(bytes, message);
  return bytes;
}

void Intake::open(const TaskRef& task, std::int64_t row) {
  open_[row] = task;
  rows_[task.id()] = row;
}

void Intake::end_at_once(const TaskRef& task, Failure failure) {
  TaskEnd end{--last_rowless_, 0, {}, false};
  end.outcome.failure = std::move(failure);
  open_[end.task] = task;
  project_.ends.push_back(std::move(end));
}

void Intake::enter(const TaskRef& task, const Prepared& ready) {
  if (ready.failure) return end_at_once(task, *ready.failure);
  std::vector<std::string> numbers;
  for (const PreparedFile& file : ready.files) numbers.push_back(store_file(file));
  for (const auto& one : ready.shared) numbers.push_back(one->number);
  Bytes message;
  NewTask row{.function = kind_of(task.function_id(), !task.options().outputs.empty()), .priority = task.options().priority};
  if (ready.input) {
    message.append(ready.input->digest.data(), ready.input->digest.size());
    row.input_nbytes = ready.input->nbytes;
    row.input_md5 = ready.input->md5;
    // As the bundle numbers them: each once.
    std::vector<std::string> once;
    for (const std::string& number : numbers)
      if (std::find(once.begin(), once.end(), number) == once.end()) once.push_back(number);
    numbers = std::move(once);
  } else {
    message = message_of(task, numbers);
  }
  for (const std::string& number : numbers) row.files += number + " ";

  std::int64_t id = 0;
  if (const auto known = project_.tasks.claim(message.span())) {
    if (known->stage != TaskStage::done)
      id = known->id;
    else if (ends_again(task, *known)) {
      if (ready.input) side_.remove(ready.input->path);
      return;
    }
  }
  if (id == 0) id = project_.tasks.add(message.span(), row);
  if (ready.input) fs::rename(ready.input->path, large_input_path(project_.settings, id));
  open(task, id);
}

bool Intake::ends_again(const TaskRef& task, const KnownTask& known) {
  auto stored = stored_end(project_, known);
  if (!stored) return false;
  if (stored->output.nbytes > static_cast<std::int64_t>(large_arguments)) {
    open(task, known.id);
    read_aside(task, known.id, std::move(*stored));
    return true;
  }
  auto end = end_again(*stored);
  if (!end) return false;
  open(task, known.id);
  project_.ends.push_back(std::move(*end));
  return true;
}

void Intake::read_aside(const TaskRef& task, std::int64_t row, StoredEnd stored) {
  const auto shared = std::make_shared<StoredEnd>(std::move(stored));
  const auto end = std::make_shared<std::optional<TaskEnd>>();
  side_.run([shared, end](const std::stop_token&) { *end = end_again(*shared); },
            [this, task, row, end] {
              if (find(row) != task) return;  // nobody waits for it any more
              write_([&] {
                if (*end) return project_.ends.push_back(std::move(**end));
                release(row);
                project_.tasks.set_stage(row, TaskStage::dropped);
                take(task);  // it is computed anew
              });
            });
}

TaskRef Intake::find(std::int64_t row) const {
  const auto place = open_.find(row);
  return place == open_.end() ? TaskRef{} : place->second;
}

TaskRef Intake::release(std::int64_t row) {
  const auto place = open_.find(row);
  if (place == open_.end()) return {};
  TaskRef task = std::move(place->second);
  open_.erase(place);
  if (const auto number = rows_.find(task.id()); number != rows_.end() && number->second == row) rows_.erase(number);
  return task;
}

void Intake::drop(const TaskRef& task) {
  if (const auto place = coming_.find(task.id()); place != coming_.end() && place->second == task) {
    coming_.erase(place);
    return;
  }
  const auto number = rows_.find(task.id());
  if (number == rows_.end()) return;
  const std::int64_t row = number->second;
  if (find(row) != task) return;  // an earlier attempt
  release(row);
  const auto place = project_.tasks.find(row);
  if (!place || place->stage == TaskStage::done || place->stage == TaskStage::dropped) return;
  project_.tasks.set_stage(row, TaskStage::dropped);
  if (place->stage != TaskStage::in_workunit) {
    if (place->has_large_input) side_.remove(large_input_path(project_.settings, row));
    return;
  }
  // The workunit goes when nobody wants any of its tasks.
  const auto workunit = project_.work.workunit(place->workunit);
  if (!workunit) return;
  for (const std::int64_t other : workunit->tasks) {
    const auto stage = project_.tasks.find(other);
    if (stage && stage->stage == TaskStage::in_workunit) return;
  }
  transitioner_.cancel(workunit->id);
}

}  // namespace mw::boinc
