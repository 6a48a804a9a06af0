#include "boinc/server/intake.hpp"

#include <filesystem>

#include <fmt/format.h>

#include "boinc/jobs/data_files.hpp"
#include "boinc/server/assimilator.hpp"
#include "remote/task_messages.hpp"
#include "worker/task_folder.hpp"

namespace mw::boinc {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t longest_message = std::size_t{900} << 20;  // SQLite's limit for a blob is 10^9 bytes

}  // namespace

/// The file's number in this project, with an 'x' if it is executable; it is stored once, whatever it is called.
std::string Intake::store_file(const std::string& path) {
  const fs::path folder{download_folder(project_.settings)};
  const fs::path temporary = folder / "incoming";
  const CopiedFile copied = copy_file(path, temporary.string());
  sqlite::Statement find = project_.database.prepare("SELECT id FROM file WHERE md5 = ? AND is_executable = ?");
  const char* const mark = copied.is_executable ? "x" : "";
  if (find.bind(copied.md5, copied.is_executable).step()) return fmt::format("{}{}", find.integer(0), mark);
  project_.database.prepare("INSERT INTO file(md5, nbytes, is_executable) VALUES (?, ?, ?)")
      .run(copied.md5, copied.nbytes, copied.is_executable);
  const std::int64_t id = project_.database.last_id();
  fs::rename(temporary, folder / project_.names.data_file(id, copied.md5));
  return fmt::format("{}{}", id, mark);
}

Bytes Intake::message_of(const TaskRef& task, std::string& files) {
  wire::Task message = remote::message_of(task);
  message.id = 0;
  message.attempt = 0;
  for (DataFile& file : message.terms.files) {
    const std::string number = store_file(file.from);
    files += number + " ";
    file.from = "#" + number;
  }
  message.arguments = task.arguments();
  if (message.arguments.size() > longest_message)
    throw worker::StagingError{fmt::format("its arguments have {} bytes; over boinc they may have {}: send them as a data file",
                                           message.arguments.size(), longest_message)};
  Bytes bytes;
  wire::append(bytes, message);
  return bytes;
}

void Intake::end_at_once(const TaskRef& task, std::int64_t row, Failure failure) {
  TaskEnd end{row, 0, {}, false};
  end.outcome.failure = std::move(failure);
  open_[row] = task;
  project_.ends.push_back(std::move(end));
}

void Intake::take(const TaskRef& task) {
  std::string files;
  Bytes message;
  try {
    message = message_of(task, files);
  } catch (const worker::StagingError& e) {
    return end_at_once(task, --last_rowless_, *worker::staging_failed(e).failure);
  }
  std::int64_t row = 0;
  if (const auto known = project_.tasks.claim(message.span())) {
    row = known->id;
    if (known->stage == TaskStage::done) {
      if (auto end = end_again(project_, *known))
        project_.ends.push_back(std::move(*end));
      else
        row = 0;  // computed anew
    }
  }
  if (row == 0)
    row = project_.tasks.add(message.span(),
                             {.function = task.function_id(), .priority = task.options().priority, .files = std::move(files)});
  open_[row] = task;
  rows_[task.id()] = row;
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
  const auto number = rows_.find(task.id());
  if (number == rows_.end()) return;
  const std::int64_t row = number->second;
  if (!remote::is_same(find(row), task)) return;  // an earlier attempt
  release(row);
  const auto place = project_.tasks.find(row);
  if (!place || place->stage == TaskStage::done || place->stage == TaskStage::dropped) return;
  project_.tasks.set_stage(row, TaskStage::dropped);
  if (place->stage != TaskStage::in_workunit) return;
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
