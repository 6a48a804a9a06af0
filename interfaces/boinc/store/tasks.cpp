#include "boinc/store/tasks.hpp"

#include <cstring>

#include "codec/fnv1a.hpp"

namespace mw::boinc {
namespace {

/// Equal keys are no proof, the messages are compared.
std::int64_t key_of(sqlite::Blob message) {
  return static_cast<std::int64_t>(fnv1a({reinterpret_cast<const char*>(message.data()), message.size()}));
}

}  // namespace

Tasks::Tasks(sqlite::Database& database)
    : database_{database},
      insert_{database.prepare("INSERT INTO task(key, function, priority, state, claimed, message, files, input_nbytes, input_md5) "
                               "VALUES (?, ?, ?, 0, 1, ?, ?, ?, ?)")},
      claim_{database.prepare(
          "SELECT id, state, workunit, position FROM task WHERE key = ? AND claimed = 0 AND message = ? ORDER BY id LIMIT 1")},
      mark_claimed_{database.prepare("UPDATE task SET claimed = 1 WHERE id = ?")},
      next_{
          database.prepare("SELECT id, function, files, message, input_nbytes, input_md5 FROM task WHERE state = 0 AND claimed = 1 "
                           "ORDER BY priority DESC, id LIMIT ?")},
      put_{database.prepare("UPDATE task SET state = 1, workunit = ?, position = ? WHERE id = ?")},
      set_stage_{database.prepare("UPDATE task SET state = ? WHERE id = ?")},
      find_{database.prepare("SELECT state, workunit, input_nbytes FROM task WHERE id = ?")} {}

void Tasks::disown_all() {
  database_.execute("DELETE FROM task WHERE state = 3; UPDATE task SET claimed = 0");
  unclaimed_ = database_.integer("SELECT count(*) FROM task");
  waiting_ = 0;
}

void Tasks::count_again() {
  unclaimed_ = database_.integer("SELECT count(*) FROM task WHERE claimed = 0");
  waiting_ = static_cast<decltype(waiting_)>(database_.integer("SELECT count(*) FROM task WHERE state = 0 AND claimed = 1"));
}

std::optional<KnownTask> Tasks::claim(sqlite::Blob message) {
  if (unclaimed_ == 0) return std::nullopt;
  if (!claim_.bind(key_of(message), message).step()) return std::nullopt;
  const KnownTask task{claim_.integer(0), static_cast<TaskStage>(claim_.integer(1)), claim_.integer(2), claim_.integer(3)};
  claim_.reset();
  mark_claimed_.run(task.id);
  --unclaimed_;
  if (task.stage == TaskStage::waiting) ++waiting_;
  return task;
}

std::int64_t Tasks::add(sqlite::Blob message, const NewTask& task) {
  insert_.run(key_of(message), static_cast<std::int64_t>(task.function), task.priority, message, task.files, task.input_nbytes,
              task.input_md5);
  ++waiting_;
  return database_.last_id();
}

std::vector<WaitingTask> Tasks::next(std::size_t most, std::size_t most_bytes) {
  std::vector<WaitingTask> tasks;
  std::size_t bytes = 0;
  for (next_.bind(most); next_.step();) {
    const auto function = static_cast<std::uint64_t>(next_.integer(1));
    const sqlite::Blob message = next_.blob(3);
    const std::int64_t input_nbytes = next_.integer(4);
    if (!tasks.empty() && (function != tasks.front().function || bytes + message.size() > most_bytes || input_nbytes > 0)) break;
    bytes += message.size();
    tasks.push_back(
        {next_.integer(0), function, std::string{next_.text(2)}, Bytes{message}, input_nbytes, std::string{next_.text(5)}});
    if (input_nbytes > 0) break;
  }
  next_.reset();
  return tasks;
}

void Tasks::put(std::int64_t id, std::int64_t workunit, std::size_t position) {
  put_.run(workunit, position, id);
  --waiting_;
}

void Tasks::set_stage(std::int64_t id, TaskStage stage) {
  const auto place = find(id);
  if (!place) return;
  if (place->stage == TaskStage::waiting && waiting_ > 0) --waiting_;
  set_stage_.run(stage, id);
}

std::optional<TaskPlace> Tasks::find(std::int64_t id) {
  if (!find_.bind(id).step()) return std::nullopt;
  const TaskPlace place{static_cast<TaskStage>(find_.integer(0)), find_.integer(1), find_.integer(2) > 0};
  find_.reset();
  return place;
}

}  // namespace mw::boinc
